"""Every verdict from rows that earn it, every sentence true given its figures, and what is refused."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

import upweight as uw
import upweight.shift as sh
from upweight._weights import rows_worth
from upweight.shift import diagnose
from upweight.shift.diagnosis._sentences import sentences


def normal(seed, n=500, m=400, d=3, by=0.0):
    rng = np.random.default_rng(seed)
    b = rng.normal(size=(m, d))
    b[:, 0] += by
    return rng.normal(size=(n, d)), b


def said(d):
    return str(d)


def test_no_shift_keeps_weights_at_one():
    a, b = normal(0, 200, 150)
    d = diagnose(a, b, rng=0)
    assert d.verdict.code == "no_shift"
    assert d.after is None
    assert d.label is None
    assert (d.weights.values == 1).all()
    assert d.weights.kind == "importance"
    assert said(d).startswith(
        "200 source rows, 150 target rows, 3 columns.\nNone of our classifiers tells them apart: AUC 0."
    )
    assert "Keep your weights at one." in said(d)
    assert "Not testable without labels from target: whether the outcome still depends" in said(d)
    assert (d.curve.ess == 200).all()


def test_a_shift_that_weights_repair():
    a, b = normal(1, by=0.7)
    d = diagnose(a, b, rng=0)
    assert d.verdict.code == "repaired"
    assert d.verdict.ok
    assert d.weights is d.ratio.weights
    assert "Moved: a classifier tells target from source rows, AUC 0." in said(d)
    assert "Most: column 0, SMD 0." in said(d)
    ess = f"500 rows are worth {rows_worth(float(d.weights.ess))}"
    assert f"Weights repair it as far as a classifier can see: {ess}; the AUC falls to {d.after.auc.value:.2f}" in said(
        d
    )
    assert f"the largest SMD falls from {d.balance.max_abs_before:.2f} to {d.balance.max_abs_after:.2f}." in said(d)
    assert d.curve.power[0] == 0
    assert d.curve.ess[0] == pytest.approx(500)
    assert d.curve.ess[-1] == pytest.approx(float(d.weights.ess))
    assert d.curve.smd[0] == pytest.approx(d.balance.mean_abs_before)
    assert d.curve.smd[-1] == pytest.approx(d.balance.mean_abs_after)


def test_a_little_shift_is_left_alone():
    a, b = normal(2, 200, 200, 5, by=0.4)
    d = diagnose(a, b, rng=3)
    assert d.verdict.code == "slight"
    assert d.ratio.method == "none"
    assert said(d).startswith("Moved a little: a classifier tells")
    assert "do better than ones: keep them at one" in said(d)
    assert (d.weights.values == 1).all()


def tumours(name):
    """The demos of the command."""
    from upweight.cli._two_tables import read_two

    return read_two(f"demo:{name}", None, label=None, columns=(), exclude=(), tell=lambda text: None)


@pytest.fixture(scope="module")
def cancer():
    """demo:cancer and its diagnosis, made once: three seconds of small fits."""
    two = tumours("cancer")
    return two, diagnose(two.source, two.target, y=two.y, rng=0)


def test_a_shift_that_weights_repair_in_part(cancer):
    two, d = cancer
    d = d.named("train", "live", "`malignant`")
    assert d.verdict.code == "partly"
    assert d.verdict.grade == "unreliable"
    assert two.source.num_rows == 311
    assert two.target.num_rows == 258
    assert abs(d.before.auc.value - 0.74) < 0.03
    assert said(d).startswith("Moved: a classifier tells live from train rows, AUC 0.7")
    assert "Most: mean texture, SMD 0.90;" in said(d)
    assert "Label shift does not explain it: after reweighting the classes the AUC is still 0." in said(d)
    assert "Not testable without labels from live: whether `malignant` still depends on the columns as it did." in said(
        d
    )
    assert "Do: believe no average of a column that the love plot still shows beyond 0.25" in said(d)
    assert d.label_after.p < 0.001
    assert abs(d.label_after.auc.value - 0.70) < 0.04


@pytest.mark.slow
def test_samples_apart_name_a_row_to_collect():
    two = tumours("apart")
    d = diagnose(two.source, two.target, y=two.y, rng=0)
    assert d.verdict.code == "apart"
    assert d.verdict.grade == "unusable"
    assert not d.verdict.ok
    first = two.target["mean radius"][0].as_py()
    assert f"Collect rows like row 0 (mean radius {first:.4g}" in said(d)
    assert "NO_SUPPORT" in d.verdict.reasons


def test_weights_that_one_row_holds_are_told_by_their_share():
    """The same figures under the code "apart", as if every target row had its like."""
    d = diagnose(*normal(1, 150, 120, by=0.8), method="linear", rng=0)
    told = replace(d._told, code="apart", no_support=np.zeros(120, dtype=bool))
    share = 100 * float(d.ratio.weights.max_share)
    assert (
        f"No weights repair it: 150 rows are worth {rows_worth(float(d.ratio.weights.ess))}, and one holds {share:.0f} %."
        in sentences(told)
    )


def by_class(seed, n=600, m=600, after=(0.2, 0.3, 0.5), moved=0.0):
    rng = np.random.default_rng(seed)
    means = np.array([[0, 0], [2.0, 0], [0, 2.0]])
    y, late = rng.choice(3, n, p=[0.5, 0.3, 0.2]), rng.choice(3, m, p=after)
    new = means[late] + rng.normal(size=(m, 2))
    new[late == 2, 1] += moved
    return means[y] + rng.normal(size=(n, 2)), new, y, late


def test_label_shift_is_recognised_and_its_weights_are_those_of_the_classes():
    a, b, y, late = by_class(0)
    d = diagnose(a, b, y=y, y_target=late, rng=0)
    assert d.verdict.code == "label_shift"
    np.testing.assert_array_equal(d.weights.values, d.label.weights(y).values)
    low, high = d.label.prior.interval()
    truth = np.bincount(late) / late.size
    assert ((low <= truth) & (truth <= high)).sum() >= 2
    assert "Label shift explains all that a classifier can see: shares of " in said(d)
    assert "600 labels from target: the outcome depends on the columns as it did, to within 0." in said(d)
    assert "never both" in said(d)


def test_one_class_that_moved_is_no_label_shift():
    a, b, y, _ = by_class(1, moved=1.5)
    d = diagnose(a, b, y=y, rng=0)
    assert d.verdict.code != "label_shift"
    assert "Label shift does not explain it: after reweighting the classes the AUC is still" in said(d)


def covariate(seed, flipped=False, n=500):
    """x moves; y given x stays, or turns round."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(n, 2)), rng.normal([0.7, 0], 1, (n, 2))
    p = lambda x, by: 1 / (1 + np.exp(-(x[:, 0] + by * x[:, 1])))
    return a, b, rng.random(n) < p(a, 1), rng.random(n) < p(b, 1) * (0.5 if flipped else 1)


