"""The short form of papers/fithian2014_local_case_control: every claim within its bounds."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[2] / "papers" / "fithian2014_local_case_control"


@pytest.fixture(scope="module")
def paper():
    spec = importlib.util.spec_from_file_location("papers_fithian2014", HERE / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("short", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_local_case_control_is_what_the_paper_says(paper, short):
    found = paper.run(short=short)
    claims = json.loads((HERE / "expected.json").read_text())
    assert set(found) == set(claims)
    for name, value in found.items():
        low, high = claims[name].get("short", claims[name]["within"]) if short else claims[name]["within"]
        assert low <= value <= high, (name, value)
