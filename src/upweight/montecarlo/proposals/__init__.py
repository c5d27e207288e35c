"""Proposals: what they must be able to do, the families that are fitted, and the fit itself."""

from ._families import fit_normal
from ._fit import fit_proposal
from ._mixture import Mixture, net
from ._normal import Normal, Student, round_normal
from ._pooled import pooled_draws
from ._projected import Projected
from ._protocol import Proposal, as_proposal
from ._vmfn import VonMisesNakagami

__all__ = [
    "Mixture",
    "Normal",
    "Projected",
    "Proposal",
    "Student",
    "VonMisesNakagami",
    "as_proposal",
    "fit_normal",
    "fit_proposal",
    "net",
    "pooled_draws",
    "round_normal",
]
