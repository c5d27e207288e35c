"""NumPy files as columns: .npy and .npz, the form in which weights are saved and benchmarks are shipped (X and y).

    one dimension        a column of that name; of a .npy file it is w
    two dimensions       a column each: X0, X1, ... in a .npz file, c0, c1, ... in a .npy file
    named fields         a column each, by their names

What is inside: `numpy_columns`, {name: values}, all equally long; a .npy file is mapped and not loaded.
"""

from __future__ import annotations

import tokenize
import zipfile
import zlib

import numpy as np
import pyarrow as pa

from .._errors import InputError
from ._paths import Place, one_line
from ._text import refuse_doubles

__all__ = ["as_arrow", "numpy_columns"]

BROKEN = (  # what NumPy raises on damaged files; it reads the header of an array as a Python literal
    *(ValueError, OSError, EOFError, KeyError, TypeError, AttributeError, MemoryError, OverflowError, RuntimeError),
    *(SyntaxError, tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)


def numpy_columns(place: Place) -> dict[str, np.ndarray]:
    """The columns of the file; refused if they are not equally long, or not numbers, dates, booleans or text."""
    columns = _npz_columns(place) if place.path.suffix.lower() == ".npz" else _npy_columns(place)
    rows = {name: len(values) for name, values in columns.items()}
    first = next(iter(rows), "")
    for name, count in rows.items():
        if count != rows[first]:
            raise InputError(
                f"{place.name}: {name!r} has {count:,} rows, {first!r} has {rows[first]:,}. Save arrays of one length."
            )
    if not columns:
        raise InputError(f"{place.name}: holds no array. Is this the right file?")
    refuse_doubles(list(columns), place.name)
    return columns


def _npy_columns(place: Place) -> dict[str, np.ndarray]:
    try:
        values = np.load(place.path, mmap_mode="r", allow_pickle=False)
    except BROKEN as error:
        raise InputError(
            f"{place.name}: not a .npy file of numbers: {one_line(error)}. Write it with numpy.save."
        ) from error
    if not isinstance(values, np.ndarray):
        raise InputError(f"{place.name}: not a .npy file, whatever its name says. Name it by its kind.")
    return _columns_of(place, "w" if values.ndim == 1 else "c", values)


def _npz_columns(place: Place) -> dict[str, np.ndarray]:
    try:
        with (
            open(place.path, "rb") as file,
            np.load(file, allow_pickle=False) as arrays,
        ):  # ours to close if it is damaged
            loaded = {name: arrays[name] for name in arrays.files}
    except BROKEN as error:
        raise InputError(
            f"{place.name}: not a .npz file of numbers: {one_line(error)}. Write it with numpy.savez."
        ) from error
    if {"indices", "indptr", "shape"} <= set(loaded):
        raise InputError(
            f"{place.name}: holds a SciPy sparse matrix. Save it dense, with names: numpy.savez(F, X=, y=)."
        )
    columns: dict[str, np.ndarray] = {}
    for name, values in loaded.items():
        for column, part in _columns_of(place, name, values).items():
            if column in columns:
                raise InputError(f"{place.name}: column {column!r} stands twice. Rename an array.")
            columns[column] = part
    return columns


def _columns_of(place: Place, name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """One array as columns."""
    if values.dtype.names and values.ndim == 1:
        return {field: values[field] for field in values.dtype.names}
    if values.ndim not in (1, 2) or values.dtype.kind not in "fiubUSM":
        raise InputError(
            f"{place.name}: {name!r} must hold columns of numbers or text; got {values.dtype} of shape {values.shape}. "
            "Save vectors, or a matrix with a row for each row."
        )
    if values.ndim == 1 or values.shape[1] == 1:
        return {name: values.reshape(len(values))}
    return {f"{name}{j}": values[:, j] for j in range(values.shape[1])}


def as_arrow(values: np.ndarray) -> pa.Array:
    """One column, in the byte order and precision that Arrow has; bytes are UTF-8."""
    if values.dtype.kind == "f" and values.dtype.itemsize not in (4, 8):
        values = values.astype(np.float32 if values.dtype.itemsize == 2 else np.float64)
    values = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))
    array = pa.array(values)
    return array.cast(pa.string()) if values.dtype.kind == "S" else array
