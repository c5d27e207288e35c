"""Density ratios by kernels: squares (ulsif, rulsif), likelihood (kliep), and kernel means (kmm).

The trouble: kernels see distances, so a column in metres drowns one in kilometres, and a text column has none at all. Columns are divided by the
sd of all rows unless a bandwidth is given; text and gaps are refused by name.

Centres are target rows, the same for the choice of width and ridge and for the fit; some implementations draw them anew in between.

What is inside: `fit_least_squares`, `fit_kliep`, `fit_kernel_mean`; `KernelRatio` and `KernelMeanRatio`, their functions; `PointReader`, from
tables to points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ..._errors import InputError, printable
from ...tables import Schema, Table, stratified
from ..columns import Pooled, column_sds, refuse_gaps
from ..solvers import (
    WIDTHS,
    best_mixture,
    gaussian,
    kernel_means,
    kernel_sums,
    least_squares,
    leave_one_out,
    median_distance,
)
from ._fitted import FittedRatio
from ._settings import KLIEP, KernelMean, LeastSquares

__all__ = [
    "KernelMeanRatio",
    "KernelRatio",
    "PointReader",
    "fit_kernel_mean",
    "fit_kliep",
    "fit_least_squares",
    "refuse_for_kernels",
]

RIDGES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
HELD_OUT = 5  # folds of target rows by which KLIEP chooses its width
TRUTHS = ("False", "True")


@dataclass(frozen=True, eq=False)
class PointReader:
    """From tables to points (n, d): the numbers and truths of the `schema`, divided by `scale` (d,)."""

    schema: Schema
    scale: np.ndarray

    def points(self, table: Table, label: str) -> np.ndarray:
        """(n, d) scaled points; gaps are refused by name."""
        return _raw_points(self.schema, table, label) / self.scale


@dataclass(frozen=True, eq=False)
class KernelRatio:
    """w(x) = sum_l a_l k(x, c_l)."""

    reader: PointReader
    centres: np.ndarray
    width: float
    a: np.ndarray

    def log(self, X: Any, table: Any) -> np.ndarray:
        """(rows,) logs; refused where every row is far from every centre."""
        return _log_of(gaussian(self.reader.points(table, "X"), self.centres, self.width) @ self.a)


@dataclass(frozen=True, eq=False)
class KernelMeanRatio:
    """w(x) = clip((kappa(x) - sum_i v_i k(x, x_i))/ridge, 0, cap), v the base times the weights of the source points."""

    reader: PointReader
    source: np.ndarray
    v: np.ndarray
    target: np.ndarray
    setting: KernelMean
    width: float

    def log(self, X: Any, table: Any) -> np.ndarray:
        """(rows,) logs; at ridge 0 refused."""
        if self.setting.ridge == 0:
            raise InputError(
                "kernel means with ridge=0 have weights for the source rows only: r.weights. For other rows use ridge > 0."
            )
        x = self.reader.points(table, "X")
        share = len(self.source) / len(self.target)
        kappa = share * kernel_sums(x, self.target, np.ones(len(self.target)), self.width)
        w = (kappa - kernel_sums(x, self.source, self.v, self.width)) / self.setting.ridge
        return _log_of(np.clip(w, 0.0, self.setting.cap))


def fit_least_squares(setting: LeastSquares, pooled: Pooled, rng: np.random.Generator) -> FittedRatio:
    """uLSIF and RuLSIF."""
    reader, x, t = _points(pooled, setting.bandwidth)
    b = _base(pooled)
    centres = _centres(setting.centres, t, reader, pooled, rng)
    ridges = RIDGES if isinstance(setting.ridge, str) else (float(setting.ridge),)
    losses: dict[Any, float] = {}
    for width in _widths(setting.bandwidth, x, t, rng):
        scores = leave_one_out(gaussian(x, centres, width), gaussian(t, centres, width), b, setting.alpha, ridges)
        losses |= {(width, ridge): J for ridge, J in zip(ridges, scores, strict=True)}
    width, ridge = min(losses, key=lambda cell: losses[cell])
    P = gaussian(x, centres, width)
    a = least_squares(P, gaussian(t, centres, width), b, setting.alpha, ridge)
    steps = {"bandwidth": width, "ridge": ridge, "centres": len(centres)}
    name = "rulsif" if setting.alpha else "ulsif"
    return FittedRatio(
        name, KernelRatio(reader, centres, width, a), _log_of(P @ a), losses, float(setting.alpha), steps
    )


def fit_kliep(setting: KLIEP, pooled: Pooled, rng: np.random.Generator) -> FittedRatio:
    """The most likely mixture of kernels."""
    reader, x, t = _points(pooled, setting.bandwidth)
    b = _base(pooled)
    centres = _centres(setting.centres, t, reader, pooled, rng)
    tests = stratified(np.zeros(len(t), np.int64), min(HELD_OUT, len(t)), rng, None)
    widths = _widths(setting.bandwidth, x, t, rng)
    losses: dict[Any, float] = {width: _held_out(x, t, b, centres, width, tests) for width in widths}
    width = min(losses, key=lambda w: losses[w])
    mean = b @ gaussian(x, centres, width)
    A, kept = _mixture(gaussian(t, centres, width), mean)
    if (A.sum(axis=1) == 0).any():
        row = int((A.sum(axis=1) == 0).argmax())
        raise InputError(f"no centre is near target row {row} at bandwidth {width:.4g}. Use a larger one, or 'auto'.")
    beta, gap, steps = best_mixture(A)
    a = np.zeros(len(centres))
    a[kept] = beta / mean[kept]
    log_w = _log_of(gaussian(x, centres, width) @ a)
    done = {"bandwidth": width, "centres": len(centres), "gap": gap, "steps": steps}
    return FittedRatio("kliep", KernelRatio(reader, centres, width, a), log_w, losses, steps=done)


def _held_out(
    x: np.ndarray, t: np.ndarray, b: np.ndarray, centres: np.ndarray, width: float, tests: list[np.ndarray]
) -> float:
    """Minus the mean log w of target rows left out in turn; inf where a row is near no centre."""
    mean = b @ gaussian(x, centres, width)
    A, kept = _mixture(gaussian(t, centres, width), mean)
    if not kept.any() or (A.sum(axis=1) == 0).any():
        return np.inf
    log_w = np.empty(len(t))
    with np.errstate(divide="ignore"):
        for test in tests:
            train = np.setdiff1d(np.arange(len(t)), test, assume_unique=True)
            log_w[test] = np.log(A[test] @ best_mixture(A[train])[0])
    return -float(log_w.mean())


def _mixture(Q: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kernels divided by their mean over the source; centres that no source row is near are left out."""
    kept = mean > 1e-290
    if not kept.any():
        raise _nothing_near()
    return Q[:, kept] / mean[kept], kept


