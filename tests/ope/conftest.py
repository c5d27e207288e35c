"""The ring of four states, which the papers on episodes share with these tests."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def ring():
    """The class `Ring` of papers/ring.py."""
    path = Path(__file__).resolve().parents[2] / "papers" / "ring.py"
    spec = importlib.util.spec_from_file_location("papers_ring", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Ring
