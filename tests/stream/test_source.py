"""Data on disk: which files, which tasks, one schema; and what is refused, by name."""

from __future__ import annotations

import gzip
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from upweight import InputError, stream
from upweight.files import read_source
from upweight.stream import _source


def rows(first, stop, **types):
    ids = np.arange(first, stop)
    return pa.table({"id": pa.array(ids, types.get("id", pa.int64())), "x": pa.array(ids / 7, types.get("x"))})


def write(path, table, **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **how)
    return path


def read(source, columns=None):
    return pa.Table.from_batches(source.batches(columns))


@pytest.fixture
def folder(tmp_path):
    for k in range(3):
        write(tmp_path / "data" / f"{k}.parquet", rows(100 * k, 100 * k + 100), row_group_size=30)
    return tmp_path / "data"


# ---- finding ----------------------------------------------------------------------------------------------------------------


def test_folder_pattern_and_list_are_the_same_files_and_rows(folder, monkeypatch):
    whole = read(stream.open(str(folder)))
    assert whole["id"].to_pylist() == list(range(300))
    names = sorted(str(p) for p in folder.iterdir())
    monkeypatch.chdir(folder.parent)
    for given in (
        folder,
        f"{folder}/*.parquet",
        names,
        names[::-1],
        [*names, str(folder)],
        "data",
        "data/[0-2].parquet",
        "./data/",
    ):
        source = stream.open(given)
        assert [f.path for f in source.files] == ["0.parquet", "1.parquet", "2.parquet"]
        assert [t.id for t in source.tasks()] == [t.id for t in stream.open(str(folder)).tasks()]
        assert read(source) == whole


def test_hidden_names_are_no_data_and_a_star_stays_in_its_folder(folder):
    for name in ("_SUCCESS", ".x.parquet", "_old/1.parquet", "more/3.parquet", "notes.md"):
        write(folder / name, rows(0, 5))
    assert [f.path for f in stream.open(f"{folder}/*.parquet").files] == ["0.parquet", "1.parquet", "2.parquet"]
    assert [f.path for f in stream.open(f"{folder}/**/*.parquet").files][-1] == "more/3.parquet"
    assert len(stream.open(str(folder)).files) == 4


def test_a_folder_whose_name_has_brackets_is_a_folder(tmp_path):
    write(tmp_path / "a[1]" / "0.parquet", rows(0, 5))
    assert stream.open(str(tmp_path / "a[1]")).rows == 5


def test_files_of_one_name_in_two_folders_stay_apart(tmp_path):
    files = [str(write(tmp_path / f"day={d}" / "x.parquet", rows(d, d + 2))) for d in (2, 1)]
    source = stream.open(files)
    assert [f.path for f in source.files] == ["day=1/x.parquet", "day=2/x.parquet"]
    assert read(source)["day"].to_pylist() == ["1", "1", "2", "2"]


def test_folder_keys_are_text_decoded_and_may_be_null(tmp_path):
    for day, hour in (("a%20b", "05"), ("__HIVE_DEFAULT_PARTITION__", "6")):
        write(tmp_path / f"day={day}" / f"hour={hour}" / "x.parquet", rows(0, 2))
    table = read(stream.open(str(tmp_path)))
    assert table.schema.field("day").type == pa.string()
    assert sorted(zip(table["day"].to_pylist(), table["hour"].to_pylist(), strict=True), key=str) == [
        ("a b", "05"), ("a b", "05"), (None, "6"), (None, "6")]  # fmt: skip
    assert read(stream.open(str(tmp_path)), ["hour"]).num_rows == 4


def test_what_is_not_there_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    for given, words in (
        (str(tmp_path / "none"), "no such file or folder"),
        (str(tmp_path / "empty"), "holds no Parquet or CSV files"),
        (str(tmp_path / "*.parquet"), "holds no Parquet or CSV files"),
        ([], "no data was named"),
        ("nowhere://a/b", "nowhere"),
    ):
        with pytest.raises(InputError, match=words):
            stream.open(given)
    with pytest.raises(InputError, match="no column 'z'; it has 'id', 'x'"):
        list(stream.open(str(write(tmp_path / "a.parquet", rows(0, 3)))).batches(["z"]))


# ---- other filesystems ------------------------------------------------------------------------------------------------------


def test_memory_of_fsspec_and_the_mock_filesystem(tmp_path):
    import fsspec

    local = write(tmp_path / "0.parquet", rows(0, 40), row_group_size=10).read_bytes()
    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/data/0.parquet", local)
    mock = fs._MockFileSystem()
    mock.create_dir("bucket/data")
    with mock.open_output_stream("bucket/data/0.parquet") as file:
        file.write(local)
    try:
        for source in (
            stream.open("memory://bucket/data"),
            stream.open("/bucket/data/", filesystem=memory),
            stream.open("bucket/data", filesystem=mock),
            stream.open("bucket/*/0.parquet", filesystem=mock),
        ):
            assert read(source)["id"].to_pylist() == list(range(40))
            assert source.files[0].token == stream.open(str(tmp_path)).files[0].token
    finally:
        memory.rm("/bucket", recursive=True)


