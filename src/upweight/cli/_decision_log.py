"""From a file of decisions to columns: only those that were named are read, and what is wrong in them is told with its row.

The trouble: a log of a year has a hundred columns, of which five are needed; its propensities may be logs; and a probability of zero for an action
that was taken is a mistake of the log that must be told as the user knows it, with file, column and row.

What is inside: `LogOptions`, what the options ask for; `DecisionLog`, the columns; `read_log`, from a file, a demo or Vowpal Wabbit's log.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .._errors import InputError, counted, require_choice
from .._weights import Weights, log_ratio, ratio
from ._terminal import write_notice
from ._weights_file import finite_number, progress

__all__ = ["DecisionLog", "LogOptions", "read_log"]

CLOSE = 1e-9  # by which a probability may pass 1
NEVER = "Such an action cannot have been taken: drop the row or mend it."
ABOVE = "Percent? Divide by 100. Densities of continuous actions? Use upweight.ope.evaluate."
POLICIES = ("uniform", "baseline", "greedy")


@dataclass(frozen=True)
class LogOptions:
    """What the options ask for: columns, or numbers in the place of probabilities."""

    reward: str | None
    logged: str | None
    target: str | None
    log: bool
    cluster: str | None
    by: str | None
    bounds: str | None

    @property
    def limits(self) -> tuple[float, float] | None:
        """The two numbers of --bounds."""
        if self.bounds is None:
            return None
        parts = self.bounds.split(",")
        try:
            low, high = (float(x) for x in parts)
        except ValueError:
            raise InputError(
                f"--bounds {self.bounds} must be two numbers with a comma between them, such as 0,1."
            ) from None
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise InputError(f"--bounds {self.bounds} must be two finite numbers, the lower one first, such as 0,1.")
        return low, high


class DecisionLog(NamedTuple):
    """Rewards, weights and labels of a log; the truth of a demo."""

    reward: np.ndarray
    w: Weights
    cluster: Any
    by: Any
    bounds: tuple[float, float] | None
    kept: Weights | None
    truth: tuple[float, float] | None
    by_name: str


def read_log(data: str, options: LogOptions) -> DecisionLog:
    """The columns of a log."""
    if data.startswith("demo:"):
        return _demo(data, options)
    if Path(data).suffix == ".dsjson":
        return _dsjson(data, options)
    lacking = [f"--{name}" for name in ("reward", "logged", "target") if getattr(options, name) is None]
    if lacking:
        raise InputError(
            f"{data}: say {' and '.join(lacking)}: the columns of the reward, of the probability that was logged and of the target's."
        )
    return _columns(data, options)


def _demo(data: str, options: LogOptions) -> DecisionLog:
    from ..ope.evaluation import demo

    named = [
        f"--{k}" for k in ("reward", "logged", "target", "cluster", "by", "bounds") if getattr(options, k) is not None
    ]
    if named or options.log:
        raise InputError(f"{data} knows its columns. Leave {', '.join(named or ['--log'])} out.")
    log = demo(data.removeprefix("demo:"))
    w = ratio(log.target, log.logged)
    return DecisionLog(log.reward, w, None, log.day, (0.0, 1.0), None, log.truth, "day")


def _columns(data: str, options: LogOptions) -> DecisionLog:
    """The named columns of a file or folder, batch by batch."""
    from ..files import open_columns

    columns = open_columns(data, write_notice)
    constants = {name: _constant(columns.names, name, options) for name in ("logged", "target")}
    wanted = {
        name: columns.require(str(getattr(options, name)), f"--{name}")
        for name in ("reward", *constants)
        if constants.get(name) is None
    }
    asked = {
        name: columns.require(getattr(options, name), f"--{name}")
        for name in ("cluster", "by")
        if getattr(options, name)
    }
    parts: dict[str, list[np.ndarray]] = {name: [] for name in (*wanted, *asked)}
    with progress(columns) as advance:
        for batch in columns.read(tuple(wanted.values()), tuple(asked.values())):
            for name, column in wanted.items():
                values = batch.numbers(column)
                _refuse(values, name, f"{batch.file}: column {column!r}", batch.first, options)
                parts[name].append(values)
            for name, column in asked.items():
                parts[name].append(batch.labels(column))
            advance(len(batch))
    if not any(len(x) for x in parts["reward"]):
        raise InputError(f"{columns.name}: holds no rows. Is this the right file?")
    found: dict[str, Any] = {name: np.concatenate(x) for name, x in parts.items()}
    p, pi = (
        found[name] if constants[name] is None else np.full(found["reward"].size, constants[name]) for name in constants
    )
    w = (log_ratio if options.log else ratio)(pi, p)
    return DecisionLog(
        found["reward"], w, found.get("cluster"), found.get("by"), options.limits, None, None, options.by or "by"
    )


def _constant(names: Any, option: str, options: LogOptions) -> float | None:
    """The number that stands for a column, None where it is the name of one."""
    said = str(getattr(options, option))
    if said in names:
        return None
    number = finite_number(said, f"--{option}")
    if number is not None:
        _refuse_probabilities(np.array([number]), f"--{option} {said}", None, options, taken=option == "logged")
    return number


def _refuse(values: np.ndarray, name: str, where: str, first: int, options: LogOptions) -> None:
    """Refuse what no reward or probability can be, naming value and row."""
    limits = options.limits
    if name != "reward":
        return _refuse_probabilities(values, where, first, options, taken=name == "logged")
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"{where}: rewards must be finite; got {values[row]:g} at row {first + row}. Drop those rows first."
        )
    if limits is not None and ((values < limits[0]) | (values > limits[1])).any():
        row = int(((values < limits[0]) | (values > limits[1])).argmax())
        raise InputError(
            f"{where}: reward {values[row]:g} at row {first + row} lies outside {limits[0]:g} to {limits[1]:g}: say --bounds."
        )
    return None


def _refuse_probabilities(
    values: np.ndarray, where: str, first: int | None, options: LogOptions, *, taken: bool
) -> None:
    """Refuse what is no probability, or no logarithm of one. first : row of the first, None for a number that was typed; taken : whether the
    action was, so that 0 is none."""
    p = np.exp(np.minimum(values, 1.0)) if options.log else values
    bad = ~((p >= 0) & (p <= 1 + CLOSE) & ((p > 0) | (not taken)))
    if not bad.any():
        return
    row = int(bad.argmax())
    x, place = float(values[row]), "" if first is None else f" at row {first + row}"
    if options.log:
        rule = "logs of probabilities must be <= 0" + (" and above -inf" if taken else "")
        remedy = "Probabilities? Leave --log out."
    else:
        rule = f"probabilities must be {'>' if taken else '>='} 0 and at most 1"
        remedy = "Logs? Use --log." if x < 0 else NEVER if x == 0 else ABOVE
    raise InputError(f"{where}: {rule}; got {x:g}{place}. {remedy}")


def _dsjson(data: str, options: LogOptions) -> DecisionLog:
    """Vowpal Wabbit's decision log."""
    from ..ope import read_dsjson

    if options.log or options.reward is not None or options.logged is not None:
        raise InputError(
            f"{data}: a decision log names reward and probability itself. Leave --reward, --logged and --log out."
        )
    policy = "uniform" if options.target is None else options.target
    require_choice("--target", policy, POLICIES)
    table = read_dsjson(data, target=policy)
    column = lambda name: np.asarray(table.column(name).to_pylist(), dtype=np.float64)
    labelled = {
        k: _label_column(table, name, k) for k, name in (("cluster", options.cluster), ("by", options.by)) if name
    }
    kept = column("kept")
    _tell_left_out(table)
    same = kept.size == 0 or bool((kept == kept[0]).all())
    return DecisionLog(
        column("reward"),
        ratio(column("target"), column("logged")),
        labelled.get("cluster"),
        labelled.get("by"),
        options.limits,
        None if same else Weights.of(kept, kind="inclusion"),
        None,
        options.by or "by",
    )


def _tell_left_out(table: Any) -> None:
    """How many lines of the log are not in the table, and why."""
    said = {b"skipped": "marked _skipLearn", b"unlabelled": "without a label"}
    counts = {why: int((table.schema.metadata or {}).get(key, 0)) for key, why in said.items()}
    parts = [f"{counted(count, 'line')} {why}" for why, count in counts.items() if count]
    if parts:
        write_notice(f"left out: {', '.join(parts)}")


def _label_column(table: Any, name: str, option: str) -> np.ndarray:
    if name not in table.column_names:
        raise InputError(
            f"--{option} {name}: a decision log has the columns {', '.join(table.column_names)}. Name one of these."
        )
    return np.asarray(table.column(name).to_pylist(), dtype=object)
