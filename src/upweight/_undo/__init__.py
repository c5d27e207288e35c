"""Give the odds back: the formula (`Correction`), and the repair on held-out rows where no formula is true (`recalibrate`).

_proba, _odds, _prior        what comes in, and the arithmetic of log-odds
_calibration, _repair        figures on held-out rows, and what mends them
_documents, _correction      results as plain types; the formula, which can be verified

Below are all names that other rooms may import.
"""

from ._calibration import Calibration, HeldOut, calibration, fit_logits, read_held_out
from ._correction import Correction
from ._prior import Prior
from ._proba import Proba, read_labels, read_proba, softmax
from ._rare import rare_bias
from ._repair import Repair, recalibrate

__all__ = [
    "Calibration",
    "Correction",
    "HeldOut",
    "Prior",
    "Proba",
    "Repair",
    "calibration",
    "fit_logits",
    "rare_bias",
    "read_held_out",
    "read_labels",
    "read_proba",
    "recalibrate",
    "softmax",
]
