"""Arithmetic on estimates: numbers move the interval along, estimates keep their covariance, functions go by the delta method."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

from upweight import InputError, KindError, Weights, c2st


def some(n: int = 500, seed: int = 0):
    rng = np.random.default_rng(seed)
    return Weights.of(rng.gamma(4, 0.25, n), kind="importance"), rng.normal(3, 1, n), rng.normal(2, 1, n)


def figures(e):
    return (e.value, e.se, e.khat, e.inflation, *e.interval())


NUMBERS = {
    "times": (lambda e: e * 100, 100, 0),
    "times from the left": (lambda e: np.float64(100) * e, 100, 0),
    "by": (lambda e: e / 4, 0.25, 0),
    "less": (lambda e: e - 0.5, 1, -0.5),
    "plus": (lambda e: 2 + e, 1, 2),
    "from one": (lambda e: 1 - e, -1, 1),
    "minus": (lambda e: -e, -1, 0),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_move_every_kind_of_interval_along(name):
    operation, by, to = NUMBERS[name]
    w, f, g = some()
    every = [w.mean(f), w.mean(f > 3), w.mean(np.zeros(500)), w.quantile(f, 0.4), w.cdf(f, 9.0), w.var(f), w.corr(f, g)]
    for e in [*every, c2st(g, f), w.smooth().mean(f)]:
        low, high = sorted(by * x + to for x in e.interval())
        moved = operation(e)
        assert (moved.value, moved.se) == pytest.approx((by * e.value + to, abs(by) * e.se), rel=1e-12)
        assert moved.interval() == pytest.approx((low, high), rel=1e-12)
        np.testing.assert_allclose(moved.influence, by * e.influence, rtol=1e-12)
        assert (moved.ok, moved.khat) == (e.ok, e.khat)


def test_it_is_the_mean_of_the_moved_values():
    w, f, g = some()
    assert figures(100 * w.mean(f) - 7) == pytest.approx(figures(w.mean(100 * f - 7)), rel=1e-9)
    assert figures(w.mean(f) + w.mean(g)) == pytest.approx(figures(w.mean(f + g)), rel=1e-9)


def test_tables_are_moved_column_by_column():
    w, f, g = some()
    e = w.mean(np.c_[f, g]) * 2 - 1
    assert e.value == pytest.approx([2 * w.mean(f).value - 1, 2 * w.mean(g).value - 1])
    with pytest.raises(InputError, match="as many averages"):
        _ = w.mean(np.c_[f, g]) - w.mean(np.c_[f, g, g])


def test_products_and_functions_by_the_delta_method():
    w, f, g = some()
    a, b = w.mean(f), w.mean(g)
    cases = {
        "product": (a * b, b.value * a.influence + a.value * b.influence, a.value * b.value),
        "log": (a.log(), a.influence / a.value, math.log(a.value)),
        "exp": (a.exp(), math.exp(a.value) * a.influence, math.exp(a.value)),
        "reciprocal": (1 / a, -a.influence / a.value**2, 1 / a.value),
    }
    for name, (e, psi, value) in cases.items():
        assert e.value == pytest.approx(value, rel=1e-12), name
        assert e.se == pytest.approx(np.sqrt((psi**2).sum() / 500 / 499), rel=1e-9), name


def test_a_log_ratio_is_the_log_of_the_ratio():
    w, f, g = some()
    a, b = (w.mean(f) / w.mean(g)).log(), w.mean(f).log() - w.mean(g).log()
    assert (a.value, a.se) == pytest.approx((b.value, b.se), rel=1e-9)
    assert (a.exp().value, a.exp().se) == pytest.approx(((w.mean(f) / w.mean(g)).value, (w.mean(f) / w.mean(g)).se))


def test_intervals_of_their_own_shape_go_through_rising_functions():
    w, f, _ = some()
    q = w.quantile(f, 0.3)
    assert q.log().interval() == pytest.approx(tuple(np.log(q.interval())))
    assert q.exp().interval() == pytest.approx(tuple(np.exp(q.interval())))


def test_a_denominator_that_is_not_told_from_0_is_not_ok():
    rng = np.random.default_rng(2)
    x, f = rng.normal(size=400), rng.normal(3, 1, 400)
    w = Weights.of(np.ones(400), kind="importance")
    low, high = w.mean(x - x.mean() + 0.05), w.mean(x - x.mean() + 0.2)
    a = w.mean(f)
    assert (low.ok, high.ok, a.ok) == (True, True, True)
    for bad in (a / low, 1 / low, 7 / -low, (a / low) * 2, (a / low) - a, low.log().exp()):
        assert not bad.ok
        assert "is not told from 0: " in bad.why
    assert (a / low).why.startswith("the denominator is not told from 0: 0.050 ± 0.0")
    assert low.log().why.startswith("the argument of the log is not told from 0: 0.050 ± 0.0")
    for good in (a / high, 1 / high, high.log(), low / a, low / 3, low.exp(), w.var(x).log(), 1 / w.std(x)):
        assert good.ok, good.why


def test_what_has_no_answer_is_refused():
    w, f, _ = some()
    e = w.mean(f - 10)
    with pytest.raises(InputError, match="a log needs an estimate above 0"):
        e.log()
    for operation in (lambda: e / 0, lambda: e * np.nan, lambda: e + np.inf, lambda: 1 / (w.mean(f) * 0)):
        with pytest.raises(InputError, match="needs"):
            operation()
    with pytest.raises(InputError, match="exp"):
        (w.mean(f) * 1000).exp()


def test_the_trail_says_what_was_done():
    w, f, g = some()
    e = 100 * (w.mean(f) - w.mean(g))
    assert [step.name for step in e.trail][-2:] == ["difference", "product"]
    assert e.trail[-1].params == {"number": 100.0}


# ---- names ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_columns_of_a_frame_keep_their_names(frame):
    w, f, g = some()
    e = w.mean(frame({"spend": f, "visits": g}))
    assert e.names == ("spend", "visits")
    assert str(e).splitlines()[1].startswith("[visits] ")
    assert figures(e["visits"]) == figures(e[1]) == figures(w.mean(g))
    assert (e * 2 - e)["spend"].value == pytest.approx(w.mean(f).value)
    assert figures(e["spend"] - e["visits"]) == pytest.approx(figures(w.mean(f) - w.mean(g)), rel=1e-12)
    with pytest.raises(InputError, match="no average is called 'clicks'; they are 'spend', 'visits'"):
        e["clicks"]


def test_why_names_the_column():
    w, f, _ = some()
    assert w.mean(pd.DataFrame({"f": f, "rare": f > 5.5})).why.startswith("average rare: the rows of the rarer value")


def test_one_average_has_no_places():
    w, f, g = some()
    for operation in (lambda: w.mean(f)[0], lambda: w.mean(np.c_[f, g])[2], lambda: w.mean(np.c_[f, g])[[]]):
        with pytest.raises(InputError, match="e\\["):
            operation()
    assert w.mean(np.c_[f, g, f])[1:].value.shape == (2,)


@pytest.mark.parametrize("name", ["reward", None, 3, ("a", 1)])
def test_names_of_series_survive(name):
    w, f, _ = some()
    assert w.mean(pd.Series(f, name=name)).influence.name == name
    assert Weights.of(pd.Series(np.abs(f), name=name), kind="importance").sample_weight.name == name


@pytest.mark.parametrize("level", [np.float32(0.9), np.float64(0.9), 0.9])
def test_levels_of_any_float_type(level):
    w, f, _ = some()
    assert w.mean(f).interval(level) == pytest.approx(w.mean(f).interval(0.9), rel=1e-6)


# ---- batches ----------------------------------------------------------------------------------------------------------------


def test_a_batch_of_weights_averages_the_same_rows_each():
    rng = np.random.default_rng(1)
    w, f = Weights.of(rng.gamma(4, 0.25, (3, 400)), kind="importance"), rng.normal(size=400)
    e = w.mean(f)
    assert e.value.shape == e.ess.shape == (3,)
    for i in range(3):
        assert figures(e[i]) == figures(w.pick(i).mean(f))
    gap = e[0] - e[2]
    assert figures(gap) == figures(w.pick(0).mean(f) - w.pick(2).mean(f))
    table = w.mean(np.c_[f, f**2])
    assert table.value.shape == (3, 2)
    assert table[1].value.shape == (2,)
    assert table[1, 0].value == e[1].value
    assert table.influence.shape == (400, 3, 2)
    assert str(e).splitlines()[2].startswith("[2] ")
    with pytest.raises(KindError):
        Weights.of(rng.gamma(4, 0.25, (3, 400)), kind="class").mean(f)


def test_arithmetic_keeps_the_bound_of_what_was_never_seen():
    x = np.random.default_rng(0).normal(size=1000)
    w = Weights.of(np.ones(1000), kind="importance")
    never, often, always = w.mean(x > 9), w.mean(x > 0), w.mean(x < 9)
    bound, (low, high) = 1 - 0.025 ** (1 / 1000), often.interval()
    cases = {
        "ratio": (never / often, (0.0, bound / low)),
        "sum": (often + never, (low, high + bound)),
        "less": (often - never, (low - bound, high)),
        "product": (never * often, (0.0, bound * high)),
        "reciprocal": (1 / always, (1.0, 1 / (1 - bound))),
        "log": (always.log(), (np.log(1 - bound), 0.0)),
        "over": (often / always, (low, high / (1 - bound))),
        "twice": ((never / often) * 2 - often, (-high, 2 * bound / low - low)),
    }
    for name, (e, ends) in cases.items():
        assert e.interval() == pytest.approx(ends, rel=1e-12), name
        assert not e.ok, name
        assert "not both seen" in e.why, name
        assert pickle.loads(pickle.dumps(e)).interval() == e.interval(), name
    few = Weights.of(np.ones(100), kind="importance")
    y = np.random.default_rng(1).normal(size=100)
    assert (few.mean(y > 9) / few.mean(y)).interval() == (-np.inf, np.inf)  # the denominator is not told from 0
    assert (never - never).interval() == (0.0, 0.0)


def test_arithmetic_never_narrows_an_infinite_interval():
    x = np.random.default_rng(0).normal(size=1000)
    w = Weights.of(np.random.default_rng(1).gamma(4, 0.25, 1000), kind="importance")
    q, m = w.quantile(np.exp(x), 0.9999), w.mean(x)
    assert q.se == np.inf
    assert q.interval()[1] == np.inf
    for e in (q - m, m - q, 2 * q - q, q * m, q / (m + 5), (m + 5) / q, 1 / q, (q - m) * 2 - m, (q - m).exp()):
        assert e.se == np.inf
        assert e.interval() in [(-np.inf, np.inf), (0.0, np.inf)]
        assert not e.ok
    for e in (q - q, 0 * q, (q - m) * 0, w.mean(np.zeros(1000) + 2) - 0 * q - 2):
        assert (e.value, e.se, e.interval()) == (0.0, 0.0, (0.0, 0.0))
    for level in np.linspace(0.99, 1, 41):
        q = w.quantile(np.exp(x), level)
        assert not np.isnan(q.influence).any()
        assert np.isinf((2 * q - q).se) == np.isinf(q.se)


def test_a_finite_error_does_not_hide_an_infinite_interval():
    x = np.random.default_rng(0).normal(size=1000)
    w = Weights.of(np.ones(1000), kind="importance")
    q, m = w.quantile(np.exp(x), 0.998), w.mean(x)
    assert np.isfinite(q.se)
    assert q.interval(0.99)[1] == np.inf
    assert (q - m).interval(0.99) == (-np.inf, np.inf)
    assert np.isfinite((q - m).interval(0.5)).all()


@pytest.mark.parametrize("operation", ["difference", "ratio"])
def test_two_lumps_of_clusters_are_no_tail_of_their_own(operation):
    """A difference or ratio of averages of two values: its clusters' sums lie in lumps, and either part has judged its own clusters."""
    g = np.random.default_rng(0)
    n = 4000
    f, w = (g.random(n) < 0.01).astype(float), np.exp(0.5 * g.normal(size=n))
    parts = [
        Weights.of(x, kind="importance").mean(f, cluster=np.arange(n))
        for x in (w * np.where(f > 0, 0.7, 1.0), np.ones(n))
    ]
    found = parts[0] - parts[1] if operation == "difference" else parts[0] / parts[1]
    assert found.khat == max(e.khat for e in parts)
