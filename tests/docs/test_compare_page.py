"""docs/compare.md against the code: every column, status, verdict, reason and grade that a reader can meet is explained."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from pathlib import Path

import pytest

from upweight.imbalance.comparison import _screen, _verdict

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "compare.md").read_text()
FIRST_CELLS = {
    word.strip().strip("`")
    for row in TEXT.splitlines()
    if row.startswith("| ")
    for word in row.split("|")[1].split(",")
}


def texts_in(function):
    """Every text constant of a function but its docstring."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return {
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and n.value.isidentifier()
    }


def test_every_column_of_the_table_is_explained():
    heads = {field.head for field in _screen.FIELDS} - {"", "status"}
    assert heads <= FIRST_CELLS, heads - FIRST_CELLS
    assert "## Status" in TEXT


@pytest.mark.parametrize("reason", sorted(texts_in(_verdict.Reading.reasons.fget)))
def test_every_reason_is_explained(reason):
    assert reason in FIRST_CELLS


@pytest.mark.parametrize("code", sorted({*texts_in(_verdict.code_of), "use:NAME"}))
def test_every_verdict_is_explained(code):
    assert code in FIRST_CELLS


@pytest.mark.parametrize("grade", sorted(texts_in(_verdict.grade_of) - texts_in(_verdict.code_of)))
def test_every_grade_is_explained(grade):
    assert re.search(rf"`{grade}`", TEXT), grade


@pytest.mark.parametrize("status", ["exact", "approximate", "impossible"])
def test_every_status_is_explained(status):
    assert status in FIRST_CELLS
