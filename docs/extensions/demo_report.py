"""The report on the home page, written by the command that the page shows, when the site is built."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .papers import HOME

__all__ = ["FOLDER", "make_report"]

FOLDER = HOME / "docs" / "made"
COMMAND = "compare demo:digits --target eight --methods quick --rng 0 --report"


def make_report(app: Any) -> None:
    """Called by Sphinx before it reads; a report younger than every file of the package is kept."""
    FOLDER.mkdir(exist_ok=True)
    report = FOLDER / "digits.html"
    if not report.exists() or report.stat().st_mtime < _youngest(HOME / "src"):
        environment = os.environ | {"PYTHONPATH": str(HOME / "src"), "NO_COLOR": "1"}
        words = [sys.executable, "-m", "upweight", *COMMAND.split(), str(report)]
        done = subprocess.run(words, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"the report of the home page was not written: {done.stderr}")


def _youngest(folder: Path) -> float:
    return max(path.stat().st_mtime for path in folder.rglob("*") if path.suffix in (".py", ".j2", ".css", ".js"))
