"""A result as a frame of the kind that somebody works with."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v1 as nw
import pyarrow as pa

from ...tables import frame_of, is_frame

__all__ = ["frame_like"]


def frame_like(X: Any, columns: Mapping[str, Sequence[Any]]) -> Any:
    """Columns as a frame of the kind of `X`; for anything else pandas if it is installed, else polars, else Arrow. NaN is a gap."""
    table = pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})
    kind = _kind_of(X)
    if kind == "pandas":
        return table.to_pandas()
    return nw.from_native(table, eager_only=True).to_polars() if kind == "polars" else table


def _kind_of(X: Any) -> str:
    """pandas, polars or pyarrow."""
    if is_frame(X):
        native = frame_of(X).implementation
        return "pandas" if native.is_pandas() else "polars" if native.is_polars() else "pyarrow"
    return next((name for name in ("pandas", "polars") if importlib.util.find_spec(name)), "pyarrow")
