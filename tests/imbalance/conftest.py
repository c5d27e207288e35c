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


SIZES = {
    "_at_once": {"PLAIN": 0, "NEXT_TO_NOTHING": 0},
    "_search": {"TILE": 1 << 10, "ACROSS": 32, "MINIMA": 1 << 9, "CANDIDATES": 1 << 8, "PROBE": 4},
    "_trees": {"LEAF": 16, "SLICE": 8},
    "_votes": {"LARGE": 2, "FEW_OTHERS": 1.0},
    "_near": {"TILE": 1 << 10, "ACROSS": 32, "EXTREMES": 12, "PACK": 2},
    "_condense": {"FIRST": 4, "BLOCK": 16, "SAMPLE": 4},
    "_kdtree": {"FEW": 0},
}


@pytest.fixture(params=["as it is", "products", "k-d tree"])
def path(request, monkeypatch):
    """The same test three times: as it is; with tiles, leaves and thresholds so small that every shortcut is taken; by tree."""
    sizes = {"products": SIZES, "k-d tree": {"_kdtree": {"FEW": 5, "SMALL": 0}}}.get(request.param, {})
    for module, constants in sizes.items():
        for name, size in constants.items():
            monkeypatch.setattr(f"upweight.imbalance.{module}.{name}", size)
    return request.param


@pytest.fixture
def seeds(path):
    """Two hundred tables where shortcuts are taken, a third of them elsewhere."""
    return range(200) if path == "products" else range(200)[:: 3 if path == "k-d tree" else 5]
