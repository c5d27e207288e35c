"""compare as a whole: the truth of the page, one answer for one seed, interruptions, bad input."""

import json
import os
import pickle
import signal

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, load_wine, make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import upweight
from upweight import InputError, Weights
from upweight.imbalance import Comparison, RandomOver, compare, score
from upweight.imbalance.comparison import _running as running
from upweight.imbalance.comparison._method_result import FLAT

FIVE = "none,threshold,weights,random_under,random_over"
RNG = np.random.default_rng(0)
X = RNG.normal(size=(900, 4))
Y = RNG.random(900) < 1 / (1 + np.exp(2.5 - 1.5 * X[:, 0]))


def row(c: Comparison, name: str):
    return next(r for r in c.rows if r.name == name)


def without_timing(c: Comparison) -> str:
    facts = json.loads(c.to_json())
    assert set(facts.pop("timing")) == {"seconds", "estimate", "processes", "rows"}
    return json.dumps(facts)


@pytest.fixture(scope="module")
def digits():
    X, digit = load_digits(return_X_y=True)
    return compare(X, digit == 8, methods=FIVE, rng=0)


@pytest.fixture(scope="module")
def small():
    with joblib.parallel_config(n_jobs=1):  # by itself it takes two processes where the machine is slow
        return compare(X, Y, methods=FIVE, cv="3x2", rng=0)


# ---- the truth of the page --------------------------------------------------------------------------------------------------


def test_digits_as_the_page_says(digits):
    assert digits.verdict.code == "move_threshold"
    assert row(digits, "none").raw_recall == pytest.approx(0.74, abs=0.02)
    cut = row(digits, "threshold")
    assert (cut.recall, cut.specificity, cut.precision) == pytest.approx((0.93, 0.91, 0.53), abs=0.02)
    assert cut.alerts == pytest.approx(173, abs=6)
    assert row(digits, "weights").oe_raw == pytest.approx(0.65, abs=0.05)
    assert row(digits, "random_under").oe_raw == pytest.approx(0.48, abs=0.05)
    assert all(0.95 < r.oe < 1.05 for r in digits.rows)


def test_digits_in_words(digits):
    assert digits.setup.header == (
        "1,797 rows, 64 columns, 174 positives (y = True; 9.7 %), 5 folds x 5 repeats (by default; --cv 5 runs one)."
    )
    first = digits.verdict.sentences[0]
    assert first.startswith(
        "Move the threshold; change nothing else. No remedy is shown to rank better than moving the threshold: best"
    )
    assert any(s.startswith("At 0.5 it finds 7") and "at 0.097 it finds 9" in s for s in digits.verdict.sentences)
    assert any(
        "random_under, weights and random_over promise 1.5 to 2.1 times too many positives" in s
        for s in digits.verdict.sentences
    )
    assert str(digits).startswith(digits.setup.header)
    assert digits.table() in str(digits)


def test_no_signal_is_said_and_so_are_too_few():
    noise = RNG.normal(size=(600, 3))
    c = compare(noise, np.arange(600) % 8 == 0, methods="weights", cv="5x2", rng=0)
    assert (c.verdict.code, c.verdict.grade, c.verdict.ok) == ("no_signal", "unusable", False)
    few = np.arange(600) < 12
    c = compare(noise + 2 * few[:, None], few, methods="weights", cv="5x2", rng=0)
    assert (c.verdict.code, c.verdict.grade) == ("too_few", "unusable")


def test_a_remedy_that_earns_its_place_is_named_and_modelled():
    rng = np.random.default_rng(1)
    ring = rng.normal(size=(1500, 2))
    y = rng.random(1500) < np.where(
        ((ring + 0.4) ** 2).sum(axis=1) > 4, 0.6, 0.05
    )  # a line cannot tell inside from outside
    c = compare(
        ring,
        y,
        methods={"trees": RandomForestClassifier(20, min_samples_leaf=10), "weights": "weights"},
        cv="5x3",
        rng=0,
    )
    assert c.verdict.code == "use:trees"
    assert c.verdict.sentences[0].startswith("trees ranks better than moving the threshold: AP +.")
    assert row(c, "trees").ap_p < 0.05
    assert isinstance(c.model.learner.learner, RandomForestClassifier)
    assert score(y, c.model.predict_proba(ring)).roc_auc > 0.75


