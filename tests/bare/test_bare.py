"""The trunk works where only NumPy, SciPy, narwhals and array-api-compat are installed, and `import upweight` is light."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

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


def test_import_loads_numpy_at_most():
    loaded = run_script("import sys, upweight; print([m for m in sys.modules if m.startswith('upweight.')])")
    assert loaded.strip() == "[]"


def test_every_name_of_the_trunk_is_loaded_at_its_first_use_with_numpy_alone():
    used = f"[getattr(upweight, name) for name in upweight.__all__]; print([m for m in {HEAVY!r} if m in sys.modules])"
    assert run_script(f"import sys, upweight; {used}").strip() == "[]"
    assert run_script("from upweight import *; print(Weights.__name__, check.__name__)").strip() == "Weights check"


def test_names_for_type_checkers_and_names_at_run_time_are_the_same():
    tree = ast.parse(Path(uw.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {a.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for a in node.names}
    assert sorted(typed) == sorted(uw.__all__)
    for name, home in typed.items():
        where = importlib.import_module(f"upweight.{home}" if home else "upweight")
        assert getattr(uw, name) is getattr(where, name)
        assert name in dir(uw)


def test_every_public_class_says_of_itself_where_it_is():
    classes = [getattr(uw, name) for name in uw.__all__ if isinstance(getattr(uw, name), type)]
    assert {c.__name__: c.__module__ for c in classes} == {c.__name__: "upweight" for c in classes}
    assert {"Balance", "Correction", "Estimate", "Repair", "Step", "Tally", "Verdict", "Weights"} <= {
        c.__name__ for c in classes
    }
    w = uw.Weights.of(np.ones(30), kind="importance")
    assert isinstance(uw.balance(np.ones((30, 1)), np.ones((9, 1)), weights=w), uw.Balance)
    assert isinstance(uw.recalibrate([0, 1] * 20, np.full(40, 0.4)), uw.Repair)
    assert all(isinstance(step, uw.Step) for step in w.clip(at=2.0).trail)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'upweight' has no attribute 'wieghts'"):
        _ = uw.wieghts


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


def test_without_torch_the_branch_is_one_line_with_the_pip_command():
    asked = "import sys; sys.modules['torch'] = None; import upweight\ntry: upweight.torch\nexcept upweight.MissingExtra as e: print(e)"
    told = "upweight.torch needs torch, which is not installed: pip install 'upweight[torch]'"
    assert run_script(asked).strip() == told


def test_keras_without_a_backend_is_one_line_that_names_it(tmp_path):
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "__init__.py").write_text("import tensorflow\n")
    asked = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.modules.pop('tensorflow', None); import upweight\n"
    asked += "try: upweight.keras\nexcept upweight.MissingExtra as e: print(e)"
    assert "needs what Keras runs on, and tensorflow is not installed: pip install tensorflow-cpu" in run_script(asked)
