"""Adopt any sampler with `fit_resample`: imbalanced-learn's, or one of your own.

The trouble: a foreign sampler returns matrices, drops weights, and its row numbers are sometimes wrong. So they are believed
only if `X[sample_indices_]` *is* its output; else output rows are matched by content, and what matches nothing is kept as a
made-up row. What it did to the odds has no formula: `Rebalanced` repairs it by crossfit.
"""

from __future__ import annotations

from hashlib import blake2b
from itertools import pairwise
from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
from scipy import sparse
from sklearn.base import clone

from ..._errors import InputError, counted, did_you_mean
from ..._foreign_keywords import own_keywords
from ..._rng import as_generator
from ...tables import Labels, Table, frame_of, is_frame, refuse_doubles, row_count, row_slice
from ._resample import Resample, mass_correction
from ._sampler import Sampler, read_inputs
from ._vanished import notes_of_vanished

__all__ = ["Adopted", "adopt"]


class Adopted(Sampler):
    """A foreign sampler behind our interface; made by `adopt`."""

    def __init__(self, sampler: Any, *, rng: Any = None):
        self.sampler = sampler
        self.rng = rng

    def resample(self, X: Any, y: Any, *, sample_weight: Any = None, neighbours: Any = None) -> Resample:
        """Run the sampler and find out where its rows came from.

        X : the table in a kind the sampler takes. y : (n,) labels. sample_weight : (n,) weights; rows of zero weight are
        taken out first, a real row keeps its own, a made-up row gets the mean weight of its class.
        """
        labels, w, live = read_inputs(X, y, sample_weight)
        refuse_doubles(X)
        rows = np.flatnonzero(live)
        inner = for_the_sampler(row_slice(X, rows))
        sampler: Any = clone(self.sampler, safe=False)
        if getattr(sampler, "random_state", 0) is None and hasattr(sampler, "set_params"):
            sampler.set_params(random_state=int(as_generator(self.rng).integers(2**31 - 1)))
        made_X, made_y = sampler.fit_resample(inner, labels.classes[labels.codes[rows]])
        found = _source_rows(inner, made_X, getattr(sampler, "sample_indices_", None))
        return self.described(labels, w, rows, np.asarray(made_y), made_X, found, X)

    def described(
        self,
        labels: Labels,
        w: np.ndarray,
        rows: np.ndarray,
        made_y: np.ndarray,
        made_X: Any,
        found: np.ndarray,
        X: Any,
    ) -> Resample:
        real = found >= 0
        indices = np.where(real, rows[np.where(real, found, 0)], -1)
        codes = np.searchsorted(labels.classes, made_y)
        classes = len(labels.classes)
        mean = np.bincount(labels.codes[rows], weights=w[rows], minlength=classes)
        mean = mean / np.maximum(np.bincount(labels.codes[rows], minlength=classes), 1)
        weights = np.where(real, w[np.where(real, indices, 0)], mean[codes])
        correction = mass_correction(
            (labels.codes, w), (codes, weights), classes, "impossible", f"{_name_of(self.sampler)} is not ours"
        )
        return Resample(
            indices,
            np.stack([indices, indices], axis=1),
            np.zeros(len(indices)),
            made_y,
            weights,
            correction,
            removed=np.setdiff1d(rows, indices),
            notes=(*_made_up(int((~real).sum())), *notes_of_vanished(labels.classes, labels.codes[rows], codes)),
            made=None if real.all() else _as_it_came(row_slice(made_X, np.flatnonzero(~real)), X),
        )


@own_keywords
def adopt(sampler: Any, *, rng: Any = None) -> Adopted:
    """Put any object with `fit_resample` behind our interface, so that it says which rows it kept and which it made.

        indices = sample_indices_ if X[sample_indices_] is the output, else rows matched by content, -1 for the unmatched

    Parameters
    ----------
    sampler : object with fit_resample(X, y) -> (X, y); a copy of it is run. rng : seeds its `random_state` where that is None.

    Raises
    ------
    InputError : an object without `fit_resample`.

    Costs: its rows are compared with the table, one pass; what it did to the odds is unknown, so the status is impossible
    and only crossfit repairs it.
    Source: imbalanced-learn's sampler interface.

    >>> from imblearn.over_sampling import SMOTE
    >>> X, y = np.arange(40.0).reshape(20, 2), np.repeat([0, 1], [14, 6])
    >>> adopt(SMOTE(k_neighbors=3), rng=0).resample(X, y)
    Resample(28 rows, 8 synthetic, 0 removed, impossible)
    """
    if isinstance(sampler, Adopted):
        return sampler
    if not hasattr(sampler, "fit_resample"):
        near = did_you_mean("fit_resample", [n for n in dir(sampler) if not n.startswith("_")])
        raise InputError(f"{_name_of(sampler)} has no fit_resample, so it cannot be adopted.{near}")
    return Adopted(sampler, rng=rng)


