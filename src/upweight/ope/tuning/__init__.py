"""How much taming is enough: a path of candidates, and the rule that chooses one.

_lepski          the rule, paired or by slopes
_binned          values and paired errors of clipped and dropped weights, from sums by bins of the weights
_grid            the default grid, and what is refused
_path            path and Path
"""

from ._lepski import lepski
from ._path import Path, path

__all__ = ["Path", "lepski", "path"]
