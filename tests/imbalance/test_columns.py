"""How one column is read, and read again."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from upweight import InputError
from upweight.imbalance._columns import MISSING, UNSEEN, codes, describe, numbers


@pytest.mark.parametrize(
    ("values", "kind", "note"),
    [
        (pa.array([1.5, 2.5, None]), "numeric", ""),
        (pa.array([1, 2, 3, 5]), "numeric", ""),
        (pa.array([7, 7, None]), "dropped", "one value only: 7"),
        (pa.array([None, None], pa.float64()), "dropped", "nothing but gaps"),
        (pa.array(["a", "b", "a"]), "categorical", "2 levels"),
        (pa.array(["a", "a", None]), "categorical", "1 levels"),
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
            "text read as numbers; 1 values that are none count as gaps",
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


def test_codes_tell_gaps_from_levels_never_met():
    column = describe("c", pa.array(["b", "a", "a"]))
    assert column.levels == ("a", "b")
    assert codes(column, pa.array(["a", "z", None, "b", "?", " b "])).tolist() == [0, UNSEEN, MISSING, 1, MISSING, 1]
