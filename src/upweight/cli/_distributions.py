"""NAME=DIST(args), read as literals: distributions of SciPy from a command line, never evaluated as code.

    R=lognorm(0.1, scale=300)      ->  ("R", scipy.stats.lognorm(0.1, scale=300))

What is inside: `read_inputs`, of all --input options; `read_correlation`, of a CSV file.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import InputError, did_you_mean

__all__ = ["read_correlation", "read_inputs"]

FORM = "Write NAME=DIST(numbers), such as R=lognorm(0.1, scale=300)."


def read_inputs(given: list[str]) -> dict[str, Any]:
    """{name: frozen distribution} of the options, in order."""
    out: dict[str, Any] = {}
    for text in given:
        name, sign, what = text.partition("=")
        name = name.strip()
        if not sign or not name.isidentifier():
            raise InputError(f"--input {text}: no name before '='. {FORM}")
        if name in out:
            raise InputError(f"--input {text}: {name} is given twice. Rename one.")
        out[name] = _distribution(text, what.strip())
    return out


def _distribution(text: str, what: str) -> Any:
    from scipy import stats

    known = {n: d for n, d in vars(stats).items() if isinstance(d, (stats.rv_continuous, stats.rv_discrete))}
    try:
        call = ast.parse(what, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"--input {text}: {what!r} is no distribution. {FORM}") from error
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise InputError(f"--input {text}: {what!r} is no distribution with its numbers. {FORM}")
    if call.func.id not in known:
        hint = did_you_mean(call.func.id, known).replace("'", "")
        raise InputError(f"--input {text}: scipy.stats has no distribution {call.func.id!r}.{hint}")
    args = [_number(text, a) for a in call.args]
    if any(k.arg is None for k in call.keywords):
        raise InputError(f"--input {text}: '**' stands for nothing here. {FORM}")
    named = {str(k.arg): _number(text, k.value) for k in call.keywords}
    try:
        return known[call.func.id](*args, **named)
    except (TypeError, ValueError) as error:
        raise InputError(f"--input {text}: {error}. Look at the parameters of scipy.stats.{call.func.id}.") from error


def _number(text: str, node: ast.expr) -> float:
    """A literal number."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, SyntaxError) as error:
        raise InputError(f"--input {text}: {ast.unparse(node)!r} is no number. {FORM}") from error
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"--input {text}: {value!r} is no number. {FORM}")
    return float(value)


def read_correlation(path: str) -> np.ndarray:
    """A square of numbers, separated by commas, without a head."""
    try:
        lines = [line for line in Path(path).read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        rows = [[float(cell) for cell in line.split(",")] for line in lines]
    except OSError as error:
        raise InputError(f"--correlation {path}: cannot be read ({error.strerror}). Name a CSV file.") from error
    except ValueError as error:
        raise InputError(
            f"--correlation {path}: {error}. Write numbers only, separated by commas, one row an input."
        ) from error
    if not rows or any(len(row) != len(rows) for row in rows):
        raise InputError(
            f"--correlation {path}: {len(rows)} rows of {sorted({len(row) for row in rows})} numbers. Write as many columns as rows."
        )
    return np.array(rows)
