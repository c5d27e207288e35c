"""check --report, upweight report and cite on a verdict, --version, standard input: the same answer by every way."""

import io
import json
import re
import sys
import types

import pytest

import upweight as uw
from upweight.cli import main


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*args, stdin=None):
        if stdin is not None:
            stream = types.SimpleNamespace(buffer=io.BytesIO(stdin), isatty=lambda: False)
            monkeypatch.setattr(sys, "stdin", stream)
        with pytest.raises(SystemExit) as done:
            main([str(a) for a in args])
        out, err = capsys.readouterr()
        return done.value.code or 0, out, err

    return call


def test_the_version_is_told(run):
    assert run("--version") == (0, f"upweight {uw.__version__}\n", "")


def test_the_page_of_a_verdict_is_the_same_by_every_way(run, tmp_path):
    code, out, err = run("check", "demo:heavy", "--report", "a.html", "--json", "v.json")
    assert (code, err) == (0, "wrote v.json\nwrote a.html\n")
    assert out.startswith("unreliable")
    assert run("report", "v.json", "-o", "b.html") == (0, "", "wrote b.html\n")
    document = run("check", "demo:heavy", "--json")[1].encode()
    assert run("report", "-", "-o", "c.html", stdin=document) == (0, "", "wrote c.html\n")
    pages = [(tmp_path / f"{name}.html").read_text() for name in "abc"]
    assert pages[0] == pages[1] == pages[2]
    assert "demo:heavy" in pages[0]
    assert run("cite", "-", stdin=document)[1] == run("cite", "v.json")[1]


def test_a_refused_file_leaves_no_page(run, tmp_path):
    (tmp_path / "w.csv").write_text('w,t\n1,"a\n')
    assert run("check", "w.csv", "--report", "a.html")[0] == 2
    assert not (tmp_path / "a.html").exists()
    assert "--report w.csv: that is the data" in run("check", "w.csv", "--report", "w.csv")[2]
    assert "that is the file of --report" in run("check", "demo:good", "--report", "a", "--json", "a")[2]


@pytest.mark.parametrize("text", [b"w,g\n1,a\n2,b\n", b'{"w": 1, "g": "a"}\n{"w": 2, "g": "b"}\n'])
def test_standard_input_is_weights_or_data(run, text, tmp_path):
    (tmp_path / "w.csv").write_bytes(b"w,g\n1,a\n2,b\n")
    code, out, _ = run("check", "-", "--json", stdin=text)
    assert code == 0
    piped, named = json.loads(out), json.loads(run("check", "w.csv", "--json")[1])
    assert piped["data"] == "-"
    assert piped | {"data": ""} == named | {"data": ""}
    code, _, err = run("compare", "-", "--target", "x", stdin=text)
    assert code == 2
    assert err == "upweight: standard input: no column 'x' for --target. Known: w, g.\n"


def test_strict_report_and_json_are_told_alike_in_every_command(run):
    for command in ("check", "compare"):
        shown = re.sub(r"[\s│]+", " ", run(command, "--help")[1])
        for told in ("Write one self-contained HTML page", "Exit 1 if the verdict is unusable"):
            assert told in shown
        for option in ("--report", "--strict", "--json"):
            assert option in shown
