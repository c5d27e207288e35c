"""Examples of the reference, pasted as the site shows them into an interpreter that knows nothing: with their imports, and nothing else."""

from __future__ import annotations

import doctest
import importlib.util
from pathlib import Path

import pytest

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def extensions():
    """The reading of docstrings, as the test of docstrings loads it."""
    path = Path(__file__).with_name("test_docstrings.py")
    spec = importlib.util.spec_from_file_location("docstrings_of_the_house", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HOUSE = extensions()
IMPORTS = HOUSE.extension("imports")
PUBLIC = set(HOUSE.BY_NAME)


def home_of(entry):
    owner = HOUSE.owner_of(entry)
    home = (owner or entry).name.rsplit(".", 1)[0]
    return home.replace("upweight.keras", "upweight.torch")  # where the same classes can be imported without Keras


def shown_as():
    entries = [e for e in HOUSE.once((*HOUSE.CALLED, "property")) if ">>>" in e.doc]
    return [
        e
        for e in entries
        if not e.name.startswith(("upweight.keras.Weighted", "upweight.keras.Weights", "upweight.keras.MarginLoss"))
    ]


@pytest.mark.slow
@pytest.mark.parametrize("entry", shown_as(), ids=lambda e: e.name)
def test_an_example_runs_when_pasted(entry, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples = HOUSE.parts_of(entry).examples
    pasted = "\n".join(IMPORTS.with_imports(examples, home_of(entry), PUBLIC)) + "\n"
    out: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(
        doctest.DocTestParser().get_doctest(pasted, {"__name__": "__main__"}, entry.name, entry.name, 0), out=out.append
    )
    assert runner.failures == 0, "".join(out)


def test_imports_are_those_that_are_missing():
    example = ">>> x = np.ones(3)\n>>> def f(a): return a + x\n>>> ratio(f(1), x), [i for i in x]\n"
    assert IMPORTS.imports_of(example, "upweight", PUBLIC) == ["import numpy as np", "from upweight import ratio"]
    assert IMPORTS.imports_of(">>> import numpy as np\n>>> np.ones(3)\n", "upweight", PUBLIC) == []
