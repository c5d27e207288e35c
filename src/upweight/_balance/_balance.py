"""Do the weighted columns match the target? Before and after, one row a column.

The trouble: weights that were fitted, logged or inverted by mistake all look alike until one asks what they were for: to make the
source look like the target. The standardised mean difference says how far off a column is, in a unit that weighting cannot move,

    SMD = (sum W x - target mean) / s,    s = sd of x in the target, fixed before weighting

and 0.1 is a common line. The variance ratio (weighted source over target, 1/2 to 2) sees what means cannot. A category gets one
row a level, a gap a row "missing"; a level that no weighted source row has is NO_SUPPORT: no weights can mend that.

What is inside: `balance`, which makes a `Balance`; `Balance`, figures in arrays, and a table when printed. Columns are read in
`_columns` and compared in `_differences`.

Sources: Austin (2009), Balance diagnostics for comparing the distribution of baseline covariates, Stat. Med. 28; Stuart (2010),
Matching methods for causal inference, Stat. Sci. 25, for dividing by the target's sd.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _html as html
from .._errors import InputError, counted, printable
from .._frames import same_rows
from .._set_module import set_module
from .._weights import rows_worth
from ._columns import SourceTarget
from ._differences import FIGURES, Row, against_known, cells_of, compared, text_of
from ._numbers import Weighting

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .._weights import Weights

__all__ = ["Balance", "balance"]


@set_module("upweight")
@dataclass(frozen=True, eq=False, repr=False)
class Balance:
    """How well weighted source columns match a target. Printing it shows the table.

    Attributes
    ----------
    names : tuple of str, one a row of the table: a column, "column = level", or "column missing".
    columns, levels : what each row is about; levels is None for numbers.
    target, before, after : arrays of means or shares, in the unit of the column: of the target, the source, the weighted source.
    smd_before, smd_after : arrays, standardised mean differences, signed, in standard deviations.
    ratio_before, ratio_after : arrays, variance of the source over that of the target; nan where there is none.
    flags : tuple of "", "SMD", "RATIO" or "NO_SUPPORT", of the weighted source (of the source, if there are no weights).
    n_source, n_target, ess : rows, rows (None for known means), and effective rows of the weighted source.

    Without weights "after" repeats "before".

    >>> import upweight as uw
    >>> b = uw.balance([[0.0], [1.0], [2.0], [3.0]], [[2.0], [3.0], [4.0]], weights=uw.Weights.of([0, 1, 2, 5], kind="importance"))
    >>> b.ok, round(b.max_abs_before, 2), round(b.max_abs_after, 2), b.to_dict()["flag"]
    (False, 1.5, 0.5, ['SMD'])
    >>> b.plot().get_xlabel()
    'absolute standardised difference of means (sd)'
    """

    _rows: tuple[Row, ...]
    n_source: int
    n_target: int | None
    ess: float
    weighted: bool  # whether the source has weights
    _inverse: Callable[[], Balance | None]
    _weights: Weights | None = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)  # pickle and copy: figures that were read-only are read-only again
        for figures in state.values():
            if isinstance(figures, np.ndarray):
                figures.flags.writeable = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(row.name for row in self._rows)

    @property
    def columns(self) -> tuple[Any, ...]:
        return tuple(row.column for row in self._rows)

    @property
    def levels(self) -> tuple[Any, ...]:
        return tuple(row.level for row in self._rows)

    @property
    def flags(self) -> tuple[str, ...]:
        return tuple(row.flag for row in self._rows)

    @cached_property
    def target(self) -> np.ndarray:
        return self._figures("target")

    @cached_property
    def before(self) -> np.ndarray:
        return self._figures("before")

    @cached_property
    def after(self) -> np.ndarray:
        return self._figures("after")

    @cached_property
    def smd_before(self) -> np.ndarray:
        return self._figures("smd_before")

    @cached_property
    def smd_after(self) -> np.ndarray:
        return self._figures("smd_after")

    @cached_property
    def ratio_before(self) -> np.ndarray:
        return self._figures("ratio_before")

    @cached_property
    def ratio_after(self) -> np.ndarray:
        return self._figures("ratio_after")

    def _figures(self, name: str) -> np.ndarray:
        figures = np.array([getattr(row, name) for row in self._rows])
        figures.flags.writeable = False
        return figures

    @property
    def mean_abs_before(self) -> float:
        """Average absolute SMD over the rows of the table, before weighting."""
        return _average(self.smd_before)

    @property
    def mean_abs_after(self) -> float:
        """Average absolute SMD over the rows of the table, after weighting."""
        return _average(self.smd_after)

    @property
    def max_abs_before(self) -> float:
        """Largest absolute SMD before weighting."""
        return _largest(self.smd_before)

    @property
    def max_abs_after(self) -> float:
        """Largest absolute SMD after weighting."""
        return _largest(self.smd_after)

    @property
    def worst(self) -> str:
        """Name of the row with the largest absolute SMD after weighting."""
        return self.names[int(np.argmax(np.nan_to_num(np.abs(self.smd_after), nan=-1.0, posinf=np.inf)))]

    @cached_property
    def mean_abs_inverse(self) -> float:
        """Average absolute SMD if the weights were 1/w, to find a ratio the wrong way up; nan without weights or with zeros."""
        inverse = self._inverse()
        return np.nan if inverse is None else inverse.mean_abs_after

    @property
    def ok(self) -> bool:
        """Whether no row is flagged."""
        return not any(self.flags)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __getitem__(self, row: int | str) -> Row:
        """One row of the table, by place or by name."""
        if isinstance(row, str):
            if row not in self.names:
                raise InputError(
                    f"the table has no row {row!r}; it has {', '.join(map(printable, self.names[:8]))}, ..."
                )
            row = self.names.index(row)
        return self._rows[row]

    def to_dict(self) -> dict[str, list[Any]]:
        """The table as lists, one a column of it: what a frame library makes a frame of."""
        arrays = {name: getattr(self, name).tolist() for name in FIGURES}
        return {"name": list(self.names), **arrays, "flag": list(self.flags)}

    def plot(self, ax: Any = None) -> Axes:
        """A love plot: absolute differences before and after weighting, worst first; see `upweight.plots.balance`."""
        from ..plots import balance

        return balance(self, ax=ax)

    def __str__(self) -> str:
        return "\n".join([_headline(self), *text_of(self._rows, self.weighted)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        (head, *rows), more = cells_of(self._rows, self.weighted)
        return html.block([_headline(self)], head, rows, after=more)


def balance(
    source: Any,
    target: Any,
    *,
    weights: Weights | None = None,
    columns: Sequence[Any] | None = None,
    scale: str = "target",
) -> Balance:
    """How far each column of the source is from the target, before and after weighting.

        SMD = (sum W x - target mean) / s

    Parameters
    ----------
    source : (n, d) array, sparse matrix, or pandas, polars or Arrow frame: the rows that are weighted.
    target : the same columns of other rows; or known means, {column: mean}, for a category {column: {level: share}}, for
        an array {position: mean}.
    weights : Weights of the n source rows, of any kind.
    columns : names (positions for arrays) to look at; all by default.
    scale : s is the sd of the "target" (ddof 1), or "pooled", sqrt((s_source^2 + s_target^2)/2); both before weighting. A
        constant target is measured in the source's sd, known means too.

    Returns
    -------
    Balance, which prints as a table. Bool, string and categorical columns have one row a level, gaps a row "missing" (moments
    are of the rest); sparse matrices stay sparse.

    Raises
    ------
    InputError : columns that only one side has, different kinds of column, infinite values, lengths or indexes that differ.

    Costs: nothing is changed. Balanced means do not prove balanced distributions: look at the variance ratio and at `c2st`.
    Source: Austin (2009); Stuart (2010).

    >>> from upweight import Weights
    >>> source, target = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([[2.0], [3.0], [4.0]])
    >>> b = balance(source, target, weights=Weights.of([0, 1, 2, 5], kind="importance"))
    >>> b.smd_before.round(4).tolist(), b.smd_after.round(4).tolist()
    ([-1.5], [-0.5])
    """
    if scale not in ("target", "pooled"):
        raise InputError(f"`scale` must be 'target' or 'pooled'; got {scale!r}.")
    s = SourceTarget.of(source, "source")
    rows = _weightings(s, weights)
    known = isinstance(target, Mapping)
    t = None if known else SourceTarget.of(target, "target")
    names = _chosen(s, target if known else t.names if t else (), columns)
    found = s.read(names, rows, "source")
    if t is None:
        table = [row for name, x in found for row in against_known(name, x, target[name], s.rows)]
    else:
        wanted = t.read(names, [Weighting.equal(t.rows)], "target")
        pairs = zip(found, wanted, strict=True)
        table = [row for (name, x), (_, y) in pairs for row in compared(name, x, y, (s.rows, t.rows), scale)]
    inverse = partial(_inverted, source, target, weights, columns, scale)
    return _gathered(table, s.rows, None if t is None else t.rows, weights, inverse)


def _weightings(s: SourceTarget, weights: Weights | None) -> tuple[Weighting, Weighting]:
    """Equal weights, and those of the user."""
    equal = Weighting.equal(s.rows)
    if weights is None:
        return equal, equal
    if not hasattr(weights, "log_w"):
        raise InputError("`weights` must be Weights: say what they are first: uw.Weights.of(x, kind=...).")
    weights._one_vector("balance")
    if weights.n != s.rows:
        raise InputError(f"`weights` must have one entry a source row; got {weights.n:,} for {s.rows:,} rows.")
    same_rows(s.container, weights._container, ("source", "weights"))
    w = np.asarray(weights) / weights.n
    return equal, Weighting(w, w / weights.ess if weights.kind == "frequency" else w * w)


def _chosen(s: SourceTarget, have: Any, columns: Sequence[Any] | None) -> tuple[Any, ...]:
    """The columns to compare; those that one side lacks are named."""
    if columns is None:
        columns = tuple(have) if isinstance(have, Mapping) else tuple(dict.fromkeys((*s.names, *have)))
    for names, side in ((s.names, "source"), (have, "target")):
        there = set(names)
        absent = [name for name in columns if name not in there]
        if absent:
            shown = ", ".join(repr(name) for name in absent[:5])
            raise InputError(
                f"`{side}` lacks {len(absent)} of {counted(len(columns), 'column')}: {shown}. Choose those of both with columns=."
            )
    if not columns:
        raise InputError("there is no column to compare. Pass at least one.")
    return tuple(columns)


def _inverted(source: Any, target: Any, weights: Weights | None, columns: Any, scale: str) -> Balance | None:
    if weights is None or not np.isfinite(weights.log_w).all():
        return None
    other = type(weights)._made(-weights.log_w, "inverse", "importance", False)
    return balance(source, target, weights=other, columns=columns, scale=scale)


def _gathered(
    rows: list[Row], n_source: int, n_target: int | None, weights: Weights | None, inverse: Callable[[], Balance | None]
) -> Balance:
    ess = float(n_source) if weights is None else weights.ess
    return Balance(tuple(rows), n_source, n_target, ess, weights is not None, inverse, weights)


def _average(smd: np.ndarray) -> float:
    known = np.abs(smd[~np.isnan(smd)])
    return float(known.mean()) if known.size else np.nan


def _largest(smd: np.ndarray) -> float:
    known = np.abs(smd[~np.isnan(smd)])
    return float(known.max()) if known.size else np.nan


def _headline(b: Balance) -> str:
    worth = f" worth {rows_worth(b.ess)}" if b.weighted else ""
    target = "known means" if b.n_target is None else f"{b.n_target:,} target rows"
    change = f" before, {b.mean_abs_after:.3f} after" if b.weighted else ""
    return f"balance of {b.n_source:,} source rows{worth} with {target}: mean |SMD| {b.mean_abs_before:.3f}{change}"
