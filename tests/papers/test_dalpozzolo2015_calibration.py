"""papers/dalpozzolo2015_calibration: every claim within its bounds where the table is there; skipped, saying so, where not."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[2] / "papers" / "dalpozzolo2015_calibration"


@pytest.fixture(scope="module")
def paper():
    spec = importlib.util.spec_from_file_location("papers_dalpozzolo2015_calibration", HERE / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.data
@pytest.mark.parametrize("short", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_the_constant_gives_the_odds_back_on_mammography(paper, data_folder, short):
    path = data_folder / paper.TABLE
    if not path.exists():
        pytest.skip("mammography is not there")
    found = paper.run(short, path)
    claims = json.loads((HERE / "expected.json").read_text())
    assert set(found) == set(claims)
    for name, value in found.items():
        low, high = claims[name].get("short", claims[name]["within"]) if short else claims[name]["within"]
        assert low <= value <= high, (name, value)


def test_no_table_is_said_and_misses_nothing(paper, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("UPWEIGHT_DATA", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["run.py"])
    assert paper.main() == 0
    assert "set UPWEIGHT_DATA" in capsys.readouterr().out
