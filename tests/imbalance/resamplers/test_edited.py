"""ENN, RENN and AllKNN against the definition; and the pruning that makes them fast never shows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import upweight.imbalance as im
from upweight.imbalance.selection_rules._editing import edit
from upweight.neighbours._distances import Space

SCHEMES = ["once", "repeated", "growing"]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("vote", ["all", "most"])
def test_rows_kept_are_those_of_the_definition(brute, seeds, scheme, vote):
    for seed in seeds[SCHEMES.index(scheme) :: 2]:
        X, y, kind = brute.table(seed)
        drop, k = ("majority", "all")[seed // 2 % 2], 1 + seed % 5
        expected = brute.edited(brute.square_distances(Space.of(X).values), y, k=k, vote=vote, scheme=scheme, drop=drop)
        r = im.EditedNN(k=k, vote=vote, scheme=scheme, drop=drop).resample(X, y)
        assert r.indices.tolist() == expected.tolist(), (seed, kind, drop, k)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_sparse_rows_and_neighbours_searched_before_change_nothing(brute, path, scheme):
    for seed in range(0, 40, 2):
        X, y, kind = brute.table(seed)
        method = im.EditedNN(
            k=3, scheme=scheme, vote=("all", "most")[seed // 2 % 2], drop=("majority", "all")[seed // 4 % 2]
        )
        expected = method.resample(X, y).indices.tolist()
        assert method.resample(sparse.csr_matrix(X), y).indices.tolist() == expected, (seed, kind)
        for k in (2, 15):
            assert method.resample(X, y, neighbours=im.neighbours(X, k=k)).indices.tolist() == expected, (seed, kind, k)


def test_more_neighbours_than_rows_ask_all_of_them(brute):
    X, y = np.arange(6.0)[:, None], np.array([0, 0, 0, 0, 1, 1])
    assert im.EditedNN(k=50).resample(X, y).indices.tolist() == [4, 5]
    assert im.EditedNN(k=50, vote="most").resample(X, y).indices.tolist() == [0, 1, 2, 3, 4, 5]


def test_rounds_end_the_repetition_and_say_so():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(600, 2)), (rng.random(600) < 0.1).astype(int)
    codes = y.copy()
    full = edit(Space.of(X), codes, minority=1, drop=[0], scheme="repeated")
    assert full.rounds > 2
    cut = im.EditedNN(scheme="repeated", rounds=1).resample(X, y)
    once = im.EditedNN().resample(X, y)
    assert cut.indices.tolist() == once.indices.tolist()
    assert any("rounds" in note for note in cut.notes)


def test_a_class_that_falls_below_the_minority_ends_the_rounds():
    X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])
    y = np.array([0, 1, 0, 1, 0, 1, 0])
    r = im.EditedNN(k=1, scheme="repeated").resample(X, y)
    assert r.indices.tolist() == [1, 3, 5]
    assert "a class fell below the minority" in r.notes


def test_identical_rows_of_opposite_classes_leave():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(500, 4)), np.repeat([0, 1], [450, 50])
    X, y = np.concatenate([X, X[450:]]), np.concatenate([y, np.zeros(50, int)])
    r = im.EditedNN().resample(X, y)
    assert set(range(500, 550)) <= set(r.removed.tolist())
