"""Columns in, the same kind of column out; nothing is ever aligned."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

import upweight as uw
from upweight import InputError, Weights
from upweight._frames import NUMPY, Container, absent, all_same_rows, labels, read, read_columns, require, same_rows

NUMBERS = [1.0, 2.0, 4.0]
COLUMNS = {
    "list": NUMBERS,
    "tuple": tuple(NUMBERS),
    "numpy": np.array(NUMBERS),
    "float32": np.array(NUMBERS, dtype=np.float32),
    "int": np.array([1, 2, 4]),
    "strided": np.array([1.0, 9.0, 2.0, 9.0, 4.0])[::2],
    "swapped bytes": np.array(NUMBERS, dtype=">f8"),
    "masked": np.ma.array(NUMBERS, mask=False),
    "range": range(1, 5),
    "torch": torch.tensor(NUMBERS, requires_grad=True),
    "pandas": pd.Series(NUMBERS),
    "pandas nullable": pd.Series([1, 2, 4], dtype="Int64"),
    "pandas arrow": pd.Series([1, 2, 4], dtype="int64[pyarrow]"),
    "polars": pl.Series(NUMBERS),
    "polars int": pl.Series([1, 2, 4]),
    "arrow": pa.array(NUMBERS),
    "chunked": pa.chunked_array([[1.0, 2.0], [4.0]]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_is_read_as_float64(name):
    a, _ = read(COLUMNS[name], "x")
    assert a.dtype == np.float64
    assert a.tolist() == ([1.0, 2.0, 3.0, 4.0] if name == "range" else NUMBERS)


def test_what_speaks_the_array_protocol_is_read():
    class Box:
        def __array__(self, dtype=None, copy=None):
            return np.array(NUMBERS)

    assert read(Box(), "x")[0].tolist() == NUMBERS


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pandas", pd.Series),
        ("polars", pl.Series),
        ("arrow", pa.Array),
        ("chunked", pa.ChunkedArray),
        ("numpy", np.ndarray),
        ("torch", np.ndarray),
    ],
)
def test_scales_come_back_as_the_weights_came(name, kind):
    w = Weights.of(COLUMNS[name], kind="importance")
    for back in (w.values, w.sample_weight, w.probabilities):
        assert isinstance(back, kind)
    np.testing.assert_allclose(np.asarray(w.values), NUMBERS, rtol=1e-15)
    assert isinstance(w.clip(at=2).values, kind)


def test_index_and_name_are_kept_and_follow_the_rows():
    s = pd.Series(NUMBERS, index=["a", "b", "c"], name="w")
    w = Weights.of(s, kind="importance")
    assert (list(w.sample_weight.index), w.sample_weight.name) == (["a", "b", "c"], "w")
    assert list(w[[2, 0]].values.index) == ["c", "a"]
    assert list(w[np.array([False, True, True])].values.index) == ["b", "c"]
    assert w[[2, 0]].values.tolist() == pytest.approx([4.0, 1.0])


@pytest.mark.parametrize(
    "empty",
    [
        pd.Series([1.0, None, 3.0]),
        pl.Series([1.0, None, 3.0]),
        pa.array([1.0, None, 3.0]),
        pa.chunked_array([[1.0], [None, 3.0]]),
        np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]),
        pd.Series([1, None, 3], dtype="Int64"),
    ],
)
def test_missing_values_are_refused_with_their_row_or_become_nan(empty):
    with pytest.raises(
        InputError,
        match=r"`x` must have no missing values; got 1 missing or NaN, first at row 1. Drop those rows first.",
    ):
        read(empty, "x")
    assert np.isnan(read(empty, "x", nulls=True)[0]).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("x", "said"),
    [
        ([1j, 2.0], "must hold real numbers; got complex numbers"),
        (np.array([1.0, "a"], dtype=object), "got values of type object"),
        (["1", "2"], "must hold real numbers"),
        ([[1.0], [1.0, 2.0]], "rows of different lengths"),
        (pd.Series(["a", "b"]), "got a column of String"),
        (pl.Series(["a", "b"]), "got a column of String"),
        (pa.array(["a", "b"]), "got a column of String"),
        (np.array(["2020-01-01"], dtype="M8[D]"), "got values of type datetime64"),
        (None, "must be a column of numbers; got NoneType"),
        (object(), "must be a column of numbers; got object"),
    ],
)
def test_what_is_no_number_is_refused(x, said):
    with pytest.raises(InputError, match=said):
        read(x, "x")


def test_indexes_that_differ_are_never_aligned():
    boxes = [read(pd.Series(NUMBERS, index=i), "x")[1] for i in ([0, 1, 2], [2, 1, 0], [0, 1, 2])]
    same_rows(boxes[0], boxes[2], ("a", "b"))
    same_rows(boxes[0], NUMPY, ("a", "b"))
    with pytest.raises(
        InputError, match=r"`a` and `b` have different indexes; rows are never aligned in silence\. Reindex"
    ):
        same_rows(boxes[0], boxes[1], ("a", "b"))


def test_tables_are_read_column_by_column():
    columns = {"a": [1.0, None, 3.0], "b": [True, False, True]}
    for frame in (pd.DataFrame(columns), pl.DataFrame(columns), pa.table(columns)):
        a, _ = read_columns(frame, "f")
        np.testing.assert_array_equal(a, [[1, 1], [np.nan, 0], [3, 1]])
    with pytest.raises(InputError, match=r"`f\['c'\]` must hold real numbers"):
        read_columns(pl.DataFrame({"c": ["x"]}), "f")


@pytest.mark.parametrize(
    "x",
    [
        ["b", "a", "b"],
        np.array(["b", "a", "b"]),
        pd.Series(["b", "a", "b"], dtype="category"),
        pl.Series(["b", "a", "b"]),
        pa.array(["b", "a", "b"]),
        [7, 3, 7],
        [7.5, -1.0, 7.5],
        [True, False, True],
        np.array([10**12, 5, 10**12]),
        np.array(["2021", "2020", "2021"], dtype="M8[Y]"),
    ],
)
def test_labels_are_numbered_in_their_order(x):
    codes, levels, _ = labels(x, "cluster")
    assert codes.tolist() == [1, 0, 1]
    assert len(levels) == 2
    assert np.asarray(levels)[codes].tolist() == np.asarray(x).tolist()


@pytest.mark.parametrize(
    "x",
    [
        [1.0, np.nan, 1.0],
        np.array(["a", None, "b"], dtype=object),
        pd.Series(["a", None, "b"]),
        pl.Series([1, None, 2]),
        np.array(["2020", "NaT", "2021"], dtype="M8[Y]"),
    ],
)
def test_labels_that_are_missing_are_refused(x):
    with pytest.raises(InputError, match="`by` must have no missing values; got 1 missing or NaN, first at row 1"):
        labels(x, "by")


def test_refusals_count_and_point():
    values = np.array([[1.0, -0.22], [3.0, -4.0]])
    with pytest.raises(InputError, match=r"^w must be >= 0; got 2 negative, first -0\.22 at row \(0, 1\)\. Mend\.$"):
        require(values >= 0, "w", "be >= 0", values, "Mend.", "negative")
    require(values < 9, "w", "be < 9", values, "Mend.")


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_table_is_not_a_column(make):
    table = make({"q": [0.5, 0.5], "p": [0.2, 0.8]})
    with pytest.raises(InputError, match=r"`values` must be one column; got a table of 2\. .*say frame\['q'\]"):
        Weights.of(table)
    with pytest.raises(InputError, match="`target` must be one column; got a table of 2"):
        uw.ratio(table, table)


def test_two_columns_of_one_name_are_refused():
    doubled = pd.DataFrame(np.ones((3, 3)), columns=["a", "b", "a"])
    said = r"must have different names; got 1 more than once: 'a'\. Rename or drop one"
    with pytest.raises(InputError, match=f"the columns of `f` {said}"):
        Weights.of(np.ones(3), kind="importance").mean(doubled)
    for pair in ((doubled, doubled[["b"]]), (doubled[["b"]], doubled)):
        with pytest.raises(InputError, match=said):
            uw.balance(*pair)
    with pytest.raises(InputError, match=said):
        uw.Correction.none().apply(pd.DataFrame(np.full((2, 2), 0.5), columns=["a", "a"]))
    with pytest.raises(InputError, match=said):
        uw.rare_bias(doubled, np.full(3, 0.5))


def test_rows_without_an_index_fit_any():
    a, b = (Container(index=pd.Index([*labels])) for labels in ("ab", "ba"))
    all_same_rows({"x": a, "y": NUMPY, "z": a})
    with pytest.raises(InputError, match="`x` and `z` have different indexes"):
        all_same_rows({"x": a, "y": NUMPY, "z": b})


@pytest.mark.parametrize(
    ("values", "gaps"),
    [
        (np.array(["a", np.nan, None, "nan", pd.NA, pd.NaT, 0], object), [1, 2, 4, 5]),
        (np.array([1.0, np.nan, np.inf]), [1]),
        (np.array([1j, complex(np.nan, 1)]), [1]),
        (np.array(["2020-01-01", "NaT"], "datetime64[D]"), [1]),
        (np.array(["nan", ""]), []),
        (np.array([0, 1]), []),
    ],
)
def test_a_gap_is_none_nan_nat_or_na(values, gaps):
    assert np.flatnonzero(absent(values)).tolist() == gaps


@pytest.mark.parametrize("gap", [np.nan, None, pd.NA, pd.NaT])
def test_clusters_have_no_gaps_among_objects(gap):
    w = Weights.of([1.0, 2.0, 3.0], kind="frequency")
    with pytest.raises(
        InputError, match=r"`cluster` must have no missing values; got 1 missing or NaN, first at row 1"
    ):
        w.mean([1.0, 2.0, 3.0], cluster=np.array(["a", gap, "b"], object))


@pytest.mark.parametrize(
    "f", [pd.Series(["yes", "no"]), np.array(["yes", "no"]), pl.Series(["yes", "no"]).cast(pl.Categorical)]
)
def test_a_label_in_words_is_refused_with_what_to_write(f):
    with pytest.raises(uw.InputError, match="or to yes and no by x == 'yes'"):
        uw.Weights.of([1, 2], kind="importance").mean(f)
    assert uw.Weights.of([1, 2], kind="importance").mean(f == "yes").value == pytest.approx(1 / 3)
