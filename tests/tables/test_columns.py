"""How one column is read, and read again."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from upweight import InputError
from upweight.tables._columns import MISSING, UNSEEN, codes, describe, numbers, read_numbers


@pytest.mark.parametrize(
    ("values", "kind", "note"),
    [
        (pa.array([1.5, 2.5, None]), "numeric", ""),
        (pa.array([1, 2, 3, 5]), "numeric", ""),
        (pa.array([7, 7, 7]), "dropped", "one value only: 7"),
        (pa.array([7, 7, None]), "numeric", "one value only: 7, or a gap"),
        (pa.array([None, None], pa.float64()), "dropped", "nothing but gaps"),
        (pa.array(["a", "b", "a"]), "categorical", "2 levels"),
        (pa.array(["a", "a", None]), "categorical", "1 level"),
        (pa.array(["a", " a", "a "]), "dropped", "one value only: 'a'"),
        (pa.array([True, False, None]), "categorical", "2 levels"),
        (pa.array([dt.date(2020, 1, 1), dt.date(2020, 1, 3)]), "numeric", "dates as days"),
        (pa.array([[1], [2]]), "dropped", "nested values"),
        (pa.array([f"u{i}" for i in range(50)]), "dropped", "an identifier: 50 different values in 50 rows"),
        (
            pa.array([f"c{i % 60}" for i in range(600)]),
            "categorical",
            "60 levels: the 50 most frequent kept, the rest as one",
        ),
        (
            pa.array([str(i / 7) for i in range(99)] + ["n/k"]),
            "numeric",
            "text read as numbers; 1 value that is none counts as a gap, first 'n/k' at row 99",
        ),
        (pa.array(["x", "y", "x"]).dictionary_encode(), "categorical", "2 levels"),
    ],
)
def test_each_kind_of_column_is_told_apart(values, kind, note):
    column = describe("c", values)
    assert (column.kind, column.note) == (kind, note)


def test_a_row_number_is_dropped_by_name_and_shape_only():
    rows = pa.array(range(10))
    assert describe("id", rows).kind == describe("Unnamed: 0", rows).kind == "dropped"
    assert describe("age", rows).kind == "numeric"
    assert describe("id", pa.array([1, 2, 4])).kind == "numeric"


def test_numbers_read_dates_as_days_and_text_as_numbers():
    days = numbers("d", pa.array([dt.datetime(1970, 1, 2, 12), None]))
    assert days[0] == 1.5
    assert np.isnan(days[1])
    text = numbers("t", pa.array(["1e3", " -2.5 ", "+4", "x", "?"]))
    np.testing.assert_array_equal(text, [1000, -2.5, 4, np.nan, np.nan])


def test_infinity_is_refused_with_its_row():
    with pytest.raises(InputError) as error:
        numbers("age", pa.array([1.0, np.inf, -np.inf]))
    assert "column 'age' has 2, first inf at row 1. Write them as missing, or drop those rows." in str(error.value)


def test_codes_tell_gaps_from_values_never_met():
    column = describe("c", pa.array(["b", "a", "a", None]))
    assert column.categories == ("a", "b")
    with pytest.warns(UserWarning, match="1 of 4 values"):
        code = codes(column, pa.array(["a", "z", None, "b", "?", " b "]))
    assert code.tolist() == [0, UNSEEN, MISSING, 1, MISSING, 1]


def test_dates_beyond_2262_are_days_whatever_their_unit():
    last = dt.datetime(9999, 12, 31, 12)
    for unit in ("s", "ms", "us"):
        assert numbers("d", pa.array([last], pa.timestamp(unit))).tolist() == [2932896.5]
    assert numbers("d", pa.array([last.date()], pa.date64())).tolist() == [2932896.0]
    assert numbers("d", pa.array([dt.datetime(1970, 1, 2)], pa.timestamp("ns"))).tolist() == [1.0]
    half = (pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"))
    assert [numbers("t", pa.array([dt.time(12)], kind))[0] for kind in half] == [0.5] * 4
    assert numbers("t", pa.array([dt.timedelta(days=40_000)], pa.duration("us"))).tolist() == [40_000.0]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary(2)])
def test_bytes_are_text_or_refused_with_column_and_row(kind):
    assert describe("b", pa.array([b"ab", b"cd", b"ab"], kind)).categories == ("ab", "cd")
    with pytest.raises(InputError) as error:
        describe("b", pa.array([b"ab", None, b"\xff\xfe", b"\xff\xfe"], kind))
    assert "column 'b' must hold numbers or text; got 2 values that are bytes, not UTF-8 text, first at row 2." in str(
        error.value
    )


def test_a_number_that_comes_as_text_is_read_refused_or_told(recwarn):
    column = describe("a", pa.array([1.5, 2.5, None]))
    assert read_numbers(column, pa.array(["1.5", None, "?", " 7 "])).tolist()[::3] == [1.5, 7.0]
    assert read_numbers(column, pa.array([True, False])).tolist() == [1.0, 0.0]
    assert np.isnan(read_numbers(column, pa.array([None, None, ""]))).all()
    assert not recwarn.list
    with pytest.raises(InputError) as error:
        read_numbers(column, pa.array([None, "0,35", "1,2"]))
    assert "`X`: column 'a' must hold numbers; got 2 of 2 values that are none, first '0,35' at row 1." in str(
        error.value
    )
    with pytest.warns(
        UserWarning, match="holds numbers, but 1 of 3 values are none, first 'n/k' at row 2; they count as missing"
    ):
        assert np.isnan(read_numbers(column, pa.array(["1", "2", "n/k"]))[2])
    with pytest.raises(InputError, match="column 'a' must hold numbers; got nested values"):
        read_numbers(column, pa.array([[1], [2]]))


def test_words_that_were_gaps_from_the_start_are_not_told_again(recwarn):
    text = pa.array([str(i / 7) for i in range(99)] + ["n/k"])
    column = describe("c", text)
    assert np.isnan(read_numbers(column, text)).sum() == 1
    assert not recwarn.list
    with pytest.warns(UserWarning, match="1 of 1 values are none, first 'n/k' at row 0"):
        read_numbers(column, pa.array(["n/k"]))
