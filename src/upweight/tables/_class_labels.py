"""Labels at the door: which classes there are, how many rows each has, and which one is meant.

The trouble: labels come as 0/1, 1/2, booleans or text, with gaps, with a class of one row, with weights that switch rows
off. Everything behind this door works on codes 0 .. K-1 of the sorted classes and on float64 weights that are finite and
not all zero.

Words: *minority* is the class with the fewest rows (ties: the one met first), *majority* every other class. *Positive* is
the class a binary question is about: what the labels say themselves (True, or 1 beside 0 or -1), else the rarest.
"""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import DataConversionWarning

from .._errors import InputError, counted, plain
from .._frames import absent

__all__ = [
    "Labels",
    "first_rows",
    "positive_code",
    "same_spelling",
    "twins_in",
    "twins_line",
    "twins_named",
    "twins_of",
]

TELLING = ({False, True}, {0, 1}, {-1, 1})


@dataclass(frozen=True)
class Labels:
    """Classes of a label vector: `classes` (K,) sorted, `codes` (n,) into them, `positive` the code asked about."""

    classes: np.ndarray
    codes: np.ndarray
    positive: int

    @classmethod
    def of(cls, y, *, name: str = "y", rows: int | None = None) -> Labels:
        """Read labels, refusing gaps, fractions, a single class and a length other than `rows`."""
        values = _label_array(y, name)
        if rows is not None and len(values) != rows:
            came = f"{counted(len(values), 'label')} for {counted(rows, 'row')}"
            raise InputError(f"`{name}` needs one label a row; got {came}.")
        classes, codes = np.unique(values, return_inverse=True)
        if len(classes) < 2:
            if len(values) == 1:
                raise InputError(f"`{name}` needs two classes; got 1 sample. Pass more rows.")
            raise InputError(
                f"`{name}` needs two classes; got only {plain(classes[0])!r} in {len(values):,} rows. "
                "Check --target and --positive."
            )
        return cls(classes, codes.reshape(-1), positive_code(classes, np.bincount(codes.reshape(-1))))

    @property
    def counts(self) -> np.ndarray:
        """(K,) rows of each class."""
        return np.bincount(self.codes, minlength=len(self.classes))

    def take(self, keep) -> Labels:
        """The same classes on some of the rows; a class may become empty."""
        return Labels(self.classes, self.codes[keep], self.positive)


def _label_array(y, name: str) -> np.ndarray:
    """One-dimensional labels of one sortable type, without gaps."""
    if y is None:
        raise InputError(f"`{name}` is None: this estimator requires y to be passed, but the target y is None.")
    values = np.asarray(y)
    if values.ndim == 2 and values.shape[1] == 1:
        text = f"A column-vector {name} was passed when a 1d array was expected; its one column is taken."
        warnings.warn(text, DataConversionWarning, stacklevel=4)
        values = values[:, 0]
    if values.ndim != 1:
        raise InputError(
            f"`{name}` must be one label a row; got shape {values.shape}. For several labels a row use label_weights."
        )
    if not len(values):
        raise InputError(f"`{name}` holds no rows.")
    _refuse_gaps(values, name)
    if values.dtype == object:
        values = _as_one_type(values, name)
    if values.dtype.kind == "f":
        values = _refuse_fractions(values, name)
    if values.dtype.kind == "c":
        raise InputError(f"Complex data not supported: `{name}` must hold classes.")
    return values


def _refuse_gaps(values: np.ndarray, name: str) -> None:
    gaps = ~np.isfinite(values) if values.dtype.kind == "f" else absent(values)
    if gaps.any():
        what = "missing or infinite" if values.dtype.kind == "f" else "missing"
        raise InputError(
            f"`{name}` has {counted(gaps.sum(), f'{what} label')} (NaN or inf), first at row {int(gaps.argmax())}. "
            "Drop those rows first."
        )


def _as_one_type(values: np.ndarray, name: str) -> np.ndarray:
    kinds = {bool if isinstance(v, (bool, np.bool_)) else str if isinstance(v, str) else float for v in values}
    if len(kinds) > 1:
        first = next(i for i, v in enumerate(values) if isinstance(v, str) != isinstance(values[0], str) or i)
        raise InputError(
            f"`{name}` mixes text and numbers, first at row {first}: {values[first]!r}. Make them one type."
        )
    return np.asarray(values.tolist())


def _refuse_fractions(values: np.ndarray, name: str) -> np.ndarray:
    whole = values == np.round(values)
    if not whole.all():
        row = int((~whole).argmax())
        raise InputError(
            f"Unknown label type: continuous. `{name}` must hold classes; got "
            f"{counted(len(np.unique(values)), 'different number')}, first fraction {values[row]:g} at row {row}. "
            "Name a class, y > cut, or use density_weights."
        )
    return values


def positive_code(classes: np.ndarray, counts: np.ndarray) -> int:
    """The class asked about: True, or 1 beside 0 or -1; else the rarest (ties: the last)."""
    if len(classes) == 2 and classes.dtype.kind in "biuf" and set(classes.tolist()) in TELLING:
        return 1
    return int(len(counts) - 1 - counts[::-1].argmin())


def same_spelling(label: Any) -> str:
    """What a label is once case, kinds of blanks and the way accents are encoded are set aside."""
    return " ".join(unicodedata.normalize("NFKC", str(plain(label))).casefold().split())


def twins_of(labels: Labels) -> tuple[tuple[str, int], ...]:
    """((label, rows), ...) of the first labels that are one once spelled alike; empty if none are. Numbers are no spellings."""
    if labels.classes.dtype.kind not in "UO":
        return ()
    alike: dict[str, list[tuple[str, int]]] = {}
    for label, count in zip(labels.classes, labels.counts, strict=True):
        if count:
            alike.setdefault(same_spelling(label), []).append((str(plain(label)), int(count)))
    return next((tuple(same) for same in alike.values() if len(same) > 1), ())


def twins_in(y: Any) -> tuple[tuple[str, int], ...]:
    """`twins_of` the labels in `y`; numbers are not even read."""
    kind = getattr(getattr(y, "dtype", None), "kind", "O")
    return () if kind in "biuf" else twins_of(Labels.of(y))


def twins_line(twins: Sequence[tuple[str, int]]) -> str:
    """Which labels may be one class, and in what they differ; empty if there are none."""
    if not twins:
        return ""
    return f"The labels {twins_named(twins)}: if they mean one class, write them alike"


def twins_named(twins: Sequence[tuple[str, int]]) -> str:
    """'Yes' (84) and 'yes' (41) differ only in case; what cannot be seen is spelled out."""
    case = len({label.casefold() for label, _ in twins}) == 1
    named = " and ".join(f"{repr(label) if case else ascii(label)} ({count:,})" for label, count in twins)
    return f"{named} differ only in {'case' if case else 'case, blanks or how accents are encoded'}"


def first_rows(codes: np.ndarray, k: int) -> np.ndarray:
    """(k,) row of the first appearance of every class; len(codes) for a class that never appears."""
    first = np.full(k, len(codes))
    np.minimum.at(first, codes, np.arange(len(codes)))
    return first
