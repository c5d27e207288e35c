"""Influences a piece at a time: the tails they leave are those of a full sort."""

from __future__ import annotations

import math

import numpy as np
import pytest

from upweight._estimate._influence import BLOCK, Dense, Line, Multipliers, blocks
from upweight._estimate._sample import WeightedSample
from upweight._estimate._tails import Tails, scan
from upweight.arrays import tail_index, tail_size


def sample_of(n: int, **more) -> WeightedSample:
    return WeightedSample(
        n=n, support=n, size=n, factor=n / (n - 1), ess=n, worth=n, khat=-math.inf, equal=False, **more
    )


def by_sorting(x: np.ndarray, size: int) -> list[float]:
    found = []
    for side in (x[x > 0], -x[x < 0]):
        if side.size >= 25:
            found.append(tail_index(np.log(np.sort(side)), size=min(size, side.size - 1)))
    return found


@pytest.mark.parametrize("n", [30, 60, 1000, 5 * BLOCK + 17])
@pytest.mark.parametrize("step", [7, 1000, BLOCK])
def test_tails_are_those_of_a_full_sort(n, step):
    x = np.random.default_rng(n).standard_t(3, size=n)
    size = tail_size(n)
    tails = Tails(size)
    for i in range(0, n, max(step, n // 2000)):
        tails.add(x[i : i + max(step, n // 2000)])
    assert tails.khats() == by_sorting(x, size)


def test_ascending_values_are_no_trap():
    x = np.sort(np.random.default_rng(1).pareto(2, size=4 * BLOCK))
    size = tail_size(x.size)
    for order in (x, x[::-1]):
        tails = Tails(size)
        for piece in blocks(x.size):
            tails.add(order[piece])
        assert tails.khats() == by_sorting(x, size)


def test_zeros_are_on_neither_side():
    tails = Tails(20)
    tails.add(np.r_[np.zeros(1000), np.arange(1.0, 25.0), -np.arange(1.0, 26.0)])
    assert len(tails.khats()) == 1  # 24 above, 25 below


def test_scan_sums_squares_by_cluster():
    rng = np.random.default_rng(2)
    phi, codes = rng.normal(size=200), rng.integers(11, size=200)
    found = scan(Dense(phi), sample_of(200, codes=codes, groups=11), 200, watch=False)
    assert found.norm**2 == pytest.approx(sum(phi[codes == g].sum() ** 2 for g in range(11)), rel=1e-12)
    assert found.rows == found.clusters == []  # eleven clusters have no tail


def test_scan_counts_copies_once_each():
    phi, copies = np.array([3.0, -2.0, 0.0]), np.array([3.0, 1.0, 0.0])
    assert scan(Dense(phi), sample_of(4, copies=copies), 3).norm ** 2 == pytest.approx(3 * 1.0**2 + 2.0**2)


def test_line_is_its_formula_in_any_piece():
    rng = np.random.default_rng(3)
    l, f = rng.normal(size=50), rng.normal(size=50)
    line = Line(Multipliers(l, 0.5, 2.0, 1.0, 1.0), f, 0.3, 0.1)
    whole = 2 * np.exp(l - 0.5) * (f - 0.3) + 0.1
    np.testing.assert_allclose(np.r_[line.part(slice(0, 20)), line.part(slice(20, 50))], whole, rtol=1e-14)
