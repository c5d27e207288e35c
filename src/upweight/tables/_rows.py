"""Rows of any table by number, rows between two others, and rows set beside rows, dense or sparse.

row i            X[i], in the kind that X is
between a and b  x_a + step (x_b - x_a),  in the dtype of x (float64 for whole numbers)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from ._frame_columns import is_frame
from ._rewrap import frame_rows
from ._table import Table

__all__ = ["concat_rows", "interpolate", "row_slice"]

BLOCK = 1 << 19  # numbers made at a time, 4 MB


def row_slice(X: Any, rows: np.ndarray) -> Any:
    """Rows of any table, by number, repeats allowed; its own kind back."""
    if isinstance(X, Table):
        return X.take(rows)
    if is_frame(X):
        return frame_rows(X, np.asarray(rows) if len(rows) else np.empty(0, np.int64))
    return X.tocsr()[rows] if sparse.issparse(X) else np.asarray(X)[rows]


def interpolate(x: Any, parents: np.ndarray, step: np.ndarray) -> Any:
    """(m, d) x_a + step (x_b - x_a), dense or CSR, in the dtype of x; parents (m, 2) row numbers, step (m,)."""
    a, b = parents.T
    dtype = (
        x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    )  # before the difference: unsigned numbers have no sign
    step = step.astype(dtype)
    if sparse.issparse(x):
        x = sparse.csr_array(x, dtype=dtype)
        return sparse.csr_array(x[a] + sparse.diags_array(step) @ (x[b] - x[a]))
    out = x[a].astype(dtype, copy=False)
    new = np.flatnonzero(a != b)
    for some in np.array_split(new, 1 + new.size * x.shape[1] // BLOCK):
        part = slice(some[0], some[-1] + 1) if len(some) and some[-1] - some[0] == len(some) - 1 else some
        gap = x[b[part]] - out[part]
        gap *= step[part, None]
        out[part] += gap
    return out


def concat_rows(x: Any, source: np.ndarray, real: np.ndarray, made: Any) -> Any:
    """(m, d) rows `source` of x where `real`, elsewhere the rows of `made`, in order."""
    if sparse.issparse(x):
        rows = np.where(real, source, x.shape[0] + np.cumsum(~real) - 1)
        return sparse.csr_array(sparse.vstack([x, sparse.csr_array(made)]))[rows]
    out = np.array(x[source], dtype=np.result_type(x.dtype, made.dtype))
    out[~real] = made
    return out
