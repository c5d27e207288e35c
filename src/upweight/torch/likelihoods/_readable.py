"""What was given as a table, looked at before any column is.

The trouble: NumPy takes almost anything. Of a masked array it reads the numbers behind the mask, of a query or a path it makes an array
without axes, and of rows of different lengths it says so in words of its own. Here

    frame, sparse matrix, array   as they are                    masked array   its gaps are gaps
    tensor                        its values                     else           an array of rows and columns, or refused

What is inside: `readable`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import sparse

from ..._errors import InputError
from ..._frames import from_torch
from ...tables import is_frame, refuse_lazy

__all__ = ["readable"]


def readable(X: Any) -> Any:
    """A frame, sparse matrix or array; no rows and no columns are refused in scikit-learn's words."""
    refuse_lazy(X)
    X = X if is_frame(X) or sparse.issparse(X) else _array(X)
    if len(X.shape) == 2 and X.shape[1] == 0:
        raise InputError(f"Found array with 0 feature(s) (shape={tuple(X.shape)}) while a minimum of 1 is required.")
    if len(X.shape) == 2 and X.shape[0] == 0:
        raise InputError(f"Found array with 0 sample(s) (shape={tuple(X.shape)}) while a minimum of 1 is required.")
    return X


def _array(X: Any) -> np.ndarray:
    """Rows and columns as an array."""
    if isinstance(X, np.ma.MaskedArray):
        return _unmasked(X)
    if isinstance(X, np.ndarray):
        return np.asarray(X)  # no matrix of NumPy's, whose columns have two axes
    if isinstance(X, torch.Tensor):
        return _tensor(X)
    try:
        found = np.asarray(X)
    except ValueError:
        raise InputError(_ragged(list(X))) from None
    if found.ndim == 0:
        raise InputError(
            f"`X` must be a table, rows by columns; got {type(X).__name__}. Pass an array or a pandas, polars or Arrow frame."
        )
    return found


def _tensor(X: torch.Tensor) -> np.ndarray:
    if X.layout is not torch.strided:
        raise InputError("`X` as a tensor must be dense; got a sparse one. Use X.to_dense(), or a matrix of SciPy.")
    return from_torch(X)


def _unmasked(X: np.ma.MaskedArray) -> np.ndarray:
    """What is masked becomes NaN, or None where there are words; numbers behind a mask are nobody's."""
    mask = np.ma.getmaskarray(X)
    if not mask.any():
        return X.data
    numeric = X.dtype.kind in "iuf"
    return np.where(mask, np.nan if numeric else None, X.data.astype(np.float64 if numeric else object))


def _ragged(rows: list[Any]) -> str:
    """The first row that is not as long as the first one."""
    lengths = [len(row) if hasattr(row, "__len__") else 1 for row in rows]
    other = next((i for i, n in enumerate(lengths) if n != lengths[0]), None)
    if other is None:
        return "`X` must be a table, rows by columns; got cells that are lists themselves. Give one value a cell."
    return (
        f"`X` must be a table, rows by columns; got a row of {lengths[0]} values and, at row {other}, one of {lengths[other]}. "
        "Write None where a value is missing."
    )
