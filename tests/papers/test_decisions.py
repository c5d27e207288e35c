"""Papers on off-policy evaluation: every claim of the short forms within its bounds; those on public tables where the tables are there."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

PAPERS = Path(__file__).resolve().parents[2] / "papers"
WORLDS = ("jeunen2024", "swaminathan2017", "waudbysmith2022")
TABLES = ("dudik2011", "su2020")


def paper(name):
    spec = importlib.util.spec_from_file_location(f"papers_{name}", PAPERS / name / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def hold(name, found, short):
    claims = json.loads((PAPERS / name / "expected.json").read_text())
    assert set(found) == set(claims)
    for claim, value in found.items():
        bounds = claims[claim]
        low, high = bounds.get("short", bounds["within"]) if short else bounds["within"]
        assert low <= value <= high, (claim, value)


@pytest.mark.parametrize("short", [True, pytest.param(False, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", WORLDS)
def test_claims_in_worlds_whose_truth_is_known(name, short):
    hold(name, paper(name).run(short), short)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("short", [True, False])
@pytest.mark.parametrize("name", TABLES)
def test_claims_on_public_tables(name, short, data_folder):
    folder = data_folder / "bandit"
    if not (folder / "optdigits.data").exists():
        pytest.skip("optdigits is not there")
    hold(name, paper(name).run(short, folder), short)


def test_the_truth_of_the_public_tables(data_folder):
    folder = data_folder / "bandit"
    if not (folder / "optdigits.data").exists():
        pytest.skip("optdigits is not there")
    decisions = paper("dudik2011").Classified, paper("dudik2011").table
    world = decisions[0](*decisions[1]("optdigits", folder))
    assert (world.value, world.value_logged, world.square) == pytest.approx((0.820320, 0.465302, 3.44), abs=5e-3)


@pytest.mark.parametrize("name", TABLES)
def test_no_table_is_said(name, tmp_path):
    assert not {claim for claim in paper(name).run(True, tmp_path) if not claim.startswith("very_hard")}
