"""papers/sugiyama2007, alexandari2020, tibshirani2019, lipton2018: every claim within its bounds; what needs data is skipped, saying so."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[2] / "papers"
ON_DATA = ("tibshirani2019",)  # altogether; of alexandari2020 the published medians, of lipton2018 the digits


def paper(name):
    spec = importlib.util.spec_from_file_location(f"papers_{name}", HERE / name / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def held(name, found, short):
    claims = json.loads((HERE / name / "expected.json").read_text())
    assert set(found) <= set(claims)
    for key, value in found.items():
        low, high = claims[key].get("short", claims[key]["within"]) if short else claims[key]["within"]
        assert low <= value <= high, (name, key, value)
    return set(found) == set(claims)


@pytest.mark.parametrize("short", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_claims_hold(short):
    assert held("sugiyama2007", paper("sugiyama2007").run(short), short)


@pytest.mark.data
@pytest.mark.parametrize("name", ["alexandari2020", "tibshirani2019"])
@pytest.mark.parametrize("short", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_claims_hold_on_public_data(name, short, data_folder):
    module = paper(name)
    path = data_folder / module.TABLE
    if not path.exists():
        pytest.skip(f"{module.TABLE} is not there")
    assert held(name, module.run(short, path), short)


@pytest.mark.parametrize("short", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_failing_loudly(short):
    held("lipton2018", paper("lipton2018").formulas(short), short)


@pytest.mark.data
@pytest.mark.parametrize("short", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_failing_loudly_on_digits(short, data_folder):
    found = paper("lipton2018").digits(short, data_folder / "bandit")
    if not found:
        pytest.skip("bandit/optdigits.data is not there")
    held("lipton2018", found, short)


@pytest.mark.parametrize("name", ON_DATA)
def test_no_data_is_said_and_misses_nothing(name, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("UPWEIGHT_DATA", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["run.py"])
    assert paper(name).main() == 0
    assert "set UPWEIGHT_DATA" in capsys.readouterr().out
