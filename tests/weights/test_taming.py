"""Taming: less variance, its price on the trail, and the weights before it kept."""

from __future__ import annotations

import numpy as np
import pytest

import upweight as uw
from upweight import InputError, KindError, Weights, arrays


def grid(k: float, n: int):
    x = -np.log1p(-(np.arange(1, n + 1) - 0.5) / n)
    return x, np.log1p(-k) - (1 - k) * x, -x


def heavy(k: float = 0.55, n: int = 4000):
    _, target, source = grid(k, n)
    return uw.log_ratio(target, source)


VERBS = {
    "smooth": lambda w: w.smooth(),
    "truncate": lambda w: w.truncate(),
    "clip": lambda w: w.clip(at=3.0),
    "temper": lambda w: w.temper(power=0.5),
    "shrink": lambda w: w.shrink(lam=5.0),
    "drop": lambda w: w.drop(above=3.0),
    "harmonic": lambda w: w.shrink(lam=0.2, how="harmonic"),
}


# ---- what every verb keeps ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_taming_keeps_kind_and_root_and_drops_the_promise(verb):
    w = heavy()
    t = VERBS[verb](w)
    assert (t.kind, t.n, t.exact, t.tamed) == ("importance", 4000, False, True)
    assert t.raw is w
    assert w.exact
    assert not w.tamed
    assert t.clip(at=1.0).raw is w  # the first, not the last


@pytest.mark.parametrize("verb", VERBS)
def test_the_step_tells_what_it_cost(verb):
    w = heavy()
    t = VERBS[verb](w)
    step = t.trail[-1]
    assert step.name == ("shrink" if verb == "harmonic" else verb)
    assert (step.ess_before, step.ess_after) == (w.ess, t.ess)
    assert step.moved == pytest.approx(0.5 * np.abs(t.probabilities - w.probabilities).sum(), rel=1e-9)
    assert step.params["scale"] == "own"
    assert 0 < step.moved < 1


@pytest.mark.parametrize("verb", VERBS)
def test_an_average_moves_by_no_more_than_moved_times_the_range(verb):
    w = heavy()
    t, rng = VERBS[verb](w), np.random.default_rng(0)
    x = -np.log1p(-(np.arange(1, 4001) - 0.5) / 4000)
    worst = (t.probabilities > w.probabilities) * 1.0
    for f in (x, x > 1.5, np.sin(9 * x), rng.normal(size=4000), worst):
        f = np.asarray(f, dtype=float)
        assert abs(t.mean(f).value - w.mean(f).value) <= t.trail[-1].moved * np.ptp(f) * (1 + 1e-9)
    assert abs(t.mean(worst).value - w.mean(worst).value) == pytest.approx(t.trail[-1].moved, rel=1e-9)  # and it can


