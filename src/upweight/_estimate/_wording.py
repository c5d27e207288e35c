"""How an estimate is said: one line, digits that are worth printing, and the tail in the same breath.

The trouble: a number with nine digits and no error bar reads as certain. The rule here is two digits of half the 95 % interval, the
value to the same place, then the two figures that no error bar contains, k-hat and effective sample size:

    0.0131 ± 0.0042 (k-hat 0.58, ESS 340 of 10,000; interval widened ×2.3)

What is inside: `sentence`, one line an average; `markup`, the same for a notebook; `plus_minus`, a value and its half-width; `times`, a factor. Text keeps to
Latin-1, so that it prints on every terminal.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .. import _html as html
from .._weights import rows_worth

if TYPE_CHECKING:
    from ._belief import Average
    from ._estimate import Estimate

__all__ = ["markup", "plus_minus", "sentence", "tail_said", "times"]

SHOWN = 1.05  # inflations below this are not worth a word
PLACES = 6  # decimals from which a power of ten is taken out
LARGEST = 1e9


def sentence(e: Estimate, halves: np.ndarray) -> str:
    """One line for one average, a numbered line each for several."""
    each = zip(e._terms.each, np.ravel(halves).tolist(), strict=True)
    lines = [f"{plus_minus(a.value, half)} ({_reasons(a)})" for a, half in each]
    if not e._terms.shape:
        return lines[0]
    return "\n".join(f"[{place}] {line}" for place, line in zip(e._terms.places, lines, strict=True))


def markup(e: Estimate, halves: np.ndarray) -> str:
    """The estimate for a notebook: its reason for disbelief, if any, and a line for each average."""
    low, high = e.interval()
    ends = (np.ravel(x).tolist() for x in (halves, low, high))
    rows = [
        [
            plus_minus(a.value, half),
            f"{x:.4g} to {y:.4g}",
            "not asked" if a.sample.repeats else tail_said(a.k),
            f"{a.sample.n:,} repeats" if a.sample.repeats else f"{rows_worth(a.sample.ess)} of {a.sample.n:,}",
            _wider(a.inflation),
        ]
        for a, half, x, y in zip(e._terms.each, *ends, strict=True)
    ]
    many = np.ndim(e.value) > 0
    numbered = [[f"[{e._terms.places[i]}]", *row] if many else row for i, row in enumerate(rows)]
    head = [""] * many + ["estimate", "95 % interval", "tail", "ESS", "widened"]
    return html.block([e.why or "the interval can be believed"], head, numbered, left=int(many))


def _wider(factor: float) -> str:
    return "no interval covers" if factor == math.inf else times(factor)


def plus_minus(value: float, half: float) -> str:
    """A value and half its interval, to two digits of the half: 0.0131 ± 0.0042.

    >>> plus_minus(2.127822985, 2.787019334), plus_minus(123456.0, 2345.0), plus_minus(1.2346e-12, 3.4e-14)
    ('2.1 ± 2.8', '123,500 ± 2,300', '(1.235 ± 0.034)e-12')
    """
    if not math.isfinite(half) or half == 0:
        return f"{value:.6g} ± {half:g}"
    size = max(abs(value), half)
    if size >= LARGEST or _decimals(half) > PLACES:
        power = math.floor(math.log10(size))
        value, half = value / 10.0**power, half / 10.0**power
        text = " ± ".join(f"{x:.{max(0, _decimals(half))}f}" for x in (value, half))
        return f"({text})e{power}" if power else text
    places = _decimals(half)
    shown = [f"{round(x, places) + 0.0:,.{max(0, places)}f}" for x in (value, half)]
    return " ± ".join(shown)


def _decimals(half: float) -> int:
    """Decimal places that show two digits of `half`; negative for tens and hundreds."""
    return 1 - math.floor(math.log10(float(f"{half:.1e}")))


def times(factor: float) -> str:
    """A factor with two digits: ×2.3, ×10, ×1,234.

    >>> times(2.2979), times(10.09), times(1234.4)
    ('×2.3', '×10', '×1,234')
    """
    return f"×{factor:,.0f}" if factor >= 9.95 else f"×{factor:.1f}"


def tail_said(khat: float) -> str:
    """k-hat in words where it is no number."""
    if math.isnan(khat):
        return "k-hat not judged"
    return "no tail" if khat == -math.inf else f"k-hat {khat:.2f}"


def _reasons(a: Average) -> str:
    if a.sample.repeats:
        return f"{a.sample.n:,} repeats"
    ess = f"ESS {rows_worth(a.sample.ess)} of {a.sample.n:,}"
    block = f", blocks of {a.sample.block:,}" if a.sample.block else ""
    text = f"{tail_said(a.k)}, {ess}{block}"
    if a.inflation == math.inf:
        return f"{text}; no interval covers"
    return f"{text}; interval widened {times(a.inflation)}" if a.inflation >= SHOWN else text
