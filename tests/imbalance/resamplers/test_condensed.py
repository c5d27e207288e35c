"""Hart's set and one-sided selection against the loops as they are written."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import upweight.imbalance as im
from upweight.imbalance.selection_rules._hart import condense, misread
from upweight.neighbours._distances import Space


def one_of_each(y, classes, seed):
    rng = np.random.default_rng(seed)
    return [int(rng.choice(np.flatnonzero(y == c))) for c in classes]


@pytest.mark.parametrize("every", [False, True])
def test_the_set_is_that_of_harts_loop(brute, seeds, every):
    for seed in seeds[every::2]:
        X, y, kind = brute.table(seed)
        few = brute.minority_of(y)
        classes = [c for c in np.unique(y) if every or c != few]
        start = np.array(one_of_each(y, classes, seed) + ([] if every else np.flatnonzero(y == few).tolist()))
        space = Space.of(X)
        kept, _ = condense(space, y, start, np.setdiff1d(np.arange(len(y)), start))
        assert kept.tolist() == brute.condensed(brute.square_distances(space.values), y, start).tolist(), (seed, kind)


def test_the_nearest_row_of_the_set_errs_nowhere(brute):
    for seed in range(200):
        X, y, kind = brute.table(seed)
        kept = im.CondensedNN(rng=seed).resample(X, y).indices
        d2 = brute.square_distances(Space.of(X).values)
        for i in np.setdiff1d(np.arange(len(y)), kept):
            doubtful = (y[d2[i] == 0] != y[i]).any()  # the same row stands in another class: nothing can be right there
            assert doubtful or y[brute.nearest_in(d2, i, kept)] == y[i], (seed, kind)


def test_one_sided_is_one_pass_against_the_first_set_and_tomek_links(brute, seeds):
    for seed in seeds:
        X, y, kind = brute.table(seed)
        d2 = brute.square_distances(Space.of(X).values)
        few = brute.minority_of(y)
        found = im.OneSided(rng=seed).resample(X, y).indices
        majority = [c for c in np.unique(y) if c != few]
        # the draws are not repeated here: some choice of one row of each class must explain what was kept
        start = seeds_of(X, y, seed)
        assert sorted(y[start].tolist()) == majority
        start = np.concatenate([np.flatnonzero(y == few), start])
        assert found.tolist() == brute.one_sided(d2, y, start).tolist(), (seed, kind)


def seeds_of(X, y, seed):
    """The rows that OneSided(rng=seed) starts from, found by asking its own draw."""
    from upweight.imbalance.resamplers._condensed import one_of_each as draw
    from upweight.imbalance.resamplers._labelled_points import LabelledPoints
    from upweight.tables._class_labels import Labels

    labelled = LabelledPoints.of(X, Labels.of(y), np.ones(len(y), dtype=bool), who="test")
    return draw(labelled, labelled.majority, seed)


@pytest.mark.parametrize("method", [im.CondensedNN(rng=3), im.CondensedNN(condense="all", rng=3), im.OneSided(rng=3)])
def test_sparse_rows_and_neighbours_searched_before_change_nothing(brute, method):
    for seed in range(0, 40, 3):
        X, y, _ = brute.table(seed)
        expected = method.resample(X, y).indices
        np.testing.assert_array_equal(method.resample(sparse.csr_matrix(X), y).indices, expected)
        np.testing.assert_array_equal(method.resample(X, y, neighbours=im.neighbours(X, k=4)).indices, expected)


def test_misread_rows_are_those_nearer_to_another_class(brute, path):
    for seed in range(60):
        X, y, _ = brute.table(seed)
        d2 = brute.square_distances(Space.of(X).values)
        start = np.array(one_of_each(y, np.unique(y), seed))
        rest = np.setdiff1d(np.arange(len(y)), start)
        expected = [i for i in rest if y[brute.nearest_in(d2, i, start)] != y[i]]
        assert misread(Space.of(X), y, start, rest).tolist() == expected


def test_every_row_of_a_class_can_start_the_set():
    X, y = np.arange(12.0)[:, None], np.repeat([0, 1], [9, 3])
    starts = {int(im.CondensedNN(rng=s).resample(X, y).indices[0]) for s in range(60)}
    assert len(starts) >= 8


def test_two_classes_condensed_both_ways_need_more_passes_than_one():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 2)), (rng.random(300) < 0.3).astype(int)
    r = im.CondensedNN(condense="all", rng=0).resample(X, y)
    assert any(note.endswith("passes") for note in r.notes)
    assert not im.CondensedNN(rng=0).resample(X, y).notes
