"""What a resampler did to the rows: kept, dropped and made ones, on two axes.

The trouble: "800 rows, 200 synthetic, 50 removed" does not say where. Rows made between two far parents, or dropped along one edge
only, are seen at a glance:

    kept   rows of the table that are in the output        dropped   rows of the table that are not        made   rows of no table

on two columns of choice, or on the two principal axes of the standardised numeric columns,

    z = (x - mean)/sd,   scores on the two leading eigenvectors of z'z/n,   mean, sd and axes from source rows alone

Gaps count as the mean. Large tables are drawn by every so-manieth row, and the legend says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
from matplotlib.axes import Axes
from scipy import sparse

from .._errors import InputError
from .._frames import read
from ._canvas import BEFORE, QUIET, THIRD, axes, empty, label, legend, title

if TYPE_CHECKING:
    from ..imbalance import Resample

__all__ = ["resample"]

DRAWN = 2000  # rows of each sort
LEVEL = "no second axis: one column"
WIDEST = 500  # columns that principal axes look at, those of largest variance
MARKS = (("kept", QUIET, "o", 12), ("dropped", BEFORE, "x", 26), ("made", THIRD, "^", 22))


def resample(r: Resample, X: Any, *, columns: Sequence[Any] | None = None, ax: Any = None) -> Axes:
    """Kept, dropped and made rows of a resample, on two columns or on two principal axes.

    Parameters
    ----------
    r : Resample. X : the (n, d) table that was resampled: array, CSR, pandas, polars or Arrow.
    columns : two names (positions for arrays) of numeric columns; None for the first two principal axes of the numeric ones, or the
        columns themselves if there are only two.
    ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes. The same rows as numbers: `r.indices` without `r.is_synthetic` are kept, `r.removed` dropped, and `r.take(X)` holds the
    made ones.

    Raises InputError for a table with fewer rows than were resampled, and for columns that are absent, not numeric or not two.

    Costs: two axes of many columns hide as much as they show: made rows that look far from others may be near in the rest.

    >>> import numpy as np
    >>> from upweight.imbalance import RandomUnder
    >>> X, y = np.arange(40.0).reshape(20, 2), np.repeat([0, 1], [15, 5])
    >>> r = RandomUnder(rng=0).resample(X, y)
    >>> [points.get_label() for points in r.plot(X).collections]
    ['kept (10 rows)', 'dropped (10 rows)']
    """
    _enough(r, X)
    ax = axes(ax, width=6.4, height=5.0)
    title(ax, _sentence(r))
    kept, dropped, made = _rows(r)
    chosen = [_some(kept), _some(dropped), _some(made)]
    source, names = _numbers(X, np.concatenate(chosen[:2]), columns)
    output, _ = _numbers(*_made(r, X, chosen[2]), columns)
    if not len(names) or not (len(kept) + len(dropped) + len(made)):
        ax.set_xlabel("no axis")
        ax.set_ylabel("no axis")
        empty(ax, "no rows" if len(names) else "no numeric column to draw")
        return ax
    points, axis_names = _plane(source, output, names)
    groups = np.split(points, np.cumsum([len(c) for c in chosen])[:2])
    for (name, color, mark, size), rows, group in zip(MARKS, (kept, dropped, made), groups, strict=True):
        if len(rows):
            some = "" if len(group) == len(rows) else f", {len(group):,} drawn"
            said = f"{name} ({len(rows):,} row{'s' * (len(rows) != 1)}{some})"
            face: dict[str, Any] = {"edgecolors": color, "facecolors": "none"} if mark == "o" else {"color": color}
            ax.scatter(*group.T, s=size, marker=mark, label=said, linewidths=1.0, alpha=0.75, **face)
    ax.set_xlabel(axis_names[0])
    ax.set_ylabel(axis_names[1])
    if axis_names[1] == LEVEL:
        ax.set_yticks([])
    legend(ax)
    return ax


def _sentence(r: Resample) -> str:
    made = int(r.is_synthetic.sum())
    rows = f"{len(r):,} row{'s' * (len(r) != 1)} out, {made:,} of them made; {len(r.removed):,} dropped"
    return f"{rows}; correction of the odds {r.correction.status}"


def _enough(r: Resample, X: Any) -> None:
    n = X.shape[0] if hasattr(X, "shape") else len(X)
    needed = 1 + max([-1, *(int(x.max()) for x in (r.indices, r.removed) if len(x))])
    if n < needed:
        raise InputError(f"`X` has {n:,} rows, but row {needed - 1:,} was resampled. Pass the same table.")


def _rows(r: Resample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Source rows kept, source rows dropped, output rows made."""
    synthetic = r.is_synthetic
    return np.unique(r.indices[~synthetic]), np.asarray(r.removed), np.flatnonzero(synthetic)


def _some(rows: np.ndarray) -> np.ndarray:
    """Every so-manieth of them, DRAWN at most."""
    return rows if len(rows) <= DRAWN else rows[np.linspace(0, len(rows) - 1, DRAWN).astype(np.int64)]


def _made(r: Resample, X: Any, rows: np.ndarray) -> tuple[Any, np.ndarray]:
    """A table and the rows of it that are these made rows; no others are made, unless they lie in a block of their own."""
    if not len(rows):
        return X, np.empty(0, np.int64)
    if r.made is not None:
        return r.take(X), rows
    parts = {name: getattr(r, name)[rows] for name in ("indices", "parents", "step", "y", "weights")}
    copied = None if r.copied is None else r.copied.rows(rows)
    return replace(r, **parts, copied=copied).take(X), np.arange(len(rows))


