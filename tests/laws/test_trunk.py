"""One list over all that takes or tames weights: zero is removed, copies are repeated rows, order, scale and split are free.

Every entry gives its figures as a flat tuple for weights `w` and values `f`; the laws below run over the whole list. An entry that a
law does not hold for says why.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from upweight import Correction, Tally, Weights, arrays, balance, c2st, cite
from upweight._cite._rests_on import RESTS_ON
from upweight.ope import value

TARGET = np.random.default_rng(99).normal(0.4, 1, 300)


def estimate(e) -> tuple[float, ...]:
    figures = e.value, e.se, e.khat, e.inflation, e.ess, e.ess_f, *e.interval()
    return tuple(np.concatenate([np.ravel(x) for x in figures]))


def verdict(v) -> tuple[float, ...]:
    return v.ess, v.perplexity, v.khat, v.max_share, v.design_effect, v.ess_f


def table(b) -> tuple[float, ...]:
    return tuple(np.r_[b.after, b.smd_after, b.ratio_after])


def by(f: np.ndarray) -> np.ndarray:
    return np.floor(4 * f).astype(int) % 5


TAKERS: dict[str, Callable[[Weights, np.ndarray], tuple[float, ...]]] = {
    "ess": lambda w, f: tuple(w.ess_of(b) for b in (0, 0.5, 1, 2, 7, np.inf)),
    "khat": lambda w, f: (w.khat,),
    "max_share": lambda w, f: (w.max_share,),
    "design_effect": lambda w, f: (w.design_effect,),
    "mean": lambda w, f: estimate(w.mean(f)),
    "mean of columns": lambda w, f: estimate(w.mean(np.c_[f, f > 0.5])),
    "mean by cluster": lambda w, f: estimate(w.mean(f, cluster=by(f))),
    "difference": lambda w, f: estimate(w.mean(f) - w.mean(f**2)),
    "ratio": lambda w, f: estimate(w.mean(f + 9) / w.mean(f**2 + 1)),
    "quantile": lambda w, f: estimate(w.quantile(f, [0.2, 0.5])),
    "cdf": lambda w, f: estimate(w.cdf(f, [0.0, 1.0])),
    "check": lambda w, f: verdict(w.check(f=f)),
    "tally": lambda w, f: verdict(Tally.of(w, f=f).result()),
    "balance": lambda w, f: table(balance(np.c_[f, np.sin(f)], np.c_[TARGET, np.sin(TARGET)], weights=w)),
    "c2st": lambda w, f: estimate(c2st(f, TARGET, weights=w)),
}
TAMERS: dict[str, Callable[[Weights], Weights]] = {
    "smooth": lambda w: w.smooth(),
    "truncate": lambda w: w.truncate(),
    "clip": lambda w: w.clip(at=2.0),
    "temper": lambda w: w.temper(power=0.6),
    "temper to a size": lambda w: w.temper(ess=0.7),
    "shrink": lambda w: w.shrink(lam=3.0),
    "drop": lambda w: w.drop(above=2.0),
    "shrink harmonic": lambda w: w.shrink(lam=0.3, how="harmonic"),
}
FIGURES = TAKERS | {
    f"mean after {name}": lambda w, f, tame=tame: estimate(tame(w).mean(f)) for name, tame in TAMERS.items()
}
FIGURES["policy value"] = lambda w, f: estimate(value(f, w, how="self"))  # of ratios alone: no copies
ON_A_SCALE = {"clip", "drop", "shrink", "shrink harmonic"}  # what they cap at is a number on the scale of the weights


def rows(seed: int, n: int = 500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.exp(0.4 * rng.exponential(size=n)), rng.normal(size=n)


def same(a: tuple[float, ...], b: tuple[float, ...], rtol: float = 1e-9) -> None:
    np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-11)


@pytest.mark.parametrize("name", FIGURES)
def test_zero_is_removed(name):
    v, f = rows(0)
    v[::4] = 0
    there = v > 0
    same(
        FIGURES[name](Weights.of(v, kind="importance"), f),
        FIGURES[name](Weights.of(v[there], kind="importance"), f[there]),
    )


# by cluster is left out here: another value may be another cluster
@pytest.mark.parametrize("name", [n for n in FIGURES if "cluster" not in n])
def test_values_of_rows_that_weigh_nothing_do_not_matter(name):
    v, f = rows(1)
    v[::4] = 0
    w, other = Weights.of(v, kind="importance"), np.where(v > 0, f, 0.123)
    same(FIGURES[name](w, f), FIGURES[name](w, other), rtol=1e-9)


@pytest.mark.parametrize("name", FIGURES)
def test_order_is_free(name):
    v, f = rows(2)
    p = np.random.default_rng(3).permutation(v.size)
    same(FIGURES[name](Weights.of(v, kind="importance"), f), FIGURES[name](Weights.of(v[p], kind="importance"), f[p]))


@pytest.mark.parametrize("name", [n for n in FIGURES if n.removeprefix("mean after ") not in ON_A_SCALE])
@pytest.mark.parametrize("scale", [1e-200, 3.7, 1e200])
def test_scale_is_free(name, scale):
    v, f = rows(4)
    same(FIGURES[name](Weights.of(v, kind="importance"), f), FIGURES[name](Weights.of(scale * v, kind="importance"), f))


@pytest.mark.parametrize("name", sorted(ON_A_SCALE))
@pytest.mark.parametrize("constant", [-300.0, 300.0])
def test_logs_without_a_scale_are_tamed_alike(name, constant):
    v, f = rows(5)
    a, b = (TAMERS[name](Weights.of_log(np.log(v) + c, kind="importance")) for c in (0.0, constant))
    same(estimate(a.mean(f)), estimate(b.mean(f)))


# design_effect, sizes by order and k-hat of copies are defined as those of a count, so they are not in this list
COPIES = [n for n in TAKERS if n not in ("ess", "khat", "max_share", "design_effect", "check", "tally")]


@pytest.mark.parametrize("name", COPIES)
def test_copies_are_repeated_rows(name):
    rng = np.random.default_rng(6)
    copies, f = rng.integers(0, 4, 300), rng.normal(size=300)
    w = Weights.of(copies, kind="frequency")
    again = Weights.of(np.ones(copies.sum()), kind="importance")
    same(FIGURES[name](w, f), FIGURES[name](again, np.repeat(f, copies)))


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_written(name):
    v, f = rows(7)
    kept = v.copy(), f.copy()
    v.flags.writeable = f.flags.writeable = False  # a write would raise
    w = Weights.of(v, kind="importance")
    logs = w.log_w.copy()
    FIGURES[name](w, f)
    assert all(np.array_equal(a, b) for a, b in zip((*kept, logs), (v, f, w.log_w), strict=True))


@pytest.mark.parametrize("name", FIGURES)
def test_asked_twice_the_answer_is_the_same(name):
    v, f = rows(8)
    w = Weights.of(v, kind="importance")
    np.testing.assert_array_equal(FIGURES[name](w, f), FIGURES[name](w, f))


@pytest.mark.parametrize("cuts", [[250], [1, 2, 499], list(range(50, 500, 50))])
def test_a_tally_does_not_depend_on_the_split(cuts):
    v, f = rows(9)
    whole = Weights.of(v, kind="importance")
    parts = [
        Tally.of(Weights.of(a, kind="importance"), f=b)
        for a, b in zip(np.split(v, cuts), np.split(f, cuts), strict=True)
    ]
    merged = parts[-1]
    for part in parts[-2::-1]:
        merged = part + merged
    same(verdict(merged.result()), verdict(whole.check(f=f)))
    assert merged.mean().value == pytest.approx(whole.mean(f).value, abs=1e-12 * np.abs(f).max())
    assert merged.mean().se == pytest.approx(whole.mean(f).se, rel=1e-9)


@pytest.mark.parametrize("name", TAMERS)
def test_taming_moves_no_average_further_than_it_says(name):
    v, f = rows(10)
    w = Weights.of(v, kind="importance")
    tamed = TAMERS[name](w)
    for g in (f, f > 0, np.abs(f)):
        assert (
            abs(tamed.mean(g).value - w.mean(g).value) <= tamed.trail[-1].moved * np.ptp(np.asarray(g, float)) + 1e-12
        )


@pytest.mark.parametrize("name", TAMERS)
def test_every_taming_can_be_cited(name):
    w = TAMERS[name](Weights.of(rows(11)[0], kind="importance"))
    step = w.trail[-1]
    rests_on = RESTS_ON.get(step.name, ()) or RESTS_ON[f"{step.name}:{step.params['how']}"]
    assert rests_on
    assert all(f"{{{key}," in cite(w) for key in rests_on)
    assert cite(w) != cite(w.raw)


@pytest.mark.parametrize("labels", [(0, 1), (False, True)])
def test_weights_of_a_correction_are_importance_and_have_mean_one(labels):
    y = np.repeat(labels, [70, 30])
    w = Correction.prior(train=0.3, world=0.04).weights(y)
    assert w.kind == "importance"
    assert np.mean(w.values) == pytest.approx(1.0, rel=1e-12)


def test_pure_functions_agree_with_the_object():
    v, f = rows(12)
    w = Weights.of(v, kind="importance")
    l = w.log_w
    assert w.ess == float(arrays.ess(l))
    assert w.khat == float(arrays.khat(l))
    assert w.mean(f).ess_f == pytest.approx(float(arrays.ess_for(l, f)), rel=1e-12)
    np.testing.assert_array_equal(w.truncate().log_w, arrays.truncate(l))
    np.testing.assert_array_equal(w.clip(at=2).log_w, arrays.clip(l, at=2))
    np.testing.assert_array_equal(w.temper(ess=0.7).log_w, arrays.temper(l, ess=0.7))
    np.testing.assert_array_equal(w.resample(9, rng=3), arrays.resample(l, 9, method="systematic", rng=3))
