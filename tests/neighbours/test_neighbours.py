"""neighbours(): what it lists, what subset makes of it, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.neighbors import KDTree, NearestNeighbors

import upweight as uw
import upweight.imbalance as im
from upweight.neighbours._distances import Space
from upweight.neighbours._lists import Lists


def test_lists_are_the_nearest_rows_in_order(brute, path):
    for seed in range(40):
        X, _, kind = brute.table(seed)
        k = 1 + seed % 12
        g = im.neighbours(X, k=k)
        d2 = brute.square_distances(Space.of(X).values)
        expected = brute.in_order(d2)[:, :k]
        there = expected.shape[1]
        np.testing.assert_array_equal(g.rows[:, :there], expected, err_msg=kind)
        assert (g.rows[:, there:] == -1).all()
        np.testing.assert_array_equal(g.distances[:, :there], np.sqrt(np.take_along_axis(d2, expected, axis=1)))


def test_a_subset_lists_what_its_rows_would_list(brute):
    for seed in range(60):
        X, _, kind = brute.table(seed)
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(X))[: rng.integers(2, len(X) + 1)]
        if seed % 2:
            rows = np.sort(rows)
        part, fresh = im.neighbours(X, k=6).subset(rows), im.neighbours(X[rows], k=6)
        for alive_share in (1.0, 0.5):
            alive = rng.random(len(rows)) < alive_share
            space = Space.of(X[rows])
            for k in (1, 3, 8):
                found = part.lists(space).of(np.arange(len(rows))).first(k, alive)
                expected = fresh.lists(space).of(np.arange(len(rows))).first(k, alive)
                np.testing.assert_array_equal(found[0], expected[0], err_msg=kind)
                np.testing.assert_array_equal(found[1], expected[1])
    assert len(im.neighbours(X, k=3).subset(np.arange(len(X)) % 2 == 0)) == (len(X) + 1) // 2


def test_dead_rows_are_skipped_and_short_lists_searched_again(brute):
    for seed in range(40):
        X, _, kind = brute.table(seed)
        rng = np.random.default_rng(seed)
        order = brute.in_order(brute.square_distances(Space.of(X).values))
        lists = Lists.search(Space.of(X), np.arange(len(X)), 4)
        alive = np.ones(len(X), dtype=bool)
        for _ in range(4):
            alive &= rng.random(len(X)) < 0.7
            found = lists.first(3, alive)[0]
            for i in range(len(X)):
                expected = [j for j in order[i] if alive[j]][:3]
                assert [j for j in found[i] if j >= 0] == expected, (seed, kind)


def test_a_kneighbors_object_is_believed_and_said(brute):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 4)), rng.choice(2, 300, p=[0.8, 0.2])
    for given in (NearestNeighbors(), NearestNeighbors(algorithm="kd_tree").fit(X)):
        r = im.EditedNN(scheme="repeated").resample(X, y, neighbours=given)
        assert r.indices.tolist() == im.EditedNN(scheme="repeated").resample(X, y).indices.tolist()
        assert "neighbours come from NearestNeighbors: how exact they are is the caller's" in r.notes
    copies = np.repeat(X[:100], 3, axis=0)  # the row itself is not first in its own list
    r = im.EditedNN().resample(copies, y, neighbours=NearestNeighbors())
    assert len(r) + len(r.removed) == 300


def test_what_are_no_neighbours_is_refused():
    X, y = np.arange(20.0)[:, None], np.repeat([0, 1], [15, 5])
    g = im.neighbours(X)
    with pytest.raises(
        uw.InputError, match=r"`neighbours` has 20 rows, `X` 10. For some of the rows pass g.subset\(rows\)"
    ):
        im.TomekLinks().resample(X[10:], y[10:], neighbours=g)
    with pytest.raises(uw.InputError, match=r"`neighbours` were searched in another table than `X`"):
        im.TomekLinks().resample(2 * X, y, neighbours=g)
    with pytest.raises(uw.InputError, match=r"must be a Neighbours or have kneighbors; got KDTree"):
        im.TomekLinks().resample(X, y, neighbours=KDTree(X))
    frame = pd.DataFrame({"a": X[:, 0], "b": ["u", "v"] * 10})
    with pytest.raises(uw.InputError, match=r"NearestNeighbors measures numbers only"):
        im.TomekLinks().resample(frame, y, neighbours=NearestNeighbors())
    with pytest.raises(uw.InputError, match=r"the distance depends on the minority"):
        im.neighbours(frame).rows  # noqa: B018
    with pytest.raises(uw.InputError, match=r"`k` must be a number of neighbours, 1 or more; got 0"):
        im.neighbours(X, k=0)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([0, 20], r"`rows` must lie in 0 to 19; got 20 at position 1"),
        ([3, 3], r"`rows` must name every row once"),
        (np.ones(3, dtype=bool), r"`rows` as a mask needs 20 entries; got \(3,\)"),
    ],
)
def test_rows_that_are_none_are_refused(rows, message):
    with pytest.raises(uw.InputError, match=message):
        im.neighbours(np.arange(20.0)[:, None]).subset(rows)


def test_sparse_tables_have_the_neighbours_of_dense_ones():
    X = np.random.default_rng(0).normal(size=(200, 5)) * (np.random.default_rng(1).random((200, 5)) < 0.3)
    np.testing.assert_array_equal(im.neighbours(sparse.csr_array(X)).rows, im.neighbours(X).rows)
