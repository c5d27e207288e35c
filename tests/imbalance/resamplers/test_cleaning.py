"""The neighbourhood cleaning rule against the definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import upweight.imbalance as im
from upweight.neighbours._distances import Space


def test_rows_kept_are_those_of_the_definition(brute, seeds):
    for seed in seeds:
        X, y, kind = brute.table(seed)
        k, share = 1 + seed % 5, (0.0, 0.5, 1.5)[seed % 3]
        expected = brute.cleaned(brute.square_distances(Space.of(X).values), y, k=k, share=share)
        r = im.NeighbourhoodCleaning(k=k, share=share).resample(X, y)
        assert r.indices.tolist() == expected.tolist(), (seed, kind)


def test_sparse_rows_and_neighbours_searched_before_change_nothing(brute):
    for seed in range(60):
        X, y, _ = brute.table(seed)
        expected = im.NeighbourhoodCleaning().resample(X, y).indices
        np.testing.assert_array_equal(im.NeighbourhoodCleaning().resample(sparse.csr_matrix(X), y).indices, expected)
        for k in (2, 15):
            r = im.NeighbourhoodCleaning().resample(X, y, neighbours=im.neighbours(X, k=k))
            np.testing.assert_array_equal(r.indices, expected)


def test_small_classes_are_spared_in_the_second_step():
    X = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [5.2], [5.15]])
    y = np.array([0, 0, 0, 1, 1, 1, 2])
    assert im.NeighbourhoodCleaning().resample(X, y).removed.tolist() == [3, 4, 5]
    assert im.NeighbourhoodCleaning(share=3.0).resample(X, y).removed.tolist() == []


@pytest.mark.parametrize("share", [-0.1, np.inf, np.nan, "half", True])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ValueError, match=r"`share` must be a number, 0 or more; got"):
        im.NeighbourhoodCleaning(share=share).resample(np.zeros((4, 1)), [0, 0, 0, 1])
