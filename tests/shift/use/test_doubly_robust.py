"""A target mean by weights and a model: right if either is, errors of both samples, clusters."""

import numpy as np
import pandas as pd
import pytest

import upweight as uw
import upweight.shift as sh


def case(seed, n=1000, m=1000):
    """Truth 2; the model misses half of the square."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(n, 3)), rng.normal(size=(m, 3))
    z[:, 0] += 1
    f = x[:, 0] + 0.5 * x[:, 0] ** 2 + x[:, 1] + rng.normal(size=n)
    model = lambda x: x[:, 0] + 0.3 * x[:, 0] ** 2 + x[:, 1]
    return f, model(x), model(z), uw.Weights.of_log(x[:, 0] - 0.5, kind="importance", exact=True)


def test_by_hand():
    w = uw.Weights.of([1.0, 3.0], kind="importance")
    e = sh.doubly_robust([1.0, 5.0], [2.0, 3.0], [4.0, 6.0, 8.0], weights=w)
    assert e.value == pytest.approx(6 + (0.25 * -1 + 0.75 * 2))
    miss = np.array([-1.0, 2.0]) - 1.25
    phi = np.r_[np.array([0.25, 0.75]) * miss, np.array([-2, 0, 2]) / 3]
    assert e.se == pytest.approx(np.sqrt((phi**2).sum() * 5 / 4))
    np.testing.assert_allclose(e.influence, 5 * phi)


def test_a_perfect_model_needs_no_weights_and_perfect_weights_no_model():
    f, _, _, w = case(0)
    one = sh.doubly_robust(f, f, np.array([1.0, 3.0]), weights=w)
    assert one.value == 2.0
    np.testing.assert_allclose(sh.doubly_robust(f, 0 * f, np.zeros(7), weights=w).value, w.mean(f).value)


def test_both_beat_either():
    """200 seeds: weights alone err by sd .21, the model by .40 of bias; both have no bias (s.e. .007) and sd .095."""
    both, alone, model, cover = [], [], [], []
    for seed in range(200):
        f, fit, new, w = case(seed)
        e = sh.doubly_robust(f, fit, new, weights=w)
        low, high = e.interval()
        both.append(e.value), alone.append(w.mean(f).value), model.append(new.mean()), cover.append(low <= 2 <= high)
    assert abs(np.mean(both) - 2) < 0.025
    assert 0.08 < np.std(both) < 0.115
    assert np.std(alone) > 0.17
    assert abs(np.mean(model) - 1.6) < 0.02
    assert np.mean(cover) > 0.91  # nominal .95, widened by the tail; four standard errors below


def test_repeated_clusters_do_not_make_the_error_smaller():
    f, fit, new, w = case(1, 200, 200)
    alone = sh.doubly_robust(f, fit, new, weights=w)
    twice = sh.doubly_robust(
        np.tile(f, 2), np.tile(fit, 2), np.tile(new, 2), weights=uw.Weights.of(np.tile(w.values, 2), kind="importance"),
        cluster=np.r_[np.tile(np.arange(200), 2), 200 + np.tile(np.arange(200), 2)],
    )  # fmt: skip
    assert twice.value == pytest.approx(alone.value)
    assert twice.se == pytest.approx(alone.se, rel=1e-9)
    with pytest.raises(uw.InputError, match="source first, 200 \\+ 200; got 200"):
        sh.doubly_robust(f, fit, new, weights=w, cluster=np.arange(200))


def test_tamed_weights_are_judged_by_their_tail_before():
    f, fit, new, w = case(2)
    e = sh.doubly_robust(f, fit, new, weights=w.clip(at=2))
    assert e.khat >= sh.doubly_robust(f, fit, new, weights=w).khat - 0.05


def test_what_is_refused():
    f, fit, new, w = case(0, 50, 50)
    with pytest.raises(uw.KindError, match="class weight"):
        sh.doubly_robust(f, fit, new, weights=uw.Weights.of(w.values, kind="class"))
    with pytest.raises(uw.KindError, match="Repeat the rows"):
        sh.doubly_robust(f, fit, new, weights=uw.Weights.of(np.ones(50), kind="frequency"))
    with pytest.raises(uw.InputError, match="`fitted` must be one column.*got shape \\(49,\\)"):
        sh.doubly_robust(f, fit[:-1], new, weights=w)
    with pytest.raises(uw.InputError, match="`fitted_target`.*first at row 3"):
        sh.doubly_robust(f, fit, np.where(np.arange(50) == 3, np.nan, new), weights=w)
    with pytest.raises(uw.InputError, match="different indexes"):
        sh.doubly_robust(pd.Series(f), pd.Series(fit, index=np.arange(50) + 1), new, weights=w)
    with pytest.raises(uw.InputError, match="must be Weights; got ndarray"):
        sh.doubly_robust(f, fit, new, weights=w.values)
