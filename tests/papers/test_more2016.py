"""The short form of papers/more2016: every claim within its bounds, and the README says what it is."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parents[2] / "papers" / "more2016"


@pytest.fixture(scope="module")
def paper():
    spec = importlib.util.spec_from_file_location("papers_more2016", HERE / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_claim_is_held_by_two_seeds(paper):
    found = paper.run(short=True)
    bounds = json.loads((HERE / "expected.json").read_text())
    assert set(bounds) == set(found)
    out = {
        name: found[name]
        for name, b in bounds.items()
        if not b.get("short", b["within"])[0] <= found[name] <= b.get("short", b["within"])[1]
    }
    assert not out


def test_the_implied_specificity_is_that_of_the_confusion_matrix(paper):
    true_negatives, false_alarms, misses, hits = 700, 200, 30, 70
    precision, recall = true_negatives / (true_negatives + misses), hits / (hits + misses)
    assert paper.implied(precision, recall, 0.1) == pytest.approx(true_negatives / (true_negatives + false_alarms))


def test_a_row_that_flags_everybody_has_no_majority_precision_and_says_so(paper):
    rows = np.full((3, len(paper.COLUMNS)), 0.5)
    rows[1, 0] = np.nan
    assert paper.all_flagged({"all": rows}) == ["\nall flags every test row in 1 of the draws; P is of the others."]
    assert paper.mean_and_error(rows[:, 0]) == ".500 ± .000"


def test_the_readme_says_first_that_it_is_a_reconstruction_and_has_every_row(paper):
    text = (HERE / "README.md").read_text()
    assert "reconstruction" in text.splitlines()[0].lower()
    assert "reproduces" not in text
    for name in (*paper.REMEDIES, *paper.ENSEMBLES):
        assert f"\n| {name} |" in text, name
