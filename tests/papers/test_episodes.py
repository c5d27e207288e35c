"""papers/thomas2016 and xie2019: the short forms miss no claim; the long ones are slow."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

PAPERS = Path(__file__).resolve().parents[2] / "papers"


@pytest.mark.parametrize("short", [True, pytest.param(False, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["thomas2016", "xie2019"])
def test_no_claim_is_missed(name, short):
    spec = importlib.util.spec_from_file_location(f"papers_{name}", PAPERS / name / "run.py")
    assert spec is not None
    assert spec.loader is not None
    paper = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(paper)
    found, claims = paper.run(short), json.loads((PAPERS / name / "expected.json").read_text())
    assert set(claims) <= set(found)
    for figure, claim in claims.items():
        low, high = claim.get("short", claim["within"]) if short else claim["within"]
        assert low <= found[figure] <= high, (figure, found[figure])
