"""Weighted area under the curve: every pair by brute force, and the field's own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

import upweight as uw
from upweight import InputError, KindError, Weights, c2st


def samples(n=120, m=90, seed=0, step=None):
    rng = np.random.default_rng(seed)
    s, t = rng.normal(size=n), rng.normal(0.6, 1, m)
    if step:
        s, t = np.round(s / step) * step, np.round(t / step) * step
    return s, t, Weights.of(rng.exponential(size=n), kind="importance")


@pytest.mark.parametrize("step", [None, 0.5])
def test_area_and_error_are_those_of_all_pairs(step):
    s, t, w = samples(step=step)
    W = w.probabilities
    pairs = (t[None, :] > s[:, None]) + 0.5 * (t[None, :] == s[:, None])
    above, below = pairs.mean(axis=1), W @ pairs
    area = W @ above
    e = c2st(s, t, weights=w)
    assert e.value == pytest.approx(area, rel=1e-13)
    assert e.se**2 == pytest.approx(
        (W**2 * (above - area) ** 2).sum() + ((below - area) ** 2).sum() / t.size**2, rel=1e-12
    )


@pytest.mark.parametrize("step", [None, 0.1, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_area_is_that_of_sklearn(step, weighted):
    s, t, w = samples(2000, 1500, step=step)
    weights = np.r_[np.asarray(w) if weighted else np.ones(2000), np.ones(1500)]
    wanted = roc_auc_score(np.r_[np.zeros(2000), np.ones(1500)], np.r_[s, t], sample_weight=weights)
    assert c2st(s, t, weights=w if weighted else None).value == pytest.approx(wanted, rel=1e-12)


def test_two_normals_and_their_ratio():
    rng = np.random.default_rng(1)
    s, t = rng.normal(size=200_000), rng.normal(1, 1, 200_000)
    plain = c2st(s, t)
    assert abs(plain.value - norm.cdf(1 / np.sqrt(2))) < 4 * plain.se
    matched = c2st(s, t, weights=uw.log_ratio(s - 0.5, np.zeros_like(s)))
    assert abs(matched.value - 0.5) < 4 * matched.se
    assert matched.se < 0.005


def test_scores_that_separate_give_one_and_equal_ones_a_half():
    assert c2st([1.0, 2.0], [3.0, 4.0]).value == 1.0
    assert c2st([1.0, 1.0], [1.0, 1.0, 1.0]).value == 0.5
    assert c2st([3.0, 4.0], [1.0]).value == 0.0


def test_swapping_the_samples_turns_the_area_round():
    s, t, _ = samples()
    assert c2st(s, t).value + c2st(t, s).value == pytest.approx(1.0, rel=1e-13)
    assert c2st(s, t).se == pytest.approx(c2st(t, s).se, rel=1e-12)


def test_any_rising_score_is_the_same():
    s, t, w = samples()
    a, b = c2st(s, t, weights=w), c2st(np.exp(s), np.exp(t), weights=w)
    assert (a.value, a.se) == (b.value, b.se)


def test_zero_is_removed_and_copies_are_repeated_rows():
    s, t, _ = samples()
    copies = np.arange(120) % 3
    a = c2st(s, t, weights=Weights.of(copies, kind="frequency"))
    b = c2st(np.repeat(s, copies), t)
    assert (a.value, a.se) == pytest.approx((b.value, b.se), rel=1e-12)
    v = copies * np.linspace(1, 2, 120)
    a, b = (
        c2st(s, t, weights=Weights.of(v, kind="importance")),
        c2st(s[v > 0], t, weights=Weights.of(v[v > 0], kind="importance")),
    )
    assert (a.value, a.se, a.khat) == pytest.approx((b.value, b.se, b.khat), rel=1e-12)


def test_influences_add_up_to_the_error_and_to_zero():
    s, t, w = samples()
    e = c2st(s, t, weights=w)
    assert e.influence.shape == (210,)
    assert abs(e.influence[:120].sum()) < 1e-9
    assert abs(e.influence[120:].sum()) < 1e-9
    assert np.sqrt((e.influence**2).sum()) / 120 == pytest.approx(e.se, rel=1e-12)


def test_two_scores_of_the_same_rows_are_compared_with_their_covariance():
    rng = np.random.default_rng(4)
    s, t, w = samples()
    other = s + 0.1 * rng.normal(size=s.size), t + 0.1 * rng.normal(size=t.size)
    a, b = c2st(s, t, weights=w), c2st(*other, weights=w)
    assert (a - b).se < 0.5 * a.se
    assert (a - a).interval() == (0.0, 0.0)


def test_tail_of_the_weights_widens_the_interval():
    s, t, _ = samples(2000, 500)
    x = np.random.default_rng(5).exponential(size=2000)
    w = Weights.of_log(0.6 * x, kind="importance")
    e = c2st(s, t, weights=w)
    assert e.khat == w.khat
    assert e.inflation > 1.5
    assert c2st(s, t, weights=w.smooth()).khat == w.khat


def test_few_targets_are_told():
    s, t, _ = samples(500, 12)
    e = c2st(s, t)
    assert not e.ok
    assert "12 rows, 30 needed" in e.why


def test_one_target_tells_no_error():
    assert c2st([1.0, 2.0, 3.0], [2.5]).interval() == (0.0, 1.0)  # all that an area can be


def test_wrong_scores_and_weights_are_refused():
    s, t, w = samples()
    with pytest.raises(InputError, match="`target_score` must be numbers; got 1 NaN, first at row 3"):
        c2st(s, np.where(np.arange(90) == 3, np.nan, t))
    with pytest.raises(InputError, match="`source_score` must be one column of scores"):
        c2st(s[:, None], t)
    with pytest.raises(InputError, match="got 10 for 120 scores"):
        c2st(s, t, weights=w[:10])
    with pytest.raises(InputError, match=r"say what they are first: uw\.Weights\.of"):
        c2st(s, t, weights=np.ones(120))
    with pytest.raises(KindError, match="class weight does not estimate"):
        c2st(s, t, weights=w.declare(kind="class"))
    with pytest.raises(InputError, match="every weight is zero"):
        c2st(s, t, weights=Weights.of(np.zeros(120), kind="importance"))
    with pytest.raises(InputError, match="different indexes"):
        c2st(
            pd.Series(s, index=np.arange(120)[::-1]), t, weights=Weights.of(pd.Series(np.ones(120)), kind="importance")
        )


def test_nothing_is_written():
    s, t, w = samples()
    for a in (s, t):
        a.flags.writeable = False
    assert c2st(s, t, weights=w).influence.size == 210