# ---- tasks ------------------------------------------------------------------------------------------------------------------


def test_tasks_are_whole_row_groups_in_order_cut_by_bytes_alone(folder, monkeypatch):
    assert len(stream.open(str(folder)).tasks()) == 1  # far below 8 MiB
    monkeypatch.setattr(_source, "LEAST_BYTES", 1)
    source = stream.open(str(folder))
    tasks = source.tasks()
    assert len(tasks) == 12
    assert len({t.id for t in tasks}) == 12
    ids = [i for t in tasks for p in t.pieces for b in source.batches_of(p, ["id"]) for i in b["id"].to_pylist()]
    assert ids == list(range(300))
    monkeypatch.setattr(_source, "LEAST_BYTES", sum(p.bytes for t in tasks[:5] for p in t.pieces))
    few = stream.open(str(folder)).tasks()
    assert [len(t.pieces) for t in few[:1]] == [2]  # four row groups of the first file and one of the second
    assert [(p.file.path, p.first, p.stop) for p in few[0].pieces] == [("0.parquet", 0, 4), ("1.parquet", 0, 1)]


def test_a_token_tells_files_apart_that_differ_in_the_middle_or_only_in_their_footer(tmp_path):
    n = 60_000
    values = np.random.default_rng(0).normal(size=(2, n))
    files = [write(tmp_path / f"{k}.parquet", pa.table({"x": v}), compression="none") for k, v in enumerate(values)]
    tokens = {f.token for f in stream.open([str(f) for f in files]).files}
    assert len(tokens) == 2
    copy = tmp_path / "copy" / "0.parquet"
    copy.parent.mkdir()
    copy.write_bytes(files[0].read_bytes())
    assert stream.open(str(copy)).files[0].token in tokens


def test_rows_know_their_file_and_their_number_in_it(folder):
    table = read(stream.open(str(folder)), [*stream.POSITION, "id"])
    assert table["_uw_row"].to_pylist() == [i % 100 for i in range(300)]
    assert table["_uw_file"].to_pylist() == [f.token for f in stream.open(str(folder)).files for _ in range(100)]


# ---- one schema -------------------------------------------------------------------------------------------------------------


def test_numbers_and_texts_widen_and_columns_that_lack_are_null(tmp_path):
    write(tmp_path / "0.parquet", rows(0, 3, id=pa.int32(), x=pa.float32()))
    text = pa.array(["a", None, "b"]).dictionary_encode()
    write(tmp_path / "1.parquet", rows(3, 6).append_column("site", text))
    write(tmp_path / "2.parquet", rows(6, 9).append_column("site", pa.array(["c", "d", "e"])))
    table = read(stream.open(str(tmp_path)))
    assert [str(f.type) for f in table.schema] == ["int64", "double", "large_string"]
    assert table["site"].to_pylist() == [None, None, None, "a", None, "b", "c", "d", "e"]
    assert table["id"].to_pylist() == list(range(9))


def test_a_text_and_a_number_of_one_name_are_refused_with_both_files(tmp_path):
    write(tmp_path / "a.parquet", rows(0, 3))
    write(tmp_path / "b.parquet", pa.table({"id": ["1", "2"]}))
    with pytest.raises(InputError, match=r"'id' is int64 in a.parquet and string in b.parquet"):
        stream.open(str(tmp_path))


