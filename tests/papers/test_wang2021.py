"""The short form of papers/wang2021_negative_sampling: every claim within its bounds."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

HERE = Path(__file__).resolve().parents[2] / "papers" / "wang2021_negative_sampling"


def test_the_price_of_thinning_is_the_papers():
    spec = importlib.util.spec_from_file_location("papers_wang2021", HERE / "run.py")
    assert spec is not None
    assert spec.loader is not None
    paper = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(paper)
    found = paper.run(short=True)
    claims = json.loads((HERE / "expected.json").read_text())
    assert set(found) <= set(claims)
    for name, value in found.items():
        low, high = claims[name].get("short", claims[name]["within"])
        assert low <= value <= high, (name, value)
