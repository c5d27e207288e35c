"""SMOTE-NC and SMOTE-N against brute force: distances, votes, donors, and every way to say which columns are categories."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from upweight.imbalance import SMOTE, TomekLinks, neighbours, vdm
from upweight.tables._table import Table

KINDS = ["plain", "borderline1", "borderline2", "adasyn"]


def same(r, s):
    return all(np.array_equal(getattr(r, f), getattr(s, f)) for f in ("indices", "parents", "step", "weights"))


def mixed(seed, n=120, rare=30):
    rng = np.random.default_rng(seed)
    y = (rng.permutation(n) < rare).astype(int)
    return pd.DataFrame(
        {
            "colour": rng.choice(["red", "green", "blue"], n),
            "size": rng.normal(size=n) + y,
            "flag": rng.integers(0, 2, n),
            "mass": rng.normal(size=n) * 3,
            "kind": pd.Categorical(rng.choice(list("pqrs"), n)),
        }
    ), y


@pytest.mark.parametrize("seed", range(6))
def test_nc_neighbours_add_med_squared_a_mismatch_and_values_are_voted(seed):
    X, y = mixed(seed)
    r = SMOTE(k=5, rng=seed).resample(X, y)
    assert r.categorical == ("colour", "flag", "kind")
    mine = np.flatnonzero(y == 1)
    numbers, levels = X[["size", "mass"]].to_numpy(), X[["colour", "flag", "kind"]].astype(str).to_numpy()
    med2 = np.median(numbers[mine].std(axis=0)) ** 2
    for (a, b), donors in zip(r.parents[120:], r.donors[120:], strict=True):
        gap = ((numbers[mine] - numbers[a]) ** 2).sum(axis=1) + med2 * (levels[mine] != levels[a]).sum(axis=1)
        near = [int(mine[j]) for j in np.argsort(gap, kind="stable") if mine[j] != a][:5]
        assert b in near
        for j in range(3):
            held = levels[near, j].tolist()
            best = [v for v in near if held.count(levels[v, j]) == max(map(held.count, held))]
            assert donors[j] == best[0]
    assert (r.donors[:120] == np.arange(120)[:, None]).all()


def test_nc_values_are_never_mixed():
    X, y = mixed(0)
    out = SMOTE(rng=0).resample(X, y).take(X)
    assert set(out["colour"]) == {"red", "green", "blue"}
    assert set(out["flag"]) == {0, 1}
    assert out["flag"].dtype == X["flag"].dtype
    assert out["kind"].dtype == X["kind"].dtype
    assert len(set(out["size"][120:]) - set(X["size"])) == 60


@pytest.mark.parametrize("seed", range(6))
def test_n_neighbours_are_by_vdm_itself_and_every_value_is_voted(seed):
    X, y = mixed(seed)
    X = X[["colour", "flag", "kind"]].astype(str)
    r = SMOTE(k=4, rng=seed).resample(X, y)
    mine = np.flatnonzero(y == 1)
    d = vdm(X, y).pairwise(X.iloc[mine], X.iloc[mine])
    levels = X.to_numpy()
    out = r.take(X).to_numpy()
    for i in range(120, len(r)):
        a = int(np.searchsorted(mine, r.parents[i, 0]))
        near = [int(j) for j in np.argsort(d[a], kind="stable") if j != a][:4]
        assert r.parents[i, 1] == mine[near[0]]
        voters = [mine[a], *mine[near]]
        for j in range(3):
            held = levels[voters, j].tolist()
            assert out[i, j] == max(held, key=lambda v: (held.count(v), -held.index(v)))
            assert out[i, j] == levels[r.donors[i, j], j]
    assert r.is_synthetic.sum() == 60


@pytest.mark.parametrize("kind", ["borderline1", "borderline2", "adasyn"])
def test_every_kind_takes_mixed_and_categorical_tables(kind):
    X, y = mixed(1)
    for table in (X, X[["colour", "flag", "kind"]]):
        r = SMOTE(kind=kind, rng=0).resample(table, y)
        assert np.bincount(r.y).tolist() == [90, 90]
        assert len(r.take(table)) == 180


def test_polars_text_and_float32_come_back_as_they_were():
    X, y = mixed(2)
    df = pl.DataFrame(
        {
            "colour": X["colour"].tolist(),
            "size": X["size"].to_numpy().astype(np.float32),
            "flag": X["flag"].to_numpy() > 0,
        }
    )
    s = SMOTE(rng=0)
    out, _ = s.fit_resample(df, y)
    r = s.resample_
    assert isinstance(out, pl.DataFrame)
    assert out.schema == df.schema
    size, (a, b) = df["size"].to_numpy(), r.parents.T
    np.testing.assert_array_equal(out["size"].to_numpy(), size[a] + r.step.astype(np.float32) * (size[b] - size[a]))
    for j, name in enumerate(r.categorical):
        assert out[name].to_list() == df[name].gather(r.donors[:, j]).to_list()


def test_columns_can_be_named_by_position_name_or_mask():
    X, y = mixed(3)
    numbers = X[["size", "flag", "mass"]].to_numpy()
    wanted = SMOTE(rng=0).resample(numbers, y)
    assert wanted.categorical == (1,)
    for said in ([1], [-2], [False, True, False], np.array([1])):
        assert same(wanted, SMOTE(categorical=said, rng=0).resample(numbers, y))
    assert SMOTE(categorical=(), rng=0).resample(numbers, y).donors is None
    named = SMOTE(categorical=["colour", "flag", 4], rng=0).resample(X, y)
    assert named.categorical == ("colour", "flag", "kind")


def test_object_arrays_with_text_are_read_column_by_column():
    X, y = mixed(4)
    objects = X[["colour", "size", "flag"]].to_numpy()
    frame = X[["colour", "size", "flag"]]
    r = SMOTE(rng=0).resample(objects, y)
    assert same(r, SMOTE(rng=0).resample(frame, y))
    out, want = r.take(objects), r.take(frame)
    assert out[:, 0].tolist() == want["colour"].tolist()
    np.testing.assert_array_equal(out[:, 1].astype(float), want["size"])


def test_a_gap_in_a_category_is_a_level():
    X, y = mixed(5)
    X.loc[::7, "colour"] = None
    out = SMOTE(rng=0).resample(X, y).take(X)
    assert len(out) == 180
    assert out["colour"][120:].isna().any()


def test_neighbours_of_mixed_tables_and_of_two_valued_columns_change_nothing():
    X, y = mixed(0)
    numbers = X[["size", "flag", "mass"]].to_numpy()
    for table in (X, X[["colour", "kind"]].astype(str), numbers):
        for kind in KINDS:
            smote = SMOTE(kind=kind, rng=0)
            assert same(smote.resample(table, y, neighbours=neighbours(table)), smote.resample(table, y))


@pytest.mark.parametrize("whole", [False, True])
def test_named_columns_of_a_sparse_matrix_are_copied_from_donors(whole):
    X, y = np.random.default_rng(6).normal(size=(90, 3)), (np.arange(90) % 4 == 0).astype(int)
    X[:, 1] = np.random.default_rng(0).integers(0, 3, 90)
    X = X > 0 if whole else X
    smote = SMOTE(rng=0) if whole else SMOTE(rng=0, categorical=[1])
    out = smote.resample(sparse.csr_array(X), y).take(sparse.csr_array(X))
    np.testing.assert_array_equal(out.toarray(), smote.resample(X, y).take(X))
    assert out.dtype == X.dtype


def test_frames_whose_columns_are_numbered_are_read_by_column():
    X, y = mixed(0)
    frame = X.set_axis(range(5), axis=1)
    r = SMOTE(rng=0).resample(frame, y)
    assert same(r, SMOTE(rng=0).resample(X, y))
    assert r.categorical == (0, 2, 4)
    assert r.take(frame).set_axis(X.columns, axis=1).equals(r.take(X))


def test_a_prepared_table_is_filled_like_its_frame():
    X, y = mixed(6)
    numbers = X[["size", "flag", "mass"]].to_numpy().astype(float)
    codes = np.stack([np.unique(X[c], return_inverse=True)[1] for c in ("colour", "kind")], axis=1).astype(np.int32) - 1
    table = Table(numbers, codes)
    r = SMOTE(rng=0).resample(table, y)
    s = SMOTE(rng=0).resample(X, y)
    assert same(r, s)
    assert r.categorical == (1, 3, 4)
    out, want = r.take(table), s.take(X)
    np.testing.assert_array_equal(out.numbers, want[["size", "flag", "mass"]].to_numpy())
    np.testing.assert_array_equal(np.sort(["blue", "green", "red"])[out.codes[:, 0] + 1], want["colour"])
    np.testing.assert_array_equal(np.array(list("pqrs"))[out.codes[:, 1] + 1], want["kind"])
    assert TomekLinks().resample(table, y).take(table).numbers.shape[1] == 3
