"""Kept, dropped and made rows lie where they are in the table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

import upweight as uw
from upweight import imbalance as im

from .pictures import drawn


def data(rows=120, columns=2, seed=0):
    X = np.random.default_rng(seed).normal(size=(rows, columns))
    return X, X[:, 0] + X[:, -1] > 1.2


def places(ax):
    return {points.get_label().split(" (")[0]: np.asarray(points.get_offsets()) for points in ax.collections}


def in_order(rows):
    return rows[np.lexsort(np.asarray(rows).T)]


def test_two_columns_are_drawn_as_they_are():
    X, y = data()
    r = im.SMOTE(rng=0).resample(X, y)
    found = places(r.plot(X))
    np.testing.assert_array_equal(in_order(found["kept"]), in_order(X))
    np.testing.assert_allclose(found["made"], r.take(X)[r.is_synthetic])


def test_dropped_rows_are_those_that_were_removed():
    X, y = data()
    r = im.RandomUnder(rng=0).resample(X, y)
    found = places(r.plot(X))
    np.testing.assert_array_equal(in_order(found["dropped"]), in_order(X[r.removed]))
    assert len(found["kept"]) + len(found["dropped"]) == len(X)


def test_columns_are_chosen_by_name_or_position():
    X, y = data(columns=4)
    r = im.RandomUnder(rng=0).resample(X, y)
    frame = pd.DataFrame(X, columns=list("abcd"))
    by_name, by_place = r.plot(frame, columns=["d", "b"]), r.plot(X, columns=[3, 1])
    assert (by_name.get_xlabel(), by_name.get_ylabel()) == ("d (as given)", "b (as given)")
    assert (by_place.get_xlabel(), by_place.get_ylabel()) == ("column 3 (as given)", "column 1 (as given)")
    np.testing.assert_array_equal(places(by_name)["kept"], places(by_place)["kept"])
    np.testing.assert_array_equal(in_order(places(by_place)["dropped"]), in_order(X[r.removed][:, [3, 1]]))


def test_principal_axes_are_those_of_the_standardised_source():
    X, y = data(columns=5)
    X[:, 3] = 100 * X[:, 0] + X[:, 3]
    r = im.SMOTE(rng=0).resample(X, y)
    ax = r.plot(X)
    mean, sd = X.mean(axis=0), X.std(axis=0)
    _, s, vectors = np.linalg.svd((X - mean) / sd, full_matrices=False)
    wanted = ((r.take(X)[r.is_synthetic] - mean) / sd) @ vectors[:2].T
    np.testing.assert_allclose(np.abs(places(ax)["made"]), np.abs(wanted), atol=1e-9)
    assert f"{100 * s[0] ** 2 / (s**2).sum():.0f} % of variance" in ax.get_xlabel()


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow", "sparse", "object"])
def test_every_kind_of_table_gives_the_same_picture(kind):
    X, y = data(columns=4)
    frame = pd.DataFrame(X, columns=list("abcd"))
    turned = {
        "pandas": frame,
        "polars": pl.DataFrame(dict(frame)),
        "arrow": pa.Table.from_pandas(frame),
        "sparse": sparse.csr_array(X),
        "object": X.astype(object),
    }[kind]
    r = im.RandomUnder(rng=0).resample(X, y)
    np.testing.assert_allclose(places(r.plot(turned))["dropped"], places(r.plot(X))["dropped"], atol=1e-9)


def test_words_are_left_out_and_gaps_count_as_the_mean():
    X, y = data(columns=4)
    X[5, 1] = np.nan
    frame = pd.DataFrame(X, columns=list("abcd")).assign(word="x")
    r = im.Resample.of_rows(np.arange(60), y[:60], np.ones(60), uw.Correction.none(), removed=np.arange(60, 120))
    whole = places(r.plot(frame))["kept"]
    assert np.isfinite(whole).all()
    filled = X.copy()
    filled[5, 1] = np.nanmean(X[:, 1])
    sd = np.nanstd(X[:, 1])
    z = (filled - filled.mean(axis=0)) / np.where(np.arange(4) == 1, sd, filled.std(axis=0))
    vectors = np.linalg.svd(z, full_matrices=False)[2]
    np.testing.assert_allclose(np.abs(whole), np.abs((z @ vectors[:2].T)[:60]), atol=1e-9)


def test_large_tables_are_drawn_by_some_of_their_rows_and_say_so():
    X, y = data(rows=9000)
    r = im.RandomUnder(rng=0).resample(X, y)
    ax = r.plot(X)
    assert len(places(ax)["dropped"]) == 2000
    assert f"dropped ({len(r.removed):,} rows, 2,000 drawn)" in [p.get_label() for p in ax.collections]


def test_rows_that_an_adopted_sampler_made_up_are_drawn():
    from imblearn.over_sampling import SMOTE

    X, y = data()
    r = im.adopt(SMOTE(random_state=0)).resample(X, y)
    made = np.asarray(r.take(X))[r.is_synthetic]
    np.testing.assert_allclose(places(r.plot(X))["made"], made)


def test_another_table_is_refused():
    X, y = data()
    r = im.RandomUnder(rng=0).resample(X, y)
    with pytest.raises(uw.InputError, match=r"`X` has 3 rows, but row \d+ was resampled. Pass the same table."):
        r.plot(X[:3])


@pytest.mark.parametrize(
    ("columns", "said"),
    [(["a"], "two columns; got 1"), (["a", "z"], "no column 'z'"), (["a", "word"], "column 'word' is not numeric")],
)
def test_columns_that_cannot_be_drawn_are_refused(columns, said):
    X, y = data(columns=3)
    frame = pd.DataFrame(X, columns=list("abc")).assign(word="x")
    with pytest.raises(uw.InputError, match=said):
        im.RandomUnder(rng=0).resample(X, y).plot(frame, columns=columns)


def test_the_picture_of_no_rows_says_so():
    r = im.Resample.of_rows([], np.empty(0, int), np.empty(0), uw.Correction.none())
    (ax,) = drawn(r.plot(np.ones((4, 2))))
    assert ax.texts[0].get_text() == "no rows"


def test_inputs_are_not_written_to():
    X, y = data(columns=4)
    before = X.copy()
    im.SMOTE(rng=0).resample(X, y).plot(X)
    np.testing.assert_array_equal(X, before)
