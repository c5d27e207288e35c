"""Quotes as the parser sees them: held against a state machine that goes from character to character."""

import io
import random
from contextlib import contextmanager

import pytest

from upweight import InputError
from upweight.files import _scan
from upweight.files._scan import LONG, QuoteScan, line_at, scan


def opener(content):
    @contextmanager
    def opened():
        yield io.BytesIO(content)

    return opened


def by_hand(text, mark=","):
    """(position of the quote that stays open, (start, end) of the first field that spans lines and ends inside text)."""
    i, at_start, mixed = 0, True, None
    while i < len(text):
        if at_start and text[i] == '"':
            start, i = i, i + 1
            while i < len(text) and (text[i] != '"' or text[i : i + 2] == '""'):
                i += 2 if text[i : i + 2] == '""' else 1
            if i >= len(text):
                return start, mixed
            spans = "\n" in text[start:i] or "\r" in text[start:i]
            if spans and text[i + 1 : i + 2] not in ("", mark, "\n", "\r"):
                mixed = mixed or (start, i)
            at_start, i = False, i + 1
            continue
        at_start = text[i] in (mark, "\n", "\r")
        i += 1
    return None, mixed


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1 << 22])
def test_the_scan_is_the_state_machine_wherever_pieces_are_cut(piece, monkeypatch):
    monkeypatch.setattr(_scan, "PIECE", piece)
    rng = random.Random(piece)
    for _ in range(1500):
        text = "".join(rng.choice(rng.choice(['a"",\n\r', '"a,\n"'])) for _ in range(rng.randint(1, 25)))
        quotes = QuoteScan(",")
        for part in _scan.pieces(opener(text.encode())):
            quotes.feed(part)
        quotes.finish()
        assert (quotes.opened, quotes.mixed) == by_hand(text), text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_quote_that_is_never_closed_is_refused_with_its_line(end):
    lines = ["w,day", *["1.1,a"] * 50, '2.0,"b', *["1.0,c"] * 949]
    with pytest.raises(InputError, match="^d.csv: the quote opened on line 52 is never closed. Close it there"):
        scan(opener(end.join(lines).encode()), "d.csv", ",")


def test_a_stray_quote_that_meets_the_next_quoted_field_is_refused_with_both_lines():
    text = b'w,day\n1,"a"\n2,"b\n3,"c"\n4,"d"\n'
    with pytest.raises(InputError, match="the quote opened on line 3 ends inside another field, on line 4; the lines"):
        scan(opener(text), "d.csv", ",")
    assert scan(opener(b'w,t\n1,"Jo" Smith\n2,"x\ny"\n'), "d.csv", ",").long_fields == ()


def test_a_field_over_a_hundred_lines_is_told_and_one_of_a_hundred_is_not():
    head = "w,t\n1,a\n"
    for lines in (LONG, LONG + 1):
        found = scan(opener((head + '2,"' + "x\n" * lines + '"\n3,b\n').encode()), "d.csv", ",").long_fields
        assert [tuple(f) for f in found] == ([(3, lines)] if lines > LONG else [])


@pytest.mark.parametrize("piece", [5, 1 << 22])
def test_a_long_field_is_counted_across_pieces(piece, monkeypatch):
    monkeypatch.setattr(_scan, "PIECE", piece)
    text = 'w,t\n1,"' + "x\r\n" * 205 + '"\n2,b\n'
    assert [tuple(f) for f in scan(opener(text.encode()), "d.csv", ",").long_fields] == [(2, 205)]


def test_a_zero_byte_anywhere_is_refused_with_its_line():
    with pytest.raises(InputError, match="d.csv: not text: a zero byte on line 30001"):
        scan(opener(b"w\n" + b"1\n" * 29_999 + b"2\0\n"), "d.csv", ",")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"w\n1\n\n2\n", 3),
        (b"w\r\n1\r\n\r\n2\r\n", 3),
        (b"w\r1\r\r2\r", 3),
        (b"w\n\n1\n", 2),
        (b"\n\nw\n1\n2\n\n\n", None),
        (b'w\n"a\n\nb"\n2\n', None),
        (b'w\n"a\n\nb"\n\n2\n', 5),
        (b"w\n1\n2", None),
    ],
)
@pytest.mark.parametrize("piece", [1, 4, 1 << 22])
def test_a_blank_line_between_others_is_found(text, line, piece, monkeypatch):
    monkeypatch.setattr(_scan, "PIECE", piece)
    assert scan(opener(text), "d.csv", ",").blank == line


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("piece", [1, 2, 5, 1 << 22])
def test_the_line_of_a_byte_is_one_more_than_the_line_ends_before_it(end, piece, monkeypatch):
    monkeypatch.setattr(_scan, "PIECE", piece)
    text = end.join([b"ab", b"", b"cde", b"f"])
    for offset, byte in enumerate(text):
        if byte not in b"\r\n":
            assert line_at(opener(text), offset) == 1 + text[:offset].count(end)


def test_a_late_byte_and_a_cut_character_are_no_utf8():
    assert scan(opener("w,t\n1,grün\n".encode()), "d.csv", ",").utf8
    assert not scan(opener("w,t\n1,grün\n".encode("latin-1")), "d.csv", ",").utf8
    assert not scan(opener("w,t\n1,grü".encode()[:-1]), "d.csv", ",").utf8
