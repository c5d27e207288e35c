"""The short forms of the papers on class imbalance: every claim within the bounds that few runs allow."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

PAPERS = Path(__file__).resolve().parents[2] / "papers"
SIMULATED = {
    "liu2009": "pool_",
    "dalpozzolo2015": "",
    "goorbergh2022": "simulated_",
}  # figures that need no public data


def load(name):
    spec = importlib.util.spec_from_file_location(f"papers_{name}", PAPERS / name / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, json.loads((PAPERS / name / "expected.json").read_text())


def held(found, claims, *, short):
    for figure, claim in claims.items():
        if figure in found:
            low, high = claim.get("short", claim["within"]) if short else claim["within"]
            assert low <= found[figure] <= high, (figure, found[figure], claim)


@pytest.mark.parametrize("name", SIMULATED)
def test_claims_that_need_no_public_data_hold(name, monkeypatch, tmp_path):
    monkeypatch.setenv("UPWEIGHT_DATA", str(tmp_path))
    paper, claims = load(name)
    found = paper.run(short=True)
    needed = {k for k in claims if k.startswith(SIMULATED[name]) and not k.startswith("simulated_10")}
    assert needed
    assert needed <= set(found)
    held(found, claims, short=True)


@pytest.mark.data
@pytest.mark.parametrize("name", ["liu2009", "goorbergh2022"])
def test_claims_on_public_tables_hold(name, monkeypatch, data_folder):
    monkeypatch.setenv("UPWEIGHT_DATA", str(data_folder))
    paper, claims = load(name)
    if name == "goorbergh2022":
        monkeypatch.setattr(paper, "simulation", lambda positive, seeds: {"logistic_none": BLANK, "logistic_smote": BLANK,
                                                                         "logistic_under": BLANK})  # fmt: skip
    found = paper.run(short=True)
    held({k: v for k, v in found.items() if not k.startswith("simulated")}, claims, short=True)
    assert sum(not k.startswith(("simulated", "pool")) for k in found) > 5


BLANK = {"auc": 0.75, "auc_repaired": 0.75, "oe_raw": 1.0, "oe": 1.0, "balanced": 0.5}


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("name", SIMULATED)
def test_the_long_form_misses_no_claim(name, monkeypatch, data_folder):
    monkeypatch.setenv("UPWEIGHT_DATA", str(data_folder))
    paper, claims = load(name)
    found = paper.run(short=False)
    assert set(claims) <= set(found)
    held(found, claims, short=False)
