"""Pure functions over arrays of log-weights; the last axis is the rows, leading axes a batch.

NumPy, PyTorch or JAX in, the same out. Nothing here knows `Weights`, kinds or promises.

Names in capitals, `LogSums`, `device`, `fit_logs`, `hill`, `khat_of_largest`, `log_sums`, `moved`, `namespace`, `positive`, `stop_gradient`, `tail_index`, `tail_size`,
`threshold` and `working` are for the other rooms of this package, which take them from here and not from the files behind; the rest is for everybody.
"""

from ._alias import AliasTable, alias_table
from ._ess import design_effect, ess, ess_for, hill, positive
from ._log import BLOCK, UNDERFLOW, LogSums, log_mean_exp, log_sum_exp, normalise
from ._log import sums as log_sums
from ._namespace import Array, device, namespace, stop_gradient, working
from ._pareto import fit_logs, fit_pareto
from ._rate import min_rows, rate, threshold, widening
from ._resample import resample
from ._tail import khat, khat_of_largest, psis, tail_index
from ._tail_constants import MOST, TIE, TOO_FEW, tail_size
from ._tame import clip, drop, moved, shrink, temper, truncate

__all__ = [
    "BLOCK",
    "MOST",
    "TIE",
    "TOO_FEW",
    "UNDERFLOW",
    "AliasTable",
    "Array",
    "LogSums",
    "alias_table",
    "clip",
    "design_effect",
    "device",
    "drop",
    "ess",
    "ess_for",
    "fit_logs",
    "fit_pareto",
    "hill",
    "khat",
    "khat_of_largest",
    "log_mean_exp",
    "log_sum_exp",
    "log_sums",
    "min_rows",
    "moved",
    "namespace",
    "normalise",
    "positive",
    "psis",
    "rate",
    "resample",
    "shrink",
    "stop_gradient",
    "tail_index",
    "tail_size",
    "temper",
    "threshold",
    "truncate",
    "widening",
    "working",
]
