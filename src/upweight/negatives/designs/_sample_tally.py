"""What a sample adds up, part by part: rows before and after, and the sums that say whether they fit each other.

inverse_pi           sum over kept negatives of 1/pi0, which estimates their number
inverse_pi_variance  sum of (1 - pi0)/pi0^2, its variance
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["SampleTally"]


@dataclass(frozen=True)
class SampleTally:
    """Counts of rows that came and rows that stayed; sums merge by addition."""

    rows: int
    positives: int
    negatives: int
    kept_positives: int
    kept_negatives: int
    unscored: int
    inverse_pi: float
    inverse_pi_variance: float

    @staticmethod
    def of(before: np.ndarray, after: np.ndarray, pi: np.ndarray, unscored: int) -> SampleTally:
        """From the labels before and after, and the keep-probabilities pi0 of the rows that stayed."""
        ones, kept = int(np.count_nonzero(before)), int(np.count_nonzero(after))
        own = pi[~after]
        inverse = 1 / own
        variance = (1 - own) * inverse * inverse
        return SampleTally(
            len(before),
            ones,
            len(before) - ones,
            kept,
            len(after) - kept,
            unscored,
            float(inverse.sum()),
            float(variance.sum()),
        )

    def __add__(self, other: SampleTally) -> SampleTally:
        return SampleTally(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    def result(self) -> SampleTally:
        """Itself."""
        return self

    def to_dict(self) -> dict[str, Any]:
        """As plain numbers."""
        return dict(vars(self))
