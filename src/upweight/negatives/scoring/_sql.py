"""A plan as Spark SQL: the same draw and the same probabilities, as expressions that need nothing on the executors.

    u    (xxhash64('uw/neg/v1', seed, cast(key as bigint | string | binary)) & 2^53 - 1) * 2^-53
    e    intercept + term + term ...       numbers as repr, a gap told apart before `least` and `greatest`, which skip nulls
    p    1 / (1 + exp(-e))

Text is written as `cast(X'...' as string)`, since escapes are a setting of the session; names stand in backticks. Exponentials of another library may
differ in the last bits, so pi may by some units in the last place; draws are equal.

Source: Spark SQL, function xxhash64.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...stream import Sql
from ._rule import LEAST_DOUBT

__all__ = ["MOST_TERMS", "sql_of", "statement"]

MOST_TERMS = 32  # beyond, Spark's generated code slows eightfold, and at 512 terms fails
CASTS = {"int64": "bigint", "utf8": "string", "bytes": "binary"}
LOW53, SCALE = "9007199254740991L", "1.1102230246251565E-16D"


def sql_of(design: Mapping[str, Any]) -> Sql | None:
    """The plan's condition and columns; None where it has no native form: rows by position, the rule "optimal", a model, more than 32 terms."""
    pilot, rule = design["pilot"], design["rule"]
    plain = pilot["kind"] in ("none", "column") or len(pilot.get("terms", ())) <= MOST_TERMS
    if isinstance(design["key"], str) or rule["score"] == "optimal" or pilot["kind"] == "model" or not plain:
        return None
    pi0, pi1 = probabilities(design)
    positive = label(design["label"])
    own = f"case when {positive} then {pi1} else {pi0} end"
    columns = (("_uw_pi", pi0), ("_uw_offset", f"ln({pi1}) - ln({pi0})"), ("_uw_weight", f"1D / ({own})"))
    return Sql(f"{draw(design)} < {own}", columns)


def statement(parts: Sql) -> str:
    """One select over a view called `rows`."""
    columns = ",\n  ".join(f"{expression} as {name}" for name, expression in parts.columns)
    return f"select *,\n  {columns}\nfrom rows\nwhere {parts.where}"


def draw(design: Mapping[str, Any]) -> str:
    keys = [f"cast({_named(k['column'])} as {CASTS[k['as']]})" for k in design["key"]]
    u = f"(xxhash64('uw/neg/v1', {design['seed']}L, {', '.join(keys)}) & {LOW53}) * {SCALE}"
    null = " and ".join(f"{_named(k['column'])} is null" for k in design["key"])
    return f"case when {null} then double(raise_error('a row has a null in every key column')) else {u} end"


def label(part: Mapping[str, Any]) -> str:
    """Whether a row is positive; a gap is an error."""
    name, value = _named(part["column"]), part["positive"]
    test = name if value is True else f"not {name}" if value is False else f"{name} = {_literal(value)}"
    return f"case when {name} is null then boolean(raise_error('a label is null')) else {test} end"


def probabilities(design: Mapping[str, Any]) -> tuple[str, str]:
    """(pi0, pi1) of a row."""
    rule, pilot = design["rule"], design["pilot"]
    pi1 = _literal(float(rule["positives"]))
    if pilot["kind"] == "none":
        return _literal(min(1.0, float(rule["rate"]))), pi1
    if rule["rate"] >= 1:
        return "1D", "1D" if rule["score"] == "local" else pi1
    p, least = score(pilot), _literal(rule["floor"] * rule["rate"])
    if rule["score"] == "local":
        kappa = _literal(rule["per_positive"])
        pi0 = f"greatest({least}, least(1D, {kappa} * {p}))"
        pi1 = _scored(pilot, f"least(1D, {kappa} * greatest({_literal(LEAST_DOUBT)}, 1D - {p}))", "1D")
    else:
        pi0 = f"least(1D, greatest({least}, {_literal(rule['scale'])} * {p}))"
    return _scored(pilot, pi0, _literal(rule["rate"])), pi1


def score(pilot: Mapping[str, Any]) -> str:
    """The pilot's probability."""
    if pilot["kind"] == "column":
        s, k = f"cast({_named(pilot['column'])} as double)", f"exp({_literal(pilot['shift'])})"
        return f"({s} * {k} / (1D - {s} + {s} * {k}))"
    e = " + ".join([_literal(pilot["intercept"]), *(term(t) for t in pilot["terms"])])
    return f"(1D / (1D + exp(-({e}))))"


def _scored(pilot: Mapping[str, Any], expression: str, instead: str) -> str:
    """The expression where the pilot has a usable score, else `instead`; a linear pilot has one for every row."""
    if pilot["kind"] != "column":
        return expression
    s = f"cast({_named(pilot['column'])} as double)"
    return f"case when {s} > 0D and {s} < 1D then {expression} else {instead} end"


def term(part: Mapping[str, Any]) -> str:
    """What one column adds to the log-odds."""
    name, null = _named(part["column"]), _literal(part["null"])
    if part["kind"] == "number":
        x = f"cast({name} as double)"
        clipped = f"greatest({_literal(part['low'])}, least({_literal(part['high'])}, {x}))"
        return f"case when {name} is null or isnan({x}) then {null} else {_literal(part['coef'])} * {clipped} end"
    text = f"cast({name} as string)"
    whens = " ".join(
        f"when {text} = {_literal(level)} then {_literal(value)}"
        for level, value in zip(part["levels"], part["values"], strict=True)
    )
    return f"case when {name} is null then {null} {whens} else 0D end"


def _named(column: str) -> str:
    return "`" + column.replace("`", "``") + "`"


def _literal(value: Any) -> str:
    """A value as SQL text that no setting reads otherwise."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"cast(X'{value.encode().hex()}' as string)"
    return f"{value!r}D" if isinstance(value, float) else repr(value)
