"""The short forms of papers/owen2000, cornuet2012 and neal2001: every claim within its bounds."""

import importlib.util
from pathlib import Path

import pytest

PAPERS = Path(__file__).resolve().parents[2] / "papers"


@pytest.mark.parametrize("name", ["owen2000", "cornuet2012", "neal2001"])
def test_short_form_holds_every_claim(name, monkeypatch, capsys):
    spec = importlib.util.spec_from_file_location(f"papers_{name}", PAPERS / name / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr("sys.argv", ["run.py", "--short"])
    assert module.main() == 0, capsys.readouterr().out