def test_the_model_keeps_its_promises_on_new_rows():
    X, y = make_classification(9000, n_features=6, weights=[0.95], flip_y=0.02, random_state=0)
    c = compare(X[:3000], y[:3000], methods="weights", cv="3x1", cost=9, rng=0)
    s = score(y[3000:], c.model.predict_proba(X[3000:]), cost=9)
    assert s.oe == pytest.approx(1, abs=0.15)
    assert c.model.threshold_ == pytest.approx(0.1)
    assert s.sensitivity == pytest.approx(row(c, "threshold").recall, abs=0.1)
    assert row(c, "threshold").cost == pytest.approx(
        s.alerts - 1000 * y[3000:].mean() * s.sensitivity + 9 * 1000 * y[3000:].mean() * (1 - s.sensitivity), rel=0.35
    )


# ---- one seed, one answer ---------------------------------------------------------------------------------------------------


def test_the_document_is_the_same_bytes_whatever_the_number_of_processes(small, monkeypatch):
    monkeypatch.setattr("upweight.work._run.WORTH_PROCESSES", 0.0)
    with joblib.parallel_config(n_jobs=2):
        two = compare(X, Y, methods=FIVE, cv="3x2", rng=0)
    assert two.done.processes == 2
    assert small.done.processes == 1
    assert without_timing(two) == without_timing(small)


def test_another_seed_is_another_answer(small):
    assert without_timing(compare(X, Y, methods=FIVE, cv="3x2", rng=1)) != without_timing(small)


def test_a_seed_drawn_for_you_is_told_and_repeats():
    c = compare(X, Y, methods="none", cv="2x1")
    again = compare(X, Y, methods="none", cv="2x1", rng=c.setup.settings["rng"])
    assert without_timing(c) == without_timing(again)


def test_the_kind_of_frame_does_not_matter(small):
    frames = [pd.DataFrame(X, columns=list("abcd")), pl.DataFrame(X, schema=list("abcd"))]
    a, b = (compare(f, Y, methods=FIVE, cv="3x2", rng=0) for f in frames)
    assert without_timing(a) == without_timing(b)
    assert [r.ap for r in a.rows] == [r.ap for r in small.rows]


def test_rows_hold_the_columns_of_the_page():
    assert list(FLAT) == [
        "name",
        "label",
        "rival",
        "status",
        "n_train",
        "ess_min",
        "synthetic_share",
        "ap",
        "ap_diff",
        "ap_low",
        "ap_high",
        "ap_p",
        "roc_auc",
        "log_loss",
        "log_loss_diff",
        "log_loss_low",
        "log_loss_high",
        "brier",
        "oe_raw",
        "oe",
        "slope",
        "threshold",
        "recall",
        "specificity",
        "precision",
        "alerts",
        "cost",
        "recall_same_alerts",
        "raw_recall",
        "raw_specificity",
        "raw_precision",
        "rival_diff",
        "rival_low",
        "rival_high",
        "folds",
        "error",
        "seconds",
    ]


def test_the_document_has_its_schema_and_no_nan(small):
    text = small.to_json()
    facts = json.loads(text, parse_constant=lambda c: pytest.fail(f"{c} in JSON"))
    assert list(facts) == [
        "schema",
        "data",
        "settings",
        "rows",
        "verdict",
        "curves",
        "importance",
        "complete",
        "versions",
        "timing",
    ]
    assert facts["versions"]["upweight"] == upweight.__version__  # also where it runs from a checkout
    assert facts["schema"] == "upweight.compare/1"
    assert facts["settings"] == {
        "learner": "logistic", "cv": "3x2", "folds": 3, "repeats": 2, "inner": 5, "cost": None, "rng": 0, "methods": FIVE.split(","),
    }  # fmt: skip
    assert facts["data"]["classes"] == [False, True]
    assert facts["data"]["counts"] == [int((~Y).sum()), int(Y.sum())]
    assert facts["data"]["preprocessing"][0] == {"column": "x0", "kind": "numeric", "missing": 0, "note": ""}
    assert set(facts["curves"]) == set(FIVE.split(","))
    assert facts["rows"][1]["ap_diff"] is None
    assert [r["seconds"] for r in facts["rows"]] == [None] * 5
    assert set(facts["timing"]["rows"]) == set(FIVE.split(","))


