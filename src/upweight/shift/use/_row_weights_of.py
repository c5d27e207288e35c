"""What a ratio says of some rows: one door for a fitted ratio, a known one, and label shift.

The trouble: a density ratio is asked about the columns, label shift about the labels, a ratio that is known in closed form is any
function; and a function that returns an array has lost the kind and the scale. Whoever uses weights here asks this file.

What is inside: `weights_of`, the weights of some rows; `tempered`, the same to a power, of mean one; `refuse_no_ratio`, the check before anything is fitted;
`follows_labels`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError, KindError
from ..._weights import Weights
from ...tables import row_count
from ..label import LabelShift

__all__ = ["follows_labels", "refuse_no_ratio", "tempered", "weights_of"]


def follows_labels(ratio: Any) -> bool:
    """Whether the weights of a row depend on its label and not on its columns."""
    return isinstance(ratio, LabelShift)


def refuse_no_ratio(ratio: Any, name: str = "ratio") -> None:
    """A ratio is a DensityRatio, a function from rows to `Weights`, or a LabelShift."""
    if isinstance(ratio, LabelShift) or (callable(ratio) and not isinstance(ratio, type)):
        return
    what = f"{type(ratio).__name__}" if not isinstance(ratio, type) else f"the class {ratio.__name__}"
    more = " Weights belong to the rows they were made for, not to new ones." if isinstance(ratio, Weights) else ""
    raise InputError(
        f"`{name}` must be a DensityRatio, a LabelShift or a function of X that returns Weights; got {what}.{more} "
        "Pass density_ratio(source, target)."
    )


def weights_of(ratio: Any, X: Any, y: Any, *, name: str = "ratio") -> Weights:
    """The weights of these rows, one each, on the ratio's own scale."""
    refuse_no_ratio(ratio, name)
    if follows_labels(ratio):
        if y is None:
            raise InputError(
                f"`{name}` is a LabelShift, whose weights follow the labels; got no `y`. Pass the labels of these rows."
            )
        return ratio.weights(y)
    w = ratio(X)
    if not isinstance(w, Weights):
        raise InputError(
            f"`{name}`(X) must return Weights; got {type(w).__name__}. Return uw.ratio(p_target, p_source), or "
            "uw.Weights.of(values, kind='importance')."
        )
    rows = row_count(X) if hasattr(X, "shape") or hasattr(X, "__len__") else len(np.asarray(X))
    if w.shape != (rows,):
        raise InputError(
            f"`{name}`(X) must return one weight a row, {rows:,}; got shape {w.shape}. Return a weight for every row of X."
        )
    if w.kind in ("class", "cost", "frequency"):
        raise KindError(
            f"`{name}`(X) must return ratios of target to source; got {w.kind} weights. If they are ratios: w.declare(kind='importance')."
        )
    return w


def tempered(ratio: Any, X: Any, y: Any, power: float) -> Any:
    """(n,) weights of mean one, w^power; None where power is 0, for ones."""
    if power == 0:
        return None
    w = weights_of(ratio, X, y)
    if power != 1:
        w = w.temper(power=power)
    return w.sample_weight
