"""The value difference metric against its definition, and votes counted by hand."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from upweight import InputError
from upweight.imbalance import vdm
from upweight.neighbours._categorical import distances, donors_of, kinds_of, nearest_by_tables, value_tables


def brute_vdm(X, y, a, b):
    """sum over columns of (sum_c |P(c|v) - P(c|u)|)^2 by counting."""
    total = 0.0
    for j in range(X.shape[1]):
        gap = 0.0
        for c in np.unique(y):
            pv, pu = ((y[X[:, j] == v] == c).mean() if (X[:, j] == v).any() else 0.0 for v in (a[j], b[j]))
            gap += abs(pv - pu)
        total += gap**2
    return total


def test_seen_three_to_one_and_one_to_three_lie_one_apart():
    X = np.array([["v"]] * 4 + [["u"]] * 4)
    assert vdm(X, [0, 0, 0, 1, 0, 1, 1, 1]).pairwise([["v"]], [["u"]]).tolist() == [[1.0]]


@pytest.mark.parametrize("classes", [2, 3])
def test_pairwise_is_the_definition(classes):
    rng = np.random.default_rng(classes)
    X = np.stack([rng.integers(0, L, 80) for L in (2, 4, 7)], axis=1)
    y = rng.integers(0, classes, 80)
    got = vdm(X, y).pairwise(X[:9], X[5:30])
    want = [[brute_vdm(X, y, a, b) for b in X[5:30]] for a in X[:9]]
    np.testing.assert_allclose(got, want, atol=1e-12)
    np.testing.assert_array_equal(vdm(X, y).pairwise(X[:9]), vdm(X, y).pairwise(X[:9], X[:9]))


def test_text_frames_and_numbers_say_the_same_and_labels_may_be_renamed():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, (50, 2))
    y = rng.integers(0, 2, 50)
    want = vdm(X, y).pairwise(X[:5], X)
    frame = pd.DataFrame({"a": [f"v{v}" for v in X[:, 0]], "b": pd.Categorical(X[:, 1])})
    np.testing.assert_array_equal(vdm(frame, np.array(["no", "yes"])[y]).pairwise(frame[:5], frame), want)
    np.testing.assert_array_equal(vdm(X, 1 - y).pairwise(X[:5], X), want)


def test_unseen_values_lie_one_from_seen_ones_and_gaps_are_a_value():
    m = vdm([["a"], ["a"], ["b"], [None]], [0, 1, 1, 0])
    assert m.pairwise([["new"], [None]], [["a"], ["b"], ["other"], [float("nan")]]).tolist() == [
        [1.0, 1.0, 0.0, 1.0],
        [1.0, 4.0, 1.0, 0.0],
    ]


def test_another_number_of_columns_is_refused():
    m = vdm([["a", "b"], ["c", "d"]], [0, 1])
    with pytest.raises(InputError, match="`A` must have the 2 columns of the metric; got 1"):
        m.pairwise([["a"]])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("spread", [1, 64])
def test_neighbours_by_tables_are_by_distance_then_row(seed, spread, monkeypatch):
    monkeypatch.setattr("upweight.neighbours._categorical.SPREAD", spread)
    monkeypatch.setattr("upweight.neighbours._categorical.BLOCK", 300)
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(0, L, 90) for L in (2, 3, 5)], axis=1)
    kinds, tables = value_tables(codes, rng.integers(0, 2, 90), [2, 3, 5])
    codes = kinds_of(codes, kinds)
    queries = rng.choice(90, 40, replace=False)
    got = nearest_by_tables(tables, codes, queries, 6)
    d = distances(tables, codes[queries], codes)
    for i, q in enumerate(queries):
        order = [r for r in np.lexsort((np.arange(90), d[i])) if r != q]
        assert got[i].tolist() == order[:6]


def test_too_few_rows_leave_gaps():
    codes = np.array([[0], [1], [1]])
    near = nearest_by_tables((np.array([[0.0, 1.0], [1.0, 0.0]]),), codes, np.arange(3), 4)
    assert near.tolist() == [[1, 2, -1, -1], [2, 0, -1, -1], [1, 0, -1, -1]]


@pytest.mark.parametrize("seed", range(5))
def test_the_donor_is_the_nearest_holder_of_the_commonest_value(seed):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, (40, 4))
    voters = rng.integers(-1, 40, (25, 5))
    voters = np.take_along_axis(voters, np.argsort(voters < 0, axis=1, kind="stable"), axis=1)
    fallback = rng.integers(0, 40, 25)
    got = donors_of(codes, voters, fallback)
    for i in range(25):
        asked = [v for v in voters[i] if v >= 0]
        for j in range(4):
            if not asked:
                assert got[i, j] == fallback[i]
                continue
            count = Counter(codes[v, j] for v in asked)
            best = [v for v in asked if count[codes[v, j]] == max(count.values())]
            assert got[i, j] == best[0]


def test_many_rare_levels_need_a_small_table():
    rng = np.random.default_rng(0)
    names, y = rng.integers(0, 5000, 8000), rng.integers(0, 2, 8000)
    m = vdm(names[:, None], y)
    assert len(m.tables[0]) < 100
    want = [brute_vdm(names[:, None], y, [a], [b]) for a, b in zip(names[:50], names[50:100], strict=True)]
    np.testing.assert_allclose(np.diag(m.pairwise(names[:50, None], names[50:100, None])), want, atol=1e-12)
