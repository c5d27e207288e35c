"""Weights by label: one row of sums a segment, which merge.

The trouble: a log can be right on the average and wrong on Tuesdays. The mean test per segment finds it, if every label keeps its own
sums, and if many tiny labels do not each get a test of their own:

    per label   n,  mean e,  sum (e - mean)^2,     e = exp(l - max l),   small labels pooled as "other"
    z_g = (mean_g - 1) / (s_g / sqrt(n_g) * widening),     s_g = the larger of the label's own sd and that of all rows

A label's own sd alone will not do: where no large weight fell into it, both its mean and its sd are low, and right weights are condemned.

What is inside: `labels` turns any column into codes and plain labels; `Segments` holds the sums; `Segments.figures` makes the table
of a verdict.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import InputError
from .._estimate import mean_test
from .._frames import NUMPY, Container, series_container, series_of
from ..arrays import BLOCK
from ._summary import merge
from ._verdict import Segment

__all__ = ["Segments", "labels", "mean_test"]

FEWEST = 25  # rows a segment needs for a test of its own
POOLED = "other"
MISSING = "missing"
Label = str | int | float | bool


@dataclass(frozen=True, eq=False)
class Segments:
    """Sums of the weights of each label, relative to exp(peak); arrays run over `labels`."""

    labels: tuple[Label, ...]
    n: np.ndarray
    mean: np.ndarray
    centred: np.ndarray
    peak: float

    @classmethod
    def of(cls, log_w: np.ndarray, codes: np.ndarray, names: tuple[Label, ...], peak: float) -> Segments:
        """The sums of log-weights (n,) whose labels are `names[codes]`; `peak` is the largest log-weight."""
        size, step = len(names), max(BLOCK, 4 * len(names))
        sums = np.zeros(size), np.zeros(size), np.zeros(size)
        for i in range(0, len(log_w), step):
            code = codes[i : i + step]
            e = np.exp(log_w[i : i + step] - (peak if peak > -np.inf else 0.0))
            n = np.bincount(code, minlength=size).astype(float)
            mean = np.bincount(code, e, minlength=size) / np.maximum(n, 1)
            e -= mean[code]
            sums = merge(*sums, n, mean, np.bincount(code, np.square(e, out=e), minlength=size))
        return cls(names, *sums, peak)

    def __add__(self, other: Segments) -> Segments:
        names = tuple(dict.fromkeys((*self.labels, *other.labels)))
        peak = max(self.peak, other.peak)
        return Segments(names, *merge(*self._over(names, peak), *other._over(names, peak)), peak)

    def _over(self, names: tuple[Label, ...], peak: float) -> np.ndarray:
        place = {name: i for i, name in enumerate(names)}
        scale = math.exp(self.peak - peak) if self.peak > -math.inf else 0.0
        out = np.zeros((3, len(names)))
        out[:, [place[name] for name in self.labels]] = self.n, self.mean * scale, self.centred * scale * scale
        return out

    def figures(self, widening: Any, r_eff: float = 1.0) -> dict[Label, Segment]:
        """The table of a verdict, labels sorted, those under 25 rows pooled; `widening(n)` is the factor for n rows, each of
        which counts as `r_eff` independent ones."""
        small = self.n < FEWEST
        whole = self._variance_of_all()
        table = {self.labels[i]: self._figure(i, widening, whole, r_eff) for i in np.flatnonzero(~small).tolist()}
        table = dict(sorted(table.items(), key=lambda pair: (isinstance(pair[0], str), pair[0])))
        if small.any():
            name = POOLED if POOLED not in table else f"{POOLED} ({int(small.sum())} small)"
            table[name] = self._pooled(small)._figure(0, widening, whole, r_eff)
        return table

    def _variance_of_all(self) -> float:
        """Variance (ddof 1) of e over the rows of all labels; 0 for one row."""
        n = float(self.n.sum())
        centred = float(self._pooled(self.n > 0).centred[0])
        return centred / (n - 1) if n > 1 else 0.0

    def _pooled(self, rows: np.ndarray) -> Segments:
        total = 0.0, 0.0, 0.0
        for i in np.flatnonzero(rows):
            total = merge(*total, self.n[i], self.mean[i], self.centred[i])
        n, mean, centred = (np.array([x]) for x in total)
        return Segments((POOLED,), n, mean, centred, self.peak)

    def _figure(self, i: int, widening: Any, whole: float, r_eff: float) -> Segment:
        n, mean, centred = float(self.n[i]), float(self.mean[i]), float(self.centred[i])
        squares = centred + n * mean * mean
        ess = r_eff * (n * mean) ** 2 / squares if squares > 0 else 0.0
        unit = math.exp(min(self.peak, 709.0))
        own, worth = centred / (n - 1) if n > 1 else math.nan, r_eff * n
        se = unit * math.sqrt(own / worth)
        z = math.nan
        if n >= FEWEST:
            z = mean_test(mean, math.sqrt(max(own, whole) / worth), widening(n), self.peak)
        return Segment(int(n), ess, unit * mean, se, z)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists."""
        numbers = {name: getattr(self, name).tolist() for name in ("n", "mean", "centred")}
        return {"labels": list(self.labels), "peak": self.peak} | numbers

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Segments:
        """From what `to_dict` gave."""
        n, mean, centred = (np.asarray(d[name], dtype=float) for name in ("n", "mean", "centred"))
        return cls(tuple(d["labels"]), n, mean, centred, float(d["peak"]))


