"""Columns in, the same kind of column out.

The trouble: a weight vector arrives as a NumPy array, a list, a pandas or polars Series, an Arrow array or a tensor, and two
vectors that belong together arrive with different indexes. Aligning in silence pairs the wrong rows; losing the index makes
the user pair them by hand.

What is inside: `read` turns any of these into float64 NumPy and remembers the `Container` it came in; `read_columns` does so for
one column or a table of them; `labels` numbers the groups of a column; `Container.wrap` gives values back in it; `same_rows`
refuses two containers whose rows cannot be the same. Nothing is ever aligned.

narwhals speaks to the frame libraries, so that none of them is imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._errors import InputError, MissingExtra

__all__ = [
    "NUMPY",
    "Container",
    "absent",
    "all_same_rows",
    "arrow_stream",
    "container_of",
    "from_torch",
    "is_absent",
    "labels",
    "read",
    "read_columns",
    "refuse_doubled",
    "require",
    "same_rows",
]

PIECE = 1 << 16


@dataclass(frozen=True, eq=False)
class Container:
    """What a column came in: the library, and for pandas its index and name."""

    backend: Any = "numpy"
    index: Any = None
    name: Any = None
    flat: bool = False  # a pyarrow.Array rather than a ChunkedArray
    columns: tuple[Any, ...] = ()  # names of a frame's columns

    def wrap(self, values: np.ndarray) -> Any:
        """Give `values` (n,) back in this container; other shapes stay NumPy."""
        if self.backend == "numpy" or values.ndim != 1:
            return values
        import narwhals as nw

        name = self.name if isinstance(self.name, str) else ""
        native = nw.new_series(name, values, backend=self.backend).to_native()
        if self.backend == "pandas":
            native.name = self.name  # None, a number or a tuple as well as a string
        if self.index is not None and len(self.index) == len(values):
            native.index = self.index  # narwhals would walk it entry by entry: microseconds a row
        return native.combine_chunks() if self.flat else native

    def take(self, rows: Any) -> Container:
        """The container of the chosen rows, in their order."""
        if self.index is None:
            return self
        return Container(self.backend, self.index[rows], self.name, self.flat)


NUMPY = Container()


def read(x: Any, name: str, *, nulls: bool = False) -> tuple[np.ndarray, Container]:
    """Any numeric column or array as float64, with the container it came in.

    Nulls, complex numbers and objects are refused with the count and the first row; with `nulls` missing values become NaN.
    NaN is left for the caller's own rule.
    """
    if isinstance(x, np.ma.MaskedArray):
        if not nulls:
            _refuse_nulls(np.ma.getmaskarray(x), name)
        return _numeric(x if not nulls else np.ma.filled(x.astype(np.float64), np.nan), name), NUMPY
    if isinstance(x, (np.ndarray, list, tuple, int, float, np.generic)):
        return _numeric(x, name), NUMPY
    home = type(x).__module__.split(".")[0]
    if home == "upweight" and hasattr(x, "log_w"):
        raise InputError(
            f"`{name}` must be a column of numbers; got Weights, whose kind and history would be lost. Keep them as they are, say what "
            f"they are with w.declare(kind=..., exact=...), choose rows with w[rows], or take the numbers: w.values, w.sample_weight, w.log_w."
        )
    if home == "torch":
        return _numeric(from_torch(x), name), NUMPY
    return _read_series(x, name, nulls)


def from_torch(x: Any) -> np.ndarray:
    """A tensor as an array, detached; NumPy has no bfloat16, so short floats are widened, which changes no value."""
    x = x.detach().cpu()
    short = x.is_floating_point() and x.element_size() < 4
    return (x.float() if short else x).numpy()


def _read_series(x: Any, name: str, nulls: bool) -> tuple[np.ndarray, Container]:
    series, flat = series_of(x)
    if series is None:
        _refuse_table(x, name)
        if not (hasattr(x, "__array__") or hasattr(x, "__len__")):
            raise InputError(
                f"`{name}` must be a column of numbers; got {type(x).__name__}. Pass an array or a Series."
            )
        return _numeric(x, name), NUMPY
    import narwhals as nw

    if not (series.dtype.is_numeric() or series.dtype == nw.Boolean):
        text = series.dtype in (nw.String, nw.Categorical, nw.Enum, nw.Object)
        raise InputError(f"`{name}` must hold real numbers; got a column of {series.dtype}. {_conversion(text)}")
    missing = series.is_null().to_numpy()
    if not nulls:
        _refuse_nulls(missing, name)
    if missing.any():
        series = series.cast(nw.Float64)
    return _numeric(series.to_numpy(), name), series_container(series, flat)


def _refuse_table(x: Any, name: str) -> None:
    """A frame is a table, even if it has one column only: which column is meant is the caller's to say."""
    if hasattr(type(x), "columns"):
        names = getattr(x, "column_names", None) or list(x.columns)  # Arrow's `columns` are the columns themselves
        first = names[0] if len(names) else "w"
        raise InputError(
            f"`{name}` must be one column; got a table of {len(names)}. Pass one of its columns, say frame[{first!r}]."
        )