def test_two_columns_of_one_name_are_refused(tmp_path):
    path = write(tmp_path / "a.parquet", pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"]))
    with pytest.raises(InputError, match=r"a.parquet: two columns are called 'x'"):
        stream.open(str(path))


# ---- text -------------------------------------------------------------------------------------------------------------------


def test_csv_is_one_task_with_pinned_types(tmp_path):
    (tmp_path / "a.csv").write_text("id,x,site\n1,0.5,a\n2,,\n")
    (tmp_path / "b.tsv").write_text("id\tx\tsite\n3\t2\tb\n")
    with gzip.open(tmp_path / "c.csv.gz", "wt") as file:
        file.write("id,x,site\n4,1.5,c\n")
    source = stream.open(str(tmp_path))
    table = read(source)
    assert table["id"].to_pylist() == [1, 2, 3, 4]
    assert table["x"].to_pylist() == [0.5, None, 2.0, 1.5]
    assert table["site"].to_pylist() == ["a", None, "b", "c"]
    assert [(p.first, p.stop) for t in source.tasks() for p in t.pieces] == [(0, 1)] * 3


BAD_TEXT = {
    "short row": ("id,x\n1,2\n3\n", "line 3 has 1 field, the first line 2"),
    "nothing": ("", r"the file is empty \(0 bytes\)"),
    "open quote": ('id,x\n1,2\n2,"3\n4,5\n', "the quote opened on line 3 is never closed"),
    "swallowed": ('id,x\n1,"a\n2,b"c\n3,d\n', "opened on line 2 ends inside another field, on line 3"),
    "zero byte": ("id,x\n1,2\n2,\x00\n", "not text: a zero byte"),
    "Parquet": ("PAR1,x\n1,2\n", "not text but Parquet"),
    "two of a name": ("id,id\n1,2\n", "column 'id' stands 2 times"),
}


@pytest.mark.parametrize("how", BAD_TEXT)
@pytest.mark.parametrize("where", ["local", "memory"])
def test_text_is_refused_as_the_readers_of_files_refuse_it(tmp_path, how, where):
    content, words = BAD_TEXT[how]
    (tmp_path / "a.csv").write_text(content)
    if where == "local":
        opened = lambda: stream.open(str(tmp_path))
    else:
        mock = fs._MockFileSystem()
        mock.create_dir("x")
        with mock.open_output_stream("x/a.csv") as file:
            file.write(content.encode())
        opened = lambda: stream.open("x", filesystem=mock)
    with pytest.raises(InputError, match=f"a.csv: .*{words}"):
        opened()


TEXTS = {
    "gaps": "id,x,site\n1,0.5,a\n2,NA,\n3,null,N/A\n4,2,b\n",
    "commas": "id;x\n1;3,5\n2;1.234,5\n",
    "quoted": 'id,text\n1,"a ""b"", c"\n2,"two\nlines"\n',
    "a word far down": "id,x\n" + "".join(f"{i},{i}\n" for i in range(3000)) + "3000,word\n",
    "Latin-1": "id,city\n1,K\xf6ln\n",
    "no header": "1,0.5\n7,1.5\n9,2.5\n",
    "mark": "\ufeffid,x\n1,2\n",
}


@pytest.mark.parametrize("how", TEXTS)
@pytest.mark.filterwarnings("ignore")
def test_text_is_read_as_the_readers_of_files_read_it(tmp_path, how):
    (tmp_path / "a.csv").write_bytes(TEXTS[how].encode("latin1" if how == "Latin-1" else "utf-8"))
    assert read(stream.open(str(tmp_path))).equals(read_source(str(tmp_path / "a.csv"), lambda said: None).table)


def test_what_is_guessed_of_a_text_is_told_once(tmp_path):
    (tmp_path / "a.csv").write_text("1,0.5\n7,1.5\n9,2.5\n")
    with pytest.warns(UserWarning, match="no header line; columns are named c0 to c1"):
        source = stream.open(str(tmp_path))
    assert read(source)["c0"].to_pylist() == [1, 7, 9]


def test_known_types_hold_in_text(tmp_path):
    (tmp_path / "a.csv").write_text("id,x\n007,1\n8,2\n")
    table = read(stream.open(str(tmp_path), types={"id": pa.string(), "x": pa.float64()}))
    assert table["id"].to_pylist() == ["007", "8"]
    assert table["x"].type == pa.float64()
    (tmp_path / "a.csv").write_text("id,x\n1,one\n")
    with pytest.raises(InputError, match=r"a.csv: column 'x' is double elsewhere; .*'one'"):
        stream.open(str(tmp_path), types={"x": pa.float64()})


# ---- damage -----------------------------------------------------------------------------------------------------------------


def test_truncated_or_empty_parquet_is_found_when_footers_are_read(folder):
    path = folder / "1.parquet"
    whole = path.read_bytes()
    for size in (0, 1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"1.parquet: not a whole Parquet file"):
            stream.open(str(folder))


def test_a_zeroed_page_is_found_where_it_has_a_checksum(tmp_path):
    table = pa.table({"x": np.random.default_rng(0).normal(size=20_000)})
    path = write(tmp_path / "a.parquet", table, write_page_checksum=True, use_dictionary=False, compression="none")
    content = bytearray(path.read_bytes())
    content[50_000:50_100] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a.parquet: row groups 0 to 0 cannot be read"):
        read(stream.open(str(path)))


def test_a_file_that_changed_since_it_was_opened_is_refused(folder):
    source = stream.open(str(folder))
    piece = source.tasks()[0].pieces[0]
    source.refuse_changed(piece)
    write(folder / "0.parquet", rows(1, 101), row_group_size=30)
    with pytest.raises(InputError, match=r"0.parquet: changed while it was read"):
        source.refuse_changed(piece)
    os.remove(folder / "0.parquet")
    with pytest.raises(InputError, match=r"0.parquet: changed while it was read"):
        source.refuse_changed(piece)
