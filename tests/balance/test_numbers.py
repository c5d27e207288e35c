"""Means and spreads of columns: the plain formulas at every scale, offset, order in memory and block size."""

import math

import numpy as np
import pytest
from scipy import sparse

from upweight import Weights, balance
from upweight._balance._numbers import Weighting, dense


def plain(x, w):
    """Weighted mean and sd (1 - sum W^2) in extended precision; gaps left out."""
    there = ~np.isnan(x)
    x, w = x[there].astype(np.longdouble), w[there].astype(np.longdouble)
    share = w / w.sum()
    mean = share @ x
    return float(mean), float(np.sqrt(share @ (x - mean) ** 2 / (1 - share @ share)))


def columns(n=3000):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 7))
    x[:, 1] += 1e9
    x[:, 2] = np.sort(x[:, 2])
    x[rng.random(n) < 0.3, 3] = np.nan
    x[:10, 4] = 1e12  # where the weight is zero, below
    x[:, 5] = np.where(rng.random(n) < 0.01, 1.0, 0.0)
    x[:, 6] = -3.7
    w = rng.exponential(size=n)
    w[:10] = 0
    return x, w / w.sum()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("cells", [700, 1 << 17])
def test_figures_are_the_plain_formulas(order, cells, monkeypatch):
    monkeypatch.setattr("upweight._balance._numbers.CELLS", cells)
    x, w = columns()
    weightings = (Weighting.equal(len(x)), Weighting(w, w * w))
    for j, found in enumerate(dense(np.array(x, order=order), weightings, range(7), "x")):
        for k, weights in enumerate((np.full(len(x), 1 / len(x)), w)):
            mean, sd = plain(x[:, j], weights)
            assert found.mean[k] == pytest.approx(mean, rel=1e-11)
            assert found.sd[k] == pytest.approx(sd, rel=1e-9, abs=1e-13)
            assert found.missing[k] == pytest.approx(weights[np.isnan(x[:, j])].sum(), abs=1e-12)


def test_a_constant_column_has_no_spread_at_all():
    for value in (0.1, 1e9 + 0.1, 1e-200, -1e200):
        found = next(dense(np.full((500, 1), value), (Weighting.equal(500),), ["c"], "x"))
        assert found.sd.tolist() == [0.0]
        assert found.mean.tolist() == [value]


@pytest.mark.parametrize("exponent", [-300, -200, -165, -150, 150, 165, 200, 300])
def test_differences_do_not_depend_on_the_unit(exponent):
    rng = np.random.default_rng(1)
    source, target = rng.normal(size=(500, 2)), rng.normal(0.3, 1.5, size=(400, 2))
    source[3, 0] = np.nan
    w = Weights.of(rng.exponential(size=500), kind="importance")
    base, unit = balance(source, target, weights=w), math.ldexp(1.0, round(exponent * math.log2(10)))
    tables = [(source * unit, target * unit), (sparse.csr_array(source * unit), sparse.csr_array(target * unit))]
    for s, t in tables:
        for scale in ("target", "pooled"):
            b, same = balance(s, t, weights=w, scale=scale), balance(source, target, weights=w, scale=scale)
            np.testing.assert_allclose(b.smd_after, same.smd_after, rtol=1e-11)
        np.testing.assert_allclose(balance(s, t, weights=w).ratio_after, base.ratio_after, rtol=1e-11)
