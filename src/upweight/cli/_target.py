"""From a table to X, y, weights and groups: which column is the question, and what is wrong with it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from .._errors import InputError, counted, plain
from ..files import SourceTable, named
from ..tables import as_text, positive_code, same_spelling, twins_named, unnested

__all__ = ["MANY", "TableParts", "class_values", "column", "take_apart"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

MANY = 50  # classes beyond which a target is taken for a number to predict
WHOLE = 2.0**63  # whole numbers below it fit into int64


@dataclass(frozen=True)
class TableParts:
    """The table without the columns that are not features, labels, weights, groups; `target` as it is called.

    `shown` names the classes of labels that were made by --positive: (not it, it); `others` says which classes the first joins.
    """

    X: pa.Table
    y: np.ndarray
    weights: np.ndarray | None
    group: np.ndarray | None
    target: str
    shown: tuple[str, str] | None
    others: str = ""


def take_apart(
    source: SourceTable,
    target: str,
    *,
    positive: str | None,
    weights: str | None,
    group: str | None,
    exclude: Sequence[str],
) -> TableParts:
    """Take the columns apart; every complaint names file, column and row."""
    target = column(source, target, "--target")
    others = [column(source, n, o) for n, o in ((weights, "--weights"), (group, "--group")) if n is not None]
    left_out = [column(source, n, "--exclude") for n in exclude]
    if target in (*others, *left_out):
        raise InputError(
            f"{source.name}: column {target!r} is the target; it cannot be weights, group or left out too."
        )
    y, shown, merged = labels(source, target, positive)
    away = {target, *others, *left_out, *source.leave_out}
    X = source.table.drop_columns([n for n in source.table.column_names if n in away])
    if not X.num_columns:
        raise InputError(f"{source.name}: no column is left to predict {target!r} from. Exclude fewer.")
    w = None if weights is None else _weight_values(source, column(source, weights, "--weights"))
    g = None if group is None else _group_values(source, column(source, group, "--group"))
    _refuse_infinities(source, X, w)
    return TableParts(X, y, w, g, target, shown, merged)


def column(source: SourceTable, name: str, option: str) -> str:
    """The column of that name; of a demo the targets are told."""
    names = source.table.column_names
    if source.leave_out and option == "--target" and name not in names:
        raise InputError(
            f"{source.name}: no column {name!r} for {option}. Targets there: {', '.join(source.leave_out)}."
        )
    return named(name, names, option, file=source.name, headless=source.headless)


def _refuse_infinities(source: SourceTable, X: pa.Table, weights: np.ndarray | None) -> None:
    """Infinities in rows that count, while the file still knows where its rows stand."""
    for name, values in zip(X.column_names, X.columns, strict=True):
        if not pa.types.is_floating(values.type):
            continue
        endless = pc.fill_null(pc.is_inf(values), False).to_numpy()
        endless = endless if weights is None else endless & (weights > 0)
        if endless.any():
            row = int(endless.argmax())
            raise InputError(
                f"{source.name}: `X` must hold no infinity: column {name!r} has {int(endless.sum()):,}, first "
                f"{values[row].as_py()} at {source.at(row)}. Write them as missing, or drop those rows."
            )


def _refuse_gaps(source: SourceTable, name: str, values: pa.Array, what: str) -> None:
    gaps = values.is_null(nan_is_null=True)
    count = pc.sum(gaps).as_py() or 0
    if count == len(values):
        raise InputError(f"{source.name}: column {name!r}, the {what}, holds nothing but gaps.")
    if count:
        row = pc.index(gaps, True).as_py()
        raw = source.spelled(name)
        spelled = "" if raw is None or not raw[row].as_py().strip() else f"{raw[row].as_py().strip()!r} "
        raise InputError(
            f"{source.name}: column {name!r}, the {what}, has {count:,} missing value{'s' * (count > 1)}, first {spelled}at "
            f"{source.at(row)}. Drop those rows first{', or write that label otherwise' if spelled else ''}."
        )


def labels(source: SourceTable, name: str, positive: str | None) -> tuple[np.ndarray, tuple[str, str] | None, str]:
    """(n,) labels: numbers, booleans or text; or, where `positive` is not what they say, that class against the rest, with the names
    of both and a line on which classes are one now."""
    return _one_against(source, name, class_values(source, name), positive)


def class_values(source: SourceTable, name: str) -> np.ndarray:
    """(n,) labels as the column has them: numbers, booleans or text, without gaps."""
    values = unnested(source.table[name])
    if values is None:
        raise InputError(f"{source.name}: column {name!r} holds nested values; a target is one label a row.")
    if not (pa.types.is_integer(values.type) or pa.types.is_boolean(values.type) or pa.types.is_floating(values.type)):
        values = _text_labels(source, name, values)
    _refuse_gaps(source, name, values, "target")
    y = values.to_numpy(zero_copy_only=False)
    if values.type == pa.string():
        y = y.astype(str)
    elif y.dtype.kind == "f":
        y = _whole_numbers(source, name, y)
    return y


def _text_labels(source: SourceTable, name: str, values: pa.Array) -> pa.Array:
    """Labels as text; among words `None` is one ("no illness"), while in columns of numbers it is a gap."""
    text = as_text(values, name)
    if not text.null_count or text.null_count == len(text):
        return text
    raw = source.spelled(name)
    raw = raw if raw is not None else values
    if not pa.types.is_string(raw.type) and not pa.types.is_large_string(raw.type):
        return text
    none = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(raw), "None"), False)
    return pc.if_else(none, "None", text)


def _whole_numbers(source: SourceTable, name: str, y: np.ndarray) -> np.ndarray:
    """Labels 0.0, 1.0, .. as integers; infinite ones are refused, fractions and those too large stay as they are."""
    endless = np.isinf(y)
    if endless.any():
        row = int(endless.argmax())
        raise InputError(
            f"{source.name}: column {name!r}, the target, must hold classes; got {int(endless.sum()):,} infinite, first {y[row]:g} "
            f"at {source.at(row)}. Drop those rows first."
        )
    return y.astype(np.int64) if (y == np.round(y)).all() and (np.abs(y) < WHOLE).all() else y


def _one_against(
    source: SourceTable, name: str, y: np.ndarray, positive: str | None
) -> tuple[np.ndarray, tuple[str, str] | None, str]:
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) == 1:
        raise InputError(
            f"{source.name}: column {name!r} needs two classes; got only {plain(classes[0])!r} in {counted(len(y), 'row')}. Is it the target?"
        )
    if positive is None and len(classes) == 2:
        _refuse_two_spellings(source, name, classes, counts)
        return y, None, ""
    if len(classes) > MANY:
        raise InputError(
            f"{source.name}: column {name!r} has {len(classes):,} different values, so it looks like a number or text to predict, "
            "not a class. Name another --target, or make a column of classes from it."
        )
    shown = ", ".join(f"{plain(c)} ({n:,})" for c, n in zip(classes, counts, strict=True))
    if positive is None:
        rare = classes[int(counts.argmin())]
        twins = spellings(classes, rare)
        raise InputError(
            f"{source.name}: column {name!r} has {len(classes)} classes: {shown}. More than two: say which one is the question, "
            f"say --positive {shlex.quote(','.join(twins))}; it is then compared with all others."
        )
    chosen = _chosen_classes(source, name, classes, counts, positive, shown)
    if len(classes) == 2 and len(chosen) == 1 and classes[positive_code(classes, counts)] == chosen[0]:
        return y, None, ""
    called = " or ".join(str(plain(c)) for c in chosen)
    return np.isin(y, chosen), (f"not {called}", called), _merged_line(name, classes, counts, chosen)


def _merged_line(name: str, classes: np.ndarray, counts: np.ndarray, chosen: list[Any]) -> str:
    """Which classes are one for this question; empty if none are."""
    each = [(str(plain(c)), int(n), c in chosen) for c, n in zip(classes, counts, strict=True)]
    sides = [[f"{c!r} ({n:,})" for c, n, yes in each if yes is side] for side in (True, False)]
    told = [("the positive", sides[0]), ("the negative", sides[1])]
    parts = [
        f"{', '.join(side[:6])}{f' and {len(side) - 6} more' if len(side) > 6 else ''} are one class, {what}"
        for what, side in told
        if len(side) > 1
    ]
    return f"Of the {len(classes)} classes of {name!r}, {'; '.join(parts)}." if parts else ""


def _refuse_two_spellings(source: SourceTable, name: str, classes: np.ndarray, counts: np.ndarray) -> None:
    """Two classes that are one in two spellings."""
    if len(spellings(classes, classes[0])) == 2:
        named = twins_named([(str(plain(c)), int(n)) for c, n in zip(classes, counts, strict=True)])
        raise InputError(
            f"{source.name}: column {name!r} needs two classes; {named}. Write them alike, or, if they "
            f"are two, say --positive {alone(classes[int(counts.argmin())])}."
        )


def _chosen_classes(
    source: SourceTable, name: str, classes: np.ndarray, counts: np.ndarray, positive: str, shown: str
) -> list[Any]:
    """The classes that --positive names: one, in quotes that very spelling, or several with commas between.

    A class that is written in two ways must not become the question and its opposite: it is refused until somebody says which.
    """
    texts = [str(plain(c)) for c in classes]
    said = positive.strip()
    parts = [p.strip() for p in said.split(",") if p.strip()]
    if said not in texts and len(parts) > 1 and len(parts) < len(classes) and all(p in texts for p in parts):
        return [classes[texts.index(p)] for p in parts]
    if len(said) > 2 and said[0] == said[-1] and said[0] in "'\"" and said[1:-1] in texts:
        return [classes[texts.index(said[1:-1])]]
    chosen = _matching(source, name, classes, positive, shown)
    twins = spellings(classes, chosen)
    if len(twins) > 1:
        named = twins_named([(t, int(counts[texts.index(t)])) for t in twins])
        both = ",".join(twins)
        merge = (
            f"--positive {shlex.quote(both)} takes them as one class"
            if len(twins) < len(classes)
            else "write them alike"
        )
        raise InputError(
            f"{source.name}: column {name!r}: {named}. If they mean one class, {merge}; "
            f"--positive {alone(chosen)} takes that spelling alone."
        )
    return [chosen]


def alone(label: Any) -> str:
    """How to ask for one spelling, as a shell takes it."""
    return f"\"'{plain(label)}'\""


def spellings(classes: np.ndarray, label: Any) -> list[str]:
    """The classes that differ from one of them only in case, blanks or the encoding of accents, itself among them."""
    alike = same_spelling(label)
    return (
        [str(plain(c)) for c in classes if same_spelling(c) == alike]
        if classes.dtype.kind in "UO"
        else [str(plain(label))]
    )


def _matching(source: SourceTable, name: str, classes: np.ndarray, positive: str, shown: str) -> Any:
    """The class that the text names: as it is, else as a number, else in other case if that is one class only."""
    text = positive.strip()
    texts = [str(plain(c)) for c in classes]
    if text in texts:
        return classes[texts.index(text)]
    try:
        number = float(text)
    except ValueError:
        number = None
    if number is not None and classes.dtype.kind in "iuf" and (classes == number).any():
        return classes[classes == number][0]
    alike = [c for c, t in zip(classes, texts, strict=True) if same_spelling(t) == same_spelling(text)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        which = " or ".join(repr(plain(c)) for c in alike)
        raise InputError(f"{source.name}: column {name!r}: --positive {text} may be {which}. Write it exactly.")
    raise InputError(f"{source.name}: column {name!r} has no class {positive!r} for --positive. It has {shown}.")


def _weight_values(source: SourceTable, name: str) -> np.ndarray:
    values = unnested(source.table[name])
    if values is None or not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        raise InputError(
            f"{source.name}: column {name!r} must be numbers to be --weights; got {source.table[name].type}."
        )
    _refuse_gaps(source, name, values, "weights")
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


def _group_values(source: SourceTable, name: str) -> np.ndarray:
    values = unnested(source.table[name])
    if values is None:
        raise InputError(f"{source.name}: column {name!r} holds nested values; a group is one label a row.")
    if (
        pa.types.is_binary(values.type)
        or pa.types.is_large_binary(values.type)
        or pa.types.is_fixed_size_binary(values.type)
    ):
        raise InputError(
            f"{source.name}: column {name!r} holds bytes ({values.type}); a group is one label a row. Write it as text."
        )
    _refuse_gaps(source, name, values, "group")
    return values.to_numpy(zero_copy_only=False)
