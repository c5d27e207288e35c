"""Vowpal Wabbit's decision log: one JSON object a decision, as columns that `upweight.ratio` and `value` take.

The trouble: costs are rewards with the other sign, actions count from one and come ranked, some lines were never meant to be learned from, some
decisions were dropped with a probability that the others must make up for, and a line whose probabilities do not add up ruins a mean in silence.

    reward = -_label_cost     logged = _label_probability     kept = 1/(1 - pdrop)
    target   uniform 1/len(a);   baseline 1 if the action is the first, else 0;   greedy 1/ties if no action is likelier, else 0

What is inside: `read_dsjson`.

Source: Vowpal Wabbit's wiki, "DSJSON format", for the keys; Bietti, Agarwal and Langford (2021), A contextual bandit bake-off, for the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ..._errors import InputError, is_number, require_choice

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["read_dsjson"]

CLOSE = 1e-3  # by which the probabilities of a line may miss one
TARGETS = ("uniform", "baseline", "greedy")


class _Decision(NamedTuple):
    event: str | None
    time: str | None
    action: int
    actions: int
    reward: float
    logged: float
    target: float
    kept: float


def read_dsjson(path: str, *, target: str = "uniform") -> pa.Table:
    """The labelled decisions of a file of Vowpal Wabbit (dsjson), one a row.

    Parameters
    ----------
    path : the file, one object a line; may end in .gz.
    target : the policy whose probability of the logged action becomes the column "target": "uniform" over the actions, "baseline" the first
        action always, "greedy" the action that the log gave the largest probability, ties shared.

    Returns
    -------
    pyarrow.Table with columns event, time (text, null where absent), action (from 1), actions (how many there were), reward (-cost), logged and
    target (probabilities of the action), kept (1/(1 - pdrop), what decisions that were dropped are made up by). The metadata of its schema counts
    the lines left out: "skipped", marked `_skipLearn`, and "unlabelled".

    Raises
    ------
    InputError : lines that are not JSON, lack a key, hold probabilities outside (0, 1] or that do not add up to one (1e-3); with file and line.

    Costs: nothing; kept belongs into the weights of an average unless it is the same everywhere, where it cancels.

    >>> import pathlib, tempfile
    >>> import upweight as uw
    >>> line = '{"_label_cost": -1, "_label_probability": 0.8, "_label_Action": 2, "a": [2, 1, 3], "p": [0.8, 0.1, 0.1]}'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "events.dsjson"
    ...     _ = file.write_text(line)
    ...     log = uw.ope.read_dsjson(str(file))
    >>> [log[name][0].as_py() for name in ("action", "reward", "logged")], round(log["target"][0].as_py(), 4)
    ([2, 1.0, 0.8], 0.3333)
    """
    require_choice("target", target, TARGETS)
    import pyarrow as pa

    rows, left_out = [], {"skipped": 0, "unlabelled": 0}
    for found in _lines(str(path), target):
        if isinstance(found, str):
            left_out[found] += 1
        else:
            rows.append(found)
    if not rows:
        counts = ", ".join(f"{count:,} {why}" for why, count in left_out.items())
        raise InputError(f"{path}: no labelled decision; got {counts}. Join the log with its rewards first.")
    kinds = [pa.string(), pa.string(), pa.int64(), pa.int64(), *[pa.float64()] * 4]
    columns = {
        name: pa.array(values, kind)
        for name, values, kind in zip(_Decision._fields, zip(*rows, strict=True), kinds, strict=True)
    }
    return pa.table(columns).replace_schema_metadata({why: str(count) for why, count in left_out.items()})


def _lines(path: str, target: str) -> Iterator[_Decision | str]:
    """A decision of each line, or why it is left out."""
    from ...files import json_objects

    for number, line in json_objects(path):
        if line.get("_skipLearn") is True:
            yield "skipped"
        elif line.get("_label_cost") is None:
            yield "unlabelled"
        else:
            yield _decision(line, f"{path}: line {number}", target)


def _decision(line: dict[str, Any], where: str, target: str) -> _Decision:
    action, actions, p = (_key(line, name, where) for name in ("_label_Action", "a", "p"))
    if not isinstance(actions, list) or not isinstance(p, list) or len(actions) != len(p) or not p:
        raise InputError(f"{where}: keys 'a' and 'p' must be lists of one length; got {actions!r} and {p!r}.")
    chances = [_probability(x, "p", where, zero=True) for x in p]
    if abs(sum(chances) - 1) > CLOSE:
        raise InputError(
            f"{where}: key 'p' must add up to 1; got {sum(chances):.6g}. Log the probabilities of all actions."
        )
    if isinstance(action, bool) or action not in actions:
        raise InputError(f"{where}: key '_label_Action' must be one of 'a'; got {action!r} and {actions!r}.")
    drop = line.get("pdrop", 0.0)
    if not (is_number(drop) and 0 <= drop < 1):
        raise InputError(f"{where}: key 'pdrop' must lie in [0, 1); got {drop!r}.")
    return _Decision(
        _text(line.get("EventId")),
        _text(line.get("Timestamp")),
        action,
        len(actions),
        -_number(line["_label_cost"], "_label_cost", where),
        _probability(_key(line, "_label_probability", where), "_label_probability", where),
        _of_target(target, action, actions, chances),
        1 / (1 - drop),
    )


def _of_target(target: str, action: int, actions: list[Any], chances: list[float]) -> float:
    """The target's probability of the action."""
    if target == "uniform":
        return 1 / len(actions)
    if target == "baseline":
        return float(action == 1)
    top = max(chances)
    return 1 / chances.count(top) if chances[actions.index(action)] == top else 0.0


def _key(line: dict[str, Any], name: str, where: str) -> Any:
    if line.get(name) is None:
        raise InputError(f"{where}: key {name!r} is missing. A labelled decision needs it.")
    return line[name]


def _number(x: Any, name: str, where: str) -> float:
    if not (is_number(x) and abs(x) < float("inf")):
        raise InputError(f"{where}: key {name!r} must be a finite number; got {x!r}.")
    return float(x)


def _probability(x: Any, name: str, where: str, *, zero: bool = False) -> float:
    if not (is_number(x) and (0 < x <= 1 or (zero and x == 0))):
        raise InputError(f"{where}: key {name!r} must hold probabilities in {'[' if zero else '('}0, 1]; got {x!r}.")
    return float(x)


def _text(x: Any) -> str | None:
    return None if x is None else str(x)
