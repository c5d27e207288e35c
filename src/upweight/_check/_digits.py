"""Figures for people: as many digits as mean something.

The trouble: 0.2736953559053840 of 4,000 rows says less than 27 %. Shares get two digits, means three decimals and their errors as many,
z one decimal and never a minus before nothing.

What is inside: `percent`, `number`, `z_text`, and `promise`, the mean test on one line. Text keeps to Latin-1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._verdict import Verdict

__all__ = ["number", "percent", "promise", "z_text"]


def percent(share: float) -> str:
    """A share for people: 78 %, 2.8 %, 0.28 %."""
    x = 100 * share
    return f"{x:.0f} %" if x >= 9.95 else f"{x:.2g} %"


def number(x: float) -> str:
    """A mean for people: 0.992 or 3.2e-05."""
    return f"{x:.3f}" if 0.01 <= abs(x) < 1000 or x == 0 else f"{x:.3g}"


def z_text(z: float) -> str:
    """A z to one decimal, never minus zero; from a million on three digits."""
    return f"{z:.1f}".replace("-0.0", "0.0") if abs(z) < 1e6 else f"{z:.3g}"


def promise(v: Verdict) -> str:
    """The mean test on one line: 0.992 ± 0.052, promised 1 (z = -0.2); decimals enough to see the error."""
    if math.isnan(v.mean_z):
        return f"{number(v.mean)}, promised 1, not tested"
    if v.mean in (0.0, math.inf):  # beyond a float: every weight is not zero, and its log is finite
        mean = "over 1e308" if v.mean else "under 1e-323"
        return f"{mean}, promised 1 (z = {z_text(v.mean_z)})"
    wide = v.mean_se * v.widening
    places = max(3, -math.floor(math.log10(wide))) if 0 < wide < math.inf else 3
    fixed = 0.01 <= v.mean < 1000 and places <= 6
    mean, error = (f"{x:.{places}f}" if fixed else f"{x:.3g}" for x in (v.mean, wide))
    return f"{mean} ± {error}, promised 1 (z = {z_text(v.mean_z)})"
