"""The real rows at the door of a generator: which columns move, on what scale it makes them, and how far apart rows are.

The trouble: a kernel over raw columns sees only the widest one, and a generator of pixels that may leave [0, 1] makes no pixels.

    every value in [0, 1]   the columns as they are, a sigmoid at the generator's end
    else                    (x - mean) / sd, weighted, and a linear end; a constant column is kept out and given back as it is

What is inside: `real_numbers`, what columns may hold; `RealColumns`, learnt in `fit`; `middle_distance`, the bandwidth of the kernel.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import sparse

from ..._errors import InputError, counted, plain, printable
from ...tables import is_frame
from ..likelihoods import numbers

__all__ = ["RealColumns", "middle_distance", "real_numbers"]

NUMBERS = "A generator makes numbers: leave it out, or write it as one."
MOST = 1000  # real rows whose median distance is taken


def real_numbers(X: Any) -> np.ndarray:
    """(n, d) float64, gaps NaN; sparse tables, words, dates and infinities are refused."""
    if sparse.issparse(X):
        raise InputError("`X` must be dense for a generator; got a sparse matrix. Use X.toarray().")
    if not is_frame(X) and X.dtype.kind in "OSU":
        _refuse_words(X)
    return numbers(X, remedy=NUMBERS)


@dataclass(frozen=True, eq=False)
class RealColumns:
    """Scale of the columns: unit, whether all lie in [0, 1]; mean and sd, float64 (d,), sd 0 in a constant column."""

    unit: bool
    mean: np.ndarray
    sd: np.ndarray

    @staticmethod
    def of(X: np.ndarray, w: np.ndarray, names: Any) -> RealColumns:
        """Learn them from rows (n, d) and weights (n,); warns of constant columns by name."""
        d = X.shape[1]
        constant = (X[0] == X).all(0)
        if constant.all():
            raise InputError("`X`: every column is constant, so there is nothing to learn. Give rows that differ.")
        if X.min() >= 0 and X.max() <= 1:
            return RealColumns(True, np.zeros(d), np.ones(d))
        _refuse_beyond_floats(X, names)
        mean = np.average(X, axis=0, weights=w)
        sd = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=w))
        if constant.any():
            _warn_of(np.flatnonzero(constant), names)
        return RealColumns(False, np.where(constant, X[0], mean), np.where(constant, 0.0, sd))

    @property
    def moving(self) -> np.ndarray:
        """(d,) bool: the columns that are generated."""
        return self.sd > 0

    def inward(self, X: np.ndarray) -> torch.Tensor:
        """Rows on the generator's scale, float32, moving columns only."""
        m = self.moving
        return torch.as_tensor((X[:, m] - self.mean[m]) / self.sd[m], dtype=torch.float32)

    def outward(self, g: np.ndarray) -> np.ndarray:
        """Generated rows (n, moving) in the user's units and columns, float32."""
        out = np.repeat(self.mean[None], len(g), 0)
        out[:, self.moving] += self.sd[self.moving] * g
        return out.astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        return {"unit": self.unit, "mean": self.mean.tolist(), "sd": self.sd.tolist()}

    @staticmethod
    def from_dict(d: dict[str, Any]) -> RealColumns:
        return RealColumns(bool(d["unit"]), np.array(d["mean"], float), np.array(d["sd"], float))


def middle_distance(rows: torch.Tensor, order: torch.Tensor) -> float:
    """The median distance of two of the rows, of the first 1000 in `order`."""
    found = float(torch.pdist(rows[order[:MOST]]).median())
    if not found > 0:
        raise InputError("`X`: half of the rows are the same, so their median distance is 0. Leave doubled rows out.")
    return found


def _refuse_words(X: np.ndarray) -> None:
    """Text in an array of rows and columns."""
    for place, value in np.ndenumerate(X):
        if isinstance(value, (str, bytes)) and X.ndim == 2:
            raise InputError(
                f"`X` must hold numbers; got {plain(value)!r} at row {place[0]}, column {place[1]}. {NUMBERS}"
            )


def _refuse_beyond_floats(X: np.ndarray, names: Any) -> None:
    """Numbers that float32, in which rows are generated, does not hold."""
    far = np.abs(X) > np.finfo(np.float32).max
    if far.any():
        row, j = (int(i) for i in np.argwhere(far)[0])
        name = j if names is None else repr(printable(names[j]))
        raise InputError(
            f"`X` must fit into float32, in which rows are generated; got {counted(int(far.sum()), 'number')} beyond, first {X[row, j]:.3g} "
            f"at row {row}, column {name}. Rescale it."
        )


def _warn_of(constant: np.ndarray, names: Any) -> None:
    first = repr(printable(names[constant[0]])) if names is not None else str(constant[0])
    more = f" and {counted(len(constant) - 1, 'other')}" if len(constant) > 1 else ""
    warnings.warn(
        f"`X`: column {first}{more} is constant; it is kept out of training and given back as it is.",
        UserWarning,
        stacklevel=4,
    )
