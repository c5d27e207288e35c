"""Probabilities and labels at the door: one shape inside, the caller's own shape back.

The trouble: predicted probabilities come as one column p(y = 1), as two columns or as K, in float32 or float64, in an array,
a frame or a tensor; labels come as bools, 0/1, {1, 2} or words. Log-odds are handed in for probabilities, or the wrong
column is taken for the positive class, and every later number is plausible and wrong.

Inside everything is `log_p` (K, n): the log-probability of each class, classes in sorted order, rows last so that sums over
rows run along memory. A single column is the probability of the last class.

What is inside: `read_proba` gives a `Proba`, whose `give` returns new probabilities in the shape, dtype and container that
came; `read_labels` gives class numbers; `softmax` turns logits (K, n) into probabilities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import InputError, printable
from .._frames import NUMPY, Container, from_torch, read, refuse_doubled, require

__all__ = ["Proba", "read_labels", "read_proba", "softmax"]

_EXPIT = "log-odds? apply expit first."


@dataclass(frozen=True, eq=False)
class Proba:
    """Probabilities that remember how they came.

    ``p`` (K, n) float64, classes in sorted order; ``one`` whether a single number a row came; ``give_raw`` puts an array of
    the shape that came into the container and dtype that came.
    """

    p: np.ndarray
    one: bool
    shape: tuple[int, ...]
    container: Container
    give_raw: Callable[[np.ndarray], Any]

    @property
    def n(self) -> int:
        return self.p.shape[1]

    @property
    def k(self) -> int:
        return self.p.shape[0]

    @property
    def log_p(self) -> np.ndarray:
        """(K, n) natural logs; 0 becomes -inf. One column keeps the digits of 1 - p."""
        with np.errstate(divide="ignore"):
            if self.one:
                return np.stack([np.log1p(-self.p[1]), np.log(self.p[1])])
            return np.log(self.p)

    def give(self, p: np.ndarray) -> Any:
        """Probabilities (K, n) in the shape, dtype and container that came."""
        return self.give_raw((p[1] if self.one else p.T).reshape(self.shape))


def softmax(logits: np.ndarray) -> np.ndarray:
    """exp(l_k)/sum_k exp(l_k) down the first axis; -inf is a probability of zero."""
    e = np.exp(logits - logits.max(axis=0))
    return e / e.sum(axis=0)


def read_proba(proba: Any, name: str = "proba") -> Proba:
    """Check probabilities and bring them to (K, n); the errors name the first row."""
    values, container, give = _open(proba, name)
    if values.ndim > 2 or values.size == 0:
        raise InputError(f"`{name}` must be (n,), (n, 2) or (n, K) with at least one row; got shape {values.shape}.")
    eps = np.finfo(values.dtype).eps if values.dtype.kind == "f" else 0.0
    p = np.asarray(values, dtype=np.float64)
    flat = np.atleast_1d(p)
    require(~np.isnan(flat), f"`{name}`", "be finite", flat, "Drop those rows, or mend the model.", "NaN")
    require((flat >= 0) & (flat <= 1), f"`{name}`", "lie in [0, 1]", flat, _EXPIT, "outside")
    if p.ndim < 2 or p.shape[1] == 1:
        p1 = flat.reshape(-1)
        return Proba(np.stack([1 - p1, p1]), True, p.shape, container, give)
    sums = p.sum(axis=1)
    require(np.abs(sums - 1) <= 1e-6 + p.shape[1] * eps, f"the {p.shape[1]} columns of `{name}`",
            "sum to 1 within 1e-6", sums, f"For one probability a row pass one column; {_EXPIT}", "other sums")  # fmt: skip
    return Proba(np.ascontiguousarray(p.T), False, p.shape, container, give)


def _open(x: Any, name: str) -> tuple[np.ndarray, Container, Callable[[np.ndarray], Any]]:
    """Values in their own float type, the container, and the way back."""
    home = type(x).__module__.split(".")[0]
    if home == "torch":
        return from_torch(x), NUMPY, x.new_tensor
    if isinstance(x, (np.ndarray, np.generic, list, tuple, int, float)) or home in ("jax", "jaxlib"):
        if isinstance(x, np.ma.MaskedArray):
            read(x, name)
        values = np.asarray(x) if isinstance(x, (np.ndarray, np.generic)) else read(x, name)[0]
        if values.dtype.kind not in "fiub":
            read(values, name)
        dtype = _float_type(values.dtype)
        return values, NUMPY, lambda a: a.astype(dtype)[()]
    return _open_frame(x, name)


def _open_frame(x: Any, name: str) -> tuple[np.ndarray, Container, Callable[[np.ndarray], Any]]:
    import narwhals as nw

    if hasattr(type(x), "columns"):
        refuse_doubled(x, name)
    frame = nw.from_native(x, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        values, container = read(x, name)
        series = nw.from_native(x, series_only=True, pass_through=True)
        half = isinstance(series, nw.Series) and series.dtype == nw.Float32
        dtype = np.dtype(np.float32 if half else np.float64)
        return values.astype(dtype), container, lambda a: container.wrap(a.astype(dtype))
    columns = [read(frame[c].to_native(), f"{name}[{c!r}]")[0] for c in frame.columns]
    half = all(frame[c].dtype == nw.Float32 for c in frame.columns)
    dtype = np.dtype(np.float32 if half else np.float64)
    backend: Any = frame.implementation.name.lower()
    index = nw.maybe_get_index(frame)

    def give(a: np.ndarray) -> Any:
        data = {c: np.ascontiguousarray(a[:, i], dtype=dtype) for i, c in enumerate(frame.columns)}
        out = nw.from_dict(data, backend=backend).to_native()
        if index is not None:
            out.index = index  # pandas; narwhals sets an index from columns only
        return out

    return np.column_stack(columns).astype(dtype), Container(backend, index), give


def _float_type(dtype: np.dtype) -> np.dtype:
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def read_labels(y: Any, k: int | None = None, name: str = "y") -> tuple[np.ndarray, np.ndarray, Container]:
    """Class numbers (n,) in 0..K-1, the labels seen in sorted order, and the container of `y`.

    With `k` given and fewer labels seen, whole numbers (or bools) within 0..K-1 are the class numbers themselves; anything
    else would be a guess and is refused.
    """
    values, container = _label_values(y, name)
    if values.ndim != 1 or values.size == 0:
        raise InputError(f"`{name}` must be one label a row, shape (n,); got shape {values.shape}.")
    _refuse_missing(values, name)
    try:
        labels, codes = np.unique(values, return_inverse=True)
    except TypeError:
        raise InputError(
            f"`{name}` mixes labels that cannot be sorted, such as words and numbers. Make them one type."
        ) from None
    if k is None or len(labels) == k:
        return codes, labels, container
    shown = ", ".join(printable(v) for v in labels[:5].tolist()) + (", ..." if len(labels) > 5 else "")
    if len(labels) > k:
        raise InputError(
            f"`{name}` holds {len(labels)} labels ({shown}) and the probabilities speak of {k} classes. "
            f"Pass one column for each class."
        )
    numbers = labels.dtype.kind in "biuf" and np.isin(labels, np.arange(k)).all()
    if not numbers:
        raise InputError(
            f"`{name}` holds {len(labels)} of {k} classes ({shown}), so nobody can tell which column is whose. "
            f"Code the classes as 0 to {k - 1}."
        )
    return values.astype(np.intp), np.arange(k), container


def _label_values(y: Any, name: str) -> tuple[np.ndarray, Container]:
    home = type(y).__module__.split(".")[0]
    if home == "torch":
        return from_torch(y), NUMPY
    if isinstance(y, (np.ndarray, np.generic, list, tuple)):
        return np.asarray(y), NUMPY
    import narwhals as nw

    series = nw.from_native(y, series_only=True, pass_through=True)
    if not isinstance(series, nw.Series):
        return np.asarray(y), NUMPY
    nulls = series.is_null().to_numpy()
    if nulls.any():
        _missing(np.asarray(nulls, dtype=bool), name)
    backend = series.implementation.name.lower()
    return series.to_numpy(), Container(backend, nw.maybe_get_index(series), series.name)


def _refuse_missing(values: np.ndarray, name: str) -> None:
    if values.dtype.kind == "f":
        bad = np.isnan(values)
    elif values.dtype.kind == "O":
        bad = np.array([v is None or v != v for v in values.tolist()])
    else:
        return
    if bad.any():
        _missing(bad, name)


def _missing(bad: np.ndarray, name: str) -> None:
    raise InputError(
        f"`{name}` must have a label in every row; got {int(bad.sum()):,} missing, first at row {int(bad.argmax())}. "
        f"Drop those rows first."
    )
