"""What every test may use: the public data, oracles, small sizes that drive small tables through the paths of large ones; and
the two rules of a full run: no import is skipped, and data that is absent is said.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SKIPPED_IMPORTS: list[str] = []


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The public data folder (environment variable UPWEIGHT_DATA, default ../shared/data); skips, saying so, if absent."""
    folder = Path(os.environ.get("UPWEIGHT_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no public data at {folder}; set UPWEIGHT_DATA")
    return folder


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Many small fits on a busy machine spend their time waiting for each other's threads otherwise."""
    if importlib.util.find_spec("threadpoolctl") is None:  # the bare environment fits nothing
        yield
        return
    with importlib.import_module("threadpoolctl").threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def brute():
    """The module `brute.py` beside this file."""
    spec = importlib.util.spec_from_file_location("brute", Path(__file__).with_name("brute.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SIZES = {
    "neighbours._one_tile": {"PLAIN": 0, "TRIVIAL": 0},
    "neighbours._search": {"TILE": 1 << 10, "ACROSS": 32, "MINIMA": 1 << 9, "CANDIDATES": 1 << 8, "PROBE": 4},
    "neighbours._trees": {"LEAF": 16, "SLICE": 8},
    "imbalance.selection_rules._votes": {"LARGE": 2, "FEW_OTHERS": 1.0},
    "imbalance.selection_rules._near_rules": {"TILE": 1 << 10, "ACROSS": 32, "EXTREMES": 12, "PACK": 2},
    "imbalance.selection_rules._hart": {"FIRST": 4, "BLOCK": 16, "SAMPLE": 4},
    "neighbours._kdtree": {"FEW": 0},
}


@pytest.fixture(params=["as it is", "products", "k-d tree"])
def path(request, monkeypatch):
    """The same test three times: as it is; with tiles, leaves and thresholds so small that every shortcut is taken; by tree."""
    sizes = {"products": SIZES, "k-d tree": {"neighbours._kdtree": {"FEW": 5, "SMALL": 0}}}.get(request.param, {})
    for module, constants in sizes.items():
        for name, size in constants.items():
            monkeypatch.setattr(f"upweight.{module}.{name}", size)
    return request.param


@pytest.fixture
def seeds(path):
    """Two hundred tables where shortcuts are taken, a third of them elsewhere."""
    return range(200) if path == "products" else range(200)[:: 3 if path == "k-d tree" else 5]


def _note_skipped_import(report):
    if report.skipped and "could not import" in str(report.longrepr):
        SKIPPED_IMPORTS.append(report.nodeid)


def pytest_runtest_logreport(report):
    _note_skipped_import(report)


def pytest_collectreport(report):
    _note_skipped_import(report)


def pytest_sessionfinish(session, exitstatus):
    if SKIPPED_IMPORTS and os.environ.get("UPWEIGHT_FULL") and exitstatus == 0:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter):
    if SKIPPED_IMPORTS and os.environ.get("UPWEIGHT_FULL"):
        terminalreporter.write_line(f"skipped imports are failures here: {', '.join(SKIPPED_IMPORTS)}", red=True)
