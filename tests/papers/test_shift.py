"""The short forms of the papers on density ratios and balancing: every claim within its bounds."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

PAPERS = Path(__file__).resolve().parents[2] / "papers"


def load(name):
    spec = importlib.util.spec_from_file_location(f"papers_{name}", PAPERS / name / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, json.loads((PAPERS / name / "expected.json").read_text())


def held(found, claims, *, short):
    for figure, value in found.items():
        if figure in claims:
            claim = claims[figure]
            low, high = claim.get("short", claim["within"]) if short else claim["within"]
            assert low <= value <= high, (figure, value, claim)


@pytest.mark.slow
def test_leaving_out_a_pair_is_what_the_paper_says():
    paper, claims = load("kanamori2009")
    found = paper.run(short=True)
    assert set(found) == set(claims)
    held(found, claims, short=True)


def test_the_closed_form_is_the_fit_for_every_pair():
    paper, claims = load("kanamori2009")
    assert paper.closed_form_gap(1) <= claims["closed_form_gap"]["within"][1]


@pytest.mark.data
@pytest.mark.parametrize("short", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_balanced_men_earn_what_the_table_says(short, monkeypatch, data_folder):
    monkeypatch.setenv("UPWEIGHT_DATA", str(data_folder))
    paper, claims = load("hainmueller2012")
    found = paper.run(short)
    if not found:
        pytest.skip("LaLonde's tables are not there")
    wanted = {name for name in claims if not short or not name.startswith("cps_controls_")}
    assert wanted <= set(found)
    held(found, claims, short=short)


def test_no_table_is_said_and_misses_nothing(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("UPWEIGHT_DATA", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["run.py"])
    assert load("hainmueller2012")[0].main() == 0
    assert "set UPWEIGHT_DATA" in capsys.readouterr().out
