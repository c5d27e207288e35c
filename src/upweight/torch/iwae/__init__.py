"""Importance-weighted autoencoders as pure functions: everything is a function of log_w, with K draws on its last axis.

Tensors in, tensors out, for networks of your own. See README.md.
"""

from ._bound import bound
from ._curve import Curve, curve
from ._detached import detached
from ._diagnosis import Diagnosis, diagnose
from ._draws import Draws, draw
from ._generators import gan_loss, mmd2
from ._log_likelihood import log_likelihood
from ._objective import Objective, as_objective
from ._posterior import expect, resample
from ._row_likelihoods import LogLikelihood
from ._surrogate import surrogate

__all__ = [
    "Curve",
    "Diagnosis",
    "Draws",
    "LogLikelihood",
    "Objective",
    "as_objective",
    "bound",
    "curve",
    "detached",
    "diagnose",
    "draw",
    "expect",
    "gan_loss",
    "log_likelihood",
    "mmd2",
    "resample",
    "surrogate",
]
