"""p(x|z): which columns a table has, what the decoder's outputs mean for them, and the density of what was observed."""

from ._bernoulli import Bernoulli
from ._categorical import Categorical
from ._counts import Counts
from ._density import Density, ObservedRows
from ._gaussian import Gaussian
from ._mixed import Mixed
from ._named import density_of, likelihood_of, settings_of, settings_to_dict
from ._read_columns import numbers
from ._readable import readable

__all__ = [
    "Bernoulli",
    "Categorical",
    "Counts",
    "Density",
    "Gaussian",
    "Mixed",
    "ObservedRows",
    "density_of",
    "likelihood_of",
    "numbers",
    "readable",
    "settings_of",
    "settings_to_dict",
]
