"""Rows at the door: any frame as an Arrow table, its label as booleans, its key as columns of a draw.

What is refused here is refused before anything is drawn: labels that are neither 0/1 nor boolean, gaps in them, keys of a kind that other
engines hash otherwise, columns of a sample that was thinned already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from ..._errors import InputError, counted
from ...stream import POSITION, key_array
from ...tables import frame_of, is_frame
from ._terms import column_of, level_texts, numbers_of

__all__ = [
    "OWN",
    "arrow_table",
    "key_columns",
    "key_spec",
    "label_spec",
    "like_input",
    "positive_rows",
    "refuse_batch_without_key",
    "refuse_thinned",
    "refuse_types",
]

compute: Any = pyarrow.compute  # its functions are made at run time, which type checkers do not see
OWN = ("_uw_pi", "_uw_offset", "_uw_weight")
KEY_TYPES = {"int64": pa.types.is_int64, "utf8": pa.types.is_large_string, "bytes": pa.types.is_large_binary}


def arrow_table(rows: Any) -> pa.Table:
    """A frame (pandas, polars, Arrow table or record batch) as an Arrow table."""
    if isinstance(rows, pa.RecordBatch):
        return pa.Table.from_batches([rows])
    if isinstance(rows, pa.Table):
        return rows
    if is_frame(rows):
        return frame_of(rows).to_arrow()
    raise InputError(f"`data` must be a table (pandas, polars, Arrow); got {type(rows).__name__}.")


def refuse_thinned(names: list[str]) -> None:
    """Rows with the columns of a sample were thinned before."""
    own = [n for n in names if n in OWN]
    if own:
        raise InputError(
            f"these rows are thinned already (column {own[0]!r}); thinning twice multiplies probabilities."
        )


def label_spec(label: Any) -> tuple[str, Any]:
    """(column, positive value) of "clicked" or ("clicked", "yes")."""
    if isinstance(label, str):
        return label, None
    if isinstance(label, tuple) and len(label) == 2 and isinstance(label[0], str) and label[1] is not None:
        return label
    raise InputError(f"`label` must be a column, or (column, positive value); got {label!r}.")


def positive_rows(table: pa.Table | pa.RecordBatch, column: str, positive: Any) -> np.ndarray:
    """(n,) bool, rows of the positive label; gaps, and labels other than 0/1 where none is named, are refused."""
    values = column_of(table, column)
    if values.null_count:
        row = int(np.asarray(values.is_null()).argmax())
        what = counted(values.null_count, "gap")
        raise InputError(f"label {column!r} has {what}, first at row {row}. Filter such rows first.")
    if positive is None:
        return np.asarray(_plain_labels(values)) if pa.types.is_boolean(values.type) else _zero_one(values, column)
    try:
        wanted = pa.scalar(positive, values.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InputError(f"label {column!r} is {values.type}; the positive value {positive!r} is not.") from error
    one = _equal_rows(values, wanted)
    first = int(one.argmin()) if len(one) else 0
    if len(one) and not one[first]:  # all others must be like the first of them
        other = values[first]
        fine = one | _equal_rows(values, other)
        if not fine.all():
            third = values[int(fine.argmin())]
            raise InputError(
                f"label {column!r} holds {other.as_py()!r} and {third.as_py()!r} beside {positive!r}; two classes are needed. Make it boolean."
            )
    return one


def _equal_rows(values: pa.Array, one: pa.Scalar) -> np.ndarray:
    """(n,) bool, rows of one value."""
    if pa.types.is_integer(values.type):
        return values.to_numpy() == one.as_py()
    return _plain_labels(compute.equal(values, one))


def _plain_labels(values: pa.Array) -> np.ndarray:
    """Booleans as NumPy holds them."""
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=bool)


def _zero_one(values: pa.Array, column: str) -> np.ndarray:
    """(n,) bool of a label of numbers 0 and 1; others are refused."""
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        plain = values.to_numpy(zero_copy_only=False)
        one = plain == 1
        if (one | (plain == 0)).all():
            return one
    there = compute.unique(values).to_pylist()[:5]
    raise InputError(
        f"label {column!r} must be 0/1 or boolean; it holds {', '.join(map(repr, there))}. Say which is positive: "
        f"label=({column!r}, VALUE), --positive VALUE."
    )


def key_spec(table: pa.Table, key: str | Sequence[str] | None) -> list[dict[str, str]] | str:
    """What the plan says of its key: columns and how each is hashed, or "position"."""
    if key is None:
        return "position"
    names = [key] if isinstance(key, str) else list(key)
    if not names or len(set(names)) < len(names):
        raise InputError(f"`key` must name different columns; got {key!r}.")
    out = []
    for name in names:
        kind = key_array(column_of(table, name), f"key column {name!r}").type
        out.append({"column": name, "as": next(word for word, test in KEY_TYPES.items() if test(kind))})
    return out


def key_columns(table: pa.Table | pa.RecordBatch, spec: list[dict[str, str]] | str) -> list[Any]:
    """Columns to draw from; where the plan has no key, a row's position: (token of its file, number in it), of a frame ("", number)."""
    if isinstance(spec, str):
        if POSITION[0] in table.schema.names:
            return [column_of(table, name) for name in POSITION]
        return [pa.repeat(pa.scalar("", pa.large_string()), table.num_rows), np.arange(table.num_rows)]
    columns = []
    for part in spec:
        array = key_array(column_of(table, part["column"]), f"key column {part['column']!r}")
        if len(array) and not KEY_TYPES[part["as"]](array.type) and array.null_count < len(array):
            raise InputError(
                f"key column {part['column']!r} is {array.type} here and {part['as']} in the plan: it would draw otherwise. Cast it."
            )
        columns.append(array)
    return columns