# ---- figures ----------------------------------------------------------------------------------------------------------------


def test_figures_are_those_of_the_held_out_rows(small):
    plan, cells = small.setup.plan, small.done.parts
    from upweight.imbalance.comparison._cells import Key

    each, raw = [], []
    for r in range(2):
        for f in range(3):
            test = plan.test(r, f)
            cell = cells[Key("weights", r, f)]
            each.append(score(Y[test], cell.p, threshold=cell.threshold))
            raw.append(score(Y[test], cell.raw, threshold=0.5))
    got = row(small, "weights")
    assert got.ap == pytest.approx(np.mean([s.average_precision for s in each]))
    assert got.recall == pytest.approx(np.mean([s.sensitivity for s in each]))
    assert got.alerts == pytest.approx(np.mean([s.alerts for s in each]))
    assert got.raw_recall == pytest.approx(np.mean([s.sensitivity for s in raw]))
    assert got.raw_specificity == pytest.approx(np.mean([s.specificity for s in raw]))
    pooled = [
        Y[np.concatenate([plan.test(r, f) for f in range(3)])].sum()
        / np.concatenate([cells[Key("weights", r, f)].p for f in range(3)]).sum()
        for r in range(2)
    ]
    assert got.oe == pytest.approx(np.exp(np.mean(np.log(pooled))))


def test_weighted_rows_count_as_copies_in_every_figure():
    w = np.where(Y, 2.0, 1.0)
    c = compare(X, Y, methods="weights", cv="3x1", rng=0, sample_weight=Weights.of(w, kind="importance"))
    share = w[Y].sum() / w.sum()
    assert c.setup.facts.share == pytest.approx(share)
    assert row(c, "threshold").threshold == pytest.approx(share, abs=0.01)
    assert all(0.9 < r.oe < 1.1 for r in c.rows)


def test_rows_of_weight_zero_are_as_if_removed():
    w = (np.arange(900) % 3 > 0).astype(float)
    a = compare(X, Y, methods="weights", cv="2x1", rng=0, sample_weight=w)
    b = compare(X[w > 0], Y[w > 0], methods="weights", cv="2x1", rng=0, sample_weight=np.ones(600))
    assert [r.ap for r in a.rows] == [r.ap for r in b.rows]
    assert a.setup.facts.rows == 600


def test_groups_stay_whole_in_every_fold():
    group = np.repeat(np.arange(225), 4)
    c = compare(X, Y, methods="none", cv="3x2", rng=0, group=group)
    for folds in c.setup.plan.fold_of:
        assert all(len(set(folds[group == g])) == 1 for g in range(225))


def test_a_row_of_the_users_own_and_a_row_that_fails():
    methods = {
        "mine": [RandomOver(to=0.5), "weights"],
        "forest": RandomForestClassifier(10),
        "bad": lambda y, base: None,
    }
    c = compare(X, Y, methods=methods, cv="2x1", rng=0)
    assert [r.name for r in c.rows] == ["none", "threshold", "mine", "forest", "bad"]
    assert row(c, "bad").error.endswith("must return Weights or one number a row; got None.")
    assert row(c, "bad").folds == 0
    assert row(c, "forest").error is None
    assert any(s.startswith("bad failed: InputError") for s in c.verdict.sentences)
    assert "failed" in c.table()


def test_what_learners_warn_of_is_told_once():
    c = compare(X, Y, learner=LogisticRegression(max_iter=1), methods="weights", cv="3x2", rng=0)
    (told,) = [w for w in c.warnings if "ConvergenceWarning" in w]
    assert told.startswith("none, threshold, weights: ConvergenceWarning: ")
    assert told.endswith(" (in 18 of 18 folds)")


