"""SMOTE and its kin against brute force: who is a base, who may be a partner, how often, how far, and in what kind of table."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors

from upweight import InputError, Weights
from upweight.imbalance import SMOTE, neighbours

KINDS = ["plain", "borderline1", "borderline2", "adasyn"]


def blobs(seed, n=90, rare=24, d=3, grid=False, shift=1.0):
    """Two overlapping classes in random order; on a grid there are ties and copies."""
    rng = np.random.default_rng(seed)
    y = (rng.permutation(n) < rare).astype(int)
    X = rng.normal(size=(n, d)) + shift * y[:, None]
    return (np.round(2 * X) / 2 if grid else X), y


def brute_near(X, q, pool, k, apart=False):
    """k rows of `pool` by (distance, row), never q; `apart`: at a distance > 0."""
    gap = ((X[pool] - X[q]) ** 2).sum(axis=1)
    return [int(pool[j]) for j in np.lexsort((pool, gap)) if pool[j] != q and not (apart and gap[j] == 0)][:k]


def others(X, y, q, m):
    return sum(y[r] != y[q] for r in brute_near(X, q, np.arange(len(y)), m))


# ---- counts and partners --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("grid", [False, True])
def test_plain_uses_every_row_equally_often_and_its_k_nearest_at_a_distance(seed, grid):
    X, y = blobs(seed, grid=grid, d=1 + seed % 3)
    r = SMOTE(k=4, rng=seed).resample(X, y)
    assert np.bincount(r.y).tolist() == [66, 66]
    assert r.indices[:90].tolist() == list(range(90))
    mine = np.flatnonzero(y == 1)
    a, b = r.parents[90:].T
    used = np.bincount(a, minlength=90)[mine]
    assert used.max() - used.min() <= 1
    assert used.sum() == 42
    for i, j, u in zip(a, b, r.step[90:], strict=True):
        near = brute_near(X, i, mine, 4, apart=True)
        assert j in near or (not near and i == j and u == 0)
        assert 0 <= u < 1


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", ["borderline1", "borderline2"])
def test_borderline_bases_are_exactly_the_rows_in_danger(seed, kind):
    X, y = blobs(seed, grid=seed % 2 == 1)
    r = SMOTE(kind=kind, k=3, m=6, rng=seed).resample(X, y)
    mine = np.flatnonzero(y == 1)
    danger = [q for q in mine if 3 <= others(X, y, q, 6) < 6]
    a, b = r.parents[90:].T
    used = np.bincount(a, minlength=90)
    assert set(np.flatnonzero(used)) == set(danger)
    assert used[danger].max() - used[danger].min() <= 1
    for i, j, u in zip(a, b, r.step[90:], strict=True):
        allowed = brute_near(X, i, mine, 3, apart=True)
        if kind == "borderline2" and y[j] == 0:
            assert j == brute_near(X, i, np.flatnonzero(y == 0), 1)[0]
            assert u < 0.5
        else:
            assert j in allowed
    if kind == "borderline2":
        assert (y[b] == 0).any()


@pytest.mark.parametrize("seed", range(12))
def test_adasyn_counts_are_the_papers_and_add_up(seed):
    X, y = blobs(seed, grid=seed % 2 == 1)
    r = SMOTE(kind="adasyn", k=5, rng=seed).resample(X, y)
    mine = np.flatnonzero(y == 1)
    share = np.array([others(X, y, q, 5) for q in mine]) / 5
    exact = 42 * share / share.sum()
    used = np.bincount(r.parents[90:, 0], minlength=90)[mine]
    assert used.sum() == 42
    assert (np.abs(used - exact) < 1).all()
    assert not used[share == 0].any()
    rounded_up = used > exact
    if rounded_up.any() and (~rounded_up).any():
        left = exact - np.floor(exact)
        assert left[rounded_up].min() >= left[(~rounded_up) & (left > 0)].max(initial=0) - 1e-9


@pytest.mark.parametrize(("to", "counts"), [(0.5, [66, 33]), ({1: 70}, [66, 70]), ({0: 70, 1: 25}, [70, 25])])
def test_counts_are_those_asked_for(to, counts):
    X, y = blobs(0)
    for kind in KINDS:
        assert np.bincount(SMOTE(kind=kind, to=to, rng=0).resample(X, y).y).tolist() == counts


def test_three_classes_are_all_filled_from_themselves():
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1, 2], [50, 20, 9]))
    X = rng.normal(size=(79, 2))
    r = SMOTE(rng=0).resample(X, y)
    assert np.bincount(r.y).tolist() == [50, 50, 50]
    assert (y[r.parents] == r.y[:, None]).all()


def test_copies_when_a_class_is_one_point_and_it_is_said():
    X = np.r_[np.random.default_rng(0).normal(size=(20, 2)), np.ones((5, 2))]
    y = np.repeat([0, 1], [20, 5])
    r = SMOTE(rng=0).resample(X, y)
    assert (r.take(X)[25:] == 1).all()
    assert "15 rows of class 1 are copies: it has no row at a distance > 0" in r.notes


def test_few_rows_lower_k_and_m_and_say_so():
    X, y = blobs(0, n=8, rare=3)
    r = SMOTE(k=5, m=10, kind="borderline1", rng=0).resample(X, y)
    assert r.notes[0] == "k=2 for class 1: it has 3 rows"
    assert r.notes[1] == "m=7: there are 8 rows"


def test_fallbacks_to_plain_are_noted_and_lawful():
    X, y = blobs(3, shift=100.0)
    for kind, why in (("borderline1", "no row is in danger"), ("adasyn", "no row of another class is near")):
        r = SMOTE(kind=kind, rng=1).resample(X, y)
        assert f"{why}; class 1 is filled as plain SMOTE does" in r.notes
        used = np.bincount(r.parents[90:, 0], minlength=90)[y == 1]
        assert used.max() - used.min() <= 1
    assert (y[SMOTE(kind="borderline2", rng=1).resample(X, y).parents[90:, 1]] == 1).all()


# ---- streams --------------------------------------------------------------------------------------------------------


def same(r, s):
    return all(np.array_equal(getattr(r, f), getattr(s, f)) for f in ("indices", "parents", "step", "weights"))


@pytest.mark.parametrize("kind", KINDS)
def test_renaming_labels_changes_nothing_but_labels(kind):
    rng = np.random.default_rng(1)
    y = rng.permutation(np.repeat([0, 1, 2], [60, 25, 14]))
    X = rng.normal(size=(99, 2))
    r = SMOTE(kind=kind, rng=5).resample(X, y)
    for names in (np.array([2, 0, 1]), np.array(["z", "m", "a"])):
        s = SMOTE(kind=kind, rng=5).resample(X, names[y])
        assert same(r, s)
        assert (s.y == names[r.y]).all()


def test_shifted_copies_of_a_class_are_filled_independently():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(20, 2))
    X = np.r_[rng.normal(size=(200, 2)) + 50, a, a + 1000]
    r = SMOTE(rng=0).resample(X, np.repeat([0, 1, 2], [200, 20, 20]))
    one, two = r.parents[r.is_synthetic & (r.y == 1)] - 200, r.parents[r.is_synthetic & (r.y == 2)] - 220
    assert (one[:, 1] == two[:, 1]).mean() < 0.5
    assert np.abs(np.corrcoef(r.step[240:420], r.step[420:])[0, 1]) < 0.3


def test_the_same_rng_gives_the_same_rows_and_none_gives_others():
    X, y = blobs(0)
    assert same(SMOTE(rng=3).resample(X, y), clone(SMOTE(rng=3)).resample(X, y))
    assert not same(SMOTE().resample(X, y), SMOTE().resample(X, y))
    assert not same(SMOTE(rng=3).resample(X, y), SMOTE(rng=4).resample(X, y))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_zero_weight_are_as_if_removed(kind):
    X, y = blobs(2, n=120, rare=40)
    w = np.random.default_rng(0).integers(0, 3, 120).astype(float)
    live = np.flatnonzero(w)
    r = SMOTE(kind=kind, rng=0).resample(X, y, sample_weight=w)
    s = SMOTE(kind=kind, rng=0).resample(X[live], y[live], sample_weight=w[live])
    assert np.array_equal(r.indices, live[s.indices])
    assert np.array_equal(r.parents, live[s.parents])
    assert np.array_equal(r.weights, s.weights)
    assert np.array_equal(r.take(X), s.take(X[live]))
    assert r.correction.log_odds == s.correction.log_odds


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize("k", [2, 15])
def test_neighbours_searched_before_change_nothing(kind, grid, k):
    X, y = blobs(1, n=150, rare=40, grid=grid)
    smote = SMOTE(kind=kind, categorical=(), rng=0)
    g = neighbours(X, k=k)
    assert same(smote.resample(X, y, neighbours=g), smote.resample(X, y))
    w = np.random.default_rng(0).integers(0, 3, 150).astype(float)
    assert same(smote.resample(X, y, sample_weight=w, neighbours=g), smote.resample(X, y, sample_weight=w))


def test_an_object_with_kneighbors_is_used_and_it_is_said():
    X, y = blobs(1)
    r = SMOTE(rng=0).resample(X, y, neighbours=NearestNeighbors())
    assert same(r, SMOTE(rng=0).resample(X, y))
    assert r.notes == ("neighbours come from NearestNeighbors: how exact they are is the caller's",)
    other = SMOTE(kind="borderline1", rng=0).resample(X, y, neighbours=NearestNeighbors(metric="chebyshev"))
    assert not np.array_equal(other.parents, SMOTE(kind="borderline1", rng=0).resample(X, y).parents)
    with pytest.raises(InputError, match="has 90 rows, `X` 80"):
        SMOTE(rng=0).resample(X[:80], y[:80], neighbours=neighbours(X))


# ---- weights and odds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_synthetic_weights_lie_between_their_parents_and_have_the_class_mean(kind):
    X, y = blobs(4)
    w = np.random.default_rng(1).uniform(0.5, 3, 90)
    r = SMOTE(kind=kind, rng=0).resample(X, y, sample_weight=w)
    assert np.array_equal(r.weights[:90], w)
    a, b = r.parents[90:].T
    between = (1 - r.step[90:]) * w[a] + r.step[90:] * w[b]
    np.testing.assert_allclose(r.weights[90:] / r.weights[90:].mean(), between / between.mean())
    assert np.isclose(r.weights[90:].mean(), w[y == 1].mean())


def test_no_weights_are_ones_and_the_odds_are_those_of_the_masses():
    X, y = blobs(0)
    r = SMOTE(rng=0).resample(X, y)
    assert (r.weights == 1).all()
    assert r.correction.status == "impossible"
    w = np.where(y == 1, 2.0, 1.0)
    s = SMOTE(rng=0).resample(X, y, sample_weight=w)
    before, after = w[y == 1].sum() / w[y == 0].sum(), s.weights[s.y == 1].sum() / s.weights[s.y == 0].sum()
    assert np.isclose(s.correction.log_odds, np.log(after / before))
    as_weights = SMOTE(rng=0).resample(X, y, sample_weight=Weights.of(w, kind="class"))
    np.testing.assert_allclose(as_weights.weights, s.weights / w.mean())


# ---- kinds of tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["array", "csr", "pandas", "polars", "arrow"])
def test_the_kind_and_dtype_stay_and_parents_rebuild_every_row(kind, dtype):
    X, y = blobs(7)
    X = X.astype(dtype)
    names = list("abc")
    table = {
        "array": lambda: X,
        "csr": lambda: sparse.csr_array(X),
        "pandas": lambda: pd.DataFrame(X, columns=names, index=np.arange(90) + 1000),
        "polars": lambda: pl.DataFrame(X, schema=names),
        "arrow": lambda: pa.table({c: X[:, j] for j, c in enumerate(names)}),
    }[kind]()
    s = SMOTE(rng=0)
    out, labels = s.fit_resample(table, y)
    r = s.resample_
    assert type(out) is type(table)
    dense = (
        out.toarray()
        if kind == "csr"
        else np.column_stack([np.asarray(out[c]) for c in names])
        if kind != "array"
        else out
    )
    assert dense.dtype == dtype
    a, b = r.parents.T
    np.testing.assert_array_equal(dense, X[a] + r.step.astype(dtype)[:, None] * (X[b] - X[a]))
    np.testing.assert_array_equal(labels, r.y)
    assert same(r, SMOTE(rng=0).resample(X, y))
    if kind == "pandas":
        assert out.index.tolist() == (r.indices + 1000).tolist()


@pytest.mark.parametrize("factor", [1e-160, 1e160])
def test_extreme_scales_choose_the_same_rows(factor):
    X, y = blobs(5)
    assert same(SMOTE(rng=0).resample(X, y), SMOTE(rng=0).resample(X * factor, y))


def test_far_from_the_origin_the_same_rows_are_chosen():
    X, y = blobs(5)
    X = np.round(X * 64) / 64  # adding 1e8 is then exact
    for kind in KINDS:
        assert same(SMOTE(kind=kind, rng=0).resample(X, y), SMOTE(kind=kind, rng=0).resample(X + 1e8, y))


def test_inputs_are_never_written_to():
    X, y = blobs(0)
    w = np.ones(90)
    for a in (X, y, w):
        a.flags.writeable = False
    assert len(SMOTE(rng=0).fit_resample(X, y, w)) == 3  # a write would have raised


def test_whole_number_columns_become_fractions_and_it_is_said():
    X, y = blobs(0)
    frame = pd.DataFrame({"age": np.arange(90) % 37, "x": X[:, 0]})
    r = SMOTE(rng=0).resample(frame, y)
    assert "synthetic values of 'age' are fractions; it holds whole numbers" in r.notes
    assert r.take(frame)["age"].dtype == np.float64
    assert not SMOTE(rng=0).resample(X, y).notes


# ---- refusals -------------------------------------------------------------------------------------------------------


def with_nan(X):
    X = X.copy()
    X[17, 1] = X[40:53, 1] = np.nan
    return X


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda X, y: (with_nan(X), y, {}),
            "`X` must be finite for SMOTE; 'column 1': 14 NaN, first at row 17. Impute first.",
        ),
        (lambda X, y: (pd.DataFrame(with_nan(X), columns=["a", "age", "c"]), y, {}), "'age': 14 NaN, first at row 17."),
        (lambda X, y: (sparse.csr_array(with_nan(X)), y, {}), "'column 1': 14 NaN, first at row 17."),
        (lambda X, y: (np.where(X[3, 0] == X, np.inf, X), y, {}), "'column 0': 1 NaN or infinite, first at row 3."),
        (
            lambda X, y: (X, (np.arange(90) == 5).astype(int), {}),
            "SMOTE needs two rows of class 1; got 1. Use weights.",
        ),
        (lambda X, y: (X, np.zeros(90), {}), "`y` needs two classes; got only 0.0 in 90 rows."),
        (lambda X, y: (X, X[:, 0], {}), "continuous"),
        (lambda X, y: (X, y, {"kind": "border"}), "unknown kind 'border' of SMOTE. Did you mean 'borderline"),
        (lambda X, y: (X, y, {"k": 0}), "`k` must be a number of neighbours, 1 or more; got 0."),
        (lambda X, y: (X, y, {"to": {1: 10}}), "`to` asks for 10 rows of class 1, which has 24."),
        (lambda X, y: (X, y, {"to": 0.1}), "the classes have 24 and 66 rows"),
        (lambda X, y: (X, y, {"categorical": ["colour"]}), "`categorical` names column 'colour', which `X` has not."),
        (lambda X, y: (X[:, 0], y, {}), "`X` must be a table, rows by columns; got shape (90,)."),
        (
            lambda X, y: (pd.DataFrame({"when": pd.date_range("2020", periods=90), "x": X[:, 0]}), y, {}),
            "column 'when' holds Datetime",
        ),
        (
            lambda X, y: (pd.DataFrame({"t": ["a"] * 90, "x": X[:, 0]}), y, {"categorical": ()}),
            "column 't' holds text and is not named in `categorical`.",
        ),
    ],
)
def test_bad_input_is_named(change, said):
    X, y, settings = change(*blobs(0))
    with pytest.raises(InputError) as told:
        SMOTE(rng=0, **settings).resample(X, y)
    assert said in str(told.value)


def test_a_gap_in_a_row_of_zero_weight_is_as_if_removed():
    X, y = blobs(0)
    X[4, 0] = np.nan
    w = np.ones(90)
    w[4] = 0
    assert len(SMOTE(rng=0).resample(X, y, sample_weight=w)) >= 89
    w[4], w[2] = 1, 0
    with pytest.raises(InputError, match="first at row 4"):
        SMOTE(rng=0).resample(X, y, sample_weight=w)
