"""Excel: the first sheet as text, formulas without a value refused, openpyxl named where it is missing."""

import datetime
import sys

import numpy as np
import pytest

from upweight import InputError, MissingExtra
from upweight.files import open_columns, read_source


@pytest.fixture
def write(tmp_path, monkeypatch):
    import openpyxl

    monkeypatch.chdir(tmp_path)

    def call(*rows, more=()):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(list(row))
        for title in more:
            book.create_sheet(title)
        book.save(tmp_path / "d.xlsx")
        return "d.xlsx"

    return call


def read(name):
    told = []
    return read_source(name, told.append).table, told


def test_numbers_words_dates_and_gaps(write):
    day = datetime.datetime(2024, 5, 1)
    name = write(
        ["w", "t", "d", "b"], [1, "x, y", day, True], [2.5, None, day, False], [None, 'a\n"b"', None, None], more=["s2"]
    )
    table, told = read(name)
    assert told == ["d.xlsx: the first sheet is read; 1 other left out, first 's2'."]
    assert table["w"].to_pylist() == [1.0, 2.5, None]
    assert table["t"].to_pylist() == ["x, y", None, 'a\n"b"']
    assert table["d"].to_pylist()[:2] == [day.date()] * 2
    assert table["b"].to_pylist() == [True, False, None]


def test_a_sheet_without_header_and_both_readers_agree(write):
    name = write([1.5, 2], [2.5, 3])
    table, told = read(name)
    assert told == ["d.xlsx: no header line; columns are named c0 to c1."]
    (batch,) = open_columns(name, lambda _: None).read(("c0",), ())
    assert batch.numbers("c0").tolist() == table["c0"].to_pylist() == [1.5, 2.5]


def test_a_formula_without_a_value_is_no_gap(write):
    with pytest.raises(InputError, match="d.xlsx: cell A3 holds a formula whose value was not stored"):
        read(write(["w"], [1], ["=A2+1"]))


def test_what_is_no_excel_file_or_an_empty_one_is_refused(write, tmp_path):
    with pytest.raises(InputError, match="d.xlsx: the first sheet is empty"):
        read(write())
    (tmp_path / "e.xlsx").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(InputError, match="e.xlsx: not a whole Excel file"):
        read("e.xlsx")


def test_without_openpyxl_its_name_and_a_way_out_are_told(tmp_path, monkeypatch):
    (tmp_path / "d.xlsx").write_bytes(b"PK\x03\x04")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(
        MissingExtra, match="read by openpyxl, which is not here. Run `pip install openpyxl`, or save the"
    ):
        read_source(str(tmp_path / "d.xlsx"), lambda _: None)


def test_a_damaged_file_is_read_or_refused_in_words(write, tmp_path):
    """Twenty bytes zeroed anywhere, 150 times: never another error; most files are refused."""
    name = write(["w", "g"], *[[i / 7, f"name {i}"] for i in range(200)])
    whole = (tmp_path / name).read_bytes()
    rng = np.random.default_rng(0)
    refused = []
    for at in rng.integers(0, len(whole) - 20, 150):
        (tmp_path / "bad.xlsx").write_bytes(whole[:at] + bytes(20) + whole[at + 20 :])
        try:
            read("bad.xlsx")
        except InputError as error:
            refused.append(str(error))
    assert len(refused) > 75
    assert all(text.startswith("bad.xlsx: ") for text in refused)
