"""A rare event on one screen: the answer first, then what it rests on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _html as html
from ..._errors import counted, printable
from ..._estimate import plus_minus

if TYPE_CHECKING:
    from ._rare_event import RareEvent

__all__ = ["html_of", "screen"]

SHOWN = 6  # inputs on a line
WANTED_LONE = 10  # per cent
HALF = 0.55  # more than a half, and not by chance
SHORT_OF = 1.5  # times the error that was asked for, from which it is said that it was not reached


def screen(r: RareEvent) -> list[str]:
    """The lines."""
    return [_headline(r), *(f"  {name:<10} {text}" for name, text in _facts(r))]


def html_of(r: RareEvent) -> str:
    """The same for a notebook."""
    return html.block([_headline(r)], ["", ""], _facts(r), left=2)


def _headline(r: RareEvent) -> str:
    p = r.probability
    word = "converged" if r.converged else "not converged"
    if p is None:
        return f"{word}: P(g <= 0) is not known. {counted(r.calls, 'call')}"
    if not r.converged:
        return f"{word}: P(g <= 0) = {_with_interval(r)} is not to be believed"
    return f"{word}: P(g <= 0) = {_with_interval(r)}" + (f", beta {r.beta:.2f}" if math.isfinite(r.beta) else "")


def _with_interval(r: RareEvent) -> str:
    """The probability and its interval; by its ends where they are cut, for a probability lies in [0, 1]."""
    assert r.probability is not None
    value, ends = min(float(r.probability.value), 1.0), r.interval()
    low, high = r.probability.interval()
    half = (ends[1] - ends[0]) / 2
    if (low, high) == ends:
        return f"{plus_minus(value, half)} (95 %)"
    digits = 2 + max(1, math.floor(math.log10(max(value, ends[1]) / half)) if half > 0 else 1)
    low, high = (f"{end:.{digits}g}" for end in ends)
    return f"{value:.{digits}g} (95 %: {low} to {high})"


def _facts(r: RareEvent) -> list[tuple[str, str]]:
    if r.probability is None:
        return [("why", r.why), ("do", _advice(r))]
    lines = [] if r.converged else [("why", r.why), ("do", _advice(r))]
    if r.converged and r.probability.value > HALF:
        lines += [("look", "failure is more likely than not: is it g <= 0 (not >= 0)?")]
    lines += [("calls", _cost(r))]
    told = r._told
    if r.converged and r.probability.se > SHORT_OF * told.asked * r.probability.value:
        reached = 100 * r.probability.se / r.probability.value
        lines += [("asked", f"a standard error of {100 * told.asked:.3g} % of p; it is {reached:.2g} %")]
    if told.explorers:
        lines += [("explorers", _explorers(r))]
    if told.repeats:
        low, high = min(told.repeats), max(told.repeats)
        lines += [
            ("repeats", f"{counted(len(told.repeats), 'run')} of subset simulation, p from {low:.3g} to {high:.3g}")
        ]
    if told.fresh and r.method != "subset":
        points = counted(told.fresh, "fresh point")
        khat = "not judged" if math.isnan(float(r.probability.khat)) else f"{float(r.probability.khat):.2f}"
        lines += [("draw", f"{points}, failures worth {told.worth:,.0f}; k-hat {khat}")]
    if r.design_point is not None:
        lines += [("nearest", f"{_point(r.design_point)}, at distance {told.distance:.2f} of the typical point")]
    if r.sensitivity is not None:
        lines += [("inputs", _sensitivities(r))]
    return lines


def _advice(r: RareEvent) -> str:
    """One thing to do."""
    if r.probability is None and "is " in r.why and "at all" in r.why:
        return "g does not depend on its inputs: is that the function meant?"
    if r.probability is None and r.design_point is not None:
        return "raise budget="
    if r.probability is None:
        return "is failure g <= 0 (not >= 0)? Is it possible at all? Else raise budget="
    if r.method == "subset":
        return "raise budget=, or make g slope toward failure where it is flat"
    return "raise budget=, or another rng= to see whether it comes again"


def _cost(r: RareEvent) -> str:
    p = r.probability
    assert p is not None
    text = counted(r.calls, "call").removesuffix(" calls").removesuffix(" call")
    if 0 < p.value < 1 and p.se > 0 and math.isfinite(p.se):
        plain = p.value * (1 - p.value) / p.se**2
        text += f"; plain Monte Carlo would need {_rounded(plain)} for this standard error"
    return text


def _rounded(n: float) -> str:
    """Three digits of a large count."""
    if n >= 1e9:
        return f"{n:.1e}"
    size = 10 ** max(math.floor(math.log10(max(n, 1))) - 2, 0)
    return f"{round(n / size) * size:,}"


def _explorers(r: RareEvent) -> str:
    told = r._told
    low, high = min(told.levels), max(told.levels)
    levels = f"{low} {'level' if low == 1 else 'levels'} each" if low == high else f"{low} to {high} levels"
    text = f"{told.reached} of {told.explorers} reached failure, {levels}"
    if not math.isnan(told.lone):
        text += f"; {100 * told.lone:.0f} % of p was found by one of them only (want <= {WANTED_LONE} %)"
    return text


def _point(point: Any) -> str:
    named = point.items() if isinstance(point, dict) else ((f"x{j}", v) for j, v in enumerate(point))
    shown = [f"{printable(name)} = {float(v):.4g}" for name, v in list(named)[:SHOWN]]
    return ", ".join(shown) + (", ..." if len(point) > SHOWN else "")


def _sensitivities(r: RareEvent) -> str:
    assert r.sensitivity is not None
    value = np.atleast_1d(r.sensitivity.value)
    low, high = (np.atleast_1d(x) for x in r.sensitivity.interval())
    first = np.argsort(-np.abs(value), kind="stable")[:SHOWN]
    shown = ", ".join(f"{printable(r._told.labels[j])} {value[j]:+.2f}" for j in first)
    half = float((high - low)[first].max() / 2)
    more = ", ..." if len(value) > SHOWN else ""
    return f"{shown}{more} (± {half:.2g}): change of log p when the normal score of an input shifts by one"
