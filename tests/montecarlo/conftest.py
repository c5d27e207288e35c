"""Failure probabilities known to ten digits, for every test of this branch."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def problems():
    """The module `papers/failures.py`."""
    spec = importlib.util.spec_from_file_location(
        "problems", Path(__file__).resolve().parents[2] / "papers" / "failures.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