def _made_up(rows: int) -> tuple[str, ...]:
    return (f"{counted(rows, 'row')} {'is' if rows == 1 else 'are'} made up",) if rows else ()


def _name_of(sampler: Any) -> str:
    return getattr(sampler, "__name__", None) or type(sampler).__name__


def for_the_sampler(X: Any) -> Any:
    """What a foreign sampler can read: a prepared table, polars and Arrow frames as one matrix; the rest as it is."""
    if isinstance(X, Table):
        blocks = [X.numbers, X.codes.astype(np.float64)][: 1 + bool(X.codes.shape[1])]
        return sparse.csr_array(sparse.hstack(blocks)) if sparse.issparse(X.numbers) else np.hstack(blocks)
    if not is_frame(X) or nw.dependencies.is_pandas_like_dataframe(X):
        return X
    frame = frame_of(X)
    text = [name for name, dtype in frame.schema.items() if not dtype.is_numeric()]
    if text:
        raise InputError(
            f"samplers that are not ours read numbers only; column {text[0]!r} holds {frame.schema[text[0]]}. Pass a pandas "
            "frame to one that takes text, or use SMOTE of this package."
        )
    return frame.to_numpy()


def _as_it_came(made: Any, X: Any) -> Any:
    """Rows that a sampler made, in the kind of frame X is; matrices as they are."""
    if not is_frame(X) or is_frame(made):
        return made
    frame = frame_of(X)
    columns = {}
    for j, (name, dtype) in enumerate(frame.schema.items()):
        values = np.asarray(made[:, j])
        whole = dtype.is_integer() and (values == np.rint(values)).all()
        columns[name] = nw.new_series(name, values, backend=frame.implementation)
        if whole or dtype.is_float():
            columns[name] = columns[name].cast(dtype)
    return nw.from_dict(columns, backend=frame.implementation).to_native()


def _source_rows(X: Any, made: Any, indices: Any) -> np.ndarray:
    """(m,) row of X that each output row is, -1 if none; given indices are believed only if they are right.

    Rows found by content: of several equal rows the first goes to the first output row that is equal, and so on.
    """
    ours, theirs = _content(X), _content(made)
    if indices is not None and len(indices) == row_count(made):
        indices = np.asarray(indices)
        if (ours[indices] == theirs).all():
            return indices.astype(np.int64)
    order = np.argsort(ours, kind="stable")
    start = np.searchsorted(ours[order], theirs)
    copies = np.searchsorted(ours[order], theirs, side="right") - start
    at = start + _turn_of(theirs) % np.maximum(copies, 1)
    return np.where(copies > 0, order[np.minimum(at, len(order) - 1)], -1)


def _turn_of(keys: np.ndarray) -> np.ndarray:
    """(m,) how many equal keys stand before each."""
    order = np.argsort(keys, kind="stable")
    first = np.searchsorted(keys[order], keys[order])
    out = np.empty(len(keys), dtype=np.int64)
    out[order] = np.arange(len(keys)) - first
    return out


def _content(X: Any) -> np.ndarray:
    """(n,) one comparable value a row: its bytes, or its values written out."""
    if is_frame(X):
        frame = frame_of(X)
        return np.array([repr(row) for row in frame.iter_rows()])
    if sparse.issparse(X):
        return _sparse_content(sparse.csr_array(X, copy=True))
    dense = np.ascontiguousarray(np.asarray(X))
    if dense.dtype == object:
        return np.array([repr(tuple(row)) for row in dense.tolist()])
    dense = dense + 0.0 if dense.dtype.kind == "f" else dense  # -0.0 is 0.0
    return dense.view([("", dense.dtype)] * dense.shape[1]).ravel().view(f"V{dense.itemsize * dense.shape[1]}")


def _sparse_content(X: Any) -> np.ndarray:
    """(n,) hashes of the rows' columns and values."""
    X.sum_duplicates()
    X.eliminate_zeros()
    data, columns = X.data.astype(np.float64), X.indices.astype(np.int64)
    ends = [slice(a, b) for a, b in pairwise(X.indptr)]
    return np.array(
        [blake2b(columns[e].tobytes() + data[e].tobytes(), digest_size=16).digest() for e in ends], dtype="V16"
    )
