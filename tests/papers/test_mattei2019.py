"""The short form of papers/mattei2019: every claim within its bounds."""

import importlib.util
import json
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[2] / "papers" / "mattei2019"
CLAIMS = {name: c for name, c in json.loads((HERE / "expected.json").read_text()).items() if "short" in c}


@pytest.fixture(scope="module")
def found():
    spec = importlib.util.spec_from_file_location("papers_mattei2019", HERE / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.run(short=True)


@pytest.mark.parametrize("name", CLAIMS)
def test_short_form_holds_every_claim(found, name):
    low, high = CLAIMS[name]["short"]
    assert low <= found[name] <= high, CLAIMS[name]
