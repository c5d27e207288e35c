"""What other rooms may take from here: the names that the room's list holds, and nothing from the files behind."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np
import pytest

import upweight as uw

SOURCE = Path(uw.__file__).parent


@pytest.mark.parametrize("room", ["arrays", "_estimate"])
def test_other_rooms_import_from_the_list_only(room):
    reached = []
    for path in SOURCE.rglob("*.py"):
        if path.relative_to(SOURCE).parts[0] == room:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and f"{room}._" in (node.module or ""):
                reached.append(f"{path.relative_to(SOURCE)}:{node.lineno}")
    assert not reached


def test_a_mean_passes_few_functions():
    """The path of one self-normalised average of a NumPy column, its weights' k-hat included."""
    rng = np.random.default_rng(0)
    w, f = uw.Weights.of(rng.exponential(size=2000), kind="importance"), rng.normal(size=2000)
    w[:1000].mean(f[:1000])  # whatever is loaded at first use
    passed = set()

    def watch(frame, event, argument):
        code = frame.f_code
        if event == "call" and SOURCE in Path(code.co_filename).parents and not code.co_name.startswith("<"):
            passed.add((code.co_filename, code.co_qualname))

    sys.setprofile(watch)
    try:
        w.mean(f)
    finally:
        sys.setprofile(None)
    fit = {p for p in passed if "arrays" in p[0]}  # the Pareto fit, a formula a function
    assert len(passed - fit) <= 48
    assert len(fit) <= 28
