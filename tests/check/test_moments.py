"""Moments: weighted means and errors of f, merged, against plain formulas."""

import numpy as np
import pytest

from upweight._check._moments import Moments


def brute(l, f):
    W = np.exp(l - l.max())
    W /= W.sum()
    mu = (W * f).sum(axis=-1)
    far = f - mu[:, None]
    return mu, (W**2 * far**2).sum(axis=-1), (W * far**2).sum(axis=-1)


@pytest.mark.parametrize("parts", [1, 3, 50])
@pytest.mark.parametrize("columns", [1, 4])
def test_merged_moments_are_the_plain_formulas(parts, columns):
    rng = np.random.default_rng(0)
    l, f = rng.normal(size=5000) * 2, rng.normal(size=(columns, 5000)) + 3
    pieces = np.array_split(np.arange(5000), parts)
    total = Moments.of(l[pieces[0]], f[:, pieces[0]], columns == 1)
    for rows in pieces[1:]:
        total = total + Moments.of(l[rows], f[:, rows], columns == 1)
    mu, squares, spread = brute(l, f)
    assert total.values == pytest.approx(mu, rel=1e-13)
    assert total.squares == pytest.approx(squares, rel=1e-11)
    assert total.spread == pytest.approx(spread, rel=1e-11)


def test_an_offset_of_a_billion_costs_no_digit_of_the_error():
    rng = np.random.default_rng(1)
    l, f = rng.normal(size=100_000), rng.normal(size=(1, 100_000))
    near, far = Moments.of(l, f, True), Moments.of(l, f + 2.0**30, True)
    halves = Moments.of(l[:50_000], f[:, :50_000] + 2.0**30, True) + Moments.of(
        l[50_000:], f[:, 50_000:] + 2.0**30, True
    )
    assert far.squares == pytest.approx(near.squares, rel=1e-6)  # f itself is rounded at 2e-7
    assert halves.squares == pytest.approx(far.squares, rel=1e-12)


def test_batches_of_very_different_level_keep_the_one_that_counts():
    f = np.array([[1.0, 2.0, 3.0]])
    small, large = Moments.of(np.array([-900.0, -900.0, -900.0]), f + 50, True), Moments.of(np.zeros(3), f, True)
    for total in (small + large, large + small):
        assert total.values == pytest.approx([2.0], rel=1e-15)
        assert total.squares == pytest.approx(large.squares, rel=1e-15)


def test_zeros_only_add_nothing():
    none = Moments.of(np.full(3, -np.inf), np.zeros((2, 3)), False)
    some = Moments.of(np.zeros(3), np.arange(6.0).reshape(2, 3), False)
    for total in (none + some, some + none):
        assert total.values == pytest.approx([1.0, 4.0])
    assert (none + none).one[0] == 0.0
