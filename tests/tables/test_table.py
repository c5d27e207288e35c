"""Frames of every kind read to the same table."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from upweight import InputError, KindError
from upweight.tables import Schema, frame_of, is_frame, row_count

DATA = {"a": [1.5, None, 3.5], "s": ["x", "y", None], "b": [True, False, True], "one": [1, 1, 1]}
FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}


@pytest.mark.parametrize("kind", FRAMES)
def test_every_kind_of_frame_gives_the_same_table(kind):
    frame = FRAMES[kind](DATA)
    schema = Schema.of(frame)
    table = schema.read(frame)
    assert schema.names == ["a", "s", "b"]
    np.testing.assert_array_equal(table.numbers, [[1.5], [np.nan], [3.5]])
    np.testing.assert_array_equal(table.codes, [[0, 1], [1, 0], [-1, 1]])


@pytest.mark.parametrize("kind", FRAMES)
def test_a_schema_reads_other_kinds_other_orders_and_more_columns(kind):
    schema = Schema.of(pd.DataFrame(DATA))
    new = FRAMES[kind]({"more": [0], "s": ["never met"], "b": [False], "a": [9.0]})
    with pytest.warns(UserWarning, match="first 'never met' at row 0; known are 'x', 'y'"):
        table = schema.read(new)
    assert table.numbers.tolist() == [[9.0]]
    assert table.codes.tolist() == [[-2, 0]]


def test_a_missing_column_is_told_with_the_nearest():
    with pytest.raises(InputError, match=r"lacks column 'income'. Did you mean 'incom'\?"):
        Schema.of(pd.DataFrame({"income": [1, 2], "k": [3, 4]})).read(pd.DataFrame({"incom": [1], "k": [2]}))


def test_frames_are_asked_for_where_names_matter():
    with pytest.raises(InputError, match="must be a frame with the columns the model was fitted on: 'a'"):
        Schema.of(pd.DataFrame({"a": [1, 2]})).read(np.ones((2, 1)))


def test_twice_the_same_name_is_refused_with_its_places():
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])
    with pytest.raises(InputError, match=r"'a' stands at columns \[0, 2\]. Rename or drop one."):
        Schema.of(frame)


def test_random_rows_need_no_names_and_a_lazy_table_has_no_rows():
    frame = pd.DataFrame(np.zeros((2, 3)), columns=["a", "b", "b"])
    assert row_count(frame) == 2
    with pytest.raises(InputError, match=r"'b' stands at columns \[1, 2\]"):
        frame_of(frame)
    for read in (row_count, Schema.of):
        with pytest.raises(InputError, match=r"got a LazyFrame\. collect\(\) it first"):
            read(pl.DataFrame({"a": [1]}).lazy())


def test_pandas_columns_named_by_numbers_are_columns_not_rows():
    frame = pd.DataFrame(np.arange(12.0).reshape(6, 2) ** 2)
    assert Schema.of(frame).read(frame).numbers.tolist() == (np.arange(12.0).reshape(6, 2) ** 2).tolist()


def test_objects_of_several_types_are_read_as_text():
    frame = pd.DataFrame({"m": np.array([1, "a", None, 2.5], dtype=object)})
    assert Schema.of(frame).columns[0].categories == ("1", "2.5", "a")


def test_a_matrix_keeps_its_columns_that_vary():
    X = np.array([[1.0, 5.0, np.nan], [2.0, 5.0, 1.0], [3.0, 5.0, 2.0]])
    schema = Schema.of(X)
    assert [c.kind for c in schema.columns] == ["numeric", "dropped", "numeric"]
    np.testing.assert_array_equal(schema.read(X).numbers, X[:, [0, 2]])
    with pytest.raises(InputError, match="has 2 features, but 3 features were fitted on"):
        schema.read(X[:, :2])


def test_csr_stays_csr_and_equals_dense():
    X = sparse.random_array((50, 8), density=0.3, rng=np.random.default_rng(0)).tocsr()
    table = Schema.of(X).read(X)
    assert sparse.issparse(table.numbers)
    np.testing.assert_array_equal(table.numbers.toarray(), X.toarray())


@pytest.mark.parametrize("box", [np.asarray, sparse.csr_array])
def test_infinity_in_a_matrix_is_refused_with_row_and_column(box):
    X = np.ones((4, 3))
    X[2, 1] = np.inf
    with pytest.raises(InputError, match="first at row 2, column 1"):
        Schema.of(box(X))


def test_nothing_that_varies_is_refused_with_the_reasons():
    with pytest.raises(InputError, match=r"needs a column that varies; dropped all 1: 'c': one value only: 3"):
        Schema.of(pd.DataFrame({"c": [3, 3]}))


def test_text_in_an_array_says_to_pass_a_frame():
    with pytest.raises(InputError, match="Pass text columns in a pandas, polars or Arrow frame"):
        Schema.of(np.array([["a", "b"], ["c", "d"]]))
    with pytest.raises(KindError, match="must hold numbers only"):
        Schema.of(np.array([[{}], [1]], dtype=object))


def test_fingerprints_differ_iff_content_does():
    X = np.arange(12.0).reshape(4, 3)
    table = Schema.of(X).read(X)
    assert table.fingerprint() == Schema.of(X.copy()).read(X.copy()).fingerprint()
    X[3, 2] += 1e-12
    assert table.fingerprint() != Schema.of(X).read(X).fingerprint()


def test_frames_are_told_from_other_things():
    assert all(is_frame(make(DATA)) for make in FRAMES.values())
    assert not any(map(is_frame, (np.ones((2, 2)), [[1]], sparse.csr_array((2, 2)), pd.Series([1]))))


@pytest.mark.parametrize("kind", FRAMES)
def test_numbers_with_decimal_commas_are_refused_and_not_made_medians(kind):
    schema = Schema.of(FRAMES[kind](DATA))
    with pytest.raises(
        InputError, match="column 'a' must hold numbers; got 2 of 2 values that are none, first '1,5' at row 0"
    ):
        schema.read(FRAMES[kind]({**DATA, "a": ["1,5", None, "3,5"]}))


def test_names_match_with_blanks_around_them_where_one_is_left():
    schema = Schema.of(pd.DataFrame({"a ": [1.0, 2.0], "b": [3.0, 4.0]}))
    assert schema.read(pd.DataFrame({"b": [1.0], " a": [9.0]})).numbers.tolist() == [[9.0, 1.0]]
    with pytest.raises(InputError, match="lacks column 'a '"):
        schema.read(pd.DataFrame({"a": [1.0], " a": [2.0], "b": [3.0]}))


def test_objects_of_polars_are_read_as_text_like_those_of_pandas():
    values = [1, "a", None, 2.5]
    frame = pl.DataFrame({"m": pl.Series(values, dtype=pl.Object)})
    assert Schema.of(frame).columns[0].categories == ("1", "2.5", "a")


@pytest.mark.parametrize("kind", FRAMES)
def test_the_last_date_is_a_number_of_days(kind):
    frame = FRAMES[kind]({"d": np.array(["9999-12-31", "2000-01-01"], "datetime64[us]")})
    assert Schema.of(frame).read(frame).numbers.tolist() == [[2932896.0], [10957.0]]
