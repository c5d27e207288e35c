"""The columns of both samples as plain frames, and what of the target no source row is like.

The trouble: a balance table wants numbers and categories, a frame has dates, lists and text; and what no weights can mend, a level that the
source never had or a region where it has no row, hides in averages.

    no support   target rows that the classifier gives P > .99, or with a level that no source row has

What is inside: `Sides`, made by `Sides.of`; its columns are those that the classifiers read, words apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse

from ..._balance import Balance, balance
from ..._errors import plain, printable
from ..._weights import Weights
from ...tables import Column, Table
from ..columns import Pooled

__all__ = ["Sides"]

ALIKE = float(np.log(99.0))  # logit of P = .99


@dataclass(frozen=True, eq=False)
class Sides:
    """Both samples by column. `source`, `target` Arrow tables, names as people read them; `labels` {name of the caller: that name}."""

    pooled: Pooled
    source: pa.Table
    target: pa.Table
    labels: dict[Any, str]

    @classmethod
    def of(cls, pooled: Pooled) -> Sides:
        """Numbers as float64 and categories as text, gaps as gaps; nothing that was dropped, no free text."""
        table, columns, labels = pooled.task.X, {}, {}
        at = {"numeric": 0, "categorical": 0}
        for name, column in zip(pooled.names, pooled.schema.columns, strict=True):
            if column.kind not in at:
                continue
            labels[name] = f"column {name}" if not pooled.schema.named else str(name)
            columns[labels[name]] = _values(table, column, at[column.kind])
            at[column.kind] += 1
        whole = pa.table(columns)
        return cls(pooled, whole.slice(0, pooled.n_source), whole.slice(pooled.n_source), labels)

    def balance(self, weights: Weights | None) -> Balance | None:
        """The balance table of these columns; None where there is none to compare."""
        return balance(self.source, self.target, weights=weights) if self.labels else None

    def said(self, name: Any) -> str:
        """How a column is called in a sentence."""
        return printable(self.labels.get(name, name))

    def unsupported(self, logit: np.ndarray) -> np.ndarray:
        """(m,) whether no source row is like this target row; `logit` (m,) are its scores out of fold."""
        return (logit > ALIKE) | self._unseen

    @cached_property
    def _unseen(self) -> np.ndarray:
        """(m,) whether a target row has a level that no source row has."""
        codes, n = self.pooled.task.X.codes, self.pooled.n_source
        found = np.zeros(len(codes) - n, dtype=bool)
        for column in codes.T:
            found |= (column[n:] >= 0) & ~np.isin(column[n:], column[:n])
        return found

    @property
    def new_columns(self) -> list[str]:
        """Columns that hold values on one side only."""
        sides = zip(self.labels.values(), self.source.columns, self.target.columns, strict=True)
        return [name for name, a, b in sides if (a.null_count == len(a)) != (b.null_count == len(b))]

    def row(self, j: int, names: list[str]) -> str:
        """Target row j in words, by some of its columns."""
        said = [
            f"{printable(n)} {_shown(plain(self.target[n][j].as_py()))}" for n in names if n in self.target.column_names
        ]
        return f"row {j}" + (f" ({', '.join(said)})" if said else "")


def _shown(value: Any) -> str:
    return "missing" if value is None else f"{value:.4g}" if isinstance(value, float) else printable(value)


def _values(table: Table, column: Column, j: int) -> pa.Array:
    if column.kind == "numeric":
        x = table.numbers[:, [j]].toarray().ravel() if sparse.issparse(table.numbers) else table.numbers[:, j]
        return pa.array(x, pa.float64(), from_pandas=True)
    levels = [str(level) for level in column.categories]
    return pa.array([levels[c] if 0 <= c < len(levels) else None for c in table.codes[:, j].tolist()], pa.string())
