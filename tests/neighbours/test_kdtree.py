"""The tree gives the engine's answer, ties and copies included, or says that it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from upweight.neighbours import _kdtree
from upweight.neighbours._distances import Space
from upweight.neighbours._kdtree import ask_tree, few_dimensions


@pytest.mark.parametrize("own", [True, False])
def test_sure_answers_are_brute_force_to_the_last_bit(brute, own):
    for seed in range(80):
        X, _, kind = brute.table(seed)
        space = Space.of(X)
        d2 = brute.square_distances(space.values)
        rng = np.random.default_rng(seed)
        queries = rng.permutation(len(X))[: len(X) // 2 + 1]
        pool = np.sort(rng.permutation(len(X))[: max(9, len(X) // 2)])
        k = 1 + seed % 5
        rows, gaps, open_ = ask_tree(space, queries, pool, k, own)
        for i, row, gap in zip(queries[~open_], rows[~open_], gaps[~open_], strict=True):
            others = pool[pool != i] if own else pool
            first = others[np.lexsort((others, d2[i, others]))][:k]
            assert row.tolist() == first.tolist(), (seed, kind)
            assert gap.tolist() == d2[i, first].tolist()


def test_ties_are_asked_for_again_and_then_left(monkeypatch):
    grid = np.stack(np.meshgrid(np.arange(12.0), np.arange(12.0)), axis=-1).reshape(-1, 2)
    everyone = np.arange(144)
    _, _, open_ = ask_tree(Space.of(grid), everyone, everyone, 3, True)
    assert not open_.any()
    monkeypatch.setattr(_kdtree, "DEEPEST", 0)
    _, _, open_ = ask_tree(Space.of(grid), everyone, everyone, 3, True)
    assert open_.any()


def test_a_tree_is_for_few_columns_and_many_pairs():
    rows = np.zeros((10, 3))
    assert few_dimensions(Space.of(rows))
    assert not few_dimensions(Space.of(rows), 100)
    assert few_dimensions(Space.of(rows), 1e9)
    assert not few_dimensions(Space.of(np.zeros((10, 20))))
    assert not few_dimensions(Space.of(rows, np.zeros((10, 1), dtype=int), (1.0,)))