def test_concept_is_told_where_it_moved_and_where_it_did_not():
    a, b, y, late = covariate(2)
    same = diagnose(a, b, y=y, y_target=late, rng=0)
    low, high = same.concept.interval()
    assert low < 0 < high
    assert "depends on the columns as it did, to within 0." in said(same)
    assert "CONCEPT" not in same.verdict.reasons
    assert "LABEL_IN_BOTH" in same.verdict.reasons
    a, b, y, late = covariate(1, flipped=True)
    other = diagnose(a, b, y=y, y_target=late, rng=0)
    assert "depends on the columns otherwise than it did: 0." in said(other)
    assert "less than promised" in said(other)
    assert "CONCEPT" in other.verdict.reasons
    assert not other.verdict.ok


def test_a_few_target_labels_are_too_few_to_say():
    a, b, y, late = covariate(2, n=120)
    some = np.where(np.arange(120) < 20, late.astype(float), np.nan)
    d = diagnose(a, b, y=y, y_target=some, rng=0)
    assert d.concept is None
    assert "20 labels from target: too few to say whether the outcome still depends" in said(d)


@pytest.mark.slow
def test_size_of_the_concept_test():
    """60 runs under covariate shift: an interval without 0 in at most .05 + 2 s.e. (.056)."""
    wrong = []
    for seed in range(60):
        a, b, y, late = covariate(100 + seed, n=500)
        d = diagnose(a, b, y=y, y_target=late, rng=seed)
        low, high = d.concept.interval()
        wrong.append(not low <= 0 <= high)
    assert np.mean(wrong) <= 0.106


@pytest.mark.slow
def test_covariate_shift_is_rarely_called_label_shift():
    """.4 sd in one of five columns, n = 200: at most 10 % of the runs in which a shift is seen. By p alone, or where the area after class
    weights need only lie half of the way whatever its noise, it is half of them."""
    called, moved = 0, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        a, b = normal(seed, 200, 200, 5, by=0.4)
        y = rng.random(200) < 1 / (1 + np.exp(-a[:, 0] - a[:, 1]))
        code = diagnose(a, b, y=y, rng=seed).verdict.code
        moved += code != "no_shift"
        called += code == "label_shift"
    assert called <= 0.1 * moved


def test_few_rows_are_too_few():
    a, b = normal(3, 45, 400, by=2.0)
    d = diagnose(a, b, rng=0)
    assert d.verdict.code == "too_few"
    assert d.verdict.grade == "unusable"
    assert said(d) == "Too few rows to judge: 45 source and 400 target rows, 50 a side needed."


