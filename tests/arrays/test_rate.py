"""Rows needed, rates and widths, against printed figures and their limits."""

import math

import numpy as np
import pytest

from upweight.arrays import min_rows, rate, widening
from upweight.arrays._rate import threshold


@pytest.mark.parametrize(
    ("k", "n", "width"),
    [(0.775961496704, 4000, 10.090274767), (0.545157, 4000, 2.032762257)],
)
def test_widening_of_the_printed_intervals(k, n, width):
    assert widening(k, n) == pytest.approx(width, rel=2e-6)


@pytest.mark.parametrize("n", [10, 1000, 10**9])
def test_widening_at_one_half_is_root_e_and_smooth_across_it(n):
    assert widening(0.5, n) == pytest.approx(math.sqrt(math.e), rel=1e-12)
    for d in (1e-9, 2e-8, 1e-6):
        assert widening(0.5 + d, n) == pytest.approx(widening(0.5 - d, n), rel=1e-4)


def test_widening_grows_with_the_tail_from_one_to_infinity():
    k = np.r_[-np.inf, np.linspace(-1, 0.99, 500), 1.0, 3.0]
    found = widening(k, 1000)
    assert np.all(np.diff(found[:-2]) >= 0)
    assert np.all(found[k <= 0] == 1.0)
    assert np.isinf(found[-2:]).all()
    assert widening(math.nan, 1000) == 1.0


def test_rate_runs_from_one_to_zero():
    k = np.linspace(0, 1, 201)
    found = rate(k, 4000)
    assert found[0] == 1.0
    assert found[-1] == 0.0
    assert np.all(np.diff(found) <= 1e-9)
    assert rate(0.5, 4000) == pytest.approx(1 - 1 / math.log(4000))
    assert np.isnan(rate(math.nan, 4000))


def test_rate_is_the_formula():
    k, n = 0.3, 50.0
    top = 2 * (k - 1) * n ** (2 * k + 1) + (1 - 2 * k) * n ** (2 * k) + n**2
    assert rate(k, 50) == pytest.approx(top / ((n - 1) * (n - n ** (2 * k))), rel=1e-14)


@pytest.mark.parametrize(
    ("k", "rows"), [(-np.inf, 10), (-1, 10), (0, 10), (0.5, 100), (0.7, 2154.43469), (1, np.inf), (9, np.inf)]
)
def test_min_rows(k, rows):
    assert min_rows(k) == pytest.approx(rows)
    assert np.isnan(min_rows(math.nan))


@pytest.mark.parametrize(("n", "k"), [(200, 0.5654), (1000, 2 / 3), (2200, 0.7), (10**9, 0.7)])
def test_threshold(n, k):
    assert threshold(n) == pytest.approx(k, abs=1e-4)


def test_everything_is_elementwise():
    k = np.array([[0.1, 0.6], [0.9, np.nan]])
    for f in (min_rows, lambda x: rate(x, 99), lambda x: widening(x, 99)):
        np.testing.assert_allclose(f(k), [[f(x) for x in row] for row in k], rtol=1e-14)


@pytest.mark.parametrize("k", [0.9, 0.9967, 0.9968, 0.997, 0.9999, 1 - 1e-16, 1.0, 2.0])
def test_rows_needed_near_one_are_huge_or_infinite_without_a_warning(k):
    rows = float(min_rows(k))
    assert rows == (10 ** (1 / (1 - k)) if k < 0.9967 else math.inf if k > 0.9968 else rows)
    assert rows > 1e9
