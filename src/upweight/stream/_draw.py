"""One uniform number a row, from the row's key alone: the same on any machine, engine, order and split.

The trouble: `random()` depends on the order of rows, and the random functions of Spark and Ray on their partitions, so that nobody can say
afterwards which rows were kept, or keep them again. So the draw is a hash of the key, `xxh64-low53/1`:

    h = XXH64(key column j, seed=h)  over  purpose, seed, key columns in order;   a null leaves h as it is
    u = (h mod 2^53) 2^-53,   exact in float64, in [0, 1)

Whole numbers of every width are hashed as int64, so that int32 keys draw the same. Spark's `xxhash64` is the same function, started at 42.
The name is frozen; a change would be a new name.

Source: Collet, XXH64; Spark SQL, function xxhash64.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import narwhals.stable.v1 as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute

from .._errors import InputError, counted
from ._xxh64 import hash_bytes, hash_int64, unit_interval

__all__ = ["DRAW", "draw", "key_array", "seed_of_purpose"]

compute: Any = pyarrow.compute  # its functions are made at run time, which type checkers do not see
DRAW = "xxh64-low53/1"  # how a key becomes a draw: the name that stands in every plan
SPARK_SEED = 42
MOST = 2**63 - 1


def draw(*columns: Any, seed: int, purpose: str = "uw/neg/v1") -> np.ndarray:
    """(n,) float64 draws in [0, 1), one a row, from key columns alone.

        u = (h mod 2^53) 2^-53,   h = XXH64 chained over purpose, seed and the columns

    Parameters
    ----------
    columns : one or more of length n, whole numbers, text or bytes: NumPy, pandas, polars, Arrow arrays or lists; nulls are allowed in
        some columns of a row, not in all.
    seed : whole number, 0 <= seed < 2^63. purpose : what the draw is for; draws of two purposes are independent.

    Returns
    -------
    (n,) float64. Rows with one key share one draw.

    Raises InputError for floats, dates, decimals, booleans, uint64 of 2^63 or more, unequal lengths, rows without any key.

    Costs: one pass, about 5 ns a row for whole numbers, 20 to 50 for text.
    Source: Collet, XXH64; the chain is Spark's `xxhash64(purpose, seed, columns...)`.

    >>> draw([123456], seed=7)[0], draw([42], ["de"], seed=7)[0]
    (np.float64(0.5782091721789302), np.float64(0.08482906927408307))
    """
    if not columns:
        raise InputError("`draw` needs a key: one column or more, in a fixed order. Pass draw(ids, seed=7).")
    arrays = [key_array(column, f"key column {at}") for at, column in enumerate(columns)]
    _refuse_lengths(arrays)
    _refuse_keyless(arrays)
    start = seed_of_purpose(seed, purpose)
    h: Any = start if pa.types.is_int64(arrays[0].type) and not arrays[0].null_count else np.full(len(arrays[0]), start)
    for array in arrays:
        h = _chained(array, h)
    return unit_interval(h)


def seed_of_purpose(seed: int, purpose: str) -> np.uint64:
    """The hash after purpose and seed, where the chain over columns starts.

    Raises InputError for a seed that is no whole number from 0 to 2^63 - 1.
    """
    if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, (int, np.integer)) or not 0 <= seed <= MOST:
        raise InputError(f"`seed` must be a whole number, 0 <= seed < 2^63; got {seed!r}.")
    return _chain_start(int(seed), purpose)


@lru_cache(maxsize=64)
def _chain_start(seed: int, purpose: str) -> np.uint64:
    text = np.frombuffer(purpose.encode(), np.uint8)
    h = hash_bytes(text, np.array([0, len(text)]), np.array([SPARK_SEED], np.uint64))
    return hash_int64(np.array([seed], np.int64), h)[0]


def key_array(column: Any, name: str) -> pa.Array:
    """A key column as an Arrow array of int64, text or bytes; other types are refused by `name`."""
    if isinstance(column, (pa.Array, pa.ChunkedArray)):
        array: Any = column
    elif nw.dependencies.is_into_series(column):
        array = nw.from_native(column, series_only=True).to_arrow()
    else:
        try:
            array = pa.array(column if isinstance(column, list) else np.asarray(column))
        except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError) as error:
            raise InputError(f"{name} must be one value a row of one type ({error}). Make it text.") from error
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
        array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    return _in_key_type(array, name)


def _in_key_type(array: pa.Array, name: str) -> pa.Array:
    """The array as int64, string or binary."""
    kind: Any = array.type
    if pa.types.is_dictionary(kind):
        return _in_key_type(array.dictionary_decode(), name)
    if pa.types.is_integer(kind):
        if pa.types.is_uint64(kind) and len(array) and (compute.max(array).as_py() or 0) > MOST:
            row = compute.index(compute.greater(array, pa.scalar(MOST, pa.uint64())), True).as_py()
            raise InputError(f"{name} must lie below 2^63; got {array[row].as_py()} at row {row}. Cast it to text.")
        return array if pa.types.is_int64(kind) else array.cast(pa.int64())
    if pa.types.is_null(kind):
        return array.cast(pa.int64())
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_string(kind):
        return array.cast(pa.large_string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return array.cast(pa.large_binary())
    if pa.types.is_fixed_size_binary(kind) and not pa.types.is_decimal(kind):
        return array.cast(pa.binary()).cast(pa.large_binary())
    raise InputError(
        f"{name} must be whole numbers, text or bytes; got {kind}. Cast it to int64 or text, in a unit you name."
    )


def _chained(array: pa.Array, h: Any) -> np.ndarray:
    """The hash of each row after one more column; rows whose value is null keep what they have."""
    new = _hashed(array, h)
    if not array.null_count:
        return new
    return np.where(np.asarray(array.is_null()), h, new)


def _hashed(array: pa.Array, h: Any) -> np.ndarray:
    if pa.types.is_int64(array.type):
        whole = array.fill_null(0) if array.null_count else array
        return hash_int64(whole.to_numpy(zero_copy_only=False), h)
    _, offsets, data = array.buffers()
    if not len(array):
        return np.empty(0, np.uint64)
    at = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    text = np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
    return hash_bytes(text, at, h)


def _refuse_lengths(arrays: list[pa.Array]) -> None:
    lengths = [len(a) for a in arrays]
    if len(set(lengths)) > 1:
        raise InputError(f"key columns must be of one length; got {', '.join(f'{n:,}' for n in lengths)}.")


def _refuse_keyless(arrays: list[pa.Array]) -> None:
    """A row without any key would share its draw with every other such row."""
    if not all(a.null_count for a in arrays):
        return
    empty = np.logical_and.reduce([np.asarray(a.is_null()) for a in arrays])
    if empty.any():
        what = counted(empty.sum(), "row has a null", "rows have a null")
        raise InputError(
            f"{what} in every key column, first at row {int(empty.argmax())}; such rows would share one draw. Add a column "
            "to the key, or fill it."
        )
