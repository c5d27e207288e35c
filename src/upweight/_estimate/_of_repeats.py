"""An average of independent repeats of a whole calculation: its error is how far they differ, whatever went on inside.

The trouble: rows of a chain, of an adaptive integration or of a subset simulation depend on each other in ways no formula for one run knows;
eight runs that share nothing do not.

    value = mean(v_r)     se^2 = sum_r (v_r - value)^2 / (R (R - 1))     t with R - 1 degrees of freedom

Rules on k-hat and effective rows are about weighted rows, and do not apply; an error told from fewer than eight repeats is not believed, nor one
of 0: equal repeats share a seed, or all of them missed the same part.

What is inside: `averages_of_repeats`; `is_of_repeats`, for those who print an estimate.

Source: Student (1908), The probable error of a mean, Biometrika 6.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError, counted
from ._belief import Average, average
from ._influence import Dense
from ._sample import WeightedSample
from ._tails import power_of_two
from ._terms import Terms

if TYPE_CHECKING:
    from ._estimate import Estimate

__all__ = ["averages_of_repeats", "is_of_repeats"]


def averages_of_repeats(values: Any) -> Terms:
    """The averages of values (R,) or (R, c), one row a repeat."""
    v = np.array(values, dtype=np.float64)
    if v.ndim not in (1, 2) or v.shape[0] < 2 or v.size == 0:
        raise InputError(
            f"`values` must be (R,) or (R, c), one row a repeat, at least 2 of them; got shape {v.shape}. Run it again with another seed."
        )
    bad = ~np.isfinite(v)
    if bad.any():
        row = int(bad.reshape(len(v), -1).any(axis=1).argmax())
        came = counted(bad.sum(), "number not so", "numbers not so")
        raise InputError(
            f"every repeat must be finite; got {came}, first in repeat {row}. Find out why it failed and run it again."
        )
    r = len(v)
    sample = WeightedSample(r, r, r, r / (r - 1), float(r), float(r), math.nan, False, repeats=True)
    each = tuple(_one(column, sample) for column in np.atleast_2d(v.T))
    return Terms(each, v.shape[1:], r)


def _one(v: np.ndarray, sample: WeightedSample) -> Average:
    """Read less the first, so that equal repeats have no error, and are not believed for it; in a unit of their own, so that squares
    neither vanish nor overflow."""
    unit = power_of_two(float(np.abs(v).max())) or 1.0
    far = v / unit - v[0] / unit
    mean = math.fsum(far) / v.size
    line = Dense((far - mean) / v.size)
    one = average(float(v[0] / unit + mean), line, sample, v.size, bounded=True, ess_f=float(sample.n)).moved(unit)
    if far.any():
        return one
    return replace(one, doubt=f"all {v.size} repeats are {v[0]:.6g}: no error can be told from them.")


def is_of_repeats(e: Estimate) -> bool:
    """Whether an estimate rests on whole runs, so that k-hat and ESS are not what to print beside it."""
    return e._terms.each[0].sample.repeats