def test_a_number_to_predict_leaves_the_label_parts_out():
    a, b = normal(4, 120, 100, by=0.8)
    d = diagnose(a, b, y=a[:, 0] + 0.1, rng=0)
    assert d.label is None
    assert "Label shift was not looked at: `y` takes 120 different numbers" in said(d)
    assert "a number to predict, not a class" in d._told.label_note


def test_frames_with_text_gaps_and_dates_of_three_libraries():
    rng = np.random.default_rng(5)
    n = 150
    source = {
        "x": rng.normal(size=n),
        "c": rng.choice(["a", "b"], n).tolist(),
        "day": [f"2024-01-{1 + i % 28:02d}" for i in range(n)],
    }
    target = {
        "x": rng.normal(size=n),
        "c": rng.choice(["a", "b", "new"], n, p=[0.2, 0.5, 0.3]).tolist(),
        "day": source["day"],
    }
    target["x"][::3] = np.nan
    found = [diagnose(make(source), make(target), rng=0) for make in (pd.DataFrame, pl.DataFrame)]
    assert found[0].verdict.sentences == found[1].verdict.sentences
    d = found[0]
    assert "NO_SUPPORT" in d.verdict.reasons
    assert "c = new" in d.table()
    assert d.verdict.sentences[0].count("SMD") >= 1


def test_sparse_rows_are_diagnosed():
    a, b = normal(6, by=1.0)
    d = diagnose(sparse.csr_array(a), sparse.csr_array(b), rng=0)
    assert d.verdict.code in ("repaired", "partly")
    assert d.ratio.method == "linear"


def test_a_column_of_one_side_only_is_told():
    a, b = normal(7, 80, 80)
    source, target = pd.DataFrame(a, columns=list("abc")), pd.DataFrame(b, columns=list("abc"))
    source["late"] = np.nan
    target["late"] = 1.0
    d = diagnose(source, target, rng=0)
    assert "NEW_COLUMN" in d.verdict.reasons


def test_the_seed_gives_the_same_document():
    a, b, y, _ = by_class(3, 120, 100)
    one, again = (diagnose(a, b, y=y, rng=5) for _ in range(2))
    assert one.to_json() == again.to_json()


def test_the_document_holds_what_is_said(cancer):
    one = cancer[1]
    facts = json.loads(one.to_json())
    assert facts["schema"] == "upweight.shift/1"
    assert facts["verdict"]["sentences"] == list(one.verdict.sentences)
    assert facts["weights"]["which"] == "ratio"
    assert sum(facts["weights"]["counts"]) == 311
    assert len(facts["balance"]) == 30
    assert len(facts["curve"]["power"]) == 21
    roc = facts["tests"]["before"]["roc"]
    assert np.trapezoid(roc["target"], roc["source"]) == pytest.approx(facts["tests"]["before"]["auc"], abs=0.005)


def test_notebooks_see_sentences_and_reasons():
    d = diagnose(*normal(1, 200, 200, by=0.8), rng=0)
    assert "Weights repair" in d._repr_html_()
    assert repr(d).startswith("Diagnosis(")


def test_what_is_refused():
    a, b = normal(8, 100, 80)
    y = np.arange(100) % 2
    with pytest.raises(uw.InputError, match="`y` belongs to the source rows; got the target's 80. Swap"):
        diagnose(a, b, y=y[:80])
    with pytest.raises(uw.InputError, match="one label a source row; got shape \\(90,\\) for 100"):
        diagnose(a, b, y=y[:90])
    with pytest.raises(uw.InputError, match="`y_target` needs `y`"):
        diagnose(a, b, y_target=y[:80])
    with pytest.raises(uw.InputError, match="`y_target` must hold one label a target row.*\\(79,\\) for 80"):
        diagnose(a, b, y=y, y_target=y[:79])
    with pytest.raises(uw.InputError, match="`y_target` must hold labels of `y`; got 7, first at row 3"):
        diagnose(a, b, y=y, y_target=np.where(np.arange(80) == 3, 7, y[:80]))
    with pytest.raises(uw.InputError, match="unknown learner"):
        diagnose(a, b, y=y, learner="logistik")
    with pytest.raises(uw.InputError, match="unknown method"):
        diagnose(a, b, method="linaer")


def test_lightgbm_models_the_label_by_name():
    pytest.importorskip("lightgbm")
    a, b, y, _ = by_class(2, 120, 100)
    assert diagnose(a, b, y=y, learner="lightgbm:LGBMClassifier", rng=0).label is not None


