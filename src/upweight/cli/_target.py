"""From a table to X, y, weights and groups: which column is the question, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from .._errors import InputError
from ..imbalance._classes import nearest, plain, positive_code
from ..imbalance._columns import as_text, unnested
from ._read import Source

__all__ = ["Asked", "ask"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

MANY = 50  # classes beyond which a target is taken for a number to predict


@dataclass(frozen=True)
class Asked:
    """The table without the columns that are not features, labels, weights, groups; `target` as it is called.

    `shown` names the classes of labels that were made by --positive: (not it, it).
    """

    X: pa.Table
    y: np.ndarray
    weights: np.ndarray | None
    group: np.ndarray | None
    target: str
    shown: tuple[str, str] | None


def ask(
    source: Source, target: str, *, positive: str | None, weights: str | None, group: str | None, exclude: Sequence[str]
) -> Asked:
    """Take the columns apart; every complaint names file, column and row."""
    target = column(source, target, "--target")
    others = [column(source, n, o) for n, o in ((weights, "--weights"), (group, "--group")) if n is not None]
    left_out = [column(source, n, "--exclude") for n in exclude]
    if target in (*others, *left_out):
        raise InputError(
            f"{source.name}: column {target!r} is the target; it cannot be weights, group or left out too."
        )
    y, shown = labels(source, target, positive)
    away = {target, *others, *left_out, *source.leave_out}
    X = source.table.drop_columns([n for n in source.table.column_names if n in away])
    if not X.num_columns:
        raise InputError(f"{source.name}: no column is left to predict {target!r} from. Exclude fewer.")
    w = None if weights is None else weight_values(source, column(source, weights, "--weights"))
    g = None if group is None else group_values(source, column(source, group, "--group"))
    return Asked(X, y, w, g, target, shown)


def column(source: Source, name: str, option: str) -> str:
    """The column of that name; of a file without header its number will do."""
    names = source.table.column_names
    if name in names:
        return name
    if source.headless and name.isdigit() and f"c{name}" in names:
        return f"c{name}"
    said = f"{source.name}: no column {name!r} for {option}."
    if source.headless:
        raise InputError(f"{said} The file has no header line; its columns are c0 to c{len(names) - 1}.")
    raise InputError(said + nearest(name, names))


def refuse_gaps(source: Source, name: str, values: pa.Array, what: str) -> None:
    gaps = values.is_null(nan_is_null=True)
    count = pc.sum(gaps).as_py() or 0
    if count == len(values):
        raise InputError(f"{source.name}: column {name!r}, the {what}, holds nothing but gaps.")
    if count:
        row = pc.index(gaps, True).as_py()
        raise InputError(
            f"{source.name}: column {name!r}, the {what}, has {count:,} missing values, first at {source.at(row)}. Drop those rows first."
        )


def labels(source: Source, name: str, positive: str | None) -> tuple[np.ndarray, tuple[str, str] | None]:
    """(n,) labels: numbers, booleans or text; or, where `positive` is not what they say, that class against the rest."""
    values = unnested(source.table[name])
    if values is None:
        raise InputError(f"{source.name}: column {name!r} holds nested values; a target is one label a row.")
    if not (pa.types.is_integer(values.type) or pa.types.is_boolean(values.type) or pa.types.is_floating(values.type)):
        values = as_text(values)
    refuse_gaps(source, name, values, "target")
    y = values.to_numpy(zero_copy_only=False)
    if values.type == pa.string():
        y = y.astype(str)
    elif y.dtype.kind == "f" and (y == np.round(y)).all():
        y = y.astype(np.int64)
    return one_against(source, name, y, positive)


def one_against(
    source: Source, name: str, y: np.ndarray, positive: str | None
) -> tuple[np.ndarray, tuple[str, str] | None]:
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) == 1:
        raise InputError(
            f"{source.name}: column {name!r} needs two classes; got only {plain(classes[0])!r} in {len(y):,} rows. Is it the target?"
        )
    if positive is None and len(classes) == 2:
        return y, None
    if len(classes) > MANY:
        raise InputError(
            f"{source.name}: column {name!r} has {len(classes):,} different values, so it looks like a number or text to predict, "
            "not a class. Name another --target, or make a column of classes from it."
        )
    shown = ", ".join(f"{plain(c)} ({n:,})" for c, n in zip(classes, counts, strict=True))
    if positive is None:
        raise InputError(
            f"{source.name}: column {name!r} has {len(classes)} classes: {shown}. More than two: say which one is the question, "
            f"say --positive {shortest(classes, counts)}; it is then compared with all others."
        )
    chosen = matching(source, name, classes, positive, shown)
    if len(classes) == 2 and classes[positive_code(classes, counts)] == chosen:
        return y, None
    return y == chosen, (f"not {plain(chosen)}", f"{plain(chosen)}")


def shortest(classes: np.ndarray, counts: np.ndarray) -> str:
    text = str(plain(classes[int(counts.argmin())]))
    return repr(text) if " " in text or not text else text


def matching(source: Source, name: str, classes: np.ndarray, positive: str, shown: str) -> Any:
    """The class that the text names: as it is, as a number, or as a boolean."""
    for c in classes:
        if str(plain(c)) == positive.strip() or str(plain(c)).lower() == positive.strip().lower():
            return c
    try:
        number = float(positive)
    except ValueError:
        number = None
    for c in classes:
        if number is not None and classes.dtype.kind in "iuf" and float(c) == number:
            return c
    raise InputError(f"{source.name}: column {name!r} has no class {positive!r} for --positive. It has {shown}.")


def weight_values(source: Source, name: str) -> np.ndarray:
    values = unnested(source.table[name])
    if values is None or not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        raise InputError(
            f"{source.name}: column {name!r} must be numbers to be --weights; got {source.table[name].type}."
        )
    refuse_gaps(source, name, values, "weights")
    w = values.to_numpy(zero_copy_only=False).astype(np.float64)
    bad = ~(np.isfinite(w) & (w >= 0))
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"{source.name}: column {name!r}: weights must be finite and >= 0; got {int(bad.sum()):,} others, first {w[row]:g} "
            f"at {source.at(row)}. Drop those rows first."
        )
    if not w.any():
        raise InputError(f"{source.name}: column {name!r}: every weight is zero.")
    return w


def group_values(source: Source, name: str) -> np.ndarray:
    values = unnested(source.table[name])
    if values is None:
        raise InputError(f"{source.name}: column {name!r} holds nested values; a group is one label a row.")
    refuse_gaps(source, name, values, "group")
    return values.to_numpy(zero_copy_only=False)
