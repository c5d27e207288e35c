"""The short form of papers/undo: every claim within its bounds."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[2] / "papers" / "undo"


@pytest.fixture(scope="module")
def paper():
    spec = importlib.util.spec_from_file_location("papers_undo_run", HERE / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def assert_held(found: dict[str, float], prefix: str) -> None:
    claims = {k: v for k, v in json.loads((HERE / "expected.json").read_text()).items() if k.startswith(prefix)}
    assert set(claims) <= set(found), set(claims) - set(found)
    for name, claim in claims.items():
        low, high = claim.get("short", claim["within"])
        assert low <= found[name] <= high, (name, found[name], claim)


def test_closed_forms_are_those_of_the_papers(paper):
    assert_held({f"closed_{k}": v for k, v in paper.closed_forms().items()}, "closed_")


def test_the_prior_of_unlabelled_rows_keeps_its_promises(paper):
    assert_held({f"em_{k}": v for k, v in paper.unlabelled_prior(500).items()}, "em_")


def test_rare_events_lose_their_bias(paper):
    assert_held({f"rare_{k}": v for k, v in paper.rare_events(1000).items()}, "rare_")


@pytest.mark.data
def test_adult_is_repaired(paper, data_folder):
    pytest.importorskip("sklearn")
    assert_held({f"adult_{k}": v for k, v in paper.adult(data_folder / "imbalanced", 4).items()}, "adult_")