def test_the_module_is_light():
    """A name brings its room when it is used, and no room brings pictures."""
    import subprocess
    import sys

    code = """
import sys, upweight.shift as sh
assert not {"sklearn", "pandas", "matplotlib"} & {*sys.modules}
everything = [getattr(sh, name) for name in sh.__all__]
assert {*sh.__all__} <= {*dir(sh)} and "matplotlib" not in sys.modules
try: sh.densities
except AttributeError as error: print(error)
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "module 'upweight.shift' has no attribute 'densities'"


def test_everything_named_is_there():
    assert all(hasattr(sh, name) for name in sh.__all__)


@pytest.mark.parametrize(
    ("y", "told"),
    [
        (np.arange(80) / 7, "a number to predict, not a class. Cut it into classes."),
        (["no"] * 80, "`y` is 'no' in 80 rows: one class, whose share cannot move."),
    ],
)
def test_labels_that_are_no_classes_get_a_remedy_of_this_branch(y, told):
    a, b = normal(3, n=80, m=70, by=2.0)
    text = said(diagnose(a, b, y=y, method="linear", rng=0))
    assert told in text
    assert "--target" not in text
    assert "density_weights" not in text


@pytest.mark.parametrize("n", [80, 20])  # too few rows to judge the shift are no licence for wrong labels
def test_labels_of_another_length_are_refused_before_the_first_fit(n, monkeypatch):
    monkeypatch.setattr("upweight.shift.diagnosis._diagnosis.pooled_test", lambda *_, **__: pytest.fail("fitted first"))
    a, b = normal(3, n=n, m=70)
    with pytest.raises(uw.InputError, match="`y` belongs to the source rows; got the target's 70. Swap?"):
        diagnose(a, b, y=[0, 1] * 35, rng=0)


@pytest.mark.parametrize("n", [80, 20])  # too few rows to judge the shift are no licence for wrong settings
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"method": "linaer"}, "unknown method 'linaer'. Did you mean"),
        ({"method": int}, "is a class"),
        ({"method": "kliep"}, "kernels need numbers; column 'c' is text"),
        ({"method": sh.LeastSquares()}, "kernels need numbers; column 'c' is text"),
        ({"method": "loglinear"}, "the target has c = new"),
        ({"learner": "logistik"}, "unknown learner 'logistik'"),
        ({"learner": "nowhere:Model"}, "no module 'nowhere' here"),
        ({"learner": "sklearn.linear_model:Ridge"}, "Ridge is a regressor"),
        ({"y": [0, 1] * 40, "y_target": [0, 1, 2] * 30}, "`y_target` must hold labels of `y`; got 2, first at row 2"),
        ({"y": [0, 1] * 40, "y_target": [0, 1] * 40}, "one label a target row"),
    ],
)
def test_what_is_wrong_is_told_before_the_first_fit(n, wrong, told, monkeypatch):
    monkeypatch.setattr("upweight.shift.diagnosis._diagnosis.pooled_test", lambda *_, **__: pytest.fail("fitted first"))
    rng = np.random.default_rng(0)
    source = pd.DataFrame({"x": rng.normal(size=n), "c": rng.choice(["a", "b"], n)})
    target = pd.DataFrame({"x": rng.normal(1, 1, 90), "c": rng.choice(["a", "b", "new"], 90)})
    if "y" in wrong:
        wrong = wrong | {"y": wrong["y"][:n]}
    with pytest.raises(uw.InputError, match=re.escape(told)):
        diagnose(source, target, rng=0, **wrong)


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"p_label": 0.01, "area_label": 0.57}, "Label shift does not explain it: after reweighting the classes the AUC is still 0.57 (p = 0.01)."),
        ({"p_label": 0.1, "area_label": 0.57}, "Label shift is neither shown nor ruled out: after reweighting the classes the AUC is 0.57 (p = 0.1)"),
        ({"p_label": 0.4, "area_label": 0.51}, "which is not, beyond noise, half of the way from 0.60 to 0.50."),
        ({"p_label": 0.4, "area_label": 0.51, "p_prior": 0.3}, "no move of the classes' shares is seen (p = 0.3)."),
        ({"p_label": 0.9, "area_label": 0.4, "label_usable": False}, "but the class weights it takes are unusable."),
    ],
)  # fmt: skip
def test_why_the_classes_are_not_said_to_explain_it(figures, told, by_classes):
    moved = {"area": 0.6, "se": 0.04, "se_label": 0.04, "p_prior": 0.001, "label_usable": True}
    figures = replace(by_classes._told.figures, **(moved | figures))
    assert told in " ".join(sentences(replace(by_classes._told, code="slight", figures=figures)))


@pytest.fixture(scope="module")
def by_classes():
    a, b, y, _ = by_class(0, 120, 100)
    return diagnose(a, b, y=y, method="linear", rng=0)


def test_a_note_on_the_labels_calls_them_by_their_name():
    a, b = normal(4, 80, 70, by=2.0)
    d = diagnose(a, b, y=pd.Series(a[:, 0], name="price"), method="none", rng=0)
    assert "Label shift was not looked at: `price` takes 80 different numbers" in said(d)
    assert "Label shift was not looked at: `cost` takes 80" in said(d.named("train", "live", "`cost`"))