def test_warnings_that_differ_by_a_number_are_one():
    rng = np.random.default_rng(0)
    c = compare(rng.normal(size=(600, 3)), rng.random(600) < 0.1, methods="weights", cv="4x3", rng=0)
    told = [w for w in c.warnings if "slope" in w]
    assert len(told) == 1
    assert "the fitted slope is ...: these probabilities rank the wrong way round" in told[0]
    assert told[0].partition(" (in")[0].endswith("everybody gets the prevalence.")


def test_an_unusable_verdict_does_not_weigh_remedies_against_each_other():
    rng = np.random.default_rng(0)
    for y, code in ((rng.random(600) < 0.1, "no_signal"), (np.arange(600) < 12, "too_few")):
        c = compare(rng.normal(size=(600, 3)), y, methods="weights,random_under", cv="4x3", rng=0)
        assert c.verdict.code == code
        assert not [s for s in c.verdict.sentences if "no difference" in s or "told apart" in s]


def test_a_comparison_can_be_pickled_and_goes_on_from_there(small):
    mine = {
        "over": RandomOver(to=0.5),
        "forest": RandomForestClassifier(5),
        "near": "nearmiss2",
        "bags": "balanced_bagging",
    }
    own = compare(X[:400], Y[:400], methods=mine, cv="2x1", rng=0)
    for c in (small, own):
        again = pickle.loads(pickle.dumps(c))
        assert str(again) == str(c)
        assert again.to_json() == c.to_json()
        assert again.model.method == c.model.method
        assert np.array_equal(again.model.predict_proba(X), c.model.predict_proba(X))


def test_several_classes_are_compared_by_macro_figures():
    X, y = load_wine(return_X_y=True)
    c = compare(X, y, methods=FIVE, cv="3x1", rng=0)
    assert all(0.9 < r.ap <= 1 and 0.9 < r.recall <= 1 and 0.8 < r.oe < 1.25 for r in c.rows)
    assert np.isnan(row(c, "weights").alerts)
    assert set(c.model.predict(X)) == {0, 1, 2}
    assert json.loads(c.to_json())["curves"] == {}
    assert "3 classes, the rarest 2 with 48 rows" in c.setup.header


def test_pipelines_and_csr_are_taken_as_they_are():
    c = compare(
        X, Y, learner=make_pipeline(StandardScaler(), LogisticRegression()), methods="random_under", cv="2x1", rng=0
    )
    assert row(c, "random_under").error is None
    s = compare(sparse.csr_matrix(X * (X > 0)), Y, methods="weights", cv="2x1", rng=0)
    assert row(s, "weights").error is None
    assert s.model.predict(sparse.csr_matrix(X)).shape == (900,)


def test_text_gaps_and_dates_are_fine():
    frame = pd.DataFrame(
        {
            "x": np.where(RNG.random(900) < 0.1, np.nan, X[:, 0]),
            "city": np.where(RNG.random(900) < 0.1, None, np.array(["a", "b", "c"])[RNG.integers(0, 3, 900)]),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 99, 900), "D"),
            "id": np.arange(900),
        }
    )
    c = compare(frame, np.where(Y, "yes", "no"), methods="random_under", cv="2x1", rng=0)
    assert row(c, "threshold").ap > 0.25
    kinds = {p["column"]: p["kind"] for p in json.loads(c.to_json())["data"]["preprocessing"]}
    assert kinds == {"x": "numeric", "city": "categorical", "day": "numeric", "id": "dropped"}
    with pytest.warns(UserWarning, match="column 'city' has 1 of 1 values"):
        assert set(c.model.predict(frame.drop(columns="id").assign(city="never met")[:1])) <= {"yes", "no"}
    with pytest.raises(
        InputError, match=r"column 'city' has 900 of 900 values \(100 %\) that were not there in training"
    ):
        c.model.predict(frame.drop(columns="id").assign(city="never met"))


# ---- stopped, resumed -------------------------------------------------------------------------------------------------------


