"""The examples in the docstrings of `upweight.keras`, which the full environment cannot run: Keras is not in it."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import upweight.keras

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
FILES = sorted(path.stem for path in Path(upweight.keras.__file__).parent.glob("_*.py") if path.stem != "__init__")


@pytest.mark.filterwarnings("default::DeprecationWarning")  # Keras over PyTorch asks NumPy in an old way
@pytest.mark.parametrize("name", FILES)
def test_every_example_of_a_file_prints_what_it_says(name):
    module = importlib.import_module(f"upweight.keras.{name}")
    found = [test for test in doctest.DocTestFinder().find(module) if test.examples]
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    assert [test.name for test in found if runner.run(test).failed] == []


def test_there_are_examples():
    modules = [importlib.import_module(f"upweight.keras.{name}") for name in FILES]
    assert sum(bool(test.examples) for m in modules for test in doctest.DocTestFinder().find(m)) >= 3