def fit_kernel_mean(setting: KernelMean, pooled: Pooled, rng: np.random.Generator) -> FittedRatio:
    """Kernel mean matching."""
    reader, x, t = _points(pooled, setting.bandwidth)
    b = _base(pooled) * len(x)
    auto = isinstance(setting.bandwidth, str)
    width = median_distance(np.concatenate([x, t]), rng) if auto else float(setting.bandwidth)
    w = kernel_means(x, t, b, width=width, ridge=setting.ridge, cap=setting.cap)
    function = KernelMeanRatio(reader, x, b * w, t, setting, width)
    return FittedRatio("kmm", function, _log_of(w), {}, steps={"bandwidth": width, "ridge": setting.ridge})


# ---- points -----------------------------------------------------------------------------------------------------------------


def refuse_for_kernels(pooled: Pooled) -> None:
    """Text, gaps and infinities of either side, before anything is fitted."""
    for label, part in (("source", slice(0, len(pooled.rows))), ("target", slice(len(pooled.rows), None))):
        _raw_points(pooled.schema, pooled.task.X.take(part), label)


def _points(pooled: Pooled, bandwidth: Any) -> tuple[PointReader, np.ndarray, np.ndarray]:
    """The reader, and the points of source and target."""
    refuse_for_kernels(pooled)
    table, n = pooled.task.X, len(pooled.rows)
    raw = _raw_points(pooled.schema, table, "source")
    scale = column_sds(raw) if isinstance(bandwidth, str) else np.ones(raw.shape[1])
    reader = PointReader(pooled.schema, scale)
    points = reader.points(table, "source")
    return reader, points[:n], points[n:]


def _raw_points(schema: Schema, table: Table, label: str) -> np.ndarray:
    """(n, d) the numbers of a table, then its truths as 0 and 1; gaps and text are refused by name."""
    words = [c for c in schema.columns if c.kind == "text" or (c.kind == "categorical" and c.categories != TRUTHS)]
    if words:
        raise InputError(
            f"kernels need numbers; column {printable(words[0].name)!r} is text or a category. One-hot it, or use method='auto'."
        )
    numbers = table.numbers.toarray() if sparse.issparse(table.numbers) else table.numbers
    truths = np.where(table.codes < 0, np.nan, table.codes.astype(np.float64))
    x = np.hstack([numbers, truths])
    for j, name in enumerate(schema.names):
        refuse_gaps(x[:, j], name, label)
    return x


def _base(pooled: Pooled) -> np.ndarray:
    """(n,) weights of sum one that the source rows have already."""
    assert pooled.task.w is not None
    b = pooled.task.w[: len(pooled.rows)]
    return b / b.sum()


def _centres(asked: Any, t: np.ndarray, reader: PointReader, pooled: Pooled, rng: np.random.Generator) -> np.ndarray:
    """(b, d) centres in the scale of the points."""
    if np.ndim(asked) == 0:
        return t if asked >= len(t) else t[np.sort(rng.choice(len(t), int(asked), replace=False))]
    given = np.asarray(asked, dtype=np.float64)
    columns = [c for c in pooled.schema.columns]
    if given.shape[1] != len(columns):
        raise InputError(f"`centres` must have a column for each of {len(columns)}; got shape {given.shape}.")
    order = [j for kind in ("numeric", "categorical") for j, c in enumerate(columns) if c.kind == kind]
    return given[:, order] / reader.scale


def _widths(bandwidth: Any, x: np.ndarray, t: np.ndarray, rng: np.random.Generator) -> list[float]:
    if not isinstance(bandwidth, str):
        return [float(bandwidth)]
    middle = median_distance(np.concatenate([x, t]), rng)
    return [factor * middle for factor in WIDTHS]


def _log_of(w: np.ndarray) -> np.ndarray:
    """Logs of a ratio (n,), refused where all of it is zero."""
    if not (w > 0).any():
        raise _nothing_near()
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(w, 0.0))


def _nothing_near() -> InputError:
    return InputError(
        "no row is near the target: every kernel is zero there. Use a larger bandwidth, or look whether the two samples overlap at all."
    )
