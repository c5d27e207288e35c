"""The short forms of papers/psis and papers/resampling: every claim within its bounds."""

import importlib.util
import json
from pathlib import Path

import pytest

PAPERS = Path(__file__).resolve().parents[2] / "papers"


@pytest.mark.parametrize("name", ["psis", "resampling"])
def test_short_form_holds_every_claim(name):
    spec = importlib.util.spec_from_file_location(f"papers_{name}", PAPERS / name / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.run(short=True)
    for figure, claim in json.loads((PAPERS / name / "expected.json").read_text()).items():
        low, high = claim.get("short", claim["within"])
        assert low <= found[figure] <= high, (figure, found[figure], claim)
