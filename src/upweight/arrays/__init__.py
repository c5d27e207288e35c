"""Pure functions over arrays of log-weights; the last axis is the rows, leading axes a batch.

NumPy, PyTorch or JAX in, the same out. Nothing here knows `Weights`, kinds or promises.
"""

from ._alias import AliasTable, alias_table
from ._ess import design_effect, ess, ess_for
from ._log import log_mean_exp, log_sum_exp, normalise
from ._pareto import fit_pareto
from ._rate import min_rows, rate, widening
from ._resample import resample
from ._tail import khat, psis
from ._tame import clip, shrink, temper, truncate

__all__ = [
    "AliasTable",
    "alias_table",
    "clip",
    "design_effect",
    "ess",
    "ess_for",
    "fit_pareto",
    "khat",
    "log_mean_exp",
    "log_sum_exp",
    "min_rows",
    "normalise",
    "psis",
    "rate",
    "resample",
    "shrink",
    "temper",
    "truncate",
    "widening",
]
