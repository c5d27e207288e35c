"""The short forms of the papers on deep learning: every claim within the bounds that few runs allow."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

PAPERS = Path(__file__).resolve().parents[2] / "papers"


def load(name):
    spec = importlib.util.spec_from_file_location(f"papers_{name}", PAPERS / name / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for the names in their annotations
    spec.loader.exec_module(module)
    return module, json.loads((PAPERS / name / "expected.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["byrd2019", "wang2022"])
def test_the_short_form_misses_no_claim(name):
    paper, claims = load(name)
    found = paper.run(short=True)
    for figure, claim in claims.items():
        if figure in found:
            low, high = claim.get("short", claim["within"])
            assert low <= found[figure] <= high, (figure, found[figure], claim)
    assert len(set(claims) & set(found)) >= 7


def test_weights_fade_in_a_linear_model_that_separates_and_move_the_intercept_where_rows_overlap():
    paper, _ = load("byrd2019")
    fading = paper.separable(2000)
    assert fading[2000] < fading[100]
    assert abs(paper.overlapping()) < 0.05