def series_of(x: Any) -> tuple[Any, bool]:
    """`x` as a narwhals Series and whether it was a flat Arrow array; None if it is no column of a frame library."""
    import narwhals as nw

    flat = type(x).__module__.split(".")[0] == "pyarrow" and hasattr(x, "is_null") and not hasattr(x, "chunks")
    if flat:
        x = sys.modules["pyarrow"].chunked_array([x])  # narwhals speaks to chunked arrays only
    series = nw.from_native(x, series_only=True, pass_through=True)
    return (series, flat) if isinstance(series, nw.Series) else (None, False)


def arrow_stream(values: np.ndarray, schema: Any = None) -> Any:
    """A column (n,) as Arrow's C stream, made by whichever of polars and Arrow is in use."""
    import narwhals as nw

    library: Any = next((name for name in ("polars", "pyarrow") if name in sys.modules), None)
    if library is None:
        raise MissingExtra("a stream of Arrow needs polars or pyarrow: pip install pyarrow, or pass numpy.asarray(w).")
    return nw.new_series("", values, backend=library).to_native().__arrow_c_stream__(schema)


def container_of(x: Any) -> Container:
    """The container of a column of anything; NumPy for what is no column of a frame library."""
    series = None if isinstance(x, (np.ndarray, list, tuple)) else series_of(x)[0]
    return NUMPY if series is None else series_container(series)


def series_container(series: Any, flat: bool = False) -> Container:
    import narwhals as nw

    backend = series.implementation.name.lower()
    return Container(backend, nw.maybe_get_index(series), series.name, flat)


def read_columns(x: Any, name: str) -> tuple[np.ndarray, Container]:
    """One column (n,) or a table of columns (n, c) as float64, missing values as NaN, with the container of its rows."""
    if isinstance(x, (np.ndarray, list, tuple)) or not hasattr(type(x), "columns"):
        return read(x, name, nulls=True)
    import narwhals as nw

    refuse_doubled(x, name)
    frame = nw.from_native(x, eager_only=True)
    columns = [read(frame.get_column(c).to_native(), f"{name}[{c!r}]", nulls=True)[0] for c in frame.columns]
    index = nw.maybe_get_index(frame)
    return np.column_stack(columns) if columns else np.empty((len(frame), 0)), Container(
        index=index, columns=tuple(frame.columns)
    )


def refuse_doubled(frame: Any, name: str) -> None:
    """Two columns of one name cannot be told apart; pandas and Arrow allow them."""
    if hasattr(frame, "collect"):
        return  # lazy: its names are not known yet, and it is refused by whoever needs rows
    names = list(getattr(frame, "column_names", None) or frame.columns)
    doubled = (
        [column for column in dict.fromkeys(names) if names.count(column) > 1] if len({*names}) < len(names) else []
    )
    if doubled:
        shown = ", ".join(repr(column) for column in doubled[:5])
        raise InputError(
            f"the columns of `{name}` must have different names; got {len(doubled)} more than once: {shown}. Rename or drop one."
        )


def labels(x: Any, name: str) -> tuple[np.ndarray, np.ndarray, Container]:
    """Group numbers (n,) of a column of labels, the sorted labels they stand for, and the column's container."""
    series = None if isinstance(x, (np.ndarray, list, tuple)) else series_of(x)[0]
    container = NUMPY if series is None else series_container(series)
    a = np.asarray(x if series is None else series.to_numpy())
    if a.ndim != 1 or a.size == 0:
        raise InputError(f"`{name}` must be one column of labels, one a row; got shape {a.shape}.")
    _refuse_nulls(absent(a) if series is None else series.is_null().to_numpy() | absent(a), name)
    return *_numbered(a, name), container


