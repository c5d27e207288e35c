"""Draws: exact sums, equal use, and neighbours that are no copies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upweight.imbalance.resamplers._synthesis import (
    draw_pairs,
    equal_shares,
    largest_remainder,
    neighbours_apart,
    stream_of,
)


@given(st.integers(0, 500), st.integers(1, 60), st.integers(0, 3))
def test_equal_shares_differ_by_one_and_add_up(total, n, seed):
    times = equal_shares(total, n, stream_of(seed, 0))
    assert times.sum() == total
    assert times.max() - times.min() <= 1


@given(st.integers(0, 1000), st.lists(st.floats(0, 1), min_size=1, max_size=40).filter(lambda r: sum(r) > 1e-6))
def test_largest_remainder_adds_up_and_is_never_off_by_one(total, r):
    exact = total * np.array(r) / sum(r)
    whole = largest_remainder(total, np.array(r))
    assert whole.sum() == total
    assert (np.abs(whole - exact) < 1 + 1e-6).all()


def test_largest_remainder_breaks_ties_by_row():
    assert largest_remainder(2, np.ones(4)).tolist() == [1, 1, 0, 0]


def test_partners_are_uniform_and_steps_fill_the_unit_interval():
    base, near = np.array([0, 1]), np.array([[5, 6, 7], [8, 9, -1]])
    pairs = draw_pairs(base, np.array([30_000, 20_000]), near, None, stream_of(1, 0))
    for rows, share in (([5, 6, 7], 10_000), ([8, 9], 10_000)):
        counts = np.array([(pairs.partner == r).sum() for r in rows])
        assert np.abs(counts - share).max() < 5 * np.sqrt(share)
    assert abs(pairs.step.mean() - 0.5) < 5 / np.sqrt(12 * 50_000)
    assert pairs.step.min() >= 0
    assert pairs.step.max() > 0.999
    assert abs(np.corrcoef(pairs.step, pairs.partner == 6)[0, 1]) < 5 / np.sqrt(50_000)


def test_the_row_of_another_class_is_one_more_choice_with_half_the_step():
    base, near, other = np.array([0]), np.array([[5, 6, -1]]), np.array([99])
    pairs = draw_pairs(base, np.array([30_000]), near, other, stream_of(2, 0))
    across = pairs.partner == 99
    assert abs(across.sum() - 10_000) < 5 * np.sqrt(10_000)
    assert 0.49 < pairs.step[across].max() <= 0.5
    assert abs(pairs.step[across].mean() - 0.25) < 5 * 0.5 / np.sqrt(12 * 10_000)
    assert pairs.step[~across].max() > 0.99


def test_a_row_without_neighbours_is_copied():
    pairs = draw_pairs(np.array([3]), np.array([4]), np.array([[-1, -1]]), None, stream_of(0, 0))
    assert pairs.partner.tolist() == [3] * 4
    assert pairs.step.tolist() == [0.0] * 4
    assert pairs.copies == 4


@pytest.mark.parametrize("seed", range(10))
def test_neighbours_apart_are_the_nearest_at_a_distance_above_zero(seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 4, (60, 2)).astype(float)
    pool = np.sort(rng.choice(60, 45 if seed < 7 else 5, replace=False))

    def search(queries, pool, k):
        rows, d2 = np.full((len(queries), k), -1), np.full((len(queries), k), np.inf)
        for i, q in enumerate(queries):
            gap = ((x[pool] - x[q]) ** 2).sum(axis=1)
            order = [j for j in np.lexsort((pool, gap)) if pool[j] != q][:k]
            rows[i, : len(order)], d2[i, : len(order)] = pool[order], gap[order]
        return rows, d2

    got = neighbours_apart(search, pool, pool, 5)
    for i, q in enumerate(pool):
        gap = ((x[pool] - x[q]) ** 2).sum(axis=1)
        want = [int(pool[j]) for j in np.lexsort((pool, gap)) if gap[j] > 0][:5]
        assert got[i].tolist() == want + [-1] * (5 - len(want))


def test_streams_of_two_classes_differ_and_repeat():
    assert stream_of(7, 0).random() == stream_of(7, 0).random()
    assert stream_of(7, 0).random() != stream_of(7, 1).random()