# ---- numbers of a table ---------------------------------------------------------------------------------------------


def _numbers(X: Any, rows: np.ndarray, columns: Sequence[Any] | None) -> tuple[np.ndarray, list[str]]:
    """(rows, numeric columns) float64 with NaN for gaps, and the columns' names."""
    wanted = None if columns is None else list(columns)
    if wanted is not None and len(wanted) != 2:
        raise InputError(f"`columns` must name two columns; got {len(wanted)}. Pass two, or None for principal axes.")
    if not isinstance(X, np.ndarray) and nw.dependencies.is_into_dataframe(X):
        return _of_frame(nw.from_native(X, eager_only=True), rows, wanted)
    if sparse.issparse(X):
        block = sparse.csr_array(X)[rows]
        return _of_array(block, list(range(X.shape[1])), wanted, dense=False)
    return _of_array(np.asarray(X)[rows], list(range(np.shape(X)[1])), wanted)


def _of_frame(frame: nw.DataFrame, rows: np.ndarray, wanted: list[Any] | None) -> tuple[np.ndarray, list[str]]:
    numeric = [c for c, t in frame.schema.items() if t.is_numeric() or t == nw.Boolean]
    chosen = numeric if wanted is None else _known(wanted, list(frame.columns), numeric)
    part = frame.select(chosen)[rows.tolist()] if chosen else None
    if part is None:
        return np.empty((len(rows), 0)), []
    read_one = lambda c: np.asarray(read(part.get_column(c).to_native(), str(c), nulls=True)[0], dtype=float)
    return np.column_stack([read_one(c) for c in chosen]), [str(c) for c in chosen]


def _of_array(
    block: Any, places: list[int], wanted: list[Any] | None, *, dense: bool = True
) -> tuple[np.ndarray, list[str]]:
    chosen = places if wanted is None else _known(wanted, places, places)
    if not dense:
        if len(chosen) > WIDEST:
            mean = np.asarray(block.mean(axis=0)).ravel()
            variance = np.asarray(block.multiply(block).mean(axis=0)).ravel() - mean**2
            chosen = np.sort(np.argsort(-variance, kind="stable")[:WIDEST]).tolist()
        return block[:, chosen].toarray().astype(float), [f"column {c}" for c in chosen]
    found = [(c, x) for c in chosen if (x := _floats(block[:, c])) is not None]
    if wanted is not None and len(found) < 2:
        raise InputError(f"`columns` must be numeric; {wanted} are not both. Choose two others.")
    values = np.column_stack([x for _, x in found]) if found else np.empty((len(block), 0))
    return values, [f"column {c}" for c, _ in found]


def _floats(x: np.ndarray) -> np.ndarray | None:
    try:
        return np.asarray(x, dtype=float)
    except (TypeError, ValueError):
        return None


def _known(wanted: list[Any], there: list[Any], numeric: list[Any]) -> list[Any]:
    absent = [c for c in wanted if c not in there]
    if absent:
        raise InputError(f"`X` has no column {absent[0]!r}. Choose two of {', '.join(map(str, numeric[:8]))}.")
    words = [c for c in wanted if c not in numeric]
    if words:
        raise InputError(f"column {words[0]!r} is not numeric. Choose two of {', '.join(map(str, numeric[:8]))}.")
    return wanted


# ---- the plane ------------------------------------------------------------------------------------------------------


def _plane(source: np.ndarray, output: np.ndarray, names: list[str]) -> tuple[np.ndarray, list[str]]:
    """(points, 2) of source rows and made rows, and what the two axes are."""
    both = np.vstack([source, output])
    if len(names) == 1:
        return np.column_stack([both[:, 0], np.zeros(len(both))]), [f"{label(names[0])} (as given)", LEVEL]
    if len(names) == 2:
        return both, [f"{label(name)} (as given)" for name in names]
    base = source if len(source) else output
    known = np.isfinite(base)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, base, 0.0).sum(axis=0) / count
    sd = np.sqrt((np.where(known, base - mean, 0.0) ** 2).sum(axis=0) / count)
    use = np.flatnonzero(sd > 0)
    use = use[np.argsort(-sd[use], kind="stable")[:WIDEST]]
    z = np.where(np.isfinite(both[:, use]), (both[:, use] - mean[use]) / np.where(sd[use] > 0, sd[use], 1.0), 0.0)
    if len(use) < 2:
        flat = z[:, 0] if len(use) else np.zeros(len(z))
        return np.column_stack([flat, np.zeros(len(z))]), ["the one column that varies (standardised)", LEVEL]
    scatter = z[: len(base)].T @ z[: len(base)]
    size, vectors = np.linalg.eigh(scatter)
    lead = vectors[:, [-1, -2]]
    lead = lead * np.sign(lead[np.abs(lead).argmax(axis=0), [0, 1]])
    part = 100 * size[[-1, -2]] / size.sum()
    axis = "{} principal axis (standardised, {:.0f} % of variance)"
    return z @ lead, [axis.format(name, p) for name, p in zip(("first", "second"), part, strict=True)]