def absent(a: np.ndarray) -> np.ndarray:
    """Whether each value (n,) is a gap: NaN, NaT, and among objects None and pandas' NA too."""
    if a.dtype.kind in "fc":
        return np.isnan(a)
    if a.dtype.kind == "O":
        return np.array([is_absent(v) for v in a], dtype=bool)
    return np.isnat(a) if a.dtype.kind in "mM" else np.zeros(a.shape, dtype=bool)


def is_absent(value: Any) -> bool:
    """Whether an object is None or does not equal itself; whether pandas' NA does is not known, and it is one."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):  # an array has several answers
        return str(value) == "<NA>"


def _numbered(a: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    if a.dtype.kind in "iu" and 0 <= (top := _top_count(a)) < 4 * a.size:  # no sort where a count will do
        present = np.zeros(top + 1, dtype=bool)
        present[a] = True
        codes = a if present.all() else (np.cumsum(present) - 1)[a]
        return codes.astype(np.intp, copy=False), np.flatnonzero(present)
    try:
        levels, codes = np.unique(a, return_inverse=True)
    except TypeError:
        raise InputError(
            f"`{name}` must hold labels of one type; got {len({type(v) for v in a})} types. Make them all strings, say."
        ) from None
    return codes, levels


def _top_count(a: np.ndarray) -> int:
    """The largest of some whole numbers, -1 if one is negative; piece by piece, so that both ends are read from the cache."""
    pieces = (a[i : i + PIECE] for i in range(0, a.size, PIECE))
    tops = [int(p.max()) if int(p.min()) >= 0 else -1 for p in pieces]
    return -1 if min(tops) < 0 else max(tops)


def _refuse_nulls(mask: np.ndarray, name: str) -> None:
    if not np.any(mask):
        return
    missing = np.full(np.shape(mask), np.nan)
    require(~np.asarray(mask, dtype=bool), f"`{name}`", "have no missing values", missing, "Drop those rows first.")


def _conversion(text: bool) -> str:
    """What to do about a column that is no numbers: text is mostly a label whose share is wanted."""
    return "Convert it first: text to numbers, or to yes and no by x == 'yes'." if text else "Convert it first."


def _numeric(x: Any, name: str) -> np.ndarray:
    try:
        a = np.asarray(x)
    except ValueError:
        raise InputError(f"`{name}` must be a rectangular array of numbers; got rows of different lengths.") from None
    if a.dtype.name == "bfloat16":  # of ml_dtypes, as JAX gives it
        a = a.astype(np.float32)
    if a.dtype.kind not in "fiub":
        what = "complex numbers" if a.dtype.kind == "c" else f"values of type {a.dtype}"
        raise InputError(f"`{name}` must hold real numbers; got {what}. {_conversion(a.dtype.kind in 'OSTU')}")
    return np.asarray(a, dtype=np.float64)


def require(ok: np.ndarray, name: str, rule: str, values: np.ndarray, remedy: str, what: str = "") -> None:
    """Raise InputError naming rule, count, first offending value and row, and the remedy, unless `ok` is all true."""
    if ok.all():
        return
    bad = np.flatnonzero(~ok.reshape(-1))
    first = int(bad[0])
    value = values.reshape(-1)[first]
    if not what:
        what = "missing or NaN" if np.isnan(value) else "infinite" if np.isinf(value) else "such"
    row = first if ok.ndim == 1 else tuple(int(i) for i in np.unravel_index(first, ok.shape))
    shown = "" if not np.isfinite(value) else f" {value:g}"
    raise InputError(
        f"{name} must {rule}; got {bad.size:,} {what.removesuffix('s') if bad.size == 1 and what == 'others' else what}, first{shown} at row {row}. {remedy}".replace(
            "  ", " "
        )
    )


def all_same_rows(columns: Mapping[str, Container]) -> None:
    """`same_rows` of every two of several columns: those without an index fit any."""
    indexed = [(name, column) for name, column in columns.items() if column.index is not None]
    for name, column in indexed[1:]:
        same_rows(indexed[0][1], column, (indexed[0][0], name))


def same_rows(a: Container, b: Container, names: tuple[str, str]) -> None:
    """Refuse two columns whose indexes differ: which rows belong together is the caller's to say."""
    if a.index is None or b.index is None or a.index is b.index:
        return
    if len(a.index) != len(b.index) or not a.index.equals(b.index):
        raise InputError(
            f"`{names[0]}` and `{names[1]}` have different indexes; rows are never aligned in silence. "
            f"Reindex one of them, or pass `.to_numpy()` of both if the order is right."
        )
