"""The short form of papers/honest-intervals: every claim within the bounds that its few runs allow."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[2] / "papers" / "honest-intervals"
CLAIMS = {k: v for k, v in json.loads((HERE / "expected.json").read_text()).items() if "median" not in k}


def load():
    spec = importlib.util.spec_from_file_location("papers_honest_intervals_run", HERE / "run.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found():
    return load().run(short=True)[1]


@pytest.mark.parametrize("name", CLAIMS)
def test_claim_is_within_its_bounds(found, name):
    low, high = CLAIMS[name].get("short", CLAIMS[name]["within"])
    assert low <= found[name] <= high


@pytest.mark.slow
def test_every_claim_of_the_long_form_is_met():
    paper = load()
    assert paper.compare(paper.run(short=False)[1], short=False) == 0


def test_the_tables_mark_what_is_weak():
    paper = load()
    assert [paper.percent(x, weak=True) for x in (0.8949, 0.9, 1.0)] == ["**89**", "90", "100"]
    assert [paper.percent(x) for x in (0.0, 0.0123, 0.0996, 0.45)] == ["0", "1.2", "10", "45"]
    cells = {(n, f, k): paper.Cell(runs=10) for n in paper.ROWS for f in paper.FAMILIES for k in paper.TAILS}
    lines = list(paper.markdown(cells))
    rows = [line for line in lines if line.startswith("| Pareto")]
    assert len(rows) == 13 * len(paper.ROWS)
    assert all(line.count("|") == len(paper.TAILS) + 3 for line in rows)
