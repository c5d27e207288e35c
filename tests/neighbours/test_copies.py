"""Copies are found whatever the table is made of, and handed out by row number."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from upweight.neighbours._copies import EqualRows, copies_of
from upweight.neighbours._distances import Space
from upweight.neighbours._search import nearest


def originals(X):
    """The first row equal to each row, looked for one by one."""
    return np.array([int(np.flatnonzero((x == X).all(axis=1))[0]) for x in X])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.uint8])
def test_copies_are_equal_rows(dtype):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.integers(0, 3, (int(rng.integers(30, 300)), int(rng.integers(1, 5)))).astype(dtype)
        np.testing.assert_array_equal(copies_of(Space.of(X)), originals(X))
        np.testing.assert_array_equal(copies_of(Space.of(sparse.csr_array(X.astype(float)))), originals(X))


def test_zeros_of_either_sign_are_the_same():
    X = np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, -0.0], [1.0, 0.0]])
    assert copies_of(Space.of(X)).tolist() == [0, 0, 2, 2]


def test_levels_count_as_well_as_numbers():
    X, codes = np.zeros((40, 1)), np.arange(40)[:, None] % 4
    np.testing.assert_array_equal(copies_of(Space.of(X, codes, (1.0,))), np.arange(40) % 4)


def test_few_copies_are_not_worth_grouping():
    X = np.arange(100.0)[:, None]
    assert copies_of(Space.of(X)) is None
    X[:4] = 7.0
    assert copies_of(Space.of(X)) is None
    X[:7] = 7.0
    assert copies_of(Space.of(X)) is not None


def test_rows_whose_hashes_collide_are_told_apart_by_their_distance(monkeypatch):
    from upweight.neighbours import _copies

    monkeypatch.setattr(_copies, "_hashes", lambda space: np.zeros(space.n, dtype=np.uint64))
    X = np.repeat(np.arange(10.0), 2)[:, None]
    original = copies_of(Space.of(X))
    assert (X[original] == X).all()


def test_groups_hand_out_copies_by_distance_and_row_number():
    original = np.array([0, 1, 0, 1, 0, 5])
    groups = EqualRows.of(original, np.array([1, 2, 3, 4, 5]))  # row 0 is not among them
    assert sorted(groups.first.tolist()) == [1, 2, 5]
    rows, d2 = groups.hand_out(np.array([[2, 1], [5, -1]]), np.array([[1.0, 1.0], [3.0, np.inf]]), 3)
    assert rows.tolist() == [[1, 2, 3], [5, -1, -1]]
    assert d2.tolist() == [[1.0, 1.0, 1.0], [3.0, np.inf, np.inf]]


def test_radii_hold_for_the_widest_copy(brute):
    X = np.repeat(np.array([[0.0], [1.0], [5.0]]), 20, axis=0)
    queries = np.array([0, 1, 20])
    rows, _ = nearest(Space.of(X), queries, np.arange(40, 60), 2, within=np.array([0.0, 25.0, 16.0]))
    assert rows[1:].tolist() == [[40, 41], [40, 41]]
