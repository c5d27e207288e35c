"""Pure functions over arrays of log-weights; the last axis is the rows, leading axes a batch.

NumPy, PyTorch or JAX in, the same out. Nothing here knows `Weights`, kinds or promises.

`__all__` is for everybody. The names that are imported as themselves below it are for the other rooms of this package, which take them
from here and not from the files behind.
"""

from upweight.arrays._alias import AliasTable, alias_table
from upweight.arrays._ess import design_effect, ess, ess_for
from upweight.arrays._ess import positive as positive
from upweight.arrays._log import BLOCK as BLOCK
from upweight.arrays._log import UNDERFLOW as UNDERFLOW
from upweight.arrays._log import log_mean_exp, log_sum_exp, normalise
from upweight.arrays._log import sums as log_sums  # noqa: F401
from upweight.arrays._pareto import fit_pareto
from upweight.arrays._rate import min_rows, rate, widening
from upweight.arrays._rate import threshold as threshold
from upweight.arrays._resample import resample
from upweight.arrays._tail import khat, psis
from upweight.arrays._tail import tail_index as tail_index
from upweight.arrays._tail_constants import MOST as MOST
from upweight.arrays._tail_constants import TIE as TIE
from upweight.arrays._tail_constants import TOO_FEW as TOO_FEW
from upweight.arrays._tail_constants import tail_size as tail_size
from upweight.arrays._tame import clip, shrink, temper, truncate

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
