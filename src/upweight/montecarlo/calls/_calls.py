"""Calls: a function of the user, counted to the row, never asked the same twice, never beyond its budget.

The trouble: methods differ by what they hide: an evaluation that is thrown away, a level that overruns the budget by a batch. Here every
row goes through one door. It counts, calls by rows or batches, here or in processes, writes answers down as they come, and refuses what is
no answer with the inputs that gave it.

    y = g(inputs.to_x(u)),    calls += rows of u,    calls <= budget always

What is inside: `Calls`; `Question`, what a function is asked, which decides how errors speak.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..._errors import InputError, counted
from ...work import AnswerJournal, each_part
from ._answering import RowPiece, answer, shown_inputs, size, width_changed
from ._run import Run
from ._watching import CallProgress

__all__ = ["Calls", "Question"]

SYNC_ROWS = 50  # rows of one piece when a journal is kept and rows are asked one by one


@dataclass(frozen=True)
class Question:
    """What a function is asked: its name in messages, what to do about a value that is none, and about True or False; whether a row
    may have several numbers, and whether -inf is one.
    """

    name: str
    remedy: str
    of_flags: str = "Return a number for each row."
    several: bool = False
    finite: bool = False


class Calls:
    """A function of the user behind its door.

    function : of x (n, d) or a dict of names, giving n numbers, or (n, c) if the question takes several. to_x : from points (n, d) to what the function gets.
    budget : rows at most. owner : facts of the run, for the journal.
    """

    def __init__(
        self,
        function: Callable[[Any], Any],
        question: Question,
        *,
        to_x: Callable[[np.ndarray], Any],
        budget: int,
        run: Run | None = None,
        owner: dict[str, Any] | None = None,
    ):
        if not callable(function):
            raise InputError(
                f"`{question.name}` must be a function; got {type(function).__name__}. Pass the function itself."
            )
        self.function, self.question, self.to_x = function, question, to_x
        self.run = Run() if run is None else run
        self.budget, self.calls, self.requests = budget, 0, 0
        self.width: tuple[int, ...] | None = None  # () or (c,), what every row is answered by
        self.progress = CallProgress(self.run.progress, budget)
        self.journal = None if self.run.journal is None else AnswerJournal(self.run.journal, owner or {})

    @property
    def left(self) -> int:
        """Rows that may still be asked."""
        return self.budget - self.calls

    def __enter__(self) -> Calls:
        return self

    def __exit__(self, *unused: object) -> None:
        self.progress.close()
        if self.journal is not None:
            self.journal.close()

    def __call__(self, u: np.ndarray, phase: str = "") -> np.ndarray:
        """y (n,), or (n, c), of points u (n, d); -inf is lawful if the question says so, NaN and +inf are refused."""
        if len(u) > self.left:
            raise RuntimeError(f"{len(u)} rows asked of {self.left} left")
        request, self.requests = self.requests, self.requests + 1
        self.progress.at(self.calls, phase)
        y, there = np.empty(len(u)), np.zeros(len(u), dtype=bool)
        if self.journal is not None:
            y, there = self.journal.recall(request, u)
            if there.any():
                self._of_one_width(y)
        missing = np.flatnonzero(~there)
        if len(missing):
            for first, values in self._answers(u, missing):
                if not len(values):
                    continue
                self._of_one_width(values)
                y = y if y.ndim == values.ndim else np.empty((len(u), *values.shape[1:]))
                where = missing[first : first + len(values)]
                self._write(request, where, u, values)
                y[where] = values
                self.progress.at(self.calls + first + len(values), phase)
        self.calls += len(u)
        return y

    def _answers(self, u: np.ndarray, missing: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """(first row, answers) of each piece of the missing rows as it comes; the first error ends it, after the answers before it were given.

        x is made of all rows: a matrix product in it may differ in the last digit for fewer.
        """
        x = self.to_x(u)
        pieces = list(self._pieces(x if len(missing) == len(u) else _rows(x, missing)))
        del x
        ask = partial(answer, self.function, self.run.rows, self.question.several)
        processes, answered = min(self.run.workers, len(pieces)), 0
        for piece, got in each_part(ask, pieces, processes, bounded=True, mapper=self.run.map):
            wrong = ~np.isfinite(got.y) if self.question.finite else np.isnan(got.y) | (got.y == np.inf)
            bad = np.flatnonzero(wrong if wrong.ndim == 1 else wrong.any(axis=1))
            yield piece.first, got.y[: bad[0]] if len(bad) else got.y
            if len(bad):
                self._refuse(piece, int(bad[0]), np.atleast_1d(got.y[bad[0]]), np.atleast_1d(wrong[bad[0]]))
            if got.error is not None:
                self._raise(piece, len(got.y), got.error)
            answered += 1
        if answered != len(pieces):  # a map of somebody else's lost some
            raise InputError(
                f"`map` must give one answer for each of the {len(pieces):,} pieces it is handed; got {answered:,}. Pass executor.map."
            )

    def _pieces(self, x: Any) -> Iterator[RowPiece]:
        """Copies of the rows, `batch` at a time."""
        n = size(x)
        most = self.run.batch or n
        if self.run.batch is None and (self.run.workers > 1 or self.run.map is not None or self.run.rows):
            shares = -(-n // (4 * max(self.run.workers, 2)))
            most = min(shares, SYNC_ROWS) if self.run.rows and self.run.journal is not None else shares
        for first in range(0, n, most):
            rows = slice(first, first + most)
            piece = {k: v[rows].copy() for k, v in x.items()} if isinstance(x, dict) else x[rows].copy()
            yield RowPiece(first, piece, os.getpid())

    def _write(self, request: int, where: np.ndarray, u: np.ndarray, values: np.ndarray) -> None:
        """Answers to the journal, one line for each run of neighbouring rows."""
        if self.journal is None or not len(values):
            return
        for rows in np.split(np.arange(len(where)), np.flatnonzero(np.diff(where) > 1) + 1):
            self.journal.append(request, int(where[rows[0]]), u[where[rows]], values[rows])

    def _of_one_width(self, values: np.ndarray) -> None:
        if self.width is None:
            self.width = values.shape[1:]
        if values.shape[1:] != self.width:
            raise InputError(f"{self.question.name}: {width_changed(self.width, values.shape[1:])}")

    def _refuse(self, piece: RowPiece, row: int, values: np.ndarray, wrong: np.ndarray) -> None:
        column = int(wrong.argmax())
        word = "NaN" if np.isnan(values[column]) else f"{values[column]:+}"
        where = f" in column {column}" if len(values) > 1 else ""
        raise InputError(
            f"{self.question.name} is {word}{where} at call {self.calls + piece.first + row}: {shown_inputs(piece.x, row)}. {self.question.remedy}"
        )

    def _raise(self, piece: RowPiece, done: int, error: Exception) -> None:
        """The user's own exception, with what we know of it."""
        if isinstance(error, InputError):
            remedy = f". {self.question.of_flags}" if str(error).endswith("True or False") else ""
            raise InputError(f"{self.question.name}: {error}{remedy}") from error
        n = size(piece.x)
        if not self.run.rows and n > 0:
            error.add_note(
                f"raised by {self.question.name} on {counted(n, 'row')}, the first: {shown_inputs(piece.x, 0)}"
            )
        kept = 0 if self.journal is None else self.journal.kept
        error.add_note(
            f"{counted(kept, 'call')} kept in the journal" if self.journal else "no journal is kept: Run(journal=...)"
        )
        raise error


def _rows(x: Any, which: np.ndarray) -> Any:
    """Some rows of points."""
    return {k: v[which] for k, v in x.items()} if isinstance(x, dict) else x[which]
