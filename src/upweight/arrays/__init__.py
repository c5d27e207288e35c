"""Pure functions over arrays of log-weights; the last axis is the rows, leading axes a batch.

NumPy, PyTorch or JAX in, the same out. Nothing here knows `Weights`, kinds or promises.

`__all__` is for everybody. The names that are imported as themselves below it are for the other rooms of this package, which take them
from here and not from the files behind.
"""

from ._alias import AliasTable, alias_table
from ._ess import design_effect, ess, ess_for
from ._ess import hill as hill
from ._ess import positive as positive
from ._log import BLOCK as BLOCK
from ._log import UNDERFLOW as UNDERFLOW
from ._log import Sums as Sums
from ._log import log_mean_exp, log_sum_exp, normalise
from ._log import sums as log_sums  # noqa: F401
from ._pareto import fit_pareto
from ._rate import min_rows, rate, widening
from ._rate import threshold as threshold
from ._resample import resample
from ._tail import khat, psis
from ._tail import tail_index as tail_index
from ._tail_constants import MOST as MOST
from ._tail_constants import TIE as TIE
from ._tail_constants import TOO_FEW as TOO_FEW
from ._tail_constants import tail_size as tail_size
from ._tame import clip, shrink, temper, truncate
from ._tame import moved as moved

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
