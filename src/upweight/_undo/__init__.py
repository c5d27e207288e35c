"""Give the odds back: the formula (`Correction`), and the repair on held-out rows where no formula is true (`recalibrate`)."""

from ._correction import Correction
from ._rare import rare_bias
from ._repair import Repair, recalibrate

__all__ = ["Correction", "Repair", "rare_bias", "recalibrate"]
