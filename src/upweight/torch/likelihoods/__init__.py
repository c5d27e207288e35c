"""p(x|z): which columns a table has, what the decoder's outputs mean for them, and the density of what was observed."""

from ._bernoulli import Bernoulli
from ._density import Density, ObservedRows
from ._gaussian import Gaussian
from ._named import density_of, likelihood_of, settings_of, settings_to_dict

__all__ = [
    "Bernoulli",
    "Density",
    "Gaussian",
    "ObservedRows",
    "density_of",
    "likelihood_of",
    "settings_of",
    "settings_to_dict",
]
