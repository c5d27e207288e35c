"""Parquet: keys of folders are columns, leftovers of writers are no data, damaged pages are refused, rows are counted."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight import InputError
from upweight.files import open_columns, read_source


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(name, columns=None, **options):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns or {"w": [1.0, 2.0]}), tmp_path / name, **options)

    return call


def rows_of(name, *columns):
    """The table, and the same by batches."""
    told = []
    table = read_source(name, told.append).table
    columns = columns or table.column_names
    batches = [b.columns.select(list(columns)) for b in open_columns(name, lambda _: None).read(columns, ())]
    assert pa.Table.from_batches(batches).to_pydict() == table.select(list(columns)).to_pydict()
    return table, told


def test_keys_of_folders_are_columns_of_both_readers(write):
    for year, day, value in ((2023, "mon", 1.0), (2024, "tue", 2.0)):
        write(f"p/year={year}/day={day}/part.parquet", {"w": [value]})
    table, _ = rows_of("p")
    assert table.to_pydict() == {"w": [1.0, 2.0], "year": [2023, 2024], "day": ["mon", "tue"]}
    assert rows_of("p", "year")[0]["year"].type == pa.int64()


def test_keys_are_unquoted_typed_and_may_be_missing(write):
    write("p/k=a%20b/p=0.5/1.parquet")
    write("p/k=__HIVE_DEFAULT_PARTITION__/p=1/1.parquet")
    table, _ = rows_of("p")
    assert table["k"].to_pylist() == [None, None, "a b", "a b"]
    assert table["p"].to_pylist() == [1.0, 1.0, 0.5, 0.5]


def test_a_key_that_is_a_column_too_is_left_to_the_files(write):
    write("p/d=1/1.parquet", {"w": [1.0], "d": [7]})
    assert rows_of("p")[0].to_pydict() == {"w": [1.0], "d": [7]}


def test_files_without_the_keys_of_the_others_are_refused(write):
    write("p/d=1/1.parquet")
    write("p/1.parquet")
    with pytest.raises(InputError, match=r"lies in folders of the keys \['d'\], p/1.parquet in those of \[\]"):
        read_source("p", lambda _: None)


def test_what_a_writer_left_behind_is_no_data_and_other_files_are_told(write, tmp_path):
    write("p/1.parquet")
    for name in ("p/_temporary/0/1.parquet", "p/.ipynb_checkpoints/1.parquet", "p/_delta_log/1.checkpoint.parquet"):
        write(name)
    (tmp_path / "p" / "more.csv").write_text("w\n1\n")
    (tmp_path / "p" / "_SUCCESS").write_text("")
    table, told = rows_of("p")
    assert table.num_rows == 2
    assert told == ["p: only Parquet is read; 1 other file left out, first 'more.csv'."]


def test_a_folder_named_like_a_file_is_a_folder(write):
    write("d.parquet/part-0.parquet")
    write("p/x.parquet/part-0.parquet")
    assert rows_of("d.parquet")[0].num_rows == rows_of("p")[0].num_rows == 2


def test_a_row_of_a_folder_is_told_with_its_file(write):
    write("p/1.parquet", {"w": [1.0, 2.0, 3.0]})
    write("p/2.parquet", {"w": [4.0]})
    source = read_source("p", lambda _: None)
    assert [source.at(i) for i in (0, 2, 3)] == ["row 0 of p/1.parquet", "row 2 of p/1.parquet", "row 0 of p/2.parquet"]


def test_a_folder_of_files_with_other_columns_is_refused_by_both_readers(write):
    write("p/1.parquet", {"w": [1.0], "a": [1]})
    write("p/2.parquet", {"w": [1.0]})
    for read in (read_source, open_columns):
        with pytest.raises(InputError, match=r"^p/2.parquet: no column 'a', which p/1.parquet has"):
            read("p", lambda _: None)


def test_a_column_that_stands_twice_is_refused_by_batches_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["w", "w"]), "d.parquet")
    with pytest.raises(InputError, match="d.parquet: column 'w' stands 2 times, at 1, 2"):
        open_columns("d.parquet", lambda _: None)


def test_a_damaged_page_is_refused_with_its_file(write, tmp_path):
    rng = np.random.default_rng(0)
    write(
        "d.parquet", {"w": rng.normal(size=50_000)}, compression="none", use_dictionary=False, write_page_checksum=True
    )
    whole = (tmp_path / "d.parquet").read_bytes()
    (tmp_path / "d.parquet").write_bytes(whole[:3000] + bytes(2000) + whole[5000:])
    for read in (read_source, lambda n, tell: list(open_columns(n, tell).read(("w",), ()))):
        with pytest.raises(InputError, match="^d.parquet: cannot be read: .* Is the file whole"):
            read("d.parquet", lambda _: None)


def test_text_that_is_no_utf8_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bad = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(np.array([0, 2], np.int32).tobytes()), pa.py_buffer(b"\xff\xfe")]
    )
    pq.write_table(pa.table({"t": bad}), "d.parquet")
    with pytest.raises(InputError, match="d.parquet: cannot be read: .*[Uu][Tt][Ff]"):
        read_source("d.parquet", lambda _: None)
