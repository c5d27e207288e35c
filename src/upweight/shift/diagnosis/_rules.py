"""Which sentence holds: the rules of a verdict on a shift, in the order in which they are asked.

The trouble: a p-value alone praises too much. A test that lost its rows to the weights passes as easily as after a good repair, and
covariate shift passes for label shift in a quarter of small samples; so every pardon asks that the area has fallen at least **half** of
the way to a half as well.

    too_few      under 50 rows a side                                                                       unusable
    no_shift     p > .05                                                                                    good
    label_shift  p'' > .05, A'' half beyond noise, the prior moved (p of `Correction.em` <= .05), class
                 weights usable                                                                             good
    slight       no classifier beat weights of one                                                          usable
    apart        A >= .99, or the weights unusable                                                          unusable
    repaired     p' > .05, A' half, max |SMD| < .1, or < .25 and within 2 sqrt(1/ESS + 1/m)                 good
    partly       A' half, or mean |SMD| fell by a tenth                      usable, unreliable from max |SMD| .25 on
    unrepaired   else                                                                                       unreliable

A, p: before; A', p': after the ratio's weights; A'', p'': after class weights. *half*: A' - 1/2 <= (A - 1/2)/2. *half beyond noise*: also with
1.645 standard errors of the difference added, because "the classes explain it" is a claim, and few rows reject nothing: where one of five columns
moved by .4 sd, 200 rows a side, half alone called 10 of 21 moved samples label shift.

What is inside: `ShiftFigures`, what the rules look at; `code_of`; `grade_of`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["BADLY", "FEWEST", "LEVEL", "ShiftFigures", "code_of", "grade_of", "half", "half_for_sure"]

FEWEST = 50
LEVEL = 0.05
APART = 0.99
NEAR, BADLY = 0.1, 0.25  # absolute standardised mean differences
SURELY = 1.645  # standard errors, one side at .05
FALLEN = 0.9  # mean |SMD| after over before from which weights did something


@dataclass(frozen=True)
class ShiftFigures:
    """What the rules look at; nan where there is none. `kept_none`: "auto" found nothing better than ones."""

    n: int
    m: int
    area: float
    p: float
    area_after: float = math.nan
    p_after: float = math.nan
    area_label: float = math.nan
    p_label: float = math.nan
    p_prior: float = math.nan
    se: float = math.nan
    se_label: float = math.nan
    label_usable: bool = False
    kept_none: bool = False
    ratio_usable: bool = True
    ess: float = math.nan
    max_before: float = math.nan
    max_after: float = math.nan
    mean_before: float = math.nan
    mean_after: float = math.nan


def half(before: float, after: float) -> bool:
    """Whether an area has fallen at least half of the way to a half; False for nan."""
    return after - 0.5 <= (before - 0.5) / 2


def half_for_sure(f: ShiftFigures) -> bool:
    """Whether class weights bring the area half of the way to a half, beyond the noise of both areas; False for nan."""
    return half(f.area, f.area_label + SURELY * math.hypot(f.se_label, f.se / 2))


def code_of(f: ShiftFigures) -> str:
    """The first rule that holds."""
    if min(f.n, f.m) < FEWEST:
        return "too_few"
    if f.p > LEVEL:
        return "no_shift"
    if f.p_label > LEVEL and half_for_sure(f) and f.p_prior <= LEVEL and f.label_usable:
        return "label_shift"
    if f.kept_none:
        return "slight"
    if f.area >= APART or not f.ratio_usable:
        return "apart"
    if f.p_after > LEVEL and half(f.area, f.area_after) and _near(f):
        return "repaired"
    if half(f.area, f.area_after) or f.mean_after <= FALLEN * f.mean_before:
        return "partly"
    return "unrepaired"


def _near(f: ShiftFigures) -> bool:
    """Whether no column is further off than the noise of these rows, and none badly."""
    noise = 2 * math.sqrt(1 / f.ess + 1 / f.m) if f.ess > 0 else 0.0
    return f.max_after < NEAR or (f.max_after < BADLY and f.max_after <= noise)


def grade_of(code: str, f: ShiftFigures) -> str:
    """The grade that a code can have at best."""
    if code == "partly":
        return "unreliable" if f.max_after >= BADLY else "usable"
    return {
        "too_few": "unusable", "no_shift": "good", "label_shift": "good", "slight": "usable",
        "apart": "unusable", "repaired": "good", "unrepaired": "unreliable",
    }[code]  # fmt: skip
