"""One piece of a question: the user's function on some rows, in this process or another.

The trouble: what fails in the middle of a piece must not take the answers before it along, and an exception from somewhere in a thousand
rows says nothing without the inputs that raised it. So a piece gives the answers it has, and the error that ended it. From another process an
exception comes without its traceback, or not at all: then it tells its line, and one that cannot travel comes as a RuntimeError with its words.

What is inside: `RowPiece`; `answer`, which goes to other processes; `shown_inputs`, a row in words; `raised_at`, a line of the user's function.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._errors import InputError, counted, printable

__all__ = ["RowPiece", "answer", "raised_at", "shown_inputs", "width_changed"]

Points = np.ndarray | dict[str, np.ndarray]
SHOWN = 8  # inputs of a row that a message names


@dataclass(frozen=True)
class RowPiece:
    """Rows first ... of a question, as the function gets them; asker : the process that wants to know."""

    first: int
    x: Points
    asker: int = -1

    def __hash__(self) -> int:
        return self.first


@dataclass(frozen=True)
class Answer:
    """Answers (k,) or (k, c) to the first rows of a piece, and what ended it before its last, or None."""

    y: np.ndarray
    error: Exception | None = None


def size(x: Points) -> int:
    """Rows of points."""
    return len(next(iter(x.values()))) if isinstance(x, dict) else len(x)


def answer(function: Callable[[Any], Any], rows: bool, several: bool, piece: RowPiece) -> Answer:
    """The function on a piece; rows: one row at a time; several: more than one number a row is lawful."""
    got = _answers(function, rows, several, piece)
    if got.error is None or os.getpid() == piece.asker:
        return got
    return Answer(got.y, _sent(got.error))


def _answers(function: Callable[[Any], Any], rows: bool, several: bool, piece: RowPiece) -> Answer:
    if not rows:
        whole, trouble = _value(function, piece.x, size(piece.x), several)
        return Answer(np.empty(0) if whole is None else whole, trouble)
    y = []
    for i in range(size(piece.x)):
        one = {k: float(v[i]) for k, v in piece.x.items()} if isinstance(piece.x, dict) else piece.x[i].copy()
        value, error = _value(function, one, 1, several)
        if value is not None and y and value.shape[1:] != y[0].shape:
            value, error = None, InputError(width_changed(y[0].shape, value.shape[1:]))
        if value is None:
            if error is not None and not isinstance(error, InputError):
                error.add_note(f"raised at row {piece.first + i}: {shown_inputs(piece.x, i)}")
            return Answer(np.array(y), error)
        y.append(value[0])
    return Answer(np.array(y, dtype=np.float64))


def _sent(error: Exception) -> Exception:
    """An exception that another process can read, with the line that raised it."""
    if not isinstance(error, InputError) and (where := raised_at(error)):
        error.add_note(f"raised {where}, in another process")
    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:  # noqa: BLE001  whatever it is, what it said is worth more
        told = RuntimeError(f"{type(error).__name__}: {error}")
        for note in getattr(error, "__notes__", ()):
            told.add_note(note)
        return told


def raised_at(error: BaseException) -> str:
    """'in g (beam.py, line 7)', the line of the function of the user that an exception came through; empty where it has none in Python."""
    step = error.__traceback__
    while step is not None and step.tb_frame.f_code is not _value.__code__:
        step = step.tb_next
    if step is None or step.tb_next is None:
        return ""
    code = step.tb_next.tb_frame.f_code
    return f"in {code.co_name} ({os.path.basename(code.co_filename)}, line {step.tb_next.tb_lineno})"


def width_changed(before: tuple[int, ...], now: tuple[int, ...]) -> str:
    """That rows are answered by as many numbers each is what an array of answers rests on."""
    said = [counted(shape[0] if shape else 1, "number") for shape in (before, now)]
    return f"the function gave {said[0]} a row before, and {said[1]} now. Give as many for every row."


def _value(function: Callable[[Any], Any], x: Any, n: int, several: bool) -> tuple[np.ndarray | None, Exception | None]:
    """(n answers, None), or (None, what is wrong)."""
    try:
        given = function(x)
    except Exception as error:  # noqa: BLE001  whatever it is goes to the user with what is known of it
        return None, error
    try:
        return _numbers(given, n, several), None
    except InputError as error:
        return None, error


def _numbers(given: Any, n: int, several: bool) -> np.ndarray:
    """What a function gave, as float64 (n,), or (n, c) if several are lawful and came."""
    detached = given.detach().cpu() if hasattr(given, "detach") else given
    if np.ma.is_masked(detached):
        raise InputError(
            f"the function must give a number for every row; got {np.ma.count_masked(detached):,} masked. Fill them."
        )
    try:
        y = np.asarray(detached)
    except ValueError as error:
        raise InputError(
            f"the function must give one number a row, {n} of them; got {error}. Return an array."
        ) from error
    if y.dtype == bool:
        raise InputError("the function must give numbers; got True or False")
    if several and y.dtype.kind in "iuf":
        table = y[None] if n == 1 and y.ndim == 1 else y
        if table.ndim == 2 and len(table) == n and table.shape[1] > 1:
            return _floats(table)
    if y.size == n and y.dtype.kind not in "iuf":
        raise InputError(f"the function must give real numbers; got {y.dtype}. Return an array of float64.")
    if y.dtype.kind not in "iuf" or (y.size != n) or (y.ndim > 1 and y.shape != (n, 1)):
        raise InputError(
            f"the function must give one number a row, shape ({n},); got shape {y.shape} of {y.dtype}. Return one value for each row."
        )
    if _is_shuffled(given, n):
        raise InputError(
            "the function must give its numbers in the order of the rows; got a Series whose index is in another. Sort it: .sort_index()."
        )
    return _floats(y.reshape(n))


def _floats(y: np.ndarray) -> np.ndarray:
    """float64; what is larger is infinite, and told as that."""
    with np.errstate(over="ignore"):
        return y.astype(np.float64)


def _is_shuffled(given: Any, n: int) -> bool:
    """Whether it is of pandas and its index has the numbers of the rows in another order than the rows."""
    index = np.asarray(getattr(given, "index", None)) if hasattr(given, "sort_index") else np.empty(0)
    if index.shape != (n,) or index.dtype.kind not in "iu":
        return False
    return bool((np.sort(index) == np.arange(n)).all() and (np.diff(index) < 0).any())


def shown_inputs(x: Points, row: int) -> str:
    """'R=301.2, S=148.9': a row by the names of its inputs."""
    values = x if isinstance(x, dict) else {f"x{j}": x[:, j] for j in range(x.shape[1])}
    shown = [f"{printable(name)}={float(v[row]):.6g}" for name, v in list(values.items())[:SHOWN]]
    return ", ".join(shown) + (", ..." if len(values) > SHOWN else "")
