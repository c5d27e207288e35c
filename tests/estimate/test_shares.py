"""Distribution functions by sorting and by counting bins: the same answers."""

from __future__ import annotations

import numpy as np
import pytest

from upweight import Weights
from upweight._estimate._sample import multipliers
from upweight._estimate._shares import Binned, Order, Sorted, _squares

COLUMNS = {
    "normal": lambda r, n: r.normal(size=n),
    "far from 0": lambda r, n: 1e9 + r.normal(size=n),
    "ties": lambda r, n: r.integers(-3, 4, n).astype(float),
    "two values": lambda r, n: (r.random(n) < 0.3) * 1.0,
    "heavy": lambda r, n: r.standard_cauchy(n) ** 9,
    "one far value": lambda r, n: np.r_[1e300, r.normal(size=n - 1)],
    "zeros of both signs": lambda r, n: np.where(r.random(n) < 0.5, -0.0, 0.0) + (r.random(n) < 0.1),
    "constant": lambda r, n: np.full(n, -2.5),
    "denormal": lambda r, n: r.normal(size=n) * 1e-310,
}


@pytest.mark.parametrize("name", COLUMNS)
def test_bins_answer_as_a_sort_does(name):
    rng = np.random.default_rng(0)
    n = 5000
    w, f = Weights.of(rng.integers(1, 9, n), kind="importance"), COLUMNS[name](rng, n)  # sums that no rounding touches
    u = multipliers(w, "self")
    by_sort, by_bins = Sorted(Order.of(f, u.whole(), _squares)), Binned.of(f, u, _squares)
    levels = np.r_[0.0, 1e-9, rng.random(200), 0.25, 0.5, 0.75, 1.0]
    points = np.r_[f[:200], rng.normal(size=50), f.min(), f.max(), np.nextafter(f.min(), -np.inf), np.inf, -np.inf, 0.0]
    assert np.array_equal(by_sort.reach(levels)[0], by_bins.reach(levels)[0])
    np.testing.assert_allclose(by_sort.reach(levels)[1], by_bins.reach(levels)[1], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(by_sort.below(points), by_bins.below(points), rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("kind", ["importance", "frequency"])
def test_long_columns_have_the_quantiles_of_short_ones(kind, monkeypatch):
    rng = np.random.default_rng(1)
    v = rng.integers(0, 5, 4000)  # zeros too
    f = rng.normal(size=4000)
    w = Weights.of(v, kind=kind)
    first = w.quantile(f, [0.1, 0.5, 0.9]), w.cdf(f, [-1.0, 0.3])
    monkeypatch.setattr("upweight._estimate._shares.FEW_ROWS", 100)
    second = w.quantile(f, [0.1, 0.5, 0.9]), w.cdf(f, [-1.0, 0.3])
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose((a.value, a.se, *a.interval()), (b.value, b.se, *b.interval()), rtol=1e-9)


def test_a_median_of_many_rows_is_that_of_a_sort():
    rng = np.random.default_rng(2)
    f = rng.standard_cauchy(200_001)
    e = Weights.of(np.ones(f.size), kind="importance").quantile(f, 0.5)
    assert e.value == np.median(f)
    assert e.interval()[0] < 0 < e.interval()[1]
