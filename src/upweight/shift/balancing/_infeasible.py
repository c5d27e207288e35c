"""What is said where no weights reach a target: how near they come, and which average stops them.

The trouble: "did not converge" tells nobody what to do. The certificate of the linear programme does: a combination of the terms that these rows
cannot average high enough, by how much, and the tolerance that would do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..._errors import InputError, printable
from ..._set_module import set_module

__all__ = ["Infeasible", "rounded_up"]

NAMED = 3  # terms of the combination that the message names


@set_module("upweight.shift")
class Infeasible(InputError):
    """No weights of these rows have the averages that are wanted.

    Attributes
    ----------
    tolerance : float, the smallest that can be reached, in standard deviations; inf where a column does not vary at all.
    direction : {term: coefficient per sd}, absolute values summing to one: the combination that cannot be reached.
    best, wanted : float, its largest average over these rows and the target's, in sd; they differ by `tolerance`.

    >>> from upweight.shift import balancing_weights
    >>> try:
    ...     balancing_weights([[0.0], [1.0], [2.0]], {0: 5.0})
    ... except Infeasible as error:
    ...     print(error)
    ...     round(error.tolerance, 2), error.direction
    no weights of these rows reach the target: +1.00 column 0, in sd, averages at most 2 in these rows and must be 5. The smallest tolerance that can be reached is 3: pass tolerance=3.1, or fewer terms.
    (3.0, {'0': 1.0})
    """

    tolerance: float
    direction: Mapping[str, float]
    best: float
    wanted: float

    def __init__(
        self, message: str, *, tolerance: float, direction: Mapping[str, float], best: float, wanted: float
    ) -> None:
        super().__init__(message)
        self.tolerance, self.direction, self.best, self.wanted = tolerance, dict(direction), best, wanted

    @classmethod
    def of(cls, tolerance: float, direction: Mapping[str, float], wanted: float) -> Infeasible:
        """The error that says these figures.

        >>> Infeasible.of(0.3, {"age": 1.0}, wanted=2.0).best
        1.7
        """
        best = wanted - tolerance
        text = (
            f"no weights of these rows reach the target: {_combination(direction)}, in sd, averages at most {best:.4g} in these rows and "
            f"must be {wanted:.4g}. The smallest tolerance that can be reached is {tolerance:.3g}: pass tolerance={rounded_up(tolerance)}, "
            "or fewer terms."
        )
        return cls(text, tolerance=tolerance, direction=direction, best=best, wanted=wanted)

    def __reduce__(self) -> tuple[Any, ...]:
        figures = {name: getattr(self, name) for name in ("tolerance", "direction", "best", "wanted")}
        return _again, (str(self), figures)


def _again(message: str, figures: Mapping[str, Any]) -> Infeasible:
    return Infeasible(
        message,
        tolerance=figures["tolerance"],
        direction=figures["direction"],
        best=figures["best"],
        wanted=figures["wanted"],
    )


def rounded_up(x: float) -> str:
    """Two significant digits, at least a thousandth above."""
    digits = 1 - math.floor(math.log10(x))
    return f"{math.ceil(x * 1.001 * 10**digits) / 10**digits:.{max(digits, 0)}f}"


def _combination(direction: Mapping[str, float]) -> str:
    """'+0.57 re75 -0.43 age and 3 more'."""
    some = {term: c for term, c in direction.items() if abs(c) >= 0.005}
    order = sorted(some, key=lambda term: -abs(some[term]))
    shown = " ".join(f"{some[term]:+.2f} {_named(term)}" for term in order[:NAMED])
    return shown + (f" and {len(order) - NAMED} more" if len(order) > NAMED else "")


def _named(term: str) -> str:
    """The term as a reader takes it for a name: a position of an array is no factor."""
    return f"column {term}" if term.isdigit() else printable(term)
