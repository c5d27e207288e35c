"""The f of an average: one column or a table, with gaps where no weight lies, and what its values are known to be.

The trouble: f comes as an array, a Series or a frame; it may hold NaN on rows of weight zero; likelihoods of 1e-165 lose their squares
in a float, and values of 1e200 overflow them; and whether its tail has to be watched depends on what it can be: an indicator has no tail,
nor has anything between known bounds.

    f = unit · values,   unit a power of two wherever |f| leaves 2^-400 to 2^400, so that scaling loses no digit

What is inside: `Values`, one f ready to be averaged; `NamedValues`, all of them with their names and container; `read_values`, which reads
and refuses; `carried`, how many rows carry an average whose values are mostly the same, and `too_few`, what is said of it.

Source: Kish (1965) for effective rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError, is_number
from .._frames import Container, read_columns, require, same_rows
from ._belief import Average
from ._influence import Multipliers, blocks
from ._sample import WeightedSample
from ._tails import kish, power_of_two
from ._terms import Terms

if TYPE_CHECKING:
    from .._weights import Weights

__all__ = ["FEWEST", "NamedValues", "Values", "carried", "one_column", "read_values", "too_few"]

MANY = 3  # distinct values of f from which its tail is watched
ORDINARY = 2.0**-400, 2.0**400  # magnitudes whose squares, weighted, fit a float
LOOKED_AT = 1009  # rows looked at for a value that most of them share
FEWEST = 10.0  # effective rows on the rarer side of two values from which an error can be told
FEWEST_AMOUNTS = 50.0  # the same of the rows that differ from a common value by amounts, which are mostly skewed
Bounds = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Values:
    """One f (n,), finite everywhere, in units of a power of two; `seen` holds its values where the weight is positive, up to three."""

    values: np.ndarray
    unit: float
    seen: tuple[float, ...]
    bounded: bool  # few values, or bounds that are known: no tail of its own

    @classmethod
    def of(cls, f: np.ndarray, log_w: np.ndarray, bounds: Bounds | None = None, name: str = "`f`") -> Values:
        """Read f (n,); what is not finite, or huge, is refused where the weight is positive, and replaced where it is zero."""
        reach = lambda f: float(np.max([(f[p].max(), -f[p].min()) for p in blocks(f.size)]))
        top = reach(f)
        if not top < ORDINARY[1]:
            f = _without_gaps(f, log_w == -np.inf, name)
            top = reach(f)
        unit = 1.0 if ORDINARY[0] < top < ORDINARY[1] else power_of_two(top) or 1.0
        f = f if unit == 1.0 else f / unit
        seen = _few_values(f, log_w)
        if bounds is not None:
            _refuse_outside(f * unit if unit != 1.0 else f, log_w == -np.inf, bounds, name)
        return cls(f, unit, seen, len(seen) < MANY or bounds is not None)


@dataclass(frozen=True, eq=False)
class NamedValues:
    """All columns of an f, whether it was one, and what they are called."""

    each: Sequence[Values]
    scalar: bool
    names: tuple[Any, ...]
    container: Container

    def only(self, name: str) -> Values:
        """The column, if it came as one; a table with a single column is a table."""
        if self.scalar:
            return self.each[0]
        said = f"frame[{self.names[0]!r}]" if self.names else "x[:, 0]"
        raise InputError(
            f"`{name}` must be one column; got a table of {len(self.each)}. Pass one of its columns, say {said}."
        )

    def terms(self, each: Sequence[Average], shape: tuple[int, ...] | None = None) -> Terms:
        """These averages of the columns, under their names; in another shape for a batch of weights, whose averages have none."""
        if shape is None:
            shape = () if self.scalar else (len(self.each),)
            return Terms(tuple(each), shape, self.each[0].values.size, self.names, self.container)
        return Terms(tuple(each), shape, self.each[0].values.size, (), self.container)


def read_values(w: Weights, f: Any, bounds: Any = None, *, name: str = "f") -> NamedValues:
    """`f` (n,) or (n, c) as columns; lengths, indexes, gaps and bounds are looked at here and nowhere else."""
    table, container = read_columns(f, name)
    if table.ndim not in (1, 2) or table.size == 0:
        raise InputError(
            f"`{name}` must be (n,) or (n, c) with at least one column; got shape {table.shape}. Pass one number a row."
        )
    if table.shape[0] != w.n:
        raise InputError(
            f"`{name}` must have one entry a weight; got {table.shape[0]:,} for {w.n:,} weights. Pass both of the same rows."
        )
    same_rows(w._container, container, ("weights", name))
    each = [table] if table.ndim == 1 else np.ascontiguousarray(table.T)
    known = None if bounds is None else _two_bounds(bounds)
    return NamedValues(
        [Values.of(x, w.log_w, known, f"`{name}`") for x in each], table.ndim == 1, container.columns, container
    )


def one_column(w: Weights, f: Any) -> tuple[np.ndarray, Container]:
    """`f` (n,), finite where the weight is positive, with its container; tables are refused."""
    columns = read_values(w, f)
    column = columns.only("f")
    return (column.values if column.unit == 1.0 else column.values * column.unit), columns.container


def _two_bounds(bounds: Any) -> Bounds:
    try:
        low, high = bounds
    except (TypeError, ValueError):
        low = high = None
    if not (is_number(low) and is_number(high)):
        raise InputError(f"`bounds` must be two numbers, (low, high); got {bounds!r}. Cosines lie in (-1, 1).")
    if not -math.inf < low < high < math.inf:
        raise InputError(
            f"`bounds` must be finite, the lower one first; got ({low:g}, {high:g}). Leave them out if unknown."
        )
    return float(low), float(high)


def _refuse_outside(f: np.ndarray, zero: np.ndarray, bounds: Bounds, name: str) -> None:
    low, high = bounds
    ok = (f >= low) & (f <= high)
    require(ok | zero, name, f"lie in bounds=({low:g}, {high:g})", f, "Widen the bounds, or leave them out.", "outside")


def _without_gaps(f: np.ndarray, zero: np.ndarray, name: str) -> np.ndarray:
    """f with a value of a row that counts wherever the weight is zero; what is not finite elsewhere is refused."""
    finite = np.isfinite(f)
    remedy = "Drop those rows, or give them weight 0."
    what = "NaN" if np.isnan(f[~finite]).any() else "infinite"
    require(finite | zero, name, "be finite where the weight is > 0", f, remedy, what)
    return np.where(zero, 0.0 if zero.all() else f[int(np.argmin(zero))], f)


def _few_values(f: np.ndarray, log_w: np.ndarray) -> tuple[float, ...]:
    """The distinct values of `f` where the weight is positive, up to three of them."""
    seen = [float(f[0] if log_w[0] > -np.inf else f[int(np.argmax(log_w > -np.inf))])]
    for piece in blocks(f.size):
        part = f[piece]
        other = part != seen[0] if len(seen) == 1 else (part != seen[0]) & (part != seen[1])
        if not other.any():
            continue
        other &= log_w[piece] > -np.inf
        while other.any():
            seen.append(float(part[int(np.argmax(other))]))
            if len(seen) == MANY:
                return tuple(seen)
            other &= part != seen[-1]
    return tuple(seen)


# ---- who carries the average ------------------------------------------------------------------------------------------------


def carried(x: Values, u: Multipliers, sample: WeightedSample, mean: float = math.nan) -> str:
    """One sentence if a handful of effective rows (or clusters) carries the average; empty otherwise.

        rows = (sum u |f - mode|)^2 / sum u^2 (f - mode)^2 >= sum u |f - mode| / max u |f - mode|

    Of a two-valued f the rows on the rarer side are looked at, of an f with one value on most rows those that differ from it, by how
    much they differ. mean : sum u f/sum u in units of the column, if it is known; the bound on the right then mostly spares a pass.
    """
    two = len(x.seen) == 2
    mode = None if two or len(x.seen) < 2 else _mode(x.values, u)
    if not two and mode is None:
        return ""
    rows = _rarer_side(x, u, sample, mean) if two else _effective(lambda f: np.abs(f - mode), x.values, u, sample)
    return too_few(rows, two, "clusters" if sample.groups else "rows")


def too_few(rows: float, two: bool, what: str = "rows") -> str:
    """One sentence if the rows on the rarer side of two values, or else those that differ from a common value, are worth too few."""
    needed, side = (FEWEST, "of the rarer value") if two else (FEWEST_AMOUNTS, "that differ from the common value")
    if rows >= needed * (1 - 1e-9):
        return ""
    return f"the {what} {side} are worth {rows:.3g}, {needed:.0f} needed."


def _rarer_side(x: Values, u: Multipliers, sample: WeightedSample, mean: float) -> float:
    low, high = x.seen[:2]
    if not math.isnan(mean) and sample.codes is None and not u.design:
        share = (mean - low) / (high - low)
        at_least = min(share, 1 - share) * u.total / u.largest
        if at_least >= FEWEST * (1 - 1e-9) or u.copies is not None:
            return at_least
    sides = lambda value: _effective(lambda part: part == value, x.values, u, sample)
    return min(sides(low), sides(high))


def _effective(far: Callable[[np.ndarray], np.ndarray], f: np.ndarray, u: Multipliers, sample: WeightedSample) -> float:
    """(sum u far)^2 / sum u^2 far^2 over rows, copies or clusters."""
    if sample.codes is not None:
        return kish(sample.sums(far(f) * u.whole()))
    total = square = 0.0
    for piece in blocks(f.size):
        distance = far(f[piece]) * 1.0
        carry = distance * u.part(piece)
        total += float(carry.sum())
        square += float(np.einsum("i,i", carry, carry if u.copies is None else u.scale * distance))
    return total * total / square if square > 0 else 0.0


def _mode(f: np.ndarray, u: Multipliers) -> float | None:
    """The value that more than half of the rows share, if a look at a thousand of them shows one."""
    there = f if u.log_w.min() > -np.inf else f[u.log_w > -np.inf]
    if there.size > LOOKED_AT:  # a stride that shares no period with the order of the rows
        there = there[(np.arange(LOOKED_AT) * 0.6180339887498949 % 1.0 * there.size).astype(np.int64)]
    middle = float(np.partition(there, there.size // 2)[there.size // 2])
    return middle if 2 * np.count_nonzero(there == middle) > there.size else None
