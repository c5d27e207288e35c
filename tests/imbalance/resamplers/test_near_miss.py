"""NearMiss 1 to 3 against the definition, and the bound that spares most of the measuring."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import upweight.imbalance as im
from upweight.imbalance.selection_rules import _near_rules
from upweight.neighbours._distances import Space


def wanted(y, few, ratio=1.0):
    cap = max(int((y == few).sum() / ratio), int((y == few).sum()))
    return {c: min(cap, int((y == c).sum())) for c in np.unique(y)}


@pytest.mark.parametrize("version", [1, 2, 3])
def test_rows_kept_are_those_of_the_definition(brute, seeds, version):
    for seed in seeds:
        X, y, kind = brute.table(seed)
        k, reach = 1 + seed % 4, 1 + seed % 3
        few = brute.minority_of(y)
        d2 = brute.square_distances(Space.of(X).values)
        expected = brute.near_miss(d2, y, version=version, k=k, reach=reach, wanted=wanted(y, few))
        r = im.NearMiss(version=version, k=k, reach=reach).resample(X, y)
        assert r.indices.tolist() == expected.tolist(), (seed, kind)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_sparse_rows_change_nothing(brute, version):
    for seed in range(30):
        X, y, _ = brute.table(seed)
        r = im.NearMiss(version=version).resample(sparse.csr_matrix(X), y)
        np.testing.assert_array_equal(r.indices, im.NearMiss(version=version).resample(X, y).indices)


def test_counts_are_those_asked_for():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 3)), np.repeat(["c", "b", "a"], [300, 80, 20])
    for version in (1, 2):
        assert {c: int((im.NearMiss(version=version, to=0.5).resample(X, y).y == c).sum()) for c in "abc"} == {
            "a": 20, "b": 40, "c": 40,
        }  # fmt: skip
        r = im.NearMiss(version=version, to={"c": 7}).resample(X, y)
        assert [int((r.y == c).sum()) for c in "abc"] == [20, 80, 7]


def test_too_few_rows_in_reach_are_all_kept_and_said():
    X = np.concatenate([np.linspace(0, 1, 30), np.full(10, 5.0)])[:, None]
    r = im.NearMiss(version=3, reach=2).resample(X, np.repeat([0, 1], [30, 10]))
    assert (r.y == 0).sum() == 2
    assert r.notes == ("class 0: 2 rows in reach of 10 asked for, and kept",)


def test_the_bound_measures_a_few_rows_only(monkeypatch):
    rng = np.random.default_rng(0)
    X, few = rng.normal(size=(6000, 8)), np.arange(5400, 6000)
    measured, farthest = [], _near_rules.farthest
    monkeypatch.setattr(
        _near_rules, "farthest", lambda s, rows, m, k: measured.append(len(rows)) or farthest(s, rows, m, k)
    )
    kept = _near_rules.near_miss(Space.of(X), np.arange(5400), few, 600, version=2)
    assert len(kept) == 600
    assert sum(measured) < 2000


def test_farthest_are_the_farthest(brute, path):
    for seed in range(24):
        X, _, kind = brute.table(seed)
        d2 = brute.square_distances(Space.of(X).values)
        rows, pool = np.arange(0, len(X), 2), np.arange(1, len(X), 2)
        k = min(3, len(pool))
        expected = np.sort(d2[np.ix_(rows, pool)], axis=1)[:, -k:]
        np.testing.assert_array_equal(_near_rules.farthest(Space.of(X), rows, pool, k), expected, err_msg=kind)


def test_the_minority_is_not_to_be_thinned():
    with pytest.raises(
        ValueError, match=r"`to` asks for 3 rows of class 1, the minority, which has 5.*keeps all of it"
    ):
        im.NearMiss(to={1: 3}).resample(np.arange(20.0)[:, None], np.repeat([0, 1], [15, 5]))
