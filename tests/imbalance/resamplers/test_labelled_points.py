"""Laws of every method that only keeps rows: zero weight is removed, order and names do not matter, tables come back in kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import clone

import upweight as uw
import upweight.imbalance as im

METHODS = {
    "tomek": im.TomekLinks(),
    "tomek, both ends": im.TomekLinks(drop="all"),
    "enn": im.EditedNN(),
    "enn, most": im.EditedNN(vote="most", drop="all", k=5),
    "renn": im.EditedNN(scheme="repeated"),
    "allknn": im.EditedNN(scheme="growing"),
    "ncr": im.NeighbourhoodCleaning(),
    "nearmiss1": im.NearMiss(),
    "nearmiss2": im.NearMiss(version=2),
    "nearmiss3": im.NearMiss(version=3),
    "cnn": im.CondensedNN(rng=0),
    "cnn, all": im.CondensedNN(condense="all", rng=0),
    "oss": im.OneSided(rng=0),
    "hardness": im.InstanceHardness(rng=0, cv=3),
}
MEASURING = [name for name in METHODS if name != "hardness"]
ORDERED = ("cnn", "cnn, all", "oss", "hardness")  # depend on the order of rows by definition, or on folds


def data(classes=2, n=240, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.choice(classes, n, p=[0.75, 0.25] if classes == 2 else [0.6, 0.25, 0.15])
    return rng.normal(size=(n, 4)) + 0.8 * y[:, None], y


@pytest.fixture(params=METHODS)
def method(request):
    return METHODS[request.param]


@pytest.mark.parametrize("classes", [2, 3])
def test_rows_of_zero_weight_are_as_if_removed(method, classes):
    X, y = data(classes)
    w = np.random.default_rng(1).choice([0.0, 1.0, 2.5], len(y))
    live = np.flatnonzero(w)
    X[w == 0] = np.nan
    r, small = method.resample(X, y, sample_weight=w), method.resample(X[live], y[live], sample_weight=w[live])
    np.testing.assert_array_equal(r.indices, live[small.indices])
    np.testing.assert_array_equal(r.weights, w[r.indices])
    np.testing.assert_array_equal(np.sort(np.concatenate([r.indices, r.removed])), live)
    np.testing.assert_array_equal(r.correction.log_odds, small.correction.log_odds)


@pytest.mark.parametrize("name", [m for m in MEASURING if m not in ORDERED])
@pytest.mark.parametrize("classes", [2, 3])
def test_permuting_rows_permutes_the_set(name, classes):
    X, y = data(classes)
    order = np.random.default_rng(2).permutation(len(y))
    moved = METHODS[name].resample(X[order], y[order])
    np.testing.assert_array_equal(np.sort(order[moved.indices]), METHODS[name].resample(X, y).indices)


@pytest.mark.parametrize("classes", [2, 3])
def test_names_of_labels_do_not_matter(method, classes):
    X, y = data(classes)
    expected = method.resample(X, y)
    for names in (np.array([7, -1, 3]), np.array(["z", "b", "a"]), np.array([-1.0, 1.0, 0.0])):
        r = method.resample(X, names[y])
        np.testing.assert_array_equal(r.indices, expected.indices)
        np.testing.assert_array_equal(r.y, names[expected.y])


@pytest.mark.parametrize("name", MEASURING)
def test_the_origin_does_not_matter(name):
    X, y = data()
    far = METHODS[name].resample(X + 1e8, y)
    np.testing.assert_array_equal(far.indices, METHODS[name].resample(X, y).indices)


@pytest.mark.parametrize("name", MEASURING)
def test_neighbours_never_change_a_result(name):
    for classes in (2, 3):
        X, y = data(classes)
        w = np.random.default_rng(1).choice([0.0, 1.0], len(y))
        g = im.neighbours(X, k=6)
        np.testing.assert_array_equal(
            METHODS[name].resample(X, y, neighbours=g).indices, METHODS[name].resample(X, y).indices
        )
        fold = np.flatnonzero(np.random.default_rng(3).random(len(y)) < 0.7)
        np.testing.assert_array_equal(
            METHODS[name].resample(X[fold], y[fold], sample_weight=w[fold], neighbours=g.subset(fold)).indices,
            METHODS[name].resample(X[fold], y[fold], sample_weight=w[fold]).indices,
        )


def test_single_precision_is_measured_as_it_is_and_kept(method):
    X, y = data()
    X = X.astype(np.float32)
    r = method.resample(X, y)
    if not isinstance(method, im.InstanceHardness):
        np.testing.assert_array_equal(r.indices, method.resample(X.astype(np.float64), y).indices)
    assert r.take(X).dtype == np.float32


def test_the_table_taken_is_the_rows_kept_in_its_own_kind(method):
    X, y = data()
    r = method.resample(X, y)
    names = list("abcd")
    frame = pd.DataFrame(X, columns=names, index=np.arange(len(y)) + 1000)
    tables = {
        "pandas": frame,
        "polars": pl.DataFrame(X, schema=names),
        "arrow": pa.table({n: X[:, j] for j, n in enumerate(names)}),
        "csr": sparse.csr_array(X),
    }
    for kind, table in tables.items():
        same = method.resample(table, y)
        np.testing.assert_array_equal(same.indices, r.indices, err_msg=kind)
        taken = same.take(table)
        assert type(taken) is type(table)
        values = taken.toarray() if kind == "csr" else np.column_stack([np.asarray(taken[n]) for n in names])
        np.testing.assert_array_equal(values, X[r.indices])
    assert method.resample(frame, y).take(frame).index.tolist() == (1000 + r.indices).tolist()


def test_categories_of_a_frame_count_med_squared_a_mismatch(brute):
    rng = np.random.default_rng(0)
    X, y = data(n=150)
    colour, flag = rng.choice(["red", "green", "blue"], len(y)), rng.random(len(y)) < 0.4
    few = np.flatnonzero(y == brute.minority_of(y))
    gap = np.median(X[few].std(axis=0)) ** 2
    d2 = brute.square_distances(X)
    d2 += gap * (colour[:, None] != colour[None, :])
    d2 += gap * (flag[:, None] != flag[None, :])
    columns = {"a": X[:, 0], "colour": colour, "b": X[:, 1], "c": X[:, 2], "flag": flag, "d": X[:, 3]}
    expected = brute.tomek(d2, y, drop="majority").tolist()
    enn = brute.edited(d2, y, k=3, vote="all", scheme="repeated", drop="majority").tolist()
    assert expected != brute.tomek(brute.square_distances(X), y, drop="majority").tolist()
    for frame in (pd.DataFrame(columns), pl.DataFrame(columns), pa.table(columns)):
        assert im.TomekLinks().resample(frame, y).indices.tolist() == expected
        assert im.TomekLinks().resample(frame, y, neighbours=im.neighbours(frame, k=5)).indices.tolist() == expected
        assert im.EditedNN(scheme="repeated").resample(frame, y).indices.tolist() == enn
    coded = np.column_stack([X, np.unique(colour, return_inverse=True)[1], flag])
    g = im.neighbours(coded, categorical=[4, 5])
    assert im.TomekLinks().resample(coded, y, neighbours=g).indices.tolist() == expected
    fold = np.flatnonzero(rng.random(len(y)) < 0.7)
    part = im.EditedNN().resample(coded[fold], y[fold], neighbours=g.subset(fold)).indices
    assert part.tolist() == im.EditedNN().resample(pd.DataFrame(columns).iloc[fold], y[fold]).indices.tolist()


def test_nothing_but_categories_is_measured_by_how_they_go_with_the_classes(brute):
    rng = np.random.default_rng(0)
    y = rng.choice(3, 120, p=[0.6, 0.3, 0.1])
    frame = pd.DataFrame({c: rng.choice(list("vwxyz"), 120) for c in "ab"})
    d2 = np.zeros((120, 120))
    for column in frame:
        value = frame[column].to_numpy()
        share = {v: np.bincount(y[value == v], minlength=3) / (value == v).sum() for v in "vwxyz"}
        d2 += np.array([[np.abs(share[v] - share[u]).sum() ** 2 for u in value] for v in value])
    near = np.sort(d2[d2 > 0])
    assert near[0] > 1e-6  # ties are exact, so the oracle and the tables agree on them
    expected = brute.edited(np.round(d2, 9), y, k=3, vote="most", scheme="once", drop="majority")
    assert im.EditedNN(vote="most").resample(frame, y).indices.tolist() == expected.tolist()


def test_no_formula_gives_the_odds_back(method):
    X, y = data()
    r = method.resample(X, y)
    assert r.correction.status == "impossible"
    with pytest.raises(uw.UndoError, match=rf"{type(method).__name__} changed which negatives exist; no formula"):
        r.correction.apply([0.5])
    if len(r.removed):
        shares = np.bincount(y[r.indices]) / len(r)
        before = np.bincount(y) / len(y)
        expected = np.log(shares[1] / shares[0]) - np.log(before[1] / before[0])
        assert r.correction.log_odds == pytest.approx(expected)


def test_real_rows_keep_their_weight_and_nothing_is_synthetic(method):
    X, y = data()
    w = np.random.default_rng(4).uniform(0.5, 2, len(y))
    r = method.resample(X, y, sample_weight=w)
    np.testing.assert_array_equal(r.weights, w[r.indices])
    assert not r.is_synthetic.any()
    assert (r.parents == r.indices[:, None]).all()
    assert (r.step == 0).all()


def test_fit_resample_gives_rows_labels_and_weights(method):
    X, y = data()
    fresh = clone(method)
    made, labels = fresh.fit_resample(X, y)
    np.testing.assert_array_equal(made, X[fresh.sample_indices_])
    np.testing.assert_array_equal(labels, y[fresh.sample_indices_])
    assert len(fresh.resample_) == len(labels)
    assert len(clone(method).fit_resample(X, y, sample_weight=np.ones(len(y)))) == 3
    assert clone(method).get_params() == method.get_params()


def test_inputs_are_never_written(method):
    X, y = data()
    w = np.ones(len(y))
    kept = X.copy()
    for a in (X, y, w):
        a.flags.writeable = False
    method.resample(X, y, sample_weight=w)
    np.testing.assert_array_equal(X, kept)


@pytest.mark.parametrize("name", MEASURING)
def test_gaps_are_refused_with_column_count_and_row(name):
    X, y = data()
    X[[17, 30], 2] = np.nan
    who = type(METHODS[name]).__name__
    with pytest.raises(
        uw.InputError, match=rf"`X` must be finite for {who}; 'column 2': 2 NaN, first at row 17. Impute"
    ):
        METHODS[name].resample(X, y)
    frame = pd.DataFrame(X, columns=["a", "b", "age", "c"])
    with pytest.raises(uw.InputError, match=rf"`X` must be finite for {who}; 'age': 2 NaN, first at row 17. Impute"):
        METHODS[name].resample(frame, y)


def test_bad_labels_and_weights_are_refused(method):
    X, y = data()
    with pytest.raises(uw.InputError, match=r"`y` needs two classes; got only 0 in 240 rows"):
        method.resample(X, np.zeros(240, int))
    with pytest.raises(
        uw.InputError, match=r"`sample_weight` must be finite and >= 0; got 1 negative, first -1.0 at row 3"
    ):
        method.resample(X, y, sample_weight=np.where(np.arange(240) == 3, -1.0, 1.0))
    with pytest.raises(uw.InputError, match=r"240 rows"):
        method.resample(X, y[:100])


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (im.TomekLinks(drop="both"), r"`drop` must be 'majority' or 'all'; got 'both'"),
        (im.EditedNN(k=0), r"`k` must be a whole number, 1 or more; got 0"),
        (im.EditedNN(k=2.0), r"`k` must be a whole number, 1 or more; got 2.0"),
        (im.EditedNN(vote="mode"), r"`vote` must be 'all' or 'most'; got 'mode'"),
        (im.EditedNN(scheme="repeat"), r"`scheme` must be 'once', 'repeated' or 'growing'; got 'repeat'.*'repeated'"),
        (im.EditedNN(rounds=0), r"`rounds` must be a whole number, 1 or more; got 0"),
        (im.NearMiss(version=4), r"`version` must be 1, 2 or 3; got 4"),
        (im.NearMiss(version=True), r"`version` must be 1, 2 or 3; got True"),
        (im.NearMiss(to=2.0), r"`to` must be 'balanced', a ratio rare/common in \(0, 1\]"),
        (im.NearMiss(to=0.01), r"`to`=0.01 is out of reach: the classes have \d+ and \d+ rows"),
        (im.CondensedNN(condense="minority"), r"`condense` must be 'majority' or 'all'; got 'minority'"),
        (im.CondensedNN(rng="x"), r"`rng` must be an int"),
        (im.InstanceHardness(cv=1), r"`cv` must be a whole number, 2 or more; got 1"),
    ],
)
def test_settings_that_mean_nothing_are_refused(made, message):
    with pytest.raises(uw.InputError, match=message):
        made.resample(*data())


def test_the_minority_is_the_rarest_and_ties_go_to_the_first():
    X = np.array([[0.0], [1.0], [1.1], [3.0]])
    assert im.TomekLinks().resample(X, ["b", "b", "a", "a"]).removed.tolist() == [2]
    assert im.TomekLinks().resample(X, ["a", "a", "b", "b"]).removed.tolist() == [2]
    assert im.TomekLinks().resample(X, ["a", "a", "b", "a"]).removed.tolist() == [1]
