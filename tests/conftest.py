"""What every test may use, and the two rules of a full run: no import is skipped, and data that is absent is said."""

from __future__ import annotations

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
