"""Models from thinned rows, their offsets given back, and their measures."""

from ._fit import fit
from ._logistic import Part, first_guess, fit_newton, product
from ._metrics import Metrics, metrics
from ._start import start
from ._streamed_logistic import StreamedLogistic
from ._with_pilot import WithPilot

__all__ = [
    "Metrics",
    "Part",
    "StreamedLogistic",
    "WithPilot",
    "first_guess",
    "fit",
    "fit_newton",
    "metrics",
    "product",
    "start",
]
