"""The plan of an epoch: exact counts, laws of weights, one order everywhere, and methods by their variance."""

from __future__ import annotations

import numpy as np
import pytest

from upweight.training import _draw as draw
from upweight.training import _plan as plan
from upweight.training import capped, epoch_order


def drawn(mass, m, *, method="systematic", seed=0, epoch=0):
    return np.bincount(
        epoch_order(np.asarray(mass, float), m, method=method, seed=seed, epoch=epoch), minlength=len(mass)
    )


@pytest.fixture(params=["one block", "many blocks"])
def blocks(request, monkeypatch):
    """The same with blocks so small that every boundary is crossed, and the shuffle in buckets."""
    if request.param == "many blocks":
        monkeypatch.setattr(draw, "BLOCK", 7)
        monkeypatch.setattr(plan, "BLOCK", 7)


@pytest.mark.parametrize("seed", range(20))
def test_each_row_is_drawn_floor_or_ceil_times(blocks, seed):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 200)), int(rng.integers(1, 900))
    mass = rng.pareto(0.7, n) * (rng.random(n) < 0.8)
    mass[rng.integers(n)] = 1.0
    k = drawn(mass, m, seed=seed)
    assert k.sum() == m
    assert (np.abs(k - m * mass / mass.sum()) < 1).all()
    assert (k[mass == 0] == 0).all()


@pytest.mark.parametrize("method", ["systematic", "multinomial"])
def test_zero_is_removed_and_scale_is_free(blocks, method):
    mass = np.random.default_rng(1).lognormal(size=90)
    mass[::3] = 0
    there = np.flatnonzero(mass)
    whole = epoch_order(mass, 200, method=method, seed=3, epoch=1)
    np.testing.assert_array_equal(there[epoch_order(mass[there], 200, method=method, seed=3, epoch=1)], whole)
    np.testing.assert_array_equal(epoch_order(2.0**40 * mass, 200, method=method, seed=3, epoch=1), whole)


def test_an_integer_weight_is_a_repeated_row_on_average():
    copies = np.array([1.0, 3.0, 2.0])
    repeated = np.repeat([0, 1, 2], [1, 3, 2])
    k = np.mean([drawn(copies, 8, epoch=e) for e in range(4000)], axis=0)
    each = np.mean([np.bincount(repeated, drawn(np.ones(6), 8, epoch=e)) for e in range(4000)], axis=0)
    np.testing.assert_allclose(k, 8 * copies / 6, atol=5 * 0.5 / np.sqrt(4000))
    np.testing.assert_allclose(each, k, atol=5 * 0.7 / np.sqrt(4000))


@pytest.mark.parametrize(("method", "ratio", "within"), [("systematic", 1 / 6, 0.03), ("multinomial", 1.0, 0.05)])
def test_variances_of_counts(method, ratio, within):
    """For c uniform between 0 and 1 (and above), systematic counts vary by frac(c) (1 - frac(c)), a sixth; independent ones by c."""
    mass = np.random.default_rng(0).uniform(0, 2, 2000)
    c = 2000 * mass / mass.sum()
    square = np.mean([(drawn(mass, 2000, method=method, epoch=e) - c) ** 2 for e in range(60)])
    assert square == pytest.approx(ratio, abs=within)


def test_without_replacement_hands_the_excess_on(blocks):
    mass = np.array([8.0, 1.0, 1.0, 1.0, 0.0])
    c = capped(mass, 3)
    np.testing.assert_allclose(c, [1, 2 / 3, 2 / 3, 2 / 3, 0])
    k = np.array([drawn(c, 3, epoch=e) for e in range(2000)])
    assert k.max() == 1
    np.testing.assert_allclose(k.mean(0), c, atol=0.05)


@pytest.mark.parametrize("seed", range(12))
def test_capped_by_rounds_and_by_sorting_agree(seed):
    rng = np.random.default_rng(seed)
    mass = rng.pareto(0.5, 300) * (rng.random(300) < 0.9)
    m = int(rng.integers(1, (mass > 0).sum() + 1))
    c, sorted_c = capped(mass, m), draw._capped_by_sorting(mass, m)
    np.testing.assert_allclose(c, sorted_c, rtol=1e-9, atol=1e-12)
    assert c.sum() == pytest.approx(m)
    assert c.max() <= 1 + 1e-12
    free = (c < 1) & (c > 0)
    assert not free.any() or np.ptp(c[free] / mass[free]) < 1e-9 * (c[free] / mass[free]).max()


def test_steep_masses_are_capped_too():
    c = capped(2.0 ** -np.arange(200.0), 150)  # a round frees one row only
    assert c.sum() == pytest.approx(150)
    assert (c[:140] == 1).all()


@pytest.mark.parametrize("method", ["systematic", "multinomial"])
def test_rounding_is_taken_by_the_last_row_with_weight(method):
    mass = np.r_[np.full(1000, 0.1), np.zeros(5)]
    for m in (1, 999, 12345):
        k = drawn(mass, m, method=method)
        assert (k.sum(), k[-5:].sum()) == (m, 0)


def test_the_order_is_a_function_of_seed_epoch_and_p():
    mass = np.random.default_rng(5).lognormal(size=50)
    one = epoch_order(mass, 80, method="systematic", seed=1, epoch=2)
    np.testing.assert_array_equal(one, epoch_order(mass, 80, method="systematic", seed=1, epoch=2))
    assert not np.array_equal(one, epoch_order(mass, 80, method="systematic", seed=1, epoch=3))
    assert not np.array_equal(one, epoch_order(mass, 80, method="systematic", seed=2, epoch=2))
    assert one.dtype == np.int32


def test_the_order_of_one_seed_stays_what_it_is():
    """A stored answer, so that a change of it is seen: runs that are resumed depend on it. Made by this code."""
    order = epoch_order(np.arange(6.0), 10, method="systematic", seed=7, epoch=3)
    assert order.tolist() == [2, 1, 4, 5, 3, 5, 5, 3, 4, 4]


@pytest.mark.parametrize("buckets", [False, True])
def test_every_order_is_as_likely(monkeypatch, buckets):
    """Chi-square over the 24 orders of four rows, 4800 epochs, at 1 in 10^4 (23 degrees: 55.3)."""
    if buckets:
        monkeypatch.setattr(plan, "BLOCK", 2)
        monkeypatch.setattr(plan, "BUCKETS", 3)
    seen: dict[tuple[int, ...], int] = {}
    for e in range(4800):
        order = tuple(epoch_order(np.ones(4), 4, method="systematic", seed=0, epoch=e).tolist())
        seen[order] = seen.get(order, 0) + 1
    counts = np.array(list(seen.values()))
    assert len(counts) == 24
    assert ((counts - 200) ** 2 / 200).sum() < 55.3
