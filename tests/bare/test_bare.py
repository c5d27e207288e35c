"""The trunk works where only NumPy, SciPy, narwhals and array-api-compat are installed, and `import upweight` is light."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import upweight as uw

HEAVY = (
    "scipy.special",
    "narwhals",
    "pandas",
    "sklearn",
    "pyarrow",
    "torch",
    "numba",
    "array_api_compat",
    "matplotlib",
    "rich",
)


def run_script(code: str) -> str:
    where = os.environ | {"PYTHONPATH": str(Path(uw.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, env=where)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_loads_numpy_alone():
    loaded = run_script(f"import sys, upweight; print([m for m in {HEAVY!r} if m in sys.modules])")
    assert loaded.strip() == "[]"


def test_weights_are_made_tamed_and_used():
    w = uw.ratio(np.full(100, 0.5), np.linspace(0.1, 1, 100))
    assert 0 < w.clip(at=2).ess <= 100
    assert w.mean(np.arange(100.0)).se > 0
    assert w.check().n == 100
    assert len(w.resample(10, rng=0)) == 10


def test_odds_are_given_back():
    assert abs(uw.Correction.kept(negatives=0.1).apply(np.array([0.5]))[0] - 1 / 11) < 1e-15


def test_every_exported_name_is_there():
    assert [name for name in uw.__all__ if not hasattr(uw, name)] == []
