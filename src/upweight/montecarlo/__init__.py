"""Answers by simulation: rare events, evidence and integrals, by a proposal that is fitted, frozen, drawn from afresh and judged.

explore  ->  fit a proposal  ->  freeze it, draw afresh, weight  ->  judge: converged, or not and why
"""

from .answers import RareEvent, rare
from .calls import Run
from .inputs import Inputs

__all__ = ["Inputs", "RareEvent", "Run", "rare"]