def labels(column: Any, n: int, name: str) -> tuple[np.ndarray, tuple[Label, ...], Container]:
    """Codes (n,), plain labels and container of a column; missing values are the label "missing"."""
    values, container = _values(column)
    if values.ndim != 1 or len(values) != n:
        raise InputError(
            f"`{name}` must hold one label a row, {n:,} of them; got shape {values.shape}. Pass one column."
        )
    kind = values.dtype.kind
    if kind in "iu" and int(values.max()) - int(values.min()) < max(4 * n, BLOCK):
        return *_small_integers(values), container
    if kind in "biuf":
        found, codes = np.unique(values, return_inverse=True)
        return codes, tuple(MISSING if x != x else x for x in found.tolist()), container
    return *_numbered(values.tolist(), name), container


def _numbered(values: list[Any], name: str) -> tuple[np.ndarray, tuple[Label, ...]]:
    """Codes and labels of any objects, in order of appearance; only distinct ones are looked at in Python."""
    try:
        found = {raw: _plain(raw) for raw in dict.fromkeys(values)}
    except TypeError:
        raise InputError(
            f"`{name}` must hold labels such as strings or numbers; got lists or other containers."
        ) from None
    names = {label: code for code, label in enumerate(dict.fromkeys(found.values()))}
    code_of = {raw: names[label] for raw, label in found.items()}
    return np.fromiter(map(code_of.__getitem__, values), np.int64, len(values)), tuple(names)


def _values(column: Any) -> tuple[np.ndarray, Container]:
    """The column as an array; objects, missing ones None, unless it holds whole numbers only."""
    series = None if isinstance(column, (np.ndarray, list, tuple)) else series_of(column)[0]
    if series is None:
        values = np.asarray(column, dtype=None if isinstance(column, np.ndarray) else object)
        if values.dtype.kind in "mM":
            values = np.where(np.isnat(values), MISSING, values.astype(str))
        return values, NUMPY
    missing = series.is_null().to_numpy()
    if series.dtype.is_integer() and not missing.any():
        return series.to_numpy(), series_container(series)
    values = np.empty(len(missing), dtype=object)
    values[:] = series.to_list()
    values[missing] = None
    return values, series_container(series)


def _small_integers(values: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
    """Codes of integers in a narrow range, without a sort."""
    low = int(values.min())
    shifted = (values - values.dtype.type(low)).astype(np.int64)
    present = np.bincount(shifted) > 0
    return (np.cumsum(present) - 1)[shifted], tuple((np.flatnonzero(present) + low).tolist())


def _plain(x: Any) -> Label:
    if x is None or x != x:
        return MISSING
    if isinstance(x, np.generic):
        x = x.item()
    return x if isinstance(x, (str, int, float, bool)) else str(x)
