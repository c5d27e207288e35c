"""Is this the document we know? One pass at the door, so that the rest of the folder may trust its keys.

A report is made days after the comparison, from a file that somebody may have edited, truncated or mistaken for another.
A page that silently leaves out what is missing would be read as "nothing to see there". So every key that a page needs is
asked for by name, and the error says which one failed, where, and what stood in its place.

    check(facts)      raises InputError at the first breach; returns nothing
    finite(value)     the number, or None for null, NaN and infinities: those are printed as a dash

`importance` may be absent (documents of version 0.1.0). Curves may be absent for a row (it failed) and `pr` and `operating` for all of them (more than two classes).
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from .._errors import InputError, is_number
from ._document_kind import OBJECT, DocumentKind, Rule, short

__all__ = ["ROW_NUMBERS", "ROW_TEXTS", "SCHEMA", "check", "finite"]

SCHEMA = "upweight.compare/1"
REMEDY = "Write the document again with `upweight compare --json`."
KIND = DocumentKind(SCHEMA, REMEDY)

ROW_TEXTS = ("name", "label", "rival", "status", "error")
ROW_NUMBERS = (
    *("ap", "ap_diff", "ap_low", "ap_high", "oe_raw", "oe", "log_loss", "threshold", "recall", "specificity"),
    *("precision", "alerts", "cost", "raw_recall", "raw_precision", "seconds"),
)


def finite(value: Any) -> float | None:
    """The number as a float; None for anything that is not a finite number.

    >>> finite(0.25), finite(None), finite(float("nan"))
    (0.25, None, None)
    """
    if is_number(value) and math.isfinite(value):
        return float(value)
    return None


def _maybe_number(value: Any) -> bool:
    return value is None or is_number(value)


def _is_count(value: Any) -> bool:
    return is_number(value) and math.isfinite(value) and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _maybe_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | Real)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


COUNT: Rule = (_is_count, "a number, 0 or more")
NUMBER: Rule = (_maybe_number, "a number or null")
TEXT: Rule = (_is_text, "text")
MAYBE_TEXT: Rule = (_maybe_text, "text or null")
SCALAR: Rule = (_is_scalar, "text, a number or null")
LIST: Rule = (_is_list, "a list")
FLAG: Rule = (_is_flag, "true or false")

TOP = {
    **dict.fromkeys(("data", "settings", "verdict", "curves", "versions", "timing"), OBJECT),
    "rows": LIST,
    "complete": FLAG,
}
DATA = {
    **{"name": MAYBE_TEXT, "target": SCALAR, "positive": SCALAR, "rows": COUNT, "columns": COUNT},
    **{"classes": LIST, "counts": LIST, "prevalence": NUMBER, "fingerprint": MAYBE_TEXT, "preprocessing": LIST},
}
VERDICT = {"code": TEXT, "grade": TEXT, "reasons": LIST, "sentences": LIST}
ROW = {
    **{"name": TEXT, "label": MAYBE_TEXT, "rival": MAYBE_TEXT, "status": MAYBE_TEXT, "error": MAYBE_TEXT},
    **dict.fromkeys(ROW_NUMBERS, NUMBER),
}
COLUMN = {"column": SCALAR, "kind": TEXT, "missing": NUMBER, "note": MAYBE_TEXT}
DRIVER: dict[str, Rule] = {"column": SCALAR, "ap_drop": NUMBER, "low": NUMBER, "high": NUMBER}
MAYBE_COUNT: Rule = (lambda value: value is None or _is_count(value), "a number, 0 or more, or null")
BIN: dict[str, Rule] = {"proba": NUMBER, "observed": NUMBER, "count": MAYBE_COUNT}


def check(facts: Any) -> None:
    """Raise `InputError` naming the first key that is absent or of the wrong kind."""
    if not isinstance(facts, dict):
        raise InputError(f"`facts` must be an object; got {type(facts).__name__}. Pass json.load(file).")
    _check_schema(facts)
    KIND.keys(facts, TOP, "")
    _check_data(facts["data"])
    KIND.keys(facts["verdict"], VERDICT, "verdict.")
    for key in ("reasons", "sentences"):
        KIND.items(facts["verdict"][key], TEXT, f"verdict.{key}")
    if not facts["rows"]:
        raise InputError(f"`rows` must hold at least one row; got none. {REMEDY}")
    KIND.objects(facts["rows"], ROW, "rows")
    if facts.get("importance") is not None:  # documents of version 0.1.0 lack it
        KIND.value(facts["importance"], LIST, "importance")
        KIND.objects(facts["importance"], DRIVER, "importance")
    for name, curves in facts["curves"].items():
        _check_curves(curves, f"curves[{short(name)}]")


def _check_schema(facts: dict) -> None:
    if "schema" not in facts:
        raise InputError(f"`schema` is missing; a report is made from an {SCHEMA} document. {REMEDY}")
    if facts["schema"] != SCHEMA:
        raise InputError(f"`schema` must be {SCHEMA!r}; got {short(facts['schema'])}. {REMEDY}")


def _check_data(data: dict) -> None:
    KIND.keys(data, DATA, "data.")
    KIND.items(data["classes"], SCALAR, "data.classes")
    KIND.items(data["counts"], COUNT, "data.counts")
    if len(data["classes"]) != len(data["counts"]):
        raise InputError(
            f"`data.counts` must have one count a class; got {len(data['counts'])} for "
            f"{len(data['classes'])} classes. {REMEDY}"
        )
    prevalence = finite(data["prevalence"])
    if prevalence is not None and not 0 <= prevalence <= 1:
        raise InputError(f"`data.prevalence` must lie in [0, 1]; got {prevalence:g}. {REMEDY}")
    KIND.objects(data["preprocessing"], COLUMN, "data.preprocessing")


def _check_curves(curves: Any, path: str) -> None:
    KIND.value(curves, OBJECT, path)
    for key in ("calibration", "calibration_raw"):
        KIND.value(curves.get(key, []), LIST, f"{path}.{key}")
        KIND.objects(curves.get(key, []), BIN, f"{path}.{key}")
    for key, lists in {
        "pr": ("recall", "precision"),
        "operating": ("threshold", "true_positives", "false_positives"),
    }.items():
        if curves.get(key) is not None:
            _check_parallel(curves[key], lists, NUMBER if key == "pr" else COUNT, f"{path}.{key}")


def _check_parallel(found: Any, names: tuple[str, ...], rule: Rule, path: str) -> None:
    """The named lists exist, hold what `rule` asks, and are of one length; thresholds never fall."""
    KIND.value(found, OBJECT, path)
    KIND.keys(found, dict.fromkeys(names, LIST), f"{path}.")
    for name in names:
        KIND.items(found[name], rule, f"{path}.{name}")
        if len(found[name]) != len(found[names[0]]):
            raise InputError(
                f"`{path}.{name}` must be as long as `{names[0]}`; got {len(found[name])} for "
                f"{len(found[names[0]])}. {REMEDY}"
            )
    steps = found.get("threshold", [])
    fall = next((i for i in range(1, len(steps)) if steps[i] < steps[i - 1]), None)
    if fall is not None:
        raise InputError(f"`{path}.threshold` must increase; it falls first at item {fall}. {REMEDY}")
