"""The short forms of the papers on rare events: every claim within its bounds."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

PAPERS = Path(__file__).resolve().parents[2] / "papers"


@pytest.mark.parametrize("name", ["papaioannou2019", "au2001", "simulated-answers"])
def test_short_form_holds_every_claim(name, monkeypatch):
    spec = importlib.util.spec_from_file_location(f"papers_{name}", PAPERS / name / "run.py")
    assert spec is not None
    assert spec.loader is not None
    paper = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, paper)  # dataclasses look their module up
    spec.loader.exec_module(paper)
    claims = json.loads((PAPERS / name / "expected.json").read_text())
    found = paper.run(short=True)
    assert set(found) <= set(claims)
    for figure, value in found.items():
        low, high = claims[figure].get("short", claims[figure]["within"])
        assert low <= value <= high, (figure, value)
