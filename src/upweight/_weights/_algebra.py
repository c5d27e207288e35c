"""Products, rows and members of a batch: new weights from old ones, kind, promise and history carried along.

The trouble: two ratios multiplied are a ratio, but the same ratio twice is a bug; the rows of a subset no longer average to one; and a
mask that was made from a column in another order picks other rows than its maker meant.

    (w v)_i = w_i v_i,   exact only if both are;      w[rows]  exact only if no row is left out or repeated

What is inside: `times` and `scaled` (products), `of_rows` (a choice of rows), `picked` (one vector of a batch), `declared` (another kind or promise), and what they share
with the other makers of weights: `frozen`, `quiet_log`, `counts_kept`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError, KindError, UndoError, require_flag
from .._frames import container_of, same_rows
from ._kinds import Step, known, product_kind, refuse_wrong_kind

if TYPE_CHECKING:
    from ._weights import Weights

__all__ = ["counts_kept", "declared", "frozen", "of_rows", "picked", "quiet_log", "scaled", "times"]


def frozen(log_w: np.ndarray) -> np.ndarray:
    """Float64, read-only."""
    log_w = np.asarray(log_w, dtype=np.float64)
    log_w.flags.writeable = False
    return log_w


def quiet_log(values: np.ndarray) -> np.ndarray:
    """Natural logs; that of zero is -inf, without a warning."""
    with np.errstate(divide="ignore"):
        return np.log(values)


def counts_kept(log_w: np.ndarray, counts: np.ndarray) -> np.ndarray | None:
    """`counts` themselves where their logs do not bring them back, which happens above some 1e13; else None."""
    if counts.max() < 1e12 or np.array_equal(np.rint(np.exp(log_w)), counts):
        return None
    return frozen(np.array(counts))


def times(w: Weights, other: Weights) -> Weights:
    """The product of two weights of the same rows."""
    if w._roots & other._roots:
        raise KindError("the same ratio twice: both factors come from the same weights, and a ratio counts once.")
    if w.designs & other.designs:
        both = ", ".join(sorted(w.designs & other.designs))
        raise UndoError(f"both factors already undo the design {both!r}; the same thinning is undone once.")
    if w.shape[-1] != other.shape[-1]:
        raise InputError(f"both factors must have the same rows; got {w.n:,} and {other.n:,}.")
    same_rows(w._container, other._container, ("left factor", "right factor"))
    kind = product_kind(w.kind, other.kind)
    notes = tuple(dict.fromkeys((*w.notes, *other.notes)))
    if kind == "class" and w.kind == other.kind:
        notes = (*notes, "CLASS_TWICE")
    raw = None
    if w.tamed or other.tamed:
        raw = times(replace(w.raw, _roots=w._roots), replace(other.raw, _roots=other._roots))
    log_w = frozen(w.log_w + other.log_w)
    return replace(
        w,
        log_w=log_w,
        kind=kind,
        exact=w.exact and other.exact,
        assumed=w.assumed or other.assumed,
        trail=(*w.trail, *other.trail, Step("times", {"kinds": (w.kind, other.kind)})),
        notes=notes,
        designs=w.designs | other.designs,
        _linear=w._linear and other._linear,
        _roots=w._roots | other._roots,
        _raw=raw,
        _counts=counts_kept(log_w, w._copies() * other._copies()) if kind == "frequency" else None,
    )


def scaled(w: Weights, scale: float) -> Weights:
    """`w` times a finite number > 0; copies must stay whole."""
    if not (np.isfinite(scale) and scale > 0):
        raise InputError(f"weights can be scaled by a finite number > 0 only; got {scale:g}.")
    if scale == 1.0:
        return w
    log_w, counts = frozen(w.log_w + np.log(scale)), None
    if w.kind == "frequency":
        refuse_wrong_kind(w._copies() * scale, "frequency")
        counts = counts_kept(log_w, np.rint(w._copies() * scale))
    raw = None if w._raw is None else scaled(w._raw, scale)
    trail = (*w.trail, Step("scale", {"by": scale}))
    return replace(w, log_w=log_w, exact=False, trail=trail, _raw=raw, _counts=counts)


def of_rows(w: Weights, rows: Any) -> Weights:
    """The weights of some rows: a slice, a boolean mask or row numbers, repeats allowed."""
    chosen = _row_numbers(w, rows)
    whole = chosen.size == w.n and np.array_equal(np.bincount(chosen, minlength=w.n), np.ones(w.n, int))
    return replace(
        w,
        log_w=frozen(w.log_w[..., chosen]),
        exact=w.exact and whole,
        trail=w.trail if whole else (*w.trail, Step("rows", {"kept": chosen.size, "of": w.n})),
        _container=w._container.take(chosen),
        _raw=None if w._raw is None else of_rows(w._raw, chosen),
        _counts=None if w._counts is None else frozen(w._counts[..., chosen]),
    )


def _row_numbers(w: Weights, rows: Any) -> np.ndarray:
    """What was asked for as numbers of rows (m,), at least one."""
    if isinstance(rows, tuple) and len(rows) == 2 and rows[1] is Ellipsis and w.ndim == 1:
        rows = rows[0]  # how scikit-learn takes rows of anything that has a shape
    if isinstance(rows, tuple):
        raise InputError(f"w[rows] takes one index, for the rows; got {len(rows)}. Of a batch choose with w.pick(i).")
    if not isinstance(rows, slice):
        column = rows
        rows = np.atleast_1d(np.asarray(rows))
        if rows.dtype.kind == "b":  # a mask pairs with the rows; row numbers only point at them
            same_rows(w._container, container_of(column), ("weights", "rows"))
        if rows.ndim != 1 or rows.size == 0:
            raise InputError(f"w[rows] takes a slice, mask or list of at least one row; got shape {rows.shape}.")
    chosen = np.arange(w.n)[rows]
    if chosen.size == 0:
        raise InputError("w[rows] takes a slice, mask or list of at least one row; got none.")
    return chosen


def picked(w: Weights, i: Any) -> Weights:
    """One vector of weights of a batch: index `i` (an int, or a tuple of them) of the leading axes."""
    if w.ndim < 2:
        raise InputError("w.pick(i) chooses from a batch; these are one vector of weights already.")
    which = i if isinstance(i, tuple) else (i,)
    sizes = w.shape[: len(which)]
    if len(which) >= w.ndim or any(not -size <= k < size for k, size in zip(which, sizes, strict=True)):
        raise InputError(f"w.pick({i}) is outside the batch of shape {w.shape[:-1]}.")
    trail = tuple(step.pick(which) for step in w.trail)
    raw = None if w._raw is None else picked(w._raw, i)
    counts = None if w._counts is None else frozen(w._counts[which])
    return replace(w, log_w=frozen(w.log_w[which]), trail=trail, _raw=raw, _counts=counts)


def declared(w: Weights, kind: str | None, exact: bool | None) -> Weights:
    """`w` with its kind or promise as said now; tamed weights can promise nothing."""
    said = w.kind if kind is None else known(kind)
    promise = w.exact if exact is None else require_flag("exact", exact)
    if exact and w.tamed:
        raise KindError("tamed weights keep no promise of a mean of one; declare it on w.raw, then tame.")
    if said != w.kind and said in ("frequency", "inclusion"):
        refuse_wrong_kind(np.exp(w.log_w), said)
    return replace(
        w,
        kind=said,
        exact=promise,
        assumed=w.assumed and kind is None,
        trail=(*w.trail, Step("declare", {"kind": said, "exact": promise})),
        _raw=None if w._raw is None else declared(w._raw, said, None),
        _counts=w._counts if said == "frequency" else None,
    )
