"""What is read as meant and what is refused: encodings, broken archives, lines of rows, folders of Parquet, decimal commas."""

import gzip
import re

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight import InputError
from upweight.files._tables import read_source


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Write a file in an empty folder and read it; gives (source, notices)."""
    monkeypatch.chdir(tmp_path)

    def call(name, content=None):
        if content is not None:
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        told = []
        return read_source(name, told.append), told

    return call


def refused(read, *args):
    with pytest.raises(InputError) as error:
        read(*args)
    assert "\n" not in str(error.value)
    return str(error.value)


# ---- encodings and archives -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["d.csv", "d.csv.gz"])
def test_a_late_byte_that_is_not_utf8_makes_the_whole_file_latin1(read, name):
    text = b"t,y\n" + b"plain,0\n" * 20_000 + "grün,1\n".encode("latin-1") * 2
    source, told = read(name, gzip.compress(text) if name.endswith("gz") else text)
    assert told == [f"{name}: not UTF-8; read as Latin-1."]
    assert source.table["t"][20_000].as_py() == "grün"


@pytest.mark.parametrize("at", [65_534, 65_535, 65_536, 4 << 20])
def test_a_character_cut_by_a_piece_is_whole(read, at):
    head = b"t,y\na,1\n"
    source, told = read("d.csv", head + b"#" * (at - len(head)) + "€uro,1\n".encode())
    assert told == []
    assert source.table["t"][1].as_py().endswith("#€uro")


def test_a_byte_order_mark_is_no_part_of_the_first_name(read):
    source, _ = read("d.csv", b"\xef\xbb\xbfa,b\n1,2\n,\n")
    assert source.table.column_names == ["a", "b"]
    assert source.at(1) == "row 1 (line 3)"


def test_broken_archives_are_refused_in_one_line(read):
    rng = np.random.default_rng(0)
    whole = gzip.compress(b"a,b\n" + b"".join(b"%f,%f\n" % tuple(rng.normal(size=2)) for _ in range(20_000)))
    assert refused(read, "t.csv.gz", whole[:-4000]).startswith("t.csv.gz: the gzip file ends too early. Copy")
    torn = whole[:5000] + bytes(200) + whole[5200:]
    assert refused(read, "c.csv.gz", torn).startswith("c.csv.gz: the gzip file is broken (")
    assert refused(read, "f.csv.gz", b"a,b\n1,2\n").startswith("f.csv.gz: not a gzip file, whatever its name says.")
    assert "e.csv.gz: the file is empty once unpacked" in refused(read, "e.csv.gz", gzip.compress(b""))
    assert "not text but Parquet" in refused(read, "p.csv.gz", gzip.compress(b"PAR1..."))


# ---- lines ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('a,t\n1,"x\ny"\n2,"p\nq"\n3,z\n', [2, 4, 6]),
        ("a,t\n\n1,x\n\n\n2,p\n", [3, 6]),
        ("\n\na,t\r\n1,x\r\n\r\n2,y\r\n", [4, 6]),
        ('a;t\n1;"x;""\n"";y"\n2;z', [2, 4]),
        ("1,x\n\n7,y\n8,y\n9,x", [1, 3, 4, 5]),
    ],
)
def test_a_row_is_told_with_the_line_it_starts_on(read, text, lines):
    source, _ = read("d.csv", text)
    assert [source.at(i) for i in range(len(lines))] == [f"row {i} (line {n})" for i, n in enumerate(lines)]


def test_a_line_that_cannot_be_known_is_left_out(read):
    source, _ = read("d.csv", "a,t\n1," + "x" * 200_000 + "\n2,y\n")
    assert source.at(1) == "row 1"


def test_a_ragged_line_after_quoted_and_blank_ones_is_told_by_its_own_number(read):
    text = 'a,t\n\n1,"x\ny"\n\n2\n3,z\n4,z,z\n'
    assert refused(read, "d.csv", text).startswith("d.csv: line 6 has 1 field, the first line 2; 2 such lines. Mend")


def test_a_block_may_end_inside_quotes(read, monkeypatch):
    monkeypatch.setattr("upweight.files._text.BLOCK", 1 << 14)
    text = "w,t\n" + '1,"' + "long text\n" * 300 + '"\n' + '2,"b\n3,c\n4,d"\n' * 5_000
    source, _ = read("d.csv", text)
    assert source.table["w"].to_pylist() == [1, *[2] * 5_000]


# ---- names ------------------------------------------------------------------------------------------------------------------


def test_names_stay_as_they_are_in_the_file(read):
    source, _ = read("d.csv", "a , b,y\n1,2,0\n2,3,1\n")
    assert source.table.column_names == ["a ", " b", "y"]


def test_nothing_named_is_refused_and_only_near_names_are_suggested(read, tmp_path):
    assert refused(read, "").startswith("DATA must name a file")
    for name in ("inf.csv", "mixnum.csv", "bigint.csv", "churn.parquet", "churn.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    assert refused(read, "missing.csv") == "missing.csv: no such file. Check the path."
    assert refused(read, "chrn.csv") == "chrn.csv: no such file. Did you mean 'churn.csv' or 'churn.parquet'?"


# ---- numbers written otherwise ----------------------------------------------------------------------------------------------


def test_decimal_commas_between_semicolons_are_read_and_told(read):
    source, told = read("d.csv", "a;b;c;t\n3,5;1;1.234,5;x,y\n+4;2;-2,25;1,5\n;3;1.000.000;2,5\n")
    assert told == ["d.csv: commas read as decimal points in 'a', 'c'."]
    assert source.table["a"].to_pylist() == [3.5, 4.0, None]
    assert source.table["c"].to_pylist() == [1234.5, -2.25, 1e6]
    assert source.table["t"].to_pylist() == ["x,y", "1,5", "2,5"]


def test_points_between_semicolons_stay_points(read):
    source, told = read("d.csv", "a;v\n3.5;1.2.3\n4;1.2.4\n")
    assert told == []
    assert source.table.to_pydict() == {"a": [3.5, 4.0], "v": ["1.2.3", "1.2.4"]}


@pytest.mark.parametrize("value", ["$1,234", "€12.50", "1'234'567", "45 %", "3,5"])
def test_numbers_in_dress_stay_as_they_stand_for_whoever_reads_columns(read, value):
    source, told = read("d.tsv", f"a\tb\n1\t{value}\n2\t7{value[1:]}\n")
    assert told == []
    assert source.table["b"][0].as_py() == value


def test_other_text_is_not_taken_for_numbers(read):
    assert read("d.tsv", "a\tb\n1\t1,2,3\n2\tA 12\n")[1] == []


# ---- Parquet ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def parts(tmp_path):
    """Write tables as p/1.parquet, p/2.parquet, .."""
    (tmp_path / "p").mkdir()

    def write(*tables):
        for i, columns in enumerate(tables):
            pq.write_table(pa.table(columns), tmp_path / "p" / f"{i + 1}.parquet")

    return write


def test_files_of_a_folder_must_have_the_same_columns(read, parts):
    parts({"a": [1], "b": [2]}, {"a": [1], "c": [2], "d": [3]})
    assert refused(read, "p").startswith("p/2.parquet: no column 'b', which p/1.parquet has. Write all files")
    parts({"a": [1]}, {"a": [1], "c": [2], "d": [3]})
    assert refused(read, "p").startswith("p/1.parquet: no column 'c' (and 1 other), which p/2.parquet has.")


def test_types_of_a_folder_become_one_or_are_named(read, parts):
    small = pa.array([1, 2], pa.int32())
    parts({"a": small, "t": ["x", "y"]}, {"t": pa.array(["z"]).dictionary_encode(), "a": [1.5]})
    table = read("p")[0].table
    assert table["a"].to_pylist() == [1.0, 2.0, 1.5]
    assert table["t"].cast(pa.string()).to_pylist() == ["x", "y", "z"]
    parts({"a": [1.5], "t": ["x"]}, {"a": ["one"], "t": ["x"]})
    assert refused(read, "p").startswith("p/2.parquet: column 'a' is string, in p/1.parquet double. Write it as one")


def test_a_broken_file_of_a_folder_is_named(read, parts, tmp_path):
    parts({"a": [1]}, {"a": [2]})
    (tmp_path / "p" / "2.parquet").write_bytes(b"PAR1 nothing")
    said = refused(read, "p")
    assert said.startswith("p/2.parquet: cannot be read: ")
    assert said.endswith("parquet file. Is the file whole?")


def test_a_column_that_stands_twice_is_refused_alike_in_text_and_parquet(read, tmp_path):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(table, tmp_path / "d.parquet")
    (tmp_path / "p").mkdir()
    pq.write_table(table, tmp_path / "p" / "d.parquet")
    same = "column 'a' stands 2 times, at 1, 2. Rename or drop one."
    assert refused(read, "d.parquet") == f"d.parquet: {same}"
    assert refused(read, "p") == f"p/d.parquet: {same}"
    assert refused(read, "d.csv", "a,a\n1,2\n") == f"d.csv: {same}"


def test_hidden_files_of_a_folder_are_no_data(read, parts, tmp_path):
    parts({"a": [1]})
    (tmp_path / "p" / ".2.parquet").write_bytes(b"half")
    assert read("p")[0].table.num_rows == 1


def test_what_polars_writes_is_read(read, tmp_path):
    pl.DataFrame({"a": [1.0, 2.0], "t": ["x", "y"]}).write_parquet(tmp_path / "d.parquet")
    source, _ = read("d.parquet")
    assert re.fullmatch("row 1", source.at(1))


@pytest.mark.parametrize("content", ["a,b\n1.50,NA\n?,x\n", 'a;b\n1,50;"x;y"\n?;\n', "7,x\n8,\n"])
def test_a_text_file_can_be_had_as_it_is_written(read, content):
    source, _ = read("d.csv", content)
    whole = source.all_spelled()
    assert whole.column_names == source.table.column_names
    for name in whole.column_names:
        assert whole[name].to_pylist() == source.spelled(name).to_pylist()
    assert whole.column(0)[0].as_py() in ("1.50", "1,50", "7")


def test_what_is_no_text_has_no_spelling(read):
    pq.write_table(pa.table({"a": [1]}), "d.parquet")
    assert read("d.parquet")[0].all_spelled() is None
