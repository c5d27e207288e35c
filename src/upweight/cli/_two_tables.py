"""Two files, or a demo, as the two samples of `upweight shift`: the same columns, the label of either side apart.

    demo:digits   half of the digits, of which those below five are thinned to a fifth: the shares of the classes moved
    demo:cancer   tumours drawn by their texture: a column moved
    demo:halves   two halves at random: nothing moved
    demo:apart    tumours below and above the median radius: no row of one side is like a row of the other

The trouble: a column of one side only, a label among the columns, a file without rows. Each is told with the names of both files.

What is inside: `TwoTables`; `read_two`, from files or a demo.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from .._errors import InputError, did_you_mean
from ..files import SourceTable, named, read_source
from ..tables import unnested
from ._target import class_values

__all__ = ["TwoTables", "read_two"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look


@dataclass(frozen=True)
class TwoTables:
    """Source and target without the label, labels of either, what both are called, and the source as it was read."""

    source: pa.Table
    target: pa.Table
    y: np.ndarray | None
    y_target: np.ndarray | None
    names: tuple[str, str]
    label: str | None
    whole: pa.Table
    files: str


def read_two(
    source: str,
    target: str | None,
    *,
    label: str | None,
    columns: Sequence[str],
    exclude: Sequence[str],
    tell: Callable[[str], None],
) -> TwoTables:
    """Read both sides; every complaint names the files."""
    if source.startswith("demo:"):
        if target is not None:
            raise InputError(f"{source}: a demo has both sides; leave {target} out.")
        a, b, label = _demo(source.removeprefix("demo:"), label, tell)
        names, files = ("source", "target"), source
    else:
        if target is None:
            raise InputError(f"{source}: name the file of the target too: upweight shift {source} TARGET.")
        a, b = read_source(source, tell), read_source(target, tell)
        names, files = _called(source, target), f"{a.name} and {b.name}"
    for side in (a, b):
        _refuse_empty(side)
    known = None if label is None else named(label, a.table.column_names, "--label", file=a.name, headless=a.headless)
    kept = _columns(a, b, known, columns, exclude)
    y = None if known is None else class_values(a, known)
    there = known is not None and known in b.table.column_names
    y_target = _labels_with_gaps(b, known) if there and known is not None else None
    found = TwoTables(a.table.select(kept), b.table.select(kept), y, y_target, names, known, a.table, files)
    _refuse_constant(found, b.name)
    return found


def _called(source: str, target: str) -> tuple[str, str]:
    """The files' stems, if they differ."""
    a, b = (PurePath(x).name.split(".")[0] or x for x in (source, target))
    return (a, b) if a != b else ("source", "target")


def _refuse_empty(x: SourceTable) -> None:
    if not x.table.num_rows:
        raise InputError(f"{x.name}: the file has no rows. Give rows of both samples.")
    if not x.table.num_columns:
        raise InputError(f"{x.name}: the file has no columns. Give columns that both samples have.")


def _columns(
    a: SourceTable, b: SourceTable, label: str | None, columns: Sequence[str], exclude: Sequence[str]
) -> list[str]:
    """The columns to compare: those of both sides, those that were asked for, less those left out."""
    have, other = ([n for n in x.table.column_names if n != label and n not in x.leave_out] for x in (a, b))
    if columns:
        wanted = [named(n, a.table.column_names, "--columns", file=a.name, headless=a.headless) for n in columns]
        for n in wanted:
            named(n, b.table.column_names, "--columns", file=b.name, headless=b.headless)
        if label in wanted:
            raise InputError(
                f"{a.name}: column {label!r} is the label; it is never compared. Take it out of --columns."
            )
        return wanted
    left_out = [_either(n, a, b) for n in exclude]
    have, other = ([n for n in side if n not in left_out] for side in (have, other))
    alone = [n for n in have if n not in other], [n for n in other if n not in have]
    if any(alone):
        told = [f"{x.name} alone has {_listed(side)}" for x, side in zip((a, b), alone, strict=True) if side]
        is_label = (
            f", or say that it is the label: --label {alone[0][0]}" if label is None and len(alone[0]) == 1 else ""
        )
        raise InputError(
            f"{a.name} and {b.name} must have the same columns; {' and '.join(told)}. Choose with --columns or --exclude{is_label}."
        )
    if not have:
        raise InputError(f"{a.name}: no column is left to compare. Exclude fewer.")
    return have


def _either(name: str, a: SourceTable, b: SourceTable) -> str:
    """A column of --exclude, of either file."""
    if name.strip() in b.table.column_names:
        return name.strip()
    return named(name, a.table.column_names, "--exclude", file=a.name, headless=a.headless)


def _listed(names: list[str]) -> str:
    return ", ".join(repr(n) for n in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _labels_with_gaps(x: SourceTable, name: str) -> np.ndarray | None:
    """(m,) labels of the target, missing where unknown; None where the column holds nothing."""
    values = unnested(x.table[name])
    if values is None:
        raise InputError(f"{x.name}: column {name!r} holds nested values; a label is one value a row.")
    if values.null_count == len(values):
        return None
    if not values.null_count:
        return class_values(x, name)
    return values.to_numpy(zero_copy_only=False)


def _refuse_constant(two: TwoTables, name: str) -> None:
    if two.target.num_rows > 1 and all(
        pc.count_distinct(c, mode="all").as_py() == 1 for c in two.target.columns if not pa.types.is_nested(c.type)
    ):
        raise InputError(f"{name}: all {two.target.num_rows:,} rows are the same. Give the target's rows as they came.")


# ---- demos ------------------------------------------------------------------------------------------------------------------

DEMOS = {
    "digits": ("digits", "digit"),
    "cancer": ("cancer", "malignant"),
    "halves": ("cancer", "malignant"),
    "apart": ("cancer", "malignant"),
}


def _demo(name: str, label: str | None, tell: Callable[[str], None]) -> tuple[SourceTable, SourceTable, str]:
    if name not in DEMOS:
        raise InputError(f"no demo {name!r}.{did_you_mean(name, DEMOS)}")
    data, default = DEMOS[name]
    whole = read_source(f"demo:{data}", tell)
    label = label or default
    other = [n for n in whole.leave_out if n != label]
    table = whole.table.drop_columns(other) if other else whole.table
    source, target = _sides(name, whole.table)
    shown = f"demo:{name}"
    return SourceTable(table.take(source), shown), SourceTable(table.take(target), shown), label


def _sides(name: str, table: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of the source and of the target."""
    u, n = np.random.default_rng(0), table.num_rows
    stay = np.ones(n, dtype=bool)
    if name == "digits":
        target = u.random(n) < 0.5
        stay = u.random(n) < np.where(table["digit"].to_numpy() < 5, 0.2, 1.0)
    elif name == "cancer":
        x = table["mean texture"].to_numpy()
        target = u.random(n) < 1 / (1 + np.exp(-1.2 * (x - x.mean()) / x.std()))
    elif name == "halves":
        target = np.ones(n, dtype=bool)
        target[u.permutation(n)[: (n + 1) // 2]] = False
    else:
        x = table["mean radius"].to_numpy()
        target = x > np.median(x)
    return np.flatnonzero(~target), np.flatnonzero(target & stay)
