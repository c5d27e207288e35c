"""Is the ratio the right way up? Asked of every ratio before it is given out.

The trouble: a ratio upside down is the oldest bug of the field, and no error tells it: the weights are positive, their mean is one, and every
average moves away from the target.

    refused    mean |SMD| rises, to 0.1 or more and beyond noise, and 1/w would halve it

Source: the same rule as a verdict's WRONG_WAY (`upweight.check`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._balance import balance
from ..._errors import VerdictError
from ..._weights import Weights

__all__ = ["refuse_wrong_way"]


def refuse_wrong_way(source: Any, target: Any, log_w: np.ndarray) -> None:
    """Raise VerdictError if these log-weights (n,) of source rows lead away from the target, and their inverse toward it.

    source, target : (n, m) and (n_t, m) numbers, dense or sparse.
    """
    if (log_w == log_w[0]).all():
        return
    weights = Weights.of_log(log_w - np.max(log_w), kind="importance")
    table = balance(source, target, weights=weights)
    if table.mean_abs_after <= table.mean_abs_before:
        return
    verdict = weights.check(balance=table)
    for reason in verdict.reasons:
        if reason.code == "WRONG_WAY":
            raise VerdictError(
                f"WRONG_WAY: {reason.text}. The ratio that was learnt is source over target: is class 1 of the classifier the target?"
            )
