"""Batches of columns: only those asked for, in the order of the file, each knowing its file and its first row."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight import InputError
from upweight.files import open_columns, read_source


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def open_quietly(name):
    return open_columns(str(name), lambda _: None)


def test_batches_are_the_rows_in_their_order_and_say_where_they_begin(here, monkeypatch):
    monkeypatch.setattr("upweight.files._parquet.BATCH", 7)
    monkeypatch.setattr("upweight.files._batches.BATCH", 7)
    monkeypatch.setattr("upweight.files._batches.BLOCK", 64)
    values = np.arange(40.0)
    (here / "p").mkdir()
    for i in range(2):
        pq.write_table(pa.table({"w": values[20 * i : 20 * i + 20]}), here / "p" / f"{i}.parquet")
    np.save(here / "d.npy", values)
    (here / "d.csv").write_text("w\n" + "".join(f"{v}\n" for v in values))
    (here / "d.jsonl").write_text("".join(f'{{"w": {v}}}\n' for v in values))
    for name in ("p", "d.npy", "d.csv", "d.jsonl"):
        batches = list(open_quietly(name).read(("w",), ()))
        assert len(batches) > 1, name
        assert np.concatenate([b.numbers("w") for b in batches]).tolist() == values.tolist()
        for b in batches:
            start = 20 if b.file.endswith("1.parquet") else 0
            assert b.numbers("w")[0] == start + b.first
            assert len(b) == len(b.numbers("w"))


def test_only_the_columns_asked_for_are_read(here):
    pq.write_table(pa.table({"w": [1.0], "a": ["x"], "b": [2]}), here / "d.parquet")
    (here / "d.csv").write_text("w,a,b\n1,x,2\n")
    for name in ("d.parquet", "d.csv"):
        (batch,) = open_quietly(name).read(("w",), ("a",))
        assert sorted(batch.columns.schema.names) == ["a", "w"]


def test_one_column_may_be_numbers_and_labels(here):
    pq.write_table(pa.table({"w": [1.0, 2.5]}), here / "d.parquet")
    (here / "d.csv").write_text("w\n1\n2.5\n")
    for name in ("d.parquet", "d.csv"):
        (batch,) = open_quietly(name).read(("w",), ("w",))
        assert batch.numbers("w").tolist() == batch.labels("w").tolist() == [1.0, 2.5]


@pytest.mark.parametrize(
    "values", [pa.array([1, 2**53 + 1]), pa.array([1, 2**64 - 1], pa.uint64()), pa.array([1, -(2**53) - 1])]
)
def test_whole_numbers_that_would_be_rounded_are_refused_with_their_row(here, values):
    pq.write_table(pa.table({"w": values}), here / "d.parquet")
    (batch,) = open_quietly("d.parquet").read(("w",), ())
    with pytest.raises(
        InputError, match=f"d.parquet: column 'w': whole numbers must be within 2.53 .*; got {values[1]} at row 1"
    ):
        batch.numbers("w")


def test_labels_keep_their_type_and_gaps_and_nested_ones_are_refused(here):
    table = pa.table(
        {
            "w": [1.0, 1.0],
            "i": pa.array([2**64 - 1, 3], pa.uint64()),
            "t": ["x", None],
            "d": pa.array(["x", "y"]).dictionary_encode(),
            "l": [[1], [2]],
            "b": [b"\xff", b"x"],
        }
    )
    pq.write_table(table, here / "d.parquet")
    (batch,) = open_quietly("d.parquet").read(("w",), ("i", "t", "d", "l", "b"))
    assert batch.labels("i").tolist() == [2**64 - 1, 3]
    assert batch.labels("t").tolist() == ["x", None]
    assert batch.labels("d").tolist() == ["x", "y"]
    for name, kind in (("l", "list"), ("b", "binary")):
        with pytest.raises(
            InputError, match=f"d.parquet: column '{name}' must hold one label a row.*got {kind}.* at row 0"
        ):
            batch.labels(name)


def test_names_are_found_alike_by_both_readers(here):
    (here / "d.csv").write_text("a ,b\n1,2\n")
    assert open_quietly("d.csv").require("a", "--column") == "a "
    (here / "n.csv").write_text("1.5,2\n2.5,4\n")
    assert open_quietly("n.csv").require("1", "--column") == "c1"
    with pytest.raises(InputError, match="n.csv: no column 'w' for --column. The file has no header line; its columns"):
        open_quietly("n.csv").require("w", "--column")
    with pytest.raises(InputError, match=r"d.csv: no column 'c' for --by. Known: a , b"):
        open_quietly("d.csv").require("c", "--by")


@pytest.mark.parametrize("name", ["W.PARQUET", "W.Pq", "W.NPY"])
def test_an_ending_in_capitals_is_an_ending(here, name):
    if name.endswith("NPY"):
        with open(here / name, "wb") as file:
            np.save(file, np.array([1.0, 2.0]))
    else:
        pq.write_table(pa.table({"w": [1.0, 2.0]}), here / name)
    assert [b.numbers("w").tolist() for b in open_quietly(name).read(("w",), ())] == [[1.0, 2.0]]
    assert read_source(name, lambda _: None).table["w"].to_pylist() == [1.0, 2.0]


def test_a_field_that_is_no_number_is_named_with_its_row_whatever_stands_before_it(here):
    (here / "d.csv").write_text("w\n1\ninf\nNaN\n-1e5\n+.5\nabc\n")
    with pytest.raises(InputError, match="d.csv: column 'w' must hold numbers; got 'abc' at row 5"):
        list(open_quietly("d.csv").read(("w",), ()))
