"""Answers by simulation: rare events, evidence and integrals, by a proposal that is fitted, frozen, drawn from afresh and judged.

explore  ->  fit a proposal  ->  freeze it, draw afresh, weight  ->  judge: converged, or not and why
"""

from .answers import Integral, Posterior, RareEvent, adapt, draw, evidence, integrate, rare
from .calls import Run
from .draws import Draws, Evidence
from .inputs import Inputs
from .proposals import Proposal

__all__ = [
    "Draws",
    "Evidence",
    "Inputs",
    "Integral",
    "Posterior",
    "Proposal",
    "RareEvent",
    "Run",
    "adapt",
    "draw",
    "evidence",
    "integrate",
    "rare",
]
