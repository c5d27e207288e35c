"""Trees only ever bring true witnesses, and enough of them to be worth their price."""

from __future__ import annotations

import numpy as np

from upweight.neighbours._brackets import floors
from upweight.neighbours._distances import Space
from upweight.neighbours._search import screen_of
from upweight.neighbours._trees import company, leaves


def test_leaves_share_out_the_rows_evenly():
    space = Space.of(np.random.default_rng(0).normal(size=(1000, 3)))
    rows = np.arange(0, 1000, 3)
    groups = leaves(space, rows, np.random.default_rng(0), 50)
    assert sorted(np.concatenate(groups).tolist()) == rows.tolist()
    assert max(map(len, groups)) <= 50
    assert max(map(len, groups)) - min(map(len, groups)) <= 1


def test_witnesses_are_other_rows_strictly_inside_the_radius(brute, path):
    for seed in range(48):
        X, _, kind = brute.table(seed)
        space = Space.of(X)
        d2 = brute.square_distances(space.values)
        rng = np.random.default_rng(seed)
        queries = np.sort(rng.permutation(len(X))[: len(X) // 2 + 1])
        pool = np.flatnonzero(rng.random(len(X)) < 0.8)
        radius = np.median(d2[queries], axis=1)
        need = 1 + seed % 4
        found = company(space, queries, pool, radius, need)
        for i, row, r2 in zip(queries, found, radius, strict=True):
            there = row[row >= 0]
            assert len(set(there.tolist())) == len(there), (seed, kind)
            assert i not in there
            assert np.isin(there, pool).all()
            assert (d2[i, there] < r2).all()
            assert (np.diff((row >= 0).astype(int)) <= 0).all()


def test_a_radius_of_zero_has_no_company():
    space = Space.of(np.zeros((40, 2)))
    assert (company(space, np.arange(40), np.arange(40), np.zeros(40), 2) == -1).all()


def test_nearly_every_row_with_much_company_is_settled():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 8))
    space = Space.of(X)
    few, many = np.arange(200), np.arange(200, 20_000)
    bound = floors(space, many, few)
    assert (company(space, many, many, bound, 3)[:, -1] >= 0).mean() > 0.95


def test_floors_lie_below_the_nearest_distance_and_close_to_it(brute, path):
    for seed in range(48):
        X, _, kind = brute.table(seed)
        space = Space.of(X)
        d2 = brute.square_distances(space.values)
        np.fill_diagonal(d2, np.inf)
        rows = np.arange(len(X))
        low = floors(space, rows, rows)
        least = d2.min(axis=1)
        assert (low <= least).all(), (seed, kind)
        if kind == "continuous":
            assert (low > 0.9 * least - 1e-6).all()


def test_precision_follows_from_how_close_rows_lie():
    rng = np.random.default_rng(0)
    spread = rng.normal(size=(4000, 10))
    assert screen_of(Space.of(spread)).dtype == np.float32
    assert screen_of(Space.of(spread + 1e8)).dtype == np.float32
    assert screen_of(Space.of(np.linspace(0, 1, 20_000)[:, None])).dtype == np.float64