@pytest.mark.parametrize("verb", VERBS)
def test_zero_stays_zero_and_order_does_not_matter(verb):
    v = np.random.default_rng(1).pareto(1.5, 500) + 0.1
    v[::7] = 0
    w = Weights.of(v, kind="importance")
    t = VERBS[verb](w)
    assert (t.log_w[::7] == -np.inf).all()
    p = np.random.default_rng(2).permutation(500)
    np.testing.assert_allclose(VERBS[verb](w[p]).log_w, t.log_w[p], rtol=1e-9, atol=1e-12)
    kept = VERBS[verb](w[v > 0])
    np.testing.assert_allclose(kept.log_w, t.log_w[v > 0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("verb", ["smooth", "truncate", "clip", "temper"])
def test_larger_weights_stay_larger(verb):
    w = heavy()
    order = np.argsort(w.log_w)
    assert (np.diff(VERBS[verb](w).log_w[order]) >= -1e-12).all()


@pytest.mark.parametrize("verb", ["truncate", "clip"])
def test_caps_never_raise_a_weight(verb):
    w = heavy()
    assert (VERBS[verb](w).log_w <= w.log_w + 1e-15).all()


@pytest.mark.parametrize("verb", VERBS)
def test_taming_of_a_batch_is_that_of_its_vectors(verb):
    v = np.random.default_rng(3).pareto(1.5, (3, 200)) + 0.1
    batch = VERBS[verb](Weights.of(v, kind="importance"))
    for i in range(3):
        one = VERBS[verb](Weights.of(v[i], kind="importance"))
        np.testing.assert_allclose(batch.log_w[i], one.log_w, rtol=1e-10, atol=1e-12)
        assert batch.trail[-1].moved[i] == pytest.approx(one.trail[-1].moved, rel=1e-9)
        assert batch.pick(i).raw.log_w.tolist() == one.raw.log_w.tolist()


@pytest.mark.parametrize("verb", VERBS)
def test_zeros_only_are_refused(verb):
    with pytest.raises(InputError, match="every weight is zero"):
        VERBS[verb](Weights.of(np.zeros(50), kind="importance"))


# ---- verb by verb -------------------------------------------------------------------------------------------------------------


def test_clip_by_hand():
    w = Weights.of([1, 1, 98], kind="importance").clip(at=10)
    assert w.ess == pytest.approx(1.411765, abs=5e-7)
    assert w.trail[-1].moved == pytest.approx(0.146667, abs=5e-7)
    assert w.values == pytest.approx([1, 1, 10])


def test_truncate_caps_at_the_mean_times_the_root_of_the_support():
    v = np.array([1.0, 2.0, 3.0, 0.0, 94.0])
    t = Weights.of(v, kind="importance").truncate()
    assert t.values == pytest.approx(np.minimum(v, 25 * 2))


def test_temper_by_power_and_by_size():
    w = heavy(0.8)
    t = w.temper(power=0.625)
    assert t.khat == pytest.approx(0.4987, abs=5e-5)
    assert t.raw.khat == pytest.approx(0.7776, abs=5e-5)
    np.testing.assert_allclose(t.log_w, 0.625 * w.log_w, rtol=1e-13)
    by_size = heavy(0.55).temper(ess=0.5)
    assert by_size.ess == pytest.approx(2000, rel=1e-5)
    np.testing.assert_allclose(by_size.log_w, 0.825992982 * heavy(0.55).log_w, rtol=1e-6)


def test_temper_to_a_size_it_has_already_changes_nothing():
    w = heavy(0.2)
    assert w.ess / 4000 > 0.5
    t = w.temper(ess=0.5)
    np.testing.assert_allclose(t.log_w, w.log_w, rtol=1e-12)
    assert t.trail[-1].moved == pytest.approx(0.0, abs=1e-12)


def test_smooth_is_the_pure_function():
    w = heavy()
    np.testing.assert_array_equal(w.smooth().log_w, arrays.psis(w.log_w)[0])
    np.testing.assert_array_equal(w.smooth(r_eff=0.5).log_w, arrays.psis(w.log_w, r_eff=0.5)[0])
    assert w.smooth(r_eff=0.5).trail[-1].params["r_eff"] == 0.5


def test_drop_is_its_formula_and_refuses_to_drop_everything():
    v = np.array([0.5, 2.0, 7.0])
    w = Weights.of(v, kind="importance")
    assert w.drop(above=2.0).values == pytest.approx([0.5, 2.0, 0.0])
    assert w.drop(above=2.0).trail[-1].moved == pytest.approx(7 / 9.5)
    with pytest.raises(InputError, match="every weight is zero: each is above the threshold. Raise `above`."):
        w.drop(above=0.1)


def test_shrink_is_its_formula():
    v = np.array([0.2, 1.0, 4.0])
    w = Weights.of(v, kind="importance")
    assert w.shrink(lam=2.0).values == pytest.approx(2 * v / (v**2 + 2))
    assert w.shrink(lam=0.3, how="harmonic").values == pytest.approx(v / (0.7 + 0.3 * v))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda w: w.clip(at=0), "`at` must be > 0.*got 0"),
        (lambda w: w.clip(at=-1), "got -1"),
        (lambda w: w.clip(at=np.nan), "got nan"),
        (lambda w: w.temper(power=0), r"`power` must lie in \(0, 1\]; got 0"),
        (lambda w: w.temper(power=1.5), r"got 1\.5"),
        (lambda w: w.temper(), "give `power` or `ess`, one of the two"),
        (lambda w: w.temper(power=0.5, ess=0.5), "one of the two; got power=0.5, ess=0.5"),
        (lambda w: w.temper(ess=1), r"`ess` must lie in \(0, 1\), a share of the rows; got 1"),
        (lambda w: w.shrink(lam=0), "`lam` must be > 0; got 0"),
        (lambda w: w.shrink(lam=2, how="harmonic"), r"`lam` must lie in \[0, 1\]; got 2"),
        (lambda w: w.shrink(lam=1, how="cubic"), "`how` must be 'square' or 'harmonic'; got 'cubic'"),
        (lambda w: w.smooth(r_eff=0), "`r_eff` must be > 0; got 0"),
    ],
)
def test_wrong_prices_are_refused(call, said):
    w = heavy(0.3, 100)
    with pytest.raises(InputError, match=said):
        call(w)