def refuse_batch_without_key(rows: Any, spec: list[dict[str, str]] | str) -> None:
    """A row's position in a batch is not its position in the data."""
    if isinstance(spec, str) and isinstance(rows, pa.RecordBatch) and POSITION[0] not in rows.schema.names:
        raise InputError(
            "this plan has no key: a row is known by its position in its file, which a batch does not tell. Plan with key=COLUMN, or sample files."
        )


def refuse_types(design: Mapping[str, Any], schema: pa.Schema, planned: Mapping[str, str]) -> None:
    """Columns of other types than the plan's, which would draw or score otherwise; `planned`: types by name, where they are known."""
    refuse_thinned(schema.names)
    empty = schema.empty_table()
    key = design["key"]
    there = [] if isinstance(key, str) else key_spec(empty, [part["column"] for part in key])
    for wanted, found in zip([] if isinstance(key, str) else key, there, strict=True):
        if not isinstance(found, str) and wanted["as"] != found["as"]:
            raise InputError(
                f"key column {wanted['column']!r} is {found['as']} here and {wanted['as']} in the plan: it would draw otherwise. Cast it."
            )
    column_of(empty, design["label"]["column"])
    for term in design["pilot"].get("terms", []):
        name = term["column"]
        (numbers_of if term["kind"] == "number" else level_texts)(column_of(empty, name), name)
        before, now = planned.get(name, ""), str(schema.field(name).type)
        if term["kind"] == "level" and before and ("int" in before) != ("int" in now):
            raise InputError(
                f"column {name!r} is {now} here and {before} in the plan: its levels would be others. Cast it."
            )
    for feature in design["pilot"].get("features", []):
        name = feature.removesuffix(":level")
        (numbers_of if name == feature else level_texts)(column_of(empty, name), name)
    if design["pilot"]["kind"] == "column":
        numbers_of(column_of(empty, design["pilot"]["column"]), design["pilot"]["column"])


def like_input(table: Any, rows: Any) -> Any:
    """An Arrow table in the kind that `rows` is."""
    if isinstance(rows, (pa.RecordBatch, pa.Table)):
        return table
    native = type(rows).__module__.split(".")[0]
    if native == "polars":
        import narwhals.stable.v1 as nw

        return nw.from_arrow(table, backend="polars").to_native()
    return table.to_pandas()
