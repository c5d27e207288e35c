"""`upweight demo` lists what runs with nothing but upweight, and what it lists runs."""

from __future__ import annotations

import shlex

import pytest

from upweight.cli import main


def listed(capsys):
    with pytest.raises(SystemExit) as end:
        main(["demo"])
    assert end.value.code == 0
    return capsys.readouterr().out.splitlines()


def test_a_line_a_field_each_with_what_to_type(capsys):
    lines = listed(capsys)
    assert len({line.split("  ")[0] for line in lines}) == len(lines) >= 4
    assert all("  upweight " in line and " demo:" in line and len(line) <= 120 for line in lines)


def test_what_is_listed_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for line in listed(capsys):
        command = shlex.split(line.split("  upweight ", 1)[1])
        quick = ["--methods", "threshold", "--cv", "2x1"] if command[0] == "compare" else []
        with pytest.raises(SystemExit) as end:
            main([*command, *quick])
        assert end.value.code == 0, line
        assert capsys.readouterr().out
