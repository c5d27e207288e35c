"""What is guessed of a text file: delimiter, header, encoding; the same for whole tables and for batches."""

import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from upweight import InputError
from upweight.files import open_columns, read_source
from upweight.files._text import delimiter


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(text, name="d.csv"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    return call


def both(name):
    """(columns of the whole table, the same by batches, notices of both), of all columns but dates."""
    whole, parts = [], []
    table = read_source(name, whole.append).table
    columns = open_columns(name, parts.append)
    assert list(columns.names) == table.column_names
    names = [n for n in columns.names if not pa.types.is_temporal(table[n].type)]
    batches = list(columns.read(names, ()))
    values = {n: np.concatenate([b.numbers(n) for b in batches]) for n in names}
    return {n: table[n].to_pylist() for n in names}, {n: v.tolist() for n, v in values.items()}, whole, parts


TEXTS = {
    "plain": "a,b\n1,2\n3,4.5\n",
    "decimal commas": "a;b\n3,5;1\n1.234,5;2\n1.000;3\n",
    "decimal points between semicolons": "a;b\n3.5;1\n4;2\n",
    "no header": "1.5,2\n2.5,4\n3,9\n",
    "no header, one column": "1.5\n2.5\n3\n",
    "no header, commas": "1,5;2\n2,5;4\n3;9\n",
    "no header, dates": "2024-01-01,1.5\n2024-01-02,2.5\n",
    "numbers as names": "0,1,2\n5,7,9\n8,8,8\n",
    "byte order mark": "\ufeffa,b\n1,2\n",
    "tabs": "a\tb\n1\t2\n",
    "lone returns": "a,b\r1,2\r3,4\r",
    "quoted": '"a","b"\n"1","2"\n',
    "blank lines": "\n\na,b\n\n1,2\n\n\n3,4\n\n",
    "latin": b"a,gr\xfc\n1,2\n",
    "blanks": " a ,b\n 1 , 2\n3 ,4\n",
}


@pytest.mark.parametrize("text", TEXTS)
def test_whole_tables_and_batches_read_the_same_numbers_and_tell_the_same(write, text):
    whole, parts, told_whole, told_parts = both(write(TEXTS[text]))
    assert whole == parts
    assert told_whole == told_parts


def test_what_was_guessed_is_told(write):
    assert both(write("1,5;2\n2,5;4\n"))[2] == [
        "d.csv: no header line; columns are named c0 to c1.",
        "d.csv: commas read as decimal points in 'c0'.",
    ]
    assert both(write("7\n2\n4\n"))[2] == ["d.csv: no header line; the column is named c0."]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('a,b\n1,"2\n3,4\n', "the quote opened on line 2 is never closed"),
        ('a,b\n1,"2\n3,"4"\n', "the quote opened on line 2 ends inside another field, on line 3"),
        (b"a,b\n" + b"1,2\n" * 30_000 + b"3,\x004\n", "a zero byte on line 30002"),
        ("a,b\n1,2,3\n4,5\n", "line 2 has 3 fields, the first line 2"),
        ("a,b\n1,2\n4\n", "line 3 has 1 field, the first line 2"),
        ("a,a\n1,2\n", "column 'a' stands 2 times"),
        ("a\n1\n\n2\n", "line 3 is blank: a missing value, or no row?"),
        ("\ufeffa,b\n1,2\n".encode() + b"\xff,3\n", "begins as UTF-8 (byte order mark), but not all of it is"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16 text. Save it as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16-le"), "a zero byte"),
        ("\n \n", "holds nothing but blanks"),
        (b"BZh91AY", "not text but bzip2"),
    ],
)
def test_what_would_lose_rows_is_refused_by_both_readers_in_the_same_words(write, text, why):
    name = write(text)
    said = []
    for read in (read_source, lambda n, tell: list(open_columns(n, tell).read(("a",), ()))):
        with pytest.raises(InputError) as error:
            read(name, lambda _: None)
        said.append(str(error.value))
    assert said[0] == said[1]
    assert said[0].startswith("d.csv: ")
    assert why in said[0]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("2024-01-01,1.5\n2024-01-02,2.5\n", ["c0", "c1"]),
        ("true,x\nfalse,x\n", ["c0", "c1"]),
        ("1,5;2\n2,5;4\n", ["c0", "c1"]),
        ("id,2024-01-01,2024-01-02\n1,3,4\n", ["id", "2024-01-01", "2024-01-02"]),
        ("2019;2020\n1,5;2\n", ["2019", "2020"]),
        ("a;1,5\n1;2\n", ["a", "1,5"]),
    ],
)
def test_a_first_line_of_values_is_a_row_and_one_of_names_is_none(write, text, names):
    table = read_source(write(text), lambda _: None).table
    assert table.column_names == names
    assert table.num_rows == text.count("\n") - (names[0] != "c0")


def test_a_long_quoted_field_is_told_by_both(write):
    name = write('a,t\n1,x\n2,"' + "line\n" * 150 + '"\n3,y\n')
    told = []
    read_source(name, told.append)
    open_columns(name, told.append)
    assert told == ["d.csv: the quoted field opened on line 3 spans 151 lines. Is its quote meant?"] * 2


def test_an_ending_in_capitals_is_an_ending(write):
    packed = write(gzip.compress(b"a,b\n1,2\n"), "D.CSV.GZ")
    assert read_source(packed, lambda _: None).table.to_pydict() == {"a": [1], "b": [2]}
    assert open_columns(packed, lambda _: None).names == ("a", "b")


@pytest.mark.parametrize(
    ("lines", "mark"),
    [
        (["a;b", "1,5;2"], ";"),
        (["1,5;2", "2,5;4,5"], ";"),
        (["1,5;2;3", "2,5;4;4"], ";"),
        (["a,b;c", "d,e;f"], ","),
        (["x", "y"], ","),
        (["a|b,c", "1|2"], "|"),
    ],
)
def test_a_comma_inside_a_number_is_no_delimiter(lines, mark):
    assert delimiter(lines) == mark


def test_a_file_of_one_line_is_a_header_or_a_row(write):
    assert read_source(write("3.5,2\n"), lambda _: None).table.to_pydict() == {"c0": [3.5], "c1": [2]}
    with pytest.raises(InputError, match="holds no rows, only the column names"):
        read_source(write("a,b\n"), lambda _: None)


@pytest.mark.parametrize("head", ["x,t,", "x,t, ", ",t,x", "x,t,,"])
def test_columns_without_a_name_are_told_and_called_as_pandas_calls_them(tmp_path, head):
    path = tmp_path / "a.csv"
    n = head.count(",") + 1
    path.write_text(head + "\n" + "\n".join(",".join([str(i), "ab"[i % 2], "3", "4"][:n]) for i in range(40)) + "\n")
    said = []
    table = read_source(str(path), said.append).table
    frame = pd.read_csv(path).rename(columns=lambda c: c if c.strip() else "Unnamed: 2")
    assert table.column_names == list(frame.columns)
    assert table.num_rows == 40
    assert table.column(0).to_pylist() == list(range(40))
    assert any("columns without a name in the header line are called as pandas does: " in s for s in said)
