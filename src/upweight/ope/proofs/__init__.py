"""Intervals with a proof, and what a whole distribution of rewards would be.

_guarantee, _betting   an interval with a proof, whatever the tail; the test martingale behind it
_cvar                  the mean of the worst, or best, share of rewards
_band                  a distribution function that holds everywhere at once
"""

from ._band import Band, band
from ._cvar import cvar
from ._guarantee import guarantee, two_bounds

__all__ = ["Band", "band", "cvar", "guarantee", "two_bounds"]
