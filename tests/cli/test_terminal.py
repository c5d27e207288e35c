"""What reaches the terminal does nothing there: no escapes, no turned lines, nothing it cannot encode."""

import io
import json
import re
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight.cli import main
from upweight.cli._terminal import harmless, write_line, write_notice

HOSTILE = "a\x1b[2J\x9b31m\u202eb\rc\x07"


def test_what_acts_is_shown_and_line_ends_stay():
    assert harmless(HOSTILE) == "a\\u001b[2J\\u009b31m\\u202eb\\u000dc\\u0007"
    assert harmless("two\nlines\tand łó😀") == "two\nlines\tand łó😀"


@pytest.mark.parametrize(
    ("encoding", "shown"), [("ascii", "\\u0142\\u00f3\\ud83d\\ude00"), ("latin-1", "\\u0142ó\\ud83d\\ude00")]
)
def test_what_the_encoding_lacks_is_escaped_so_that_json_stays_json(encoding, shown):
    assert harmless("łó😀", encoding) == shown
    assert json.loads(harmless(json.dumps("łó😀\x1b", ensure_ascii=False), encoding)) == "łó😀\x1b"


def test_bytes_of_file_names_that_are_no_text_are_escaped():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf8")
    write_line("no\udcff.csv", stream)
    assert stream.buffer.getvalue() == b"no\\udcff.csv\n"


def test_a_notice_is_one_line(capsys):
    write_notice("column 'a\nb'")
    assert capsys.readouterr().err == "column 'a\\nb'\n"


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*args):
        monkeypatch.setattr(sys, "argv", ["upweight", *args])
        with pytest.raises(SystemExit):
            main(list(args))
        return capsys.readouterr()

    return call


def test_no_text_of_a_file_acts_on_the_terminal(run, tmp_path):
    labels = [HOSTILE, "b"] * 150
    weights = [0.5 + (i % 2 == 0) + (i % 7) / 50 for i in range(300)]
    pq.write_table(pa.table({"w": weights, HOSTILE: labels, "y": labels}), tmp_path / "d.parquet")
    calls = [
        ("check", "d.parquet", "--by", HOSTILE, "--exact"),
        ("check", "d.parquet", "--by", HOSTILE, "--exact", "--json"),
        ("check", "d.parquet", "--column", HOSTILE),
        ("check", "d.parquet", "--column", HOSTILE + "x"),
        ("compare", "d.parquet", "--target", "y", "--methods", "weights", "--cv", "2x1"),
        ("compare", "d.parquet", "--target", HOSTILE + "x"),
        ("check", HOSTILE),
    ]
    assert re.search(r"a\\(x1b|u001b)\[2J", run(*calls[0]).out)
    for call in calls:
        out, err = run(*call)
        assert not set("\x1b\x9b\u202e\r\x07") & set(out + err), call
