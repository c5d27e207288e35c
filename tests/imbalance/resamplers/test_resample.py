"""Resample: rows taken from any table, synthetic rows by their parents."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from upweight import Correction, InputError
from upweight.imbalance import SMOTE, Resample, adopt
from upweight.imbalance.resamplers._donors import Donors
from upweight.imbalance.resamplers._resample import mass_correction
from upweight.tables._rows import row_slice

NUMBERS = np.array([[0.0, 10.0], [1.0, 20.0], [2.0, 40.0]])


def mixed(**more):
    """Rows 0, 2, 2, then two synthetic ones: half-way from 0 to 1, a quarter from 2 to 0."""
    return Resample(
        indices=np.array([0, 2, 2, 0, 2]),
        parents=np.array([[0, 0], [2, 2], [2, 2], [0, 1], [2, 0]]),
        step=np.array([0, 0, 0, 0.5, 0.25]),
        y=np.array([0, 1, 1, 1, 1]),
        weights=np.ones(5),
        correction=Correction.none(),
        **more,
    )


EXPECTED = np.array([[0, 10], [2, 40], [2, 40], [0.5, 15], [1.5, 32.5]])


def test_synthetic_rows_lie_between_their_parents():
    np.testing.assert_allclose(mixed().take(NUMBERS), EXPECTED)
    assert mixed().is_synthetic.tolist() == [False, False, False, True, True]
    assert repr(mixed()) == "Resample(5 rows, 2 synthetic, 0 removed, exact)"


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
def test_csr_in_csr_out_of_the_same_kind(kind):
    out = mixed().take(kind(NUMBERS))
    assert type(out) is kind
    np.testing.assert_allclose(out.toarray(), EXPECTED)


def test_float32_in_float32_out():
    assert mixed().take(NUMBERS.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, pl.DataFrame])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64])
def test_differences_of_whole_numbers_do_not_wrap_around(kind, dtype):
    out = mixed().take(kind(np.array([[100, 3], [10, 90], [0, 7]], dtype=dtype)))
    out = out.toarray() if sparse.issparse(out) else np.asarray(out)
    np.testing.assert_array_equal(out, [[100, 3], [0, 7], [0, 7], [55, 46.5], [25, 6]])


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_frames_keep_kind_dtypes_and_categories_come_from_donors(make):
    frame = make({"x": NUMBERS[:, 0].astype(np.float32), "s": ["a", "b", "c"], "z": NUMBERS[:, 1]})
    r = mixed(copied=Donors.of(np.array([[0], [2], [2], [1], [0]])), categorical=("s",))
    out = r.take(frame)
    assert type(out) is type(frame)
    got = out.to_pandas() if not isinstance(out, pd.DataFrame) else out
    np.testing.assert_allclose(got["x"], EXPECTED[:, 0])
    np.testing.assert_allclose(got["z"], EXPECTED[:, 1])
    assert got["s"].tolist() == ["a", "c", "c", "b", "a"]
    assert got["x"].dtype == np.float32


def test_pandas_keep_their_index():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index=["p", "q", "r"])
    assert mixed().take(frame).index.tolist() == ["p", "r", "r", "p", "r"]
    assert row_slice(frame, np.array([2, 0])).index.tolist() == ["r", "p"]


def test_donors_in_a_matrix():
    r = mixed(copied=Donors.of(np.array([[0], [2], [2], [1], [0]])), categorical=(1,))
    assert r.take(NUMBERS)[:, 1].tolist() == [10, 40, 40, 20, 10]


def test_another_table_is_refused():
    with pytest.raises(InputError, match="has 2 rows, but row 2 was resampled. Pass the same table"):
        mixed().take(NUMBERS[:2])


def test_real_rows_only_are_the_rows_themselves():
    r = Resample.of_rows([2, 0], np.array([1, 0]), np.ones(2), Correction.none())
    np.testing.assert_array_equal(r.take(NUMBERS), NUMBERS[[2, 0]])
    assert r.parents.tolist() == [[2, 2], [0, 0]]


def test_mass_correction_is_the_change_in_log_shares():
    before = (np.array([0, 0, 0, 1]), np.ones(4))
    after = (np.array([0, 1]), np.array([1.0, 3.0]))
    assert mass_correction(before, after, 2, "exact", "").log_odds == pytest.approx(np.log(3) - np.log(1 / 3))
    three = mass_correction(before, after, 3, "exact", "").log_odds
    assert three.tolist() == pytest.approx([np.log(0.25 / 0.75), np.log(0.75 / 0.25), 0.0])


def test_counts_and_their_nouns_agree():
    one = Resample.of_rows([0], np.array([1]), np.ones(1), Correction.none())
    assert repr(one) == "Resample(1 row, 0 synthetic, 0 removed, exact)"
    with pytest.raises(InputError, match=r"`X` has 1 row, but row 2 was resampled"):
        mixed().take(NUMBERS[:1])
    X, y = np.array([[0.0], [1], [2], [9], [9]]), [0, 0, 0, 1, 1]
    assert SMOTE(rng=0).resample(X, y).notes[:2] == (
        "k=1 for class 1: it has 2 rows",
        "1 row of class 1 is a copy: it has no row at a distance > 0",
    )


class OneMore:
    """A foreign sampler that makes `rows` rows up."""

    def __init__(self, rows):
        self.rows = rows

    def fit_resample(self, X, y):
        return np.r_[X, X[-self.rows :] + 0.5], np.r_[y, y[-self.rows :]]


@pytest.mark.parametrize(("rows", "note"), [(1, "1 row is made up"), (2, "2 rows are made up")])
def test_an_adopted_sampler_that_makes_rows_up_is_noted_in_agreement(rows, note):
    assert adopt(OneMore(rows)).resample(NUMBERS, [0, 1, 1]).notes == (note,)
