"""JSON lines: absent keys are gaps, doubled keys and broken lines are refused with their line."""

import gzip

import pytest

from upweight import InputError
from upweight.files import _json_lines, open_columns, read_source


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(text, name="d.jsonl"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_source(name, lambda _: None).table.to_pydict()

    return call


@pytest.mark.parametrize("rows", [1, 2, 1 << 16])
def test_absent_keys_are_gaps_whatever_piece_they_lie_in(read, rows, monkeypatch):
    monkeypatch.setattr(_json_lines, "ROWS", rows)
    text = '{"w": 1, "g": "a"}\n\n{"w": 2.5}\n{"g": "b", "w": null, "z": true}'
    assert read(text) == {"w": [1, 2.5, None], "g": ["a", None, "b"], "z": [None, None, True]}


def test_gzip_byte_order_marks_and_capitals(read):
    assert read(gzip.compress(b'{"w": 1}\n'), "d.jsonl.gz") == {"w": [1]}
    assert read("\ufeff" + '{"w": 1}\n', "D.NDJSON") == {"w": [1]}


def test_whole_numbers_beyond_64_bits_are_doubles(read):
    assert read('{"w": 1}\n{"w": 100000000000000000000}\n') == {"w": [1.0, 1e20]}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"w": 1}\n{"w": 1, "w": 2}\n', "line 2: key 'w' stands twice"),
        ('{"w": 1}\n{"w": 2', "line 2 is not JSON"),
        ('{"w": 1} {"w": 2}\n', "line 1 is not JSON (Extra data"),
        ("[1]\n", "line 1 holds a list"),
        ('{"w": 1}\n{"w": "x"}\n', "holds values of several types"),
        (b'{"w": "\xff"}\n', "line 1 is not JSON"),
        ("[" * 100_000, "line 1 is not JSON"),
        ("{}\n", "holds no rows"),
    ],
)
@pytest.mark.parametrize("rows", [1, 1 << 16])
def test_broken_lines_are_refused_with_their_number(read, text, why, rows, monkeypatch):
    monkeypatch.setattr(_json_lines, "ROWS", rows)
    with pytest.raises(InputError, match="^d.jsonl: ") as error:
        read(text)
    assert why in str(error.value)


def test_batches_read_what_the_whole_reads(read):
    table = read('{"w": 1, "g": "a"}\n{"w": 2.5, "g": "b"}\n')
    (batch,) = open_columns("d.jsonl", lambda _: None).read(("w",), ("g",))
    assert batch.numbers("w").tolist() == table["w"]
    assert batch.labels("g").tolist() == table["g"]
