"""Are the heaviest rows being learned by heart?

The trouble: a row that weighs fifty times as much as another is seen fifty times as much, and a network can afford to remember it. Then its loss is low
where it was trained on and high where it was not, and the weighted training loss says that all is well.

    gap_i = held-out loss - fitted loss;     mean gap of the heaviest tenth against the rest, with its standard error

What is inside: `memorised`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._check import Reason
from .._errors import InputError, counted
from ._finding import Finding, said
from ._moving import finite_losses, require_share
from ._trace import mean_one

__all__ = ["memorised"]

STANDARD_ERRORS, TIMES = 3.0, 2.0


def memorised(fitted: Any, held_out: Any, weight: Any, *, top: float = 0.1) -> Finding:
    """Whether the heaviest rows are remembered rather than learned, from their losses inside and outside of training.

        gap = held-out - fitted loss;   `memorised` if  gap_top - gap_rest > 3 SE  and  gap_top > 2 gap_rest

    Parameters
    ----------
    fitted, held_out : (n,) losses of the same rows, by a model that was trained on them and by one that was not (out of fold).
    weight : `Weights` or (n,) numbers >= 0. top : share in (0, 1] of the rows that counts as heaviest; rows that tie at its border are left out
        unless all of them tie.

    Returns
    -------
    Finding: figures `gap_top`, `gap_rest`, `se` (of their difference), `rows_top`; the code is "memorised" or none.

    Raises InputError for losses or weights that are not one finite number a row, fewer than two rows on either side, or weights that are all equal.

    Costs: needs a fit that has not seen each row: k-fold training. A small gap does not prove that nothing is remembered.

    >>> rng = np.random.default_rng(0)
    >>> w = np.r_[np.ones(900), np.full(100, 9.0)]
    >>> print(memorised(np.zeros(1000), rng.exponential(np.where(w > 1, 2.0, 0.2)), w).reasons[0].code)
    memorised
    """
    a, b, w = finite_losses(fitted, "fitted"), finite_losses(held_out, "held_out"), mean_one(weight)
    if not len(a) == len(b) == len(w):
        raise InputError(f"losses and weights must be of the same rows; got {len(a):,}, {len(b):,} and {len(w):,}.")
    require_share("top", top)
    heavy = _heaviest(w, top)
    gap = b - a
    inside, outside = gap[heavy], gap[~heavy]
    if min(len(inside), len(outside)) < 2:
        raise InputError(
            f"two rows are needed among the heaviest and among the rest; got {len(inside):,} and {len(outside):,}. Change `top`."
        )
    means = float(inside.mean()), float(outside.mean())
    se = float(np.sqrt(inside.var(ddof=1) / len(inside) + outside.var(ddof=1) / len(outside)))
    found = means[0] - means[1] > STANDARD_ERRORS * se and means[0] > TIMES * means[1]
    text = (
        f"The heaviest {counted(len(inside), 'row')} lose {said(means[0])} more where they were not trained on, the others {said(means[1])} "
        f"(SE of the difference {said(se)})."
    )
    advice = "Flatten the weights, w.temper(ess=0.3), and stop on the weighted held-out loss." if found else ""
    reason = Reason("memorised" if found else "not_memorised", "unreliable" if found else "good", "gap", text, advice)
    figures = {"gap_top": means[0], "gap_rest": means[1], "se": se, "rows_top": len(inside)}
    return Finding(reason.grade, (reason,), figures)


def _heaviest(w: np.ndarray, top: float) -> np.ndarray:
    """(n,) bool: the heaviest share of rows, without those that tie at its border with lighter places."""
    if np.ptp(w) == 0:
        raise InputError(f"the weights must differ; all {len(w):,} are equal, so none is heaviest.")
    k = max(int(np.ceil(top * len(w) - 1e-9)), 1)
    border = np.sort(w)[-k]
    at_least = w >= border
    above = w > border
    return at_least if at_least.sum() == k or not above.any() else above
