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


@pytest.mark.slow
@pytest.mark.data
def test_draws_by_the_norm_of_the_gradient_miss_no_claim(data_folder, monkeypatch):
    paper, claims = load("katharopoulos2018")
    monkeypatch.setattr(paper, "DATA", data_folder / "bandit" / "letter-recognition.data")
    found = paper.run(short=True)
    assert set(found) == set(claims)
    for figure, claim in claims.items():
        low, high = claim.get("short", claim["within"])
        assert low <= found[figure] <= high, (figure, found[figure], claim)


@pytest.mark.data
def test_presampling_begins_when_scores_promise_more_than_they_cost(data_folder, monkeypatch):
    """Work is counted as it is spent, and the first steps are plain ones."""
    paper, _ = load("katharopoulos2018")
    monkeypatch.setattr(paper, "DATA", data_folder / "bandit" / "letter-recognition.data")
    data = paper.letters()
    assert (len(data.x), len(data.x_test), int(data.y.max())) == (16_000, 4_000, 25)
    draws = paper.drawn(data, paper.Arm(384), 0)
    net = paper.network(0)
    rows, weight, work = draws.next(net)
    assert (len(rows), work, weight.tolist()) == (64, 192, [1.0] * 64)
    draws.tau = 3.01  # above (384 + 192)/192 = 3
    rows, weight, work = draws.next(net)
    assert (len(rows), work) == (64, 384 + 192)
    assert abs(float(weight.mean()) - 1) < 0.5
    assert len(set(rows.tolist())) > 30


def test_weights_fade_in_a_linear_model_that_separates_and_move_the_intercept_where_rows_overlap():
    paper, _ = load("byrd2019")
    fading = paper.separable(2000)
    assert fading[2000] < fading[100]
    assert abs(paper.overlapping()) < 0.05