@pytest.fixture
def ctrl_c():
    """Ctrl-C raises, also where the tests were started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Stop(running.Watch):
    """Presses Ctrl-C after some cells."""

    def __init__(self, after):
        self.left = after

    def step(self, cell):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_gives_the_finished_folds_and_the_journal_goes_on(small, tmp_path, monkeypatch, ctrl_c):
    monkeypatch.setattr("upweight.work._run.WORTH_PROCESSES", np.inf)  # one process, however busy the machine
    monkeypatch.setattr("upweight.imbalance.comparison._compare.watch_for", lambda progress: Stop(17))
    part = compare(X, Y, methods=FIVE, cv="3x2", rng=0, journal=tmp_path / "j")
    assert not part.complete
    assert part.verdict.sentences[0].startswith("Stopped early: 17 of 30 fits are in")
    assert row(part, "weights").folds in (3, 4)
    assert json.loads(part.to_json())["complete"] is False
    assert len(list((tmp_path / "j").glob("*.npz"))) == 17
    monkeypatch.undo()
    ran = []
    monkeypatch.setattr(running, "run_cell", lambda plan, key, run=running.run_cell: ran.append(key) or run(plan, key))
    whole = compare(X, Y, methods=FIVE, cv="3x2", rng=0, journal=tmp_path / "j")
    assert len(ran) == 13
    assert without_timing(whole) == without_timing(small)


def test_stopped_before_two_folds_says_nothing_about_remedies(monkeypatch, ctrl_c):
    monkeypatch.setattr("upweight.imbalance.comparison._compare.watch_for", lambda progress: Stop(1))
    part = compare(X, Y, methods=FIVE, cv="3x2", rng=0)
    assert part.verdict.code == "incomplete"
    assert len(part.verdict.sentences) == 1 or not any("Move" in s for s in part.verdict.sentences)
    part.to_json()
    str(part)


def test_a_journal_of_other_data_or_settings_is_refused(tmp_path):
    compare(X, Y, methods="none", cv="2x1", rng=0, journal=tmp_path)
    for other in ({"cv": "3x1"}, {"rng": 1}, {"learner": "boosting"}, {"cost": 3.0}):
        with pytest.raises(InputError, match="belongs to other settings"):
            compare(X, Y, **({"methods": "none", "cv": "2x1", "rng": 0} | other), journal=tmp_path)
    with pytest.raises(InputError, match="belongs to other data"):
        compare(X + 1e-9, Y, methods="none", cv="2x1", rng=0, journal=tmp_path)
    more = compare(X, Y, methods="weights", cv="2x1", rng=0, journal=tmp_path)  # more methods may join
    assert row(more, "weights").folds == 2


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (RandomOver(to=0.5), RandomOver(to=0.6)),
        (lambda y, base: np.where(y, 2.0, 1.0), lambda y, base: np.where(y, 3.0, 1.0)),
        ([RandomOver(to=0.5), "weights"], [RandomOver(to=0.6), "weights"]),
        (RandomForestClassifier(3), RandomForestClassifier(4)),
    ],
)
def test_a_journal_tells_objects_of_one_label_apart(tmp_path, one, two):
    for methods in ({"mine": one}, {"mine": two}):
        alone = compare(X, Y, methods=methods, cv="2x1", rng=0)
        kept = compare(X, Y, methods=methods, cv="2x1", rng=0, journal=tmp_path)
        assert row(kept, "mine").log_loss == row(alone, "mine").log_loss


def test_the_estimate_is_told_after_one_cell(monkeypatch):
    told = []

    class Ask(running.Watch):
        def estimate(self, seconds, cells, processes):
            told.append((seconds, cells, processes))

    monkeypatch.setattr("upweight.work._run.WORTH_PROCESSES", np.inf)  # one process, however busy the machine
    monkeypatch.setattr("upweight.imbalance.comparison._compare.watch_for", lambda progress: Ask())
    c = compare(X, Y, methods=FIVE, cv="3x2", rng=0)
    assert len(told) == 1
    assert told[0][1:] == (30, 1)
    assert told[0][0] == c.done.estimate > 0
