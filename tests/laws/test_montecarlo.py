"""Laws of answers by simulation: one list of answers, each of a small problem, as a function of how it is asked.

An answer is (figures, weights of its points). What is free: the unit of g, a constant in a log density, names, how calls are made, what
the function does to the rows it is given, asking twice. Weighted points obey the laws of all weights, and an integral scales with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import upweight as uw

mc = uw.montecarlo
START = stats.multivariate_t([0, 0], [[9, 0], [0, 9]], df=5)


def table(x: Any) -> np.ndarray:
    return np.column_stack(list(x.values())) if isinstance(x, dict) else x


def failing(x: Any) -> np.ndarray:
    u = table(x)
    return 2.5 - u[:, 0] - 0.5 * u[:, 1] ** 2


def log_density(x: Any) -> np.ndarray:
    u = table(x)
    return -0.5 * ((u - 1) ** 2).sum(axis=1)


def smooth(x: Any) -> np.ndarray:
    return np.exp(table(x).sum(axis=1))


def of_rare(f, run=None, inputs: Any = 2):
    r = mc.rare(f, inputs, relative_error=0.2, run=run, rng=3)
    return (r.probability.value, r.probability.se, *r.interval(), float(r.calls)), r.draws


def of_evidence(f, run=None, inputs: Any = 2):
    p = mc.evidence(f, inputs, relative_error=0.2, run=run, rng=3)
    return (p.evidence.log_value, p.evidence.se, *p.evidence.interval(), float(p.calls)), p.draws


def of_adapt(f, run=None):
    p = mc.adapt(f, START, n=400, rounds=3, run=run, rng=3)
    return (p.evidence.log_value, p.evidence.se, *p.evidence.interval(), float(p.calls)), p.draws


def of_draw(f, run=None):
    d = mc.draw(f, [START, stats.multivariate_normal([1, 1])], [200, 100], run=run, rng=3)
    return (d.evidence.log_value, d.evidence.se, *d.evidence.interval(), float(d.n)), d


def of_integrate(f, run=None):
    i = mc.integrate(f, [(0, 1)] * 2, budget=1300, run=run, rng=3)
    return (i.value.value, i.value.se, *i.value.interval(), float(i.calls)), i.draws


ANSWERS: dict[str, tuple[Callable[..., Any], Callable[[Any], np.ndarray]]] = {
    "rare": (of_rare, failing),
    "evidence": (of_evidence, log_density),
    "adapt": (of_adapt, log_density),
    "draw": (of_draw, log_density),
    "integrate": (of_integrate, smooth),
}
OF_LOGS = ("evidence", "adapt", "draw")
OF_INPUTS = ("rare", "evidence")


def same(a, b) -> None:
    """Figures and weighted points, bit for bit."""
    assert a[0] == b[0]
    assert np.array_equal(table(a[1].x), table(b[1].x))
    assert np.array_equal(a[1].weights.log_w, b[1].weights.log_w)


@pytest.mark.parametrize("name", ANSWERS)
def test_asked_twice_the_answer_is_the_same(name):
    ask, f = ANSWERS[name]
    same(ask(f), ask(f))


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("run", [mc.Run(batch=37), mc.Run(map=map)], ids=["batch", "map"])
def test_how_calls_are_made_changes_no_bit(name, run):
    ask, f = ANSWERS[name]
    same(ask(f), ask(f, run=run))


@pytest.mark.parametrize("name", ANSWERS)
def test_a_function_that_writes_into_its_rows_harms_nobody(name):
    ask, f = ANSWERS[name]

    def careless(x):
        y = f(x)
        x[:] = np.nan
        return y

    same(ask(f), ask(careless))


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_of_one_column_and_of_whole_numbers_are_taken(name):
    ask, f = ANSWERS[name]
    same(ask(f), ask(lambda x: f(x)[:, None]))
    whole = lambda x: np.round(16 * f(x))
    same(ask(whole), ask(lambda x: whole(x).astype(np.int64)))


def test_the_unit_of_g_is_free():
    """Widths follow it to rounding, and so do the points."""
    figures, draws = of_rare(failing)
    for unit in (1e-12, 1e12):
        others, again = of_rare(lambda x, unit=unit: failing(x) * unit)
        assert others == pytest.approx(figures, rel=1e-6)
        assert table(again.x) == pytest.approx(table(draws.x), rel=1e-6)


@pytest.mark.parametrize("name", OF_LOGS)
@pytest.mark.parametrize("constant", [-1000.0, 1000.0])
def test_a_constant_in_the_log_moves_the_evidence_by_it_and_nothing_else(name, constant):
    ask, f = ANSWERS[name]
    (value, se, low, high, calls), draws = ask(f)
    moved, again = ask(lambda x: f(x) + constant)
    assert moved == pytest.approx((value + constant, se, low + constant, high + constant, calls), rel=1e-9, abs=1e-9)
    mean, other = draws.mean(lambda x: table(x)[:, 0]), again.mean(lambda x: table(x)[:, 0])
    assert (other.value, other.se) == pytest.approx((mean.value, mean.se), rel=1e-7)


@pytest.mark.parametrize("name", OF_INPUTS)
def test_names_and_the_form_of_the_inputs_change_nothing(name):
    ask, f = ANSWERS[name]
    plain = ask(f, inputs=[stats.norm(), stats.norm()])
    same(plain, ask(f, inputs={"b": stats.norm(), "a": stats.norm()}))
    same(plain, ask(f, inputs=mc.Inputs([stats.norm(), stats.norm()])))
    assert ask(f)[0] == pytest.approx(plain[0], rel=1e-6)  # standard normals without a way through their quantiles


@pytest.mark.parametrize("name", ANSWERS)
def test_averages_of_points_are_those_of_their_weights(name):
    """Zero is removed, order is free: Draws add nothing to the formulas of the trunk."""
    draws = ANSWERS[name][0](ANSWERS[name][1])[1]
    values = table(draws.x)[:, 0]
    e = draws.mean(values)
    w = draws.weights
    assert e.value == pytest.approx(
        float(np.exp(w.log_w - w.log_w.max()) @ values / np.exp(w.log_w - w.log_w.max()).sum())
    )
    order = np.random.default_rng(0).permutation(values.size)
    turned = uw.Weights.of_log(w.log_w[order], kind="importance")
    cluster = None if draws.cluster is None else draws.cluster[order]
    assert turned.mean(values[order], cluster=cluster).value == pytest.approx(e.value, rel=1e-12)
    assert turned.mean(values[order], cluster=cluster).se == pytest.approx(e.se, rel=1e-9)


@pytest.mark.parametrize("scale", [1e-200, 3.7, 1e200])
def test_an_integral_scales_with_its_weights_and_counts_rows_of_none(scale):
    rng = np.random.default_rng(0)
    l, f = 0.4 * rng.exponential(size=500), rng.normal(size=500) + 2
    e = uw.Weights.of_log(l, kind="importance").integral(f)
    s = uw.Weights.of_log(l + np.log(scale), kind="importance").integral(f)
    assert (s.value / scale, s.se / scale, s.ess) == pytest.approx((e.value, e.se, e.ess), rel=1e-9)
    half = uw.Weights.of_log(np.r_[l, np.full(500, -np.inf)], kind="importance").integral(np.r_[f, np.zeros(500)])
    assert half.value == pytest.approx(e.value / 2, rel=1e-12)


def test_repeats_have_no_order_and_take_any_unit():
    values = np.random.default_rng(0).normal(3, 1, 12)
    e = uw.Estimate.of_repeats(values)
    for other, unit in ((values[::-1], 1.0), (values * 1e6, 1e6), (values * 1e-200, 1e-200)):
        o = uw.Estimate.of_repeats(other)
        assert (o.value / unit, o.se / unit) == pytest.approx((e.value, e.se), rel=1e-9)
        assert o.interval()[0] / unit == pytest.approx(e.interval()[0], rel=1e-9)
