"""Values that are neither plain numbers nor text: one reading in every frame and through every door."""

import datetime as dt
import uuid
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import upweight.imbalance as im
from upweight import InputError
from upweight.tables import Schema

N = 120
A = np.random.default_rng(0).normal(size=N).round(3)
Y = np.arange(N) % 4 == 0
KINDS = {
    "pandas": lambda v: pd.DataFrame({"a": A, "c": v}),
    "objects": lambda v: pd.DataFrame({"a": A, "c": pd.Series(v, dtype=object)}),
    "polars": lambda v: pl.DataFrame({"a": A, "c": v}, strict=False),
    "polars objects": lambda v: pl.DataFrame({"a": A, "c": pl.Series(v, dtype=pl.Object)}),
    "arrow": lambda v: pa.table({"a": A, "c": pa.array(v)}),
}
VALUES = {
    "decimal": [Decimal(str(v)) for v in A],
    "duration": [dt.timedelta(hours=float(v)) for v in A],
    "uuid": [uuid.UUID(int=i) for i in range(N)],
    "text as bytes": [b"a" if i % 2 else b"b" for i in range(N)],
    "bytes": [bytes([200 + i % 7, 255]) for i in range(N)],
    "times": [dt.time(i % 24) for i in range(N)],
    "whole": [10**20 + i for i in range(N)],
}


def answer(run):
    """What came of it: a value, or the kind of refusal."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run()
    except InputError as error:
        return "refused" if "column 'c'" in str(error) else str(error)


@pytest.mark.parametrize("what", list(VALUES))
def test_every_door_reads_a_value_alike_in_every_frame(what):
    frames = [make for kind, make in KINDS.items() if (what, kind) != ("whole", "arrow")]  # Arrow has no such numbers
    made = [make(VALUES[what]) for make in frames]
    schemas = [answer(lambda f=f: Schema.of(f).columns[1]) for f in made]
    assert all(s == schemas[0] for s in schemas)
    for sampler in (im.SMOTE(rng=0), im.TomekLinks(), im.RandomUnder(rng=0)):
        rows = [answer(lambda f=f, s=sampler: s.resample(f, Y).indices.tolist()) for f in made]
        assert all(r == rows[0] for r in rows), [r if r == "refused" else "rows" for r in rows]


def test_decimals_are_numbers():
    frame = KINDS["polars"](VALUES["decimal"])
    column = Schema.of(frame).columns[1]
    assert (column.kind, column.note) == ("numeric", "")
    np.testing.assert_array_equal(Schema.of(frame).read(frame).numbers[:, 1], A)


@pytest.mark.parametrize("base", [10**20, 2**60])
@pytest.mark.parametrize("kind", ["pandas", "polars", "polars objects"])
def test_whole_numbers_that_are_one_double_are_not_called_one_value(base, kind):
    column = Schema.of(KINDS[kind]([base + i for i in range(N)])).columns[1]
    assert column.kind == "dropped"
    assert (
        column.note
        == f"120 different whole numbers are 1 as doubles, {float(base):g}; as text they would be told apart"
    )
    some = Schema.of(KINDS[kind]([base + 100_000 * (i % 3) + i for i in range(N)])).columns[1]
    assert some.kind == "numeric"
    assert some.note.startswith("120 different whole numbers are ")


def test_of_an_array_too():
    X = np.column_stack([np.full(N, 2**60, dtype=np.int64) + np.arange(N), np.arange(N) % 7])
    assert Schema.of(X).columns[0].note.startswith("one value only as a double: 1.15292e+18")


def test_one_text_among_numbers_is_no_gap_in_the_opening_lines():
    mix = pd.DataFrame({"mix": pd.Series([*A[:-2].tolist(), None, "abc"], dtype=object), "a": A})
    line = im.compare(mix, Y, methods="weights", cv="2x1", rng=0).setup.opening[1]
    assert "read mix (text read as numbers; 1 value that is none counts as a gap, first 'abc' at row 119)" in line
    assert "gaps in mix (1)" in line  # the other one


def test_what_was_read_otherwise_is_listed_whole():
    rng = np.random.default_rng(1)
    days = {f"d{j}": [f"{d}/03/2020" for d in rng.integers(1, 29, N)] for j in range(7)}
    line = im.compare(pd.DataFrame({"a": A, **days}), Y, methods="weights", cv="2x1", rng=0).setup.opening[1]
    assert all(f"d{j} (dates as days" in line for j in range(7))
    many = {f"d{j}": [f"{d}/03/2020" for d in rng.integers(1, 29, N)] for j in range(14)}
    line = im.compare(pd.DataFrame({"a": A, **many}), Y, methods="weights", cv="2x1", rng=0).setup.opening[1]
    assert "and 2 more" in line
    assert line.endswith("Every column: data.preprocessing in the JSON document.")


@pytest.mark.parametrize("size", [1e-300, 1e300, 1.7e308])
@pytest.mark.parametrize("learner", ["logistic", "boosting"])
def test_numbers_of_any_size_are_compared_without_a_warning(size, learner, recwarn):
    X = pd.DataFrame({"a": A, "far": np.random.default_rng(2).uniform(-1, 1, N) * size})
    assert im.compare(X, Y, learner=learner, methods="weights,smote,tomek", cv="2x1", rng=0).warnings == ()
    assert not [w for w in recwarn.list if issubclass(w.category, RuntimeWarning)]
