"""The rows of two samples as one table: source first, then target, each sample worth one half.

The trouble: a category that only one side has, whole numbers on one side and fractions on the other, a frame of one library beside a frame
of another. Read apart, the same column gets two meanings; so both are joined first, column by column, and read once.

    w_i = (N/2) b_i/sum b    of the source rows (b: weights that they have already, else ones)
    w_j = (N/2)/n_t          of the target rows;    N rows in all

With these weights a classifier's logit is the log of the density ratio itself.

What is inside: `Pooled`, made by `Pooled.of`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse

from ..._errors import InputError, counted
from ..._frames import NUMPY, Container, same_rows
from ..._weights import Weights
from ...learners import Task
from ...tables import (
    Preparation,
    Schema,
    arrow_array,
    column_names,
    frame_of,
    is_frame,
    matrix,
    refuse_doubles,
    refuse_lazy,
    row_count,
    row_slice,
    unnested,
)
from ._suspicions import refuse_identifiers, share_in_both

__all__ = ["Pooled", "container_of_rows", "halves", "refuse_other_columns"]


@dataclass(frozen=True, eq=False)
class Pooled:
    """Rows of both samples: `task` (codes 0 source, 1 target; weights), of which the source rows are `rows` (base zero left out).

    `names` are the columns as the caller names them, positions for an array; `n_source` counts all source rows, `container` is theirs.
    """

    task: Task
    rows: np.ndarray
    n_source: int
    n_target: int
    names: tuple[Any, ...]
    container: Container
    base: Weights | None = None
    raw: tuple[Any, Any] = (None, None)  # source rows that count, and target, as they came

    @classmethod
    def of(cls, source: Any, target: Any, base: Weights | None = None) -> Pooled:
        """Read two tables of the same columns; `base` are Weights of the source rows."""
        names = refuse_other_columns(source, target)
        n_source, n_target = _rows_of(source, "source"), _rows_of(target, "target")
        container = container_of_rows(source)
        b = _base_values(base, n_source, container)
        rows = np.flatnonzero(b > 0)
        kept = source if len(rows) == n_source else row_slice(source, rows)
        for x, label, at in ((kept, "source", rows), (target, "target", np.arange(n_target))):
            _refuse_infinite(x, label, at)
        together, raw = _together(kept, target)
        refuse_identifiers(raw, len(rows))
        schema = Schema.of(together)
        task = Task(
            X=schema.read(together),
            codes=np.repeat([0, 1], [len(rows), n_target]),
            classes=np.array([0, 1]),
            positive=1,
            w=halves(b[rows], n_target),
            schema=schema,
        )
        _tell_rows_in_both(task, len(rows))
        return cls(task, rows, n_source, n_target, names, container, base, (kept, target))

    @property
    def schema(self) -> Schema:
        """How the columns are read, of later frames too."""
        assert self.task.schema is not None
        return self.task.schema

    def design(self) -> tuple[Any, Any]:
        """The columns of both samples as numbers, gaps filled, categories as 0 and 1: (rows, m) of the source and of the target."""
        preparation = Preparation.fit(self.schema, self.task.X, self.task.w)
        found = preparation.matrix(preparation.table(self.task.X))
        return found[: len(self.rows)], found[len(self.rows) :]

    def of_source(self, log_w: np.ndarray) -> np.ndarray:
        """Log-weights (n_source,) from those of the rows that count; the others are zero."""
        out = np.full(self.n_source, -np.inf)
        out[self.rows] = log_w
        return out


def halves(b: np.ndarray, n_target: int) -> np.ndarray:
    """(N,) row weights under which source, by its own weights b (n,), and target each hold half of the N rows."""
    half = (len(b) + n_target) / 2
    return np.concatenate([half * b / b.sum(), np.full(n_target, half / n_target)])


def container_of_rows(x: Any) -> Container:
    """The library and, of pandas, the index of the rows of a table."""
    if not is_frame(x):
        return NUMPY
    import narwhals as nw

    refuse_doubles(x)
    frame = nw.from_native(x, eager_only=True)
    return Container(frame.implementation.name.lower(), nw.maybe_get_index(frame))


def refuse_other_columns(source: Any, target: Any, labels: tuple[str, str] = ("source", "target")) -> tuple[Any, ...]:
    """The names of the columns of both tables, in the order of the first; columns of one side only are refused by name."""
    for x in (source, target):
        refuse_lazy(x)
    if is_frame(source) != is_frame(target):
        kinds = f"{type(source).__name__} and {type(target).__name__}"
        raise InputError(f"`{labels[0]}` and `{labels[1]}` must both be frames or both be arrays; got {kinds}.")
    if not is_frame(source):
        return _positions(source, target, labels)
    have, other = column_names(source), column_names(target)
    alone = [n for n in have if n not in other], [n for n in other if n not in have]
    if not have and not other:
        raise InputError(f"`{labels[0]}` and `{labels[1]}` have no columns. Give columns that both have.")
    if any(alone):
        told = [f"`{label}` alone has {_listed(names)}" for label, names in zip(labels, alone, strict=True) if names]
        raise InputError(
            f"`{labels[0]}` and `{labels[1]}` must have the same columns; {' and '.join(told)}. "
            "Leave out what one side alone has, a label too."
        )
    return tuple(have)


def _positions(source: Any, target: Any, labels: tuple[str, str]) -> tuple[int, ...]:
    shapes = [np.shape(x) for x in (source, target)]
    for label, shape in zip(labels, shapes, strict=True):
        if len(shape) != 2 or not shape[1]:
            raise InputError(f"`{label}` must be a table, rows by columns; got shape {shape}. One column: x[:, None].")
    if shapes[0][1] != shapes[1][1]:
        raise InputError(
            f"`{labels[0]}` and `{labels[1]}` must have the same columns; got {shapes[0][1]:,} and {shapes[1][1]:,}. "
            "Leave out what one side alone has, a label too."
        )
    return tuple(range(shapes[0][1]))


def _listed(names: list[Any]) -> str:
    return ", ".join(repr(n) for n in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _rows_of(x: Any, label: str) -> int:
    rows = row_count(x)
    if rows < 2:
        raise InputError(f"`{label}` must have two rows or more; got {rows}. Give the rows of that sample.")
    return rows


def _base_values(base: Weights | None, n: int, container: Container) -> np.ndarray:
    """(n,) weights that the source rows have already, of mean one."""
    if base is None:
        return np.ones(n)
    if not isinstance(base, Weights):
        raise InputError("`base` must be Weights: say what they are first: uw.Weights.of(x, kind=...).")
    base._one_vector("density_ratio")
    if base.n != n:
        raise InputError(f"`base` must have one entry a source row; got {base.n:,} for {counted(n, 'row')}.")
    same_rows(container, base._container, ("source", "base"))
    refuse_zero_base(base)
    _ = Weights.of(np.ones(n), kind="importance") * base  # refuses, before anything is fitted, what has no product
    return np.asarray(base)


def refuse_zero_base(base: Weights) -> None:
    """Design weights that leave no row."""
    if not (base.log_w > -np.inf).any():
        raise InputError(
            f"`base` must have a positive weight; got {base.n:,}, all zero. Pass the weights that the rows have."
        )


# ---- one table of two -------------------------------------------------------------------------------------------------------


def _together(source: Any, target: Any) -> tuple[Any, list[tuple[Any, Any]]]:
    """Both tables as one, and its columns with their names as they came, for a look at what they are."""
    if is_frame(source):
        a, b = frame_of(source), frame_of(target)
        columns = [(name, _joined(name, arrow_array(a[name]), arrow_array(b[name]))) for name in a.columns]
        return pa.table({str(name): values for name, values in columns}), columns
    whole = [np.asarray(x).dtype.kind in "iu" if not sparse.issparse(x) else False for x in (source, target)]
    a, b = matrix(source), matrix(target)
    if sparse.issparse(a) or sparse.issparse(b):
        return sparse.csr_array(sparse.vstack([sparse.csr_array(a), sparse.csr_array(b)])), []
    found = np.concatenate([np.asarray(a), np.asarray(b)])
    return found, [(j, found[:, j].astype(np.int64)) for j in range(found.shape[1])] if all(whole) else []


def _refuse_infinite(x: Any, label: str, rows: np.ndarray) -> None:
    """Name the side and its own row (`rows`, of the table as it came), which the joined table no longer knows."""
    if is_frame(x):
        frame = frame_of(x)
        columns = [(name, unnested(arrow_array(frame[name]))) for name in frame.columns]
        floats = [
            (n, v.to_numpy(zero_copy_only=False)) for n, v in columns if v is not None and pa.types.is_floating(v.type)
        ]
    else:
        found = np.empty((0, 0)) if sparse.issparse(x) else np.asarray(x)
        floats = list(enumerate(found.T)) if found.ndim == 2 and found.dtype.kind == "f" else []
    for name, values in floats:
        endless = np.isinf(values)
        if endless.any():
            row = int(endless.argmax())
            raise InputError(
                f"`{label}` must hold no infinity: column {name!r} has {int(endless.sum()):,}, first {values[row]} at row {rows[row]}. "
                "Write them as missing, or drop those rows."
            )


def _joined(name: Any, a: Any, b: Any) -> pa.Array:
    """One column of both sides, in a type that holds both."""
    declared = all(pa.types.is_dictionary(x.type) for x in (a, b))
    n = len(a) + len(b)
    a, b = unnested(a), unnested(b)
    if a is None or b is None:
        return pa.nulls(n)  # nested values, which no learner reads
    kind = _type_of_both(name, a.type, b.type)
    joined = pa.concat_arrays([_cast(a, kind), _cast(b, kind)])
    return joined.dictionary_encode() if declared else joined


def _cast(values: Any, kind: pa.DataType) -> Any:
    if pa.types.is_boolean(values.type) and pa.types.is_floating(kind):
        values = values.cast(pa.int8())
    return values if values.type == kind else values.cast(kind, safe=False)


def _type_of_both(name: Any, a: pa.DataType, b: pa.DataType) -> pa.DataType:
    t = pa.types
    if a == b or t.is_null(b):
        return a
    if t.is_null(a):
        return b
    each = lambda holds: holds(a) and holds(b)
    if each(lambda x: t.is_integer(x) or t.is_floating(x) or t.is_decimal(x) or t.is_boolean(x)):
        return pa.float64()
    if each(lambda x: t.is_string(x) or t.is_large_string(x) or t.is_string_view(x)):
        return pa.string()
    if each(lambda x: t.is_date(x) or t.is_timestamp(x)):
        return pa.timestamp("us")
    raise InputError(f"column {name!r} is {a} in the source and {b} in the target. Convert one of them.")


def _tell_rows_in_both(task: Task, n_source: int) -> None:
    share = share_in_both(task.X, n_source)
    if share >= 0.5:
        warnings.warn(
            f"{100 * share:.0f} % of the target rows are in both samples: a sample cannot be told from itself. Take rows of the target that "
            "the source does not hold.",
            UserWarning,
            stacklevel=4,
        )
