"""Oracles for all tests of this folder, and small sizes that drive small tables through the paths of large ones."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Many small fits on a busy machine spend their time waiting for each other's threads otherwise."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def brute():
    """The module `brute.py` beside this file."""
    spec = importlib.util.spec_from_file_location("brute", Path(__file__).with_name("brute.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["small path", "large path"])
def path(request, monkeypatch):
    """The same test twice: as it is, and with tiles, leaves and thresholds so small that every shortcut is taken."""
    if request.param == "large path":
        from upweight.imbalance import _condense, _near, _search, _trees, _votes

        for module, sizes in (
            (_search, {"TILE": 1 << 10, "ACROSS": 32, "MINIMA": 1 << 9, "CANDIDATES": 1 << 8, "PROBE": 4}),
            (_trees, {"LEAF": 16, "SLICE": 8}),
            (_votes, {"LARGE": 2, "FEW_OTHERS": 1.0}),
            (_near, {"TILE": 1 << 10, "ACROSS": 32, "EXTREMES": 12, "PACK": 2}),
            (_condense, {"FIRST": 4, "BLOCK": 16, "SAMPLE": 4}),
        ):
            for name, size in sizes.items():
                monkeypatch.setattr(module, name, size)
    return request.param
