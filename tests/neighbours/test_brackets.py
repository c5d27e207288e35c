"""Brackets enclose the nearest distance, from both sides of one pass."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from upweight.neighbours._brackets import bracket, floors, mutual_brackets
from upweight.neighbours._distances import Space
from upweight.neighbours._search import screen_of


def encloses(found, d2):
    assert (found.low <= d2).all()
    assert (d2 <= found.high).all()


def test_brackets_enclose_the_nearest_distance(brute, path):
    for seed in range(24):
        X, y, _ = brute.table(seed)
        for space in (Space.of(X), Space.of(sparse.csr_matrix(X))):
            one, other = np.flatnonzero(y == 0), np.flatnonzero(y != 0)
            d2 = brute.square_distances(space.values.toarray() if space.sparse else space.values)
            from_one, from_other = mutual_brackets(space, one, other)
            encloses(from_one, d2[np.ix_(one, other)].min(axis=1))
            encloses(from_other, d2[np.ix_(one, other)].min(axis=0))
            np.fill_diagonal(d2, np.inf)
            everyone = np.arange(len(y))
            encloses(bracket(space, everyone, everyone), d2.min(axis=1))


def test_brackets_are_tight():
    space = Space.of(np.random.default_rng(0).normal(size=(3000, 10)))
    assert screen_of(space).dtype == np.float32
    found = bracket(space, np.arange(1500), np.arange(1500, 3000))
    assert (found.high - found.low).max() < 1e-3 * found.low.min()


def test_whole_numbers_are_known_exactly(brute):
    X = np.random.default_rng(1).integers(0, 9, (200, 4))
    found = bracket(Space.of(X), np.arange(90), np.arange(90, 200))
    np.testing.assert_array_equal(found.low, brute.square_distances(X)[:90, 90:].min(axis=1))
    np.testing.assert_allclose(found.high, found.low, rtol=1e-11)


@pytest.mark.parametrize("empty", ["queries", "pool"])
def test_nobody_is_near_where_nobody_is(empty):
    space, none, some = Space.of(np.random.default_rng(2).normal(size=(20, 6))), np.empty(0, np.int64), np.arange(20)
    found = bracket(space, *((none, some) if empty == "queries" else (some, none)))
    expected = np.empty(0) if empty == "queries" else np.full(20, np.inf)
    np.testing.assert_array_equal(found.low, expected)
    np.testing.assert_array_equal(found.high, expected)
    np.testing.assert_array_equal(floors(space, some, none), np.full(20, np.inf))
