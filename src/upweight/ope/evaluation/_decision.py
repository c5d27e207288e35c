"""From figures to one decision: better, worse, undecided, or not to be told from this log.

    UNTRUSTED        the verdict on the weights is unreliable or unusable, the log is deterministic, or value or gain is not ok
    BETTER, WORSE    the interval of the gain lies above, or below, 0
    UNDECIDED        else; then about  N = n (half/|gain|)^(2/rate(k*, n))  rows would tell

The first that holds. What is inside: `decide`, and `Decision`.

Source: Vehtari et al. (2024) for the rate.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ..._check import Verdict
from ..._estimate import Estimate
from ...arrays import rate
from ..values import MeanFigures, mean_fails

__all__ = ["MISFIT", "Decision", "decide"]

MISFIT = "the probabilities do not fit together"
DETERMINISTIC = "the log is deterministic: it says nothing about other actions"
TOO_HIGH = "check the probabilities: logged before a filter, rounded, of another version or another action?"
TOO_LOW = "the log never does what the target does in some {share:.0f} % of cases, or the probabilities are wrong"


class Decision(NamedTuple):
    """The word, why (empty for the others than UNTRUSTED), and what to do."""

    decision: str
    why: str
    advice: str


def decide(verdict: Verdict, mean: MeanFigures, value: Estimate, gain: Estimate) -> Decision:
    """The first line of the table that holds."""
    if (distrust := _untrusted(verdict, mean, value, gain)) is not None:
        return distrust
    low, high = gain.interval()
    if low > 0 or high < 0:
        return Decision("BETTER" if low > 0 else "WORSE", "", "none needed")
    return Decision("UNDECIDED", "", _rows_to_tell(gain, (high - low) / 2))


def _untrusted(verdict: Verdict, mean: MeanFigures, value: Estimate, gain: Estimate) -> Decision | None:
    if "DETERMINISTIC" in verdict.notes:
        return Decision("UNTRUSTED", f"{DETERMINISTIC}.", "log some decisions at random, with their probabilities")
    if mean.fails:
        advice = TOO_HIGH if mean.mean > 1 else TOO_LOW.format(share=100 * (1 - mean.mean))
        return Decision("UNTRUSTED", mean_fails(mean), advice)
    if not verdict.ok:
        worst = next(r for r in verdict.reasons if r.grade == verdict.grade)
        return Decision("UNTRUSTED", f"{worst.text}.", verdict.advice)
    for name, e in (("", value), ("the gain: ", gain)):
        if not e.ok:
            return Decision("UNTRUSTED", f"{name}{e.why}", f"{name}{e.why}".rstrip("."))
    return None


def _rows_to_tell(gain: Estimate, half: float) -> str:
    if gain.value == 0 or not math.isfinite(half):
        return "no log tells them apart"
    k = gain.khat
    speed = 1.0 if math.isnan(k) or k <= 0 else float(rate(k, gain.n))
    try:
        rows = gain.n * (half / abs(gain.value)) ** (2 / speed)
    except (OverflowError, ZeroDivisionError):
        return "no log tells them apart"
    return f"about {float(f'{rows:.2g}'):,.0f} rows to tell" if rows < 1e12 else "no log tells them apart"
