"""Tomek links against the definition, ties and copies included."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import upweight.imbalance as im
from upweight.imbalance.selection_rules._tomek_links import linked
from upweight.neighbours._distances import Space


def test_links_are_those_of_the_definition(brute, seeds):
    for seed in seeds:
        X, y, kind = brute.table(seed)
        d2 = brute.square_distances(Space.of(X).values)
        pairs = brute.linked(d2, y, np.arange(len(y)))
        assert np.flatnonzero(linked(Space.of(X), y)).tolist() == sorted({i for p in pairs for i in p}), (seed, kind)


def test_links_among_some_rows_are_those_of_the_definition(brute, path):
    for seed in range(60):
        X, y, kind = brute.table(seed)
        rows = np.flatnonzero(np.random.default_rng(seed).random(len(y)) < 0.6)
        alive = np.zeros(len(y), dtype=bool)
        alive[rows] = True
        pairs = brute.linked(brute.square_distances(Space.of(X).values), y, rows)
        found = np.flatnonzero(linked(Space.of(X), y, alive=alive))
        assert found.tolist() == sorted({i for p in pairs for i in p}), (seed, kind)


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
    assert linked(Space.of(X), y).all()
    assert im.TomekLinks().resample(X, y).indices.tolist() == [3, 4]
    assert im.TomekLinks(drop="all").resample(X, y).indices.tolist() == []


def test_a_row_between_two_minority_rows_listens_to_the_nearer():
    X, y = np.array([[0.0], [1.0], [1.9], [9.0], [9.1]]), np.array([1, 0, 1, 0, 0])
    assert linked(Space.of(X), y).tolist() == [False, True, True, False, False]


def test_copies_by_the_thousand_cost_no_pairs():
    y = (np.arange(30_000) % 10 == 0).astype(int)
    assert im.TomekLinks().resample(np.zeros((30_000, 2)), y).indices.tolist() == list(range(0, 30_000, 10))
    X = np.repeat(np.arange(3000.0), 10)[:, None]  # each row ten times, one of them of the minority
    assert len(im.TomekLinks().resample(X, y)) == 3000
    assert len(im.TomekLinks().resample(X, np.repeat(np.arange(3000) % 10 == 0, 10))) == 30_000
