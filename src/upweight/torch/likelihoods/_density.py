"""p(x|z) of one fitted table: what every likelihood answers, whatever its columns are.

The trouble: a network gives numbers; whether they are logits, means or shares, what a gap does to them, and in which unit their density
is, belongs in one place, or each verb of a model decides it anew. A `Density` is that place. It is frozen data (`to_dict`), made by
`fitted` of the settings, and knows

    rows(X) -> x, seen           a table in the density's own units (standardised numbers, codes of levels), and what was observed
    log p(x|z) = sum over the observed entries of the row,    in the user's units

What is inside: `Density`, the questions; `ObservedRows`, rows that are taken a batch at a time, sparse ones made dense then.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import nn

from ..._errors import InputError
from ._read_columns import ReadColumns

__all__ = ["Density", "ObservedRows", "at_least_ten", "refuse_empty", "refuse_gaps"]

FEWEST = 10
MISSING_NOTE = "gaps are taken as missing at random: whether an entry is missing may depend on what is observed, not on the entry itself"


class ObservedRows:
    """Rows of a table as a density reads them; `take` gives some of them as float32, with what was observed."""

    def __init__(self, x: Any, seen: torch.Tensor | None) -> None:
        self._x, self._seen = x, seen

    def __len__(self) -> int:
        return self._x.shape[0]

    def take(self, index: Any) -> tuple[torch.Tensor, torch.Tensor | None]:
        """x (B, D) float32 and seen (B, D) bool or None of the rows `index`: a slice, numbers or a mask."""
        if not sparse.issparse(self._x):
            return self._x[index], None if self._seen is None else self._seen[index]
        at = index.cpu().numpy() if isinstance(index, torch.Tensor) else index
        return torch.from_numpy(self._x[at].toarray()), None

    def part(self, columns: slice) -> ObservedRows:
        """The same rows, some of the columns; not of sparse ones."""
        return ObservedRows(self._x[:, columns], None if self._seen is None else self._seen[:, columns])

    @property
    def x(self) -> torch.Tensor:
        """(n, D) all rows."""
        return self.take(slice(None))[0]

    @property
    def seen(self) -> torch.Tensor | None:
        """(n, D) bool, or None where gaps are refused."""
        return self._seen


@dataclass(frozen=True, eq=False)
class Density(abc.ABC):
    """A likelihood whose columns are known; made by `fitted` of the settings."""

    columns: ReadColumns
    missing: str
    notes: tuple[str, ...]

    redraws = False  # whether x holds probabilities, to be redrawn at every visit

    @property
    def n_features_in(self) -> int:
        return self.columns.n

    @property
    def names(self) -> tuple[str, ...] | None:
        return self.columns.names

    @property
    def n_inputs(self) -> int:
        """Numbers that the encoder sees a row."""
        return self.width() + (self.columns.n if self.missing == "mar" else 0)

    def width(self) -> int:
        """Numbers that the encoder sees of the entries, the mask left out."""
        return self.columns.n

    @property
    @abc.abstractmethod
    def n_outputs(self) -> int:
        """Numbers that the decoder gives a draw."""

    @property
    def n_means(self) -> int:
        """Numbers of `mean`: one a column, of levels one a level."""
        return self.columns.n

    @abc.abstractmethod
    def coded(self, values: Any) -> Any:
        """float64 values as the columns read them, in the density's own units; gaps may be anything."""

    @abc.abstractmethod
    def decoded(self, x: np.ndarray) -> np.ndarray:
        """(n, D) own units to float64 values as the columns read them."""

    @abc.abstractmethod
    def start_bias(self, rows: ObservedRows, weights: np.ndarray | None) -> torch.Tensor:
        """(n_outputs,) bias with which the decoder begins at the weighted mean of the observed entries."""

    @abc.abstractmethod
    def log_prob(
        self, outputs: torch.Tensor, x: torch.Tensor, seen: torch.Tensor | None, own: nn.Module | None
    ) -> torch.Tensor:
        """log p(x|z) (B, K) in nats and the user's units, of outputs (B, K, n_outputs) and x (B, D), over what was `seen`."""

    @abc.abstractmethod
    def mean(self, outputs: torch.Tensor, own: nn.Module | None) -> torch.Tensor:
        """E[x|z] (..., M): numbers their mean, levels the share of each; what may be averaged over draws."""

    @abc.abstractmethod
    def sample(self, outputs: torch.Tensor, own: nn.Module | None, generator: torch.Generator | None) -> torch.Tensor:
        """(..., D) one draw of x for each row of outputs, in own units."""

    @abc.abstractmethod
    def _document(self) -> dict[str, Any]:
        """What this kind of density knows beyond its columns, as plain data."""

    def module(self) -> nn.Module | None:
        """Parameters of its own, to be trained with the networks."""
        return None

    def expected(self, mean: torch.Tensor) -> torch.Tensor:
        """(..., D) in own units: what a reconstruction shows; probabilities stay probabilities."""
        return mean

    def guess(self, mean: torch.Tensor) -> torch.Tensor:
        """(..., D) in own units: what a gap is filled with; the likeliest level, the mean of numbers."""
        return self.expected(mean)

    def redrawn(self, x: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        """x with its probabilities drawn; as it is where there are none."""
        return x

    def known(self, seen: torch.Tensor) -> torch.Tensor:
        """(..., D) bool: the observed entries that enter the density."""
        return seen

    def empty(self, seen: torch.Tensor) -> torch.Tensor:
        """(...) bool: rows of which nothing was observed that enters the density; their log p is 0."""
        return ~self.known(seen).any(-1)

    def rows(self, X: Any) -> ObservedRows:
        """A table with the columns of fit; gaps, unseen levels and values out of range are refused as in fit."""
        return self._observed(self.columns.values(X))

    def _arranged(self, values: Any) -> Any:
        """Values (n, D) in the order in which this density keeps its columns."""
        return values

    def _observed(self, values: Any) -> ObservedRows:
        if self.missing == "refuse":
            refuse_gaps(values, self.columns)
        values = self._arranged(values)
        if self.missing == "refuse":
            return ObservedRows(torch.from_numpy(np.asarray(self.coded(values), dtype=np.float32)), None)
        if sparse.issparse(values):
            raise InputError("a table with gaps must be dense; got a sparse matrix. Use X.toarray().")
        seen = ~np.isnan(values)
        coded = np.where(seen, self.coded(values), 0.0).astype(np.float32)
        return ObservedRows(torch.from_numpy(coded), torch.from_numpy(seen))

    def encoder_input(self, x: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
        """(B, n_inputs) what the encoder sees: entries with zeros for gaps, and under "mar" the mask beside them."""
        entries = self.entries(x, seen)
        return entries if self.missing == "refuse" or seen is None else torch.cat([entries, seen.to(entries)], -1)

    def entries(self, x: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
        """(B, width) what the encoder sees of the entries, the mask left out."""
        return x

    def table(self, x: torch.Tensor | np.ndarray, like: Any = None) -> Any:
        """x (n, D) in own units as a table of the user's: columns and container of `like`, or of fit."""
        return self.columns.table(self.decoded(_float64(x)), like)

    def filled(self, X: Any, x: torch.Tensor | np.ndarray) -> Any:
        """`X` with its gaps filled from x (n, D) in own units; what was observed stays as it came."""
        return self.columns.filled(X, self.decoded(_float64(x)))

    def to_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; `density_of` reads it."""
        return {
            "columns": self.columns.to_dict(),
            "missing": self.missing,
            "notes": list(self.notes),
            **self._document(),
        }


def _float64(x: torch.Tensor | np.ndarray) -> np.ndarray:
    return np.asarray(x.detach().cpu() if isinstance(x, torch.Tensor) else x, dtype=np.float64)


def at_least_ten(rows: int) -> None:
    """Fewer rows than that are no data set."""
    if rows < FEWEST:
        raise InputError(
            f"`X` needs at least {FEWEST} rows; got n_samples = {rows}. A network cannot be fitted to so few: give more rows."
        )


def refuse_empty(seen: np.ndarray, columns: ReadColumns) -> None:
    """A column (of seen (n, D) bool) without one observed entry has nothing to be learnt of."""
    if not (any_seen := seen.any(0)).all():
        j = int((~any_seen).argmax())
        raise InputError(
            f"`X`: {columns.label(j)} is empty in all {len(seen):,} rows, and nothing can be learnt of it. Leave it out."
        )


def refuse_gaps(values: Any, columns: ReadColumns, remedy: str = "Missing at random? IWAE(missing='mar').") -> None:
    """Gaps where missing="refuse"."""
    if sparse.issparse(values):
        gaps = int(np.isnan(values.data).sum())
        if gaps:
            raise InputError(
                f"`X` must hold no NaN; got {gaps:,} in a sparse matrix. Write them as zeros, or drop the rows."
            )
        return
    bad = np.isnan(values)
    if not bad.any():
        return
    row, j = (int(i) for i in np.argwhere(bad)[0])
    raise InputError(
        f"`X` must hold no gap; got {int(bad.sum()):,} NaN, first at row {row}, {columns.label(j)}. {remedy}"
    )
