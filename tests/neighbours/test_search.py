"""The engine against brute force: same rows, same bits, on everything that breaks fast distances."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from upweight.neighbours._bounds import Screen
from upweight.neighbours._distances import Space, typical_spread
from upweight.neighbours._search import nearest


def square_distances(X):
    """Sums of squared differences, columns added in order: the definition, all pairs."""
    X = np.asarray(X, dtype=np.float64)
    total = np.zeros((len(X), len(X)))
    for column in X.T:
        total += (column[:, None] - column[None, :]) ** 2
    return total


def brute(d2, queries, pool, k):
    rows, gaps = np.full((len(queries), k), -1), np.full((len(queries), k), np.inf)
    for place, i in enumerate(queries):
        others = np.array(sorted(set(pool.tolist()) - {int(i)}), dtype=int)
        first = others[np.lexsort((others, d2[i, others]))][:k]
        rows[place, : len(first)], gaps[place, : len(first)] = first, d2[i, first]
    return rows, gaps


def table(kind, rng, n, d):
    X = rng.normal(size=(n, d))
    return {
        "continuous": X,
        "tied grid": rng.integers(0, 3, (n, d)).astype(float),
        "tied decimals": np.round(X, 1),
        "far from the origin": X + 1e8,
        "single precision": X.astype(np.float32),
        "single precision, far": (X + 1e4).astype(np.float32),
        "copies": np.repeat(X, 2, axis=0)[:n],
        "constant": np.full((n, d), 0.1),
        "unlike columns": X * 10.0 ** rng.integers(-6, 6, d),
        "one outlier": np.where(np.arange(n)[:, None] == 0, 1e9, X),
        "huge": X * 1e200,
        "tiny": X * 1e-200,
        "whole numbers": rng.integers(-40, 300, (n, d)),
        "small whole numbers": rng.integers(0, 4, (n, d)).astype(np.uint8),
        "half precision": X.astype(np.float16),
        "mostly zero": X * (rng.random((n, d)) < 0.2),
    }[kind]


KINDS = [
    "continuous", "tied grid", "tied decimals", "far from the origin", "single precision", "single precision, far", "copies",
    "constant", "unlike columns", "one outlier", "huge", "tiny", "whole numbers", "small whole numbers", "half precision",
    "mostly zero",
]  # fmt: skip


@pytest.fixture(params=["small searches", "large ones"])
def size(request, monkeypatch):
    """The same test with the path of small searches and with that of large ones."""
    if request.param == "large ones":
        monkeypatch.setattr("upweight.neighbours._one_tile.PLAIN", 0)
        monkeypatch.setattr("upweight.neighbours._one_tile.TRIVIAL", 0)


@pytest.mark.parametrize("kind", KINDS)
def test_nearest_is_brute_force_to_the_last_bit(kind, size):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        n, d, k = int(rng.integers(2, 260)), int(rng.choice([1, 2, 3, 8, 12])), int(rng.integers(1, 9))
        X = table(kind, rng, n, d)
        space = Space.of(X)
        q = rng.permutation(n)[: rng.integers(1, n + 1)]
        p = rng.permutation(n)[: rng.integers(1, n + 1)]
        expected = brute(square_distances(space.values), q, p, k)
        for rows in (space, Space.of(sparse.csr_matrix(space.values))):
            screens = [None, Screen(rows, np.float32), Screen(rows, np.float64)]
            for screen in screens:
                found = nearest(rows, q, p, k, screen=screen)
                np.testing.assert_array_equal(found[0], expected[0])
                np.testing.assert_array_equal(found[1], expected[1])


def test_categorical_mismatches_add_med_squared(size):
    for seed in range(12):
        rng = np.random.default_rng(seed)
        n, k = int(rng.integers(3, 200)), int(rng.integers(1, 6))
        X, codes = rng.normal(size=(n, 3)).round(seed % 3), rng.integers(0, 4, (n, 2))
        gap = typical_spread(X, np.arange(n // 2 + 1)) ** 2
        uneven = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0) ** 2))
        uneven = np.where(np.eye(4), 0, uneven + uneven.T)
        space = Space.of(X, codes, (gap, uneven))
        d2 = square_distances(X)
        d2 += gap * (codes[:, None, 0] != codes[None, :, 0])
        d2 += uneven[codes[:, None, 1], codes[None, :, 1]]
        everyone = np.arange(n)
        for dtype in (np.float32, np.float64):
            found = nearest(space, everyone, everyone, k, screen=Screen(space, dtype))
            np.testing.assert_array_equal(found[0], brute(d2, everyone, everyone, k)[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_screened_bounds_enclose_the_distance(kind, dtype):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        n = 150
        space = Space.of(table(kind, rng, n, int(rng.choice([1, 3, 30]))))
        screen = Screen(space, dtype)
        everyone = np.arange(n)
        pool, asked = screen.pool(everyone), screen.queries(everyone)
        low = screen.tile(pool, slice(0, n), asked).astype(np.float64)
        d2 = screen.scaled(square_distances(space.values))
        assert (low <= d2).all()
        assert (d2 <= low + pool.slack[:, None] + asked.slack[None, :]).all()
        if kind in ("tied grid", "small whole numbers"):
            assert screen.c == 0.0
            np.testing.assert_array_equal(low, d2)


def test_a_row_is_left_out_by_number_and_its_copies_stay():
    X = np.zeros((5, 2))
    rows, d2 = nearest(Space.of(X), np.arange(5), np.arange(5), 2)
    assert rows.tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1]]
    assert (d2 == 0).all()


def test_a_pool_too_small_is_filled_with_no_row():
    rows, d2 = nearest(Space.of(np.arange(3.0)[:, None]), np.array([0, 2]), np.array([0, 1]), 3)
    assert rows.tolist() == [[1, -1, -1], [1, 0, -1]]
    assert d2.tolist() == [[1.0, np.inf, np.inf], [1.0, 4.0, np.inf]]


def test_the_order_of_rows_and_of_pool_does_not_matter():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    order = rng.permutation(300)
    rows, d2 = nearest(Space.of(X), np.arange(300), np.arange(300), 5)
    moved, moved_d2 = nearest(Space.of(X[order]), np.argsort(order), np.argsort(order), 5)
    np.testing.assert_array_equal(order[moved], rows)
    np.testing.assert_array_equal(moved_d2, d2)


def test_many_ties_split_the_queries_and_not_the_answer(monkeypatch):
    monkeypatch.setattr("upweight.neighbours._search.CANDIDATES", 500)
    monkeypatch.setattr("upweight.neighbours._one_tile.PLAIN", 0)
    X = np.random.default_rng(1).integers(0, 2, (200, 3)).astype(float)
    everyone = np.arange(200)
    found = nearest(Space.of(X), everyone, everyone, 4)
    np.testing.assert_array_equal(found[0], brute(square_distances(X), everyone, everyone, 4)[0])


def test_a_small_search_that_meets_too_many_near_ties_goes_on_in_double_precision(monkeypatch):
    made = []

    class Watched(Screen):
        def __init__(self, space, dtype=np.float32):
            super().__init__(space, dtype)
            made.append(np.dtype(dtype))

    for name, value in (("TRIVIAL", 0), ("KEPT", 3000), ("Screen", Watched)):
        monkeypatch.setattr(f"upweight.neighbours._one_tile.{name}", value)
    X = np.random.default_rng(3).normal(size=(300, 6)) * 1e-6
    X[::2] += 1.0  # two clouds so far apart that single precision sees two points
    everyone = np.arange(300)
    expected = brute(square_distances(X), everyone, everyone, 2)
    found = nearest(Space.of(X), everyone, everyone, 2)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])
    assert made == [np.float32, np.float64]


def test_inputs_are_never_written():
    X = np.random.default_rng(2).normal(size=(50, 3))
    X.flags.writeable = False
    rows = np.arange(50)
    rows.flags.writeable = False
    nearest(Space.of(X), rows, rows, 3)
    assert Space.of(X).values is X


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sparse_rows", [False, True])
def test_a_search_among_few_of_many_rows_is_the_search_among_them_alone(kind, sparse_rows):
    """1,500 of 6,100 rows: found out about alone, and every number, distance and tie as if all had been looked at."""
    rng = np.random.default_rng(5)
    X = table(kind, rng, 6100, 4)
    few = np.sort(rng.permutation(6100)[:1500])
    space = Space.of(sparse.csr_array(X.astype(np.float64)) if sparse_rows else X)
    rows, gaps = nearest(space, few, rng.permutation(few), 3)
    d2 = square_distances((space.values.toarray() if sparse_rows else space.values)[few])
    want_rows, want_gaps = brute(d2, np.arange(1500)[::50], np.arange(1500), 3)
    assert np.array_equal(rows[::50], few[want_rows])
    assert np.array_equal(gaps[::50], want_gaps)
    assert not space.memory  # nothing was found out about the other 4,600
    assert np.array_equal(nearest(space, few, few[:5], 7)[0] >= 0, np.isfinite(nearest(space, few, few[:5], 7)[1]))
