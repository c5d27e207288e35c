"""The numbers that every form of the tail's fit shares, and how many weights make a tail.

The trouble: the fit is written twice, for NumPy (`_tail`, `_pareto`) and for tensors (`_tail_tensors`), and both must take the same
rows for the tail and the same limits for the fit.

    M = 3 sqrt(S / r_eff),   a fifth of S in small samples,   at most 30,000 and S - 1

Source: Vehtari, Simpson, Gelman, Yao & Gabry (2024), Pareto smoothed importance sampling, JMLR 25(72).
"""

from __future__ import annotations

import math

__all__ = [
    "CAP",
    "FAR",
    "FEWEST",
    "MOST",
    "NEGLIGIBLE",
    "PLAIN",
    "PRIOR_K",
    "PRIOR_ROWS",
    "SMALL_SAMPLE",
    "TIE",
    "TOO_FEW",
    "tail_size",
]

TOO_FEW = 25  # positive weights below which no tail is judged
FEWEST = 5  # exceedances, and distinct ones, below which no shape can be told
MOST = 30_000  # exceedances at most: more cost time and tell nothing new
TIE = 8.0  # rounding units within which two logs are equal
FAR = 30.0  # beyond e**30 times sigma / k the cut itself no longer shows in a quantile
PLAIN, SMALL_SAMPLE = 225, 5  # up to 225 effective rows a fifth of them is the tail
# Above e**50 quartiles log(1 - b y) = log(-b) + log y to the last bit, and eight such factors fit a float64.
CAP = 50.0
NEGLIGIBLE = 10.0  # rounding units: grid points of less weight are dropped
PRIOR_ROWS, PRIOR_K = 10, 0.5


def tail_size(rows: int, r_eff: float = 1.0) -> int:
    """How many of `rows` positive weights make the tail: M = 3 sqrt(S / r_eff), a fifth in small samples.

    >>> from upweight.arrays import tail_size
    >>> tail_size(100), tail_size(10_000)
    (20, 300)
    """
    size = math.floor(3 * math.sqrt(rows / r_eff)) if rows * r_eff > PLAIN else rows // SMALL_SAMPLE
    return min(size, MOST, rows - 1)
