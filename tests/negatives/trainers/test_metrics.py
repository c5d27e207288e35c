"""Weighted metrics: scikit-learn's values, influences by taking rows away, intervals that cover."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as theirs

from upweight import InputError, KindError, Weights
from upweight.negatives import demo_clicks, metrics, plan

NAMES = ("log_loss", "brier", "roc_auc", "average_precision", "oe", "normalized_entropy")


def some(seed, n=300, ties=True):
    r = np.random.default_rng(seed)
    y = r.random(n) < 0.3
    p = 1 / (1 + np.exp(-(r.normal(size=n) + y)))
    return y, np.round(p, 2).clip(0.01, 0.99) if ties else p, r.exponential(size=n) * (r.random(n) > 0.1)


@pytest.mark.parametrize("seed", range(20))
def test_values_and_ties_are_those_of_scikit_learn(seed):
    y, p, w = some(seed, ties=seed % 2 == 0)
    m = metrics(y, p, sample_weight=w)
    share = (w * y).sum() / w.sum()
    base = -share * np.log(share) - (1 - share) * np.log(1 - share)
    want = {
        "log_loss": theirs.log_loss(y, p, sample_weight=w),
        "brier": theirs.brier_score_loss(y, p, sample_weight=w),
        "roc_auc": theirs.roc_auc_score(y, p, sample_weight=w),
        "average_precision": theirs.average_precision_score(y, p, sample_weight=w),
        "oe": (w * y).sum() / (w * p).sum(),
        "normalized_entropy": theirs.log_loss(y, p, sample_weight=w) / base,
    }
    for name, value in want.items():
        assert getattr(m, name).value == pytest.approx(value, rel=1e-12), name


@pytest.mark.parametrize("name", NAMES)
def test_influences_are_the_slopes_in_each_weight(name):
    """(value at w + h e_i - value at w)/h, times w_i, for some rows of each class."""
    y, p, w = some(1)
    w = w + 0.1
    e = getattr(metrics(y, p, sample_weight=w), name)
    phi = e.influence / len(y)
    assert phi.sum() == pytest.approx(0, abs=1e-12)
    for row in (0, 1, 2, int(np.flatnonzero(y)[0]), int(np.flatnonzero(y)[-1])):
        moved = w.copy()
        moved[row] *= 1 + 1e-6
        slope = (getattr(metrics(y, p, sample_weight=moved), name).value - e.value) / 1e-6
        assert phi[row] == pytest.approx(slope, rel=1e-4, abs=1e-9)


def test_weights_of_a_sample_give_the_figures_of_everything_and_none_do_not():
    """60 samples of one log: means within 3 standard errors of the truth, mean standard error within a quarter of the spread seen."""
    r = np.random.default_rng(2)
    n = 60_000
    z = r.standard_normal((n, 4))
    eta = -6 + 0.8 * z.sum(1)
    y = r.random(n) < 1 / (1 + np.exp(-eta))
    p = 1 / (1 + np.exp(-(eta + 0.3 * r.standard_normal(n))))
    s = 1 / (1 + np.exp(-(eta + 0.2 * r.standard_normal(n))))
    table = pa.table({"id": np.arange(n), "y": y, "s": s, "p": p})
    truth = metrics(y, p, sample_weight=np.ones(n))
    seen = {name: [] for name in NAMES}
    plain = []
    for seed in range(60):
        kept = plan(table, label="y", key="id", pilot="column:s", rng=seed).apply(table)
        ky, kp = kept["y"].to_numpy(zero_copy_only=False), kept["p"].to_numpy()
        m = metrics(ky, kp, sample_weight=Weights.of(kept["_uw_weight"].to_numpy(), kind="inclusion"))
        plain.append(metrics(ky, kp, sample_weight=np.ones(len(ky))).roc_auc.value)
        for name in NAMES:
            seen[name].append(getattr(m, name).value)
    for name in NAMES:
        values = np.array(seen[name])
        assert abs(values.mean() - getattr(truth, name).value) < 3 * values.std() / np.sqrt(60) + 1e-12, name
    assert truth.roc_auc.value > 0.85
    assert np.mean(plain) < 0.7


def test_intervals_cover():
    """400 samples of 600 rows, level .9: coverage of .9 has a standard error of .015; four of them."""
    r = np.random.default_rng(0)
    n = 200_000
    x = r.normal(size=n)
    y, p = r.random(n) < 1 / (1 + np.exp(1 - x)), 1 / (1 + np.exp(1.1 - 0.9 * x))
    w = np.exp(0.3 * x)
    truth = {name: getattr(metrics(y, p, sample_weight=w), name).value for name in NAMES}
    hit = dict.fromkeys(NAMES, 0)
    for seed in range(400):
        at = np.random.default_rng(seed).integers(0, n, 600)
        m = metrics(y[at], p[at], sample_weight=w[at])
        for name in NAMES:
            low, high = getattr(m, name).interval(0.9)
            hit[name] += low <= truth[name] <= high
    assert all(count / 400 >= 0.84 for count in hit.values()), hit
    bounded = ("brier", "roc_auc", "average_precision")  # the others are widened by the tail of their influences
    assert all(hit[name] / 400 <= 0.96 for name in bounded), hit


def test_one_class_has_no_area_and_says_why():
    m = metrics([0, 0, 0], [0.1, 0.2, 0.3], sample_weight=[1, 1, 1])
    for e in (m.roc_auc, m.average_precision, m.normalized_entropy):
        assert np.isnan(e.value)
        assert not e.ok
    assert m.to_dict()["roc_auc"] == {"value": None, "se": None}
    assert m.oe.value == 0


def test_bad_input_is_refused():
    y, p, w = some(0)
    p[7] = 0.0
    m = metrics(np.where(np.arange(300) == 7, True, y), p, sample_weight=w)
    assert 0 < m.roc_auc.value < 1
    with pytest.raises(InputError, match="row 7 has y = 1 and probability 0"):
        _ = m.log_loss
    for args, words in (
        ((y, np.where(np.arange(300) == 3, 1.2, p), w), "got 1.2 at row 3"),
        ((y, p[:-1], w), "of one length"),
        ((y, p, w[:-1]), "of one length"),
        ((y + 1, p, w), "`y` must be 0/1"),
    ):
        with pytest.raises(InputError, match=words):
            metrics(*args[:2], sample_weight=args[2])
    with pytest.raises(KindError):
        metrics(y, p, sample_weight=Weights.of(w + 1, kind="class"))


def test_text_is_a_line_a_figure():
    y, p, w = some(3)
    m = metrics(y, np.column_stack([1 - p, p]), sample_weight=w)
    assert len(str(m).splitlines()) == 6
    assert set(m.estimates) == set(m.to_dict()) == set(NAMES)


def test_a_notebook_shows_a_line_a_figure_and_why_one_is_not_defined():
    y, p, w = some(3)
    html = metrics(y, p, sample_weight=w)._repr_html_()
    assert html.count("<tr>") == 7
    assert "worth" in html
    p = np.where(np.arange(300) == int(np.flatnonzero(y)[0]), 0.0, p)
    html = metrics(y, p, sample_weight=w)._repr_html_()
    assert "log loss is infinite" in html
    assert html.count("not defined") >= 2


def test_other_results_show_themselves_in_notebooks():
    clicks = demo_clicks(30_000)
    made = plan(clicks, label="clicked", key="impression_id", rng=7)
    assert "log-odds move by" in made._repr_html_()
    assert f"{made.forecast.factor_offset:.2f}" in made.forecast._repr_html_()
    told = made.explain(641, data=clicks)._repr_html_()
    assert told.count("<tr>") == 2
    assert "<table" not in made.explain(641)._repr_html_()
