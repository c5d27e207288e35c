"""Tomek links against the definition, ties and copies included."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import upweight.imbalance as im
from upweight.imbalance._distances import Space
from upweight.imbalance._links import links

SEEDS = range(200)


def test_links_are_those_of_the_definition(brute, path):
    for seed in SEEDS:
        X, y, kind = brute.table(seed)
        d2 = brute.square_distances(Space.of(X).values)
        expected = brute.linked(d2, y, np.arange(len(y)))
        assert links(Space.of(X), y).tolist() == [list(pair) for pair in expected], (seed, kind)


def test_links_among_some_rows_are_those_of_the_definition(brute, path):
    for seed in range(60):
        X, y, kind = brute.table(seed)
        rows = np.flatnonzero(np.random.default_rng(seed).random(len(y)) < 0.6)
        alive = np.zeros(len(y), dtype=bool)
        alive[rows] = True
        expected = brute.linked(brute.square_distances(Space.of(X).values), y, rows)
        assert links(Space.of(X), y, alive=alive).tolist() == [list(pair) for pair in expected], (seed, kind)


@pytest.mark.parametrize("drop", ["majority", "all"])
def test_rows_kept_are_those_of_the_definition(brute, drop):
    for seed in range(60):
        X, y, _ = brute.table(seed)
        expected = brute.tomek(brute.square_distances(Space.of(X).values), y, drop=drop)
        for rows in (X, sparse.csr_matrix(X)):
            np.testing.assert_array_equal(im.TomekLinks(drop=drop).resample(rows, y).indices, expected)


def test_neighbours_searched_before_change_nothing(brute):
    for seed in range(60):
        X, y, _ = brute.table(seed)
        for k in (1, 3, 15):
            r = im.TomekLinks().resample(X, y, neighbours=im.neighbours(X, k=k))
            np.testing.assert_array_equal(r.indices, im.TomekLinks().resample(X, y).indices)


def test_every_tied_pair_is_a_link():
    X, y = np.zeros((5, 1)), np.array([0, 0, 0, 1, 1])
    assert len(links(Space.of(X), y)) == 6
    assert im.TomekLinks().resample(X, y).indices.tolist() == [3, 4]
    assert im.TomekLinks(drop="all").resample(X, y).indices.tolist() == []


def test_a_row_between_two_minority_rows_listens_to_the_nearer():
    X, y = np.array([[0.0], [1.0], [1.9], [9.0], [9.1]]), np.array([1, 0, 1, 0, 0])
    assert links(Space.of(X), y).tolist() == [[1, 2]]