# ---- the scale ------------------------------------------------------------------------------------------------------------------


def test_logs_without_a_promise_are_tamed_on_the_scale_of_mean_one():
    l = np.random.default_rng(4).exponential(size=300)
    tamed = [Weights.of_log(l + c, kind="importance").clip(at=2.0) for c in (0.0, 50.0)]
    np.testing.assert_allclose(tamed[0].sample_weight, tamed[1].sample_weight, rtol=1e-10)
    assert tamed[0].trail[-1].params["scale"] == "mean one"
    assert tamed[0].values.max() == pytest.approx(2.0)


@pytest.mark.parametrize(
    "w",
    [
        Weights.of([0.5, 1.0, 8.0], kind="importance"),
        Weights.of([1.0, 3.0, 8.0], kind="inclusion"),
        Weights.of_log(np.log([0.5, 1.0, 8.0]), kind="importance", exact=True),
        Weights.of_log(np.log([1.0, 3.0, 8.0]), kind="inclusion"),
        uw.ratio([0.5, 1.0, 0.8], [1.0, 1.0, 0.1], exact=False),
        uw.log_ratio(np.log([0.5, 1.0, 0.8]), np.log([1.0, 1.0, 0.1])),
    ],
)
def test_numbers_that_mean_something_are_tamed_on_their_own_scale(w):
    t = w.clip(at=2.0)
    assert t.trail[-1].params["scale"] == "own"
    assert t.values.max() == pytest.approx(2.0)
    np.testing.assert_allclose(t.values, np.minimum(w.values, 2.0), rtol=1e-12)


def test_the_scale_survives_a_second_taming():
    w = uw.ratio([0.5, 1.0, 0.8], [1.0, 1.0, 0.1]).clip(at=4.0).clip(at=2.0)
    assert w.trail[-1].params["scale"] == "own"
    assert w.values.max() == pytest.approx(2.0)


def test_inclusion_cannot_be_shrunk():
    with pytest.raises(KindError, match="use clip, truncate or smooth"):
        Weights.of([2, 3], kind="inclusion").shrink(lam=1)


def test_clip_at_a_quantile_or_to_a_size_goes_on_the_trail():
    w = Weights.of(np.r_[np.ones(90), np.arange(10.0, 20.0)], kind="importance")
    step = w.clip(quantile=0.95).trail[-1]
    assert dict(step.params) == {"quantile": 0.95, "scale": "own"}
    assert w.clip(quantile=0.95).values.max() == pytest.approx(14.0)
    to_size = w.clip(ess=0.5)
    assert to_size.ess == pytest.approx(50.0, abs=1e-6)
    assert to_size.design_effect == pytest.approx(2.0, abs=1e-7)
    assert w.clip(ess=0.01).values.tolist() == w.values.tolist()
