"""What was named: a file of some kind, standard input, or nothing that is there."""

import gzip
import io
import os
import sys
import types

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight import InputError
from upweight.files import open_columns, read_source
from upweight.files._paths import find, kind_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *[("a.csv", "text"), ("a.PARQUET", "parquet"), ("a.Pq", "parquet"), ("a.NPZ", "numpy"), ("a.XLSX", "excel")],
        *[
            ("a.jsonl.gz", "json"),
            ("a.b.NDJSON", "json"),
            ("a.csv.gz", "text"),
            ("a.parquet.gz", "text"),
            ("a", "text"),
        ],
    ],
)
def test_the_kind_goes_by_the_ending_in_any_case(tmp_path, name, kind):
    assert kind_of(tmp_path / name) == kind


@pytest.fixture
def piped(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    def call(content):
        stream = types.SimpleNamespace(buffer=io.BytesIO(content), isatty=lambda: False)
        monkeypatch.setattr(sys, "stdin", stream)

    return call


def contents():
    parquet, vector = io.BytesIO(), io.BytesIO()
    pq.write_table(pa.table({"w": [1.0, 2.0]}), parquet)
    np.save(vector, np.array([1.0, 2.0]))
    return {
        "csv": b"w,g\n1,a\n2,b\n",
        "gzip": gzip.compress(b"w\n1\n2\n"),
        "parquet": parquet.getvalue(),
        "numpy": vector.getvalue(),
        "json": b'{"w": 1.0}\n{"w": 2.0}\n',
    }


@pytest.mark.parametrize("kind", contents())
def test_standard_input_is_read_whatever_it_holds_and_leaves_nothing_behind(piped, tmp_path, kind):
    piped(contents()[kind])
    source = read_source("-", lambda _: None)
    assert source.table["w"].to_pylist() == [1.0, 2.0]
    assert source.name == "standard input"
    assert source.at(1).startswith("row 1")
    piped(contents()[kind])
    columns = open_columns("-", lambda _: None)
    assert [b.numbers("w").tolist() for b in columns.read(("w",), ())] == [[1.0, 2.0]]
    del source, columns
    assert os.listdir(tmp_path) == []


def test_an_empty_or_absent_standard_input_is_told(piped, monkeypatch):
    piped(b"")
    with pytest.raises(InputError, match=r"standard input: it is empty \(0 bytes\)"):
        find("-")
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(), isatty=lambda: True))
    with pytest.raises(InputError, match="standard input: nothing is sent there"):
        find("-")


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "no/such/folder/a.csv"])
def test_names_that_no_file_can_have_are_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        find(name)
