"""Where some weights come from: their kind, their promise, their history.

The trouble: a verdict needs more than numbers. Whether a mean of one was promised, whether the kind was said or assumed, what was
tamed, which doubts arose when the weights were made: all of it must survive when a billion rows are reduced to sums, and two batches
that do not belong together must not be added up.

What is inside: `Provenance`, taken from `Weights` and merged by `Tally`; `TAMINGS`, the steps of a trail that changed weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._errors import InputError, KindError
from .._weights import Step
from ..arrays import TOO_FEW
from ._documents import own, refuse_unknown_kind

if TYPE_CHECKING:
    from .._weights import Weights

__all__ = ["TAMINGS", "Provenance"]

TAMINGS = ("smooth", "truncate", "clip", "temper", "shrink", "drop")
RATIO_STEPS = ("ratio", "log_ratio", "mixture", "times", "rows", "declare", *TAMINGS)  # they divide by no sum
EVERY_ROW = ("DETERMINISTIC", "LOOKS_LINEAR")  # notes that must hold for every batch to hold for the whole


@dataclass(frozen=True)
class Provenance:
    """Kind, promise and trail of `rows` weights; `noted` counts the rows of the batches that carried each note.

    `unsure` counts rows of batches too small for anybody to have noticed that probabilities were passed as logs.
    """

    kind: str
    exact: bool
    assumed: bool
    trail: tuple[Step, ...]
    rows: int
    unsure: int = 0
    noted: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, w: Weights) -> Provenance:
        """What these weights say of themselves; the promise is the one they had before taming."""
        unsure = w.n if w.n < TOO_FEW and "LOOKS_LINEAR" not in w.notes else 0
        return cls(w.kind, w.raw.exact, w.assumed, w.trail, w.n, unsure, dict.fromkeys(w.notes, w.n))

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes that hold for all the rows."""
        needed = {"DETERMINISTIC": self.rows, "LOOKS_LINEAR": self.rows - self.unsure}
        return tuple(code for code, rows in self.noted.items() if rows >= needed.get(code, 1))

    @property
    def tamed(self) -> bool:
        """Whether any step changed the weights."""
        return any(step.name in TAMINGS for step in self.trail)

    @property
    def made_here(self) -> bool:
        """Whether the weights are ratios of the probabilities that were passed, so that nobody divided them by anything."""
        return bool(self.trail) and all(step.name in RATIO_STEPS for step in self.trail)

    def __add__(self, other: Provenance) -> Provenance:
        if self.kind != other.kind:
            raise KindError(f"{self.kind} and {other.kind} weights do not add up; tally each kind apart.")
        if self.exact != other.exact:
            raise InputError(
                "one tally promises a mean of one and the other does not; say exact alike for every batch."
            )
        noted = {code: self.noted.get(code, 0) + other.noted.get(code, 0) for code in (*self.noted, *other.noted)}
        return Provenance(
            self.kind,
            self.exact,
            self.assumed or other.assumed,
            _joined(self.trail, other.trail),
            self.rows + other.rows,
            self.unsure + other.unsure,
            noted,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain types."""
        return own(self) | {"trail": [own(step) for step in self.trail], "noted": dict(self.noted)}

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Provenance:
        """From what `to_dict` gave."""
        refuse_unknown_kind(d["kind"])
        steps = (Step(s["name"], s["params"], s["ess_before"], s["ess_after"], s["moved"]) for s in d["trail"])
        return cls(d["kind"], d["exact"], d["assumed"], tuple(steps), d["rows"], d["unsure"], d["noted"])


def _joined(a: tuple[Step, ...], b: tuple[Step, ...]) -> tuple[Step, ...]:
    """One trail for both; the price of a taming is not known for the rows together, so where it differs it is left out."""
    if [step.name for step in a] == [step.name for step in b]:
        return tuple(x if x == y else Step(x.name, _shared(x.params, y.params)) for x, y in zip(a, b, strict=True))
    names = {step.name for step in a}
    return (*a, *(step for step in b if step.name not in names))


def _shared(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in a.items() if key in b and b[key] == value}
