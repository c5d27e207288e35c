"""Weighted points: averages over them, integrals, and the evidence of the weights."""

from ._draws import Draws
from ._evidence import Evidence, deviation, evidence_of_integral, evidence_of_repeats, unknown_evidence

__all__ = ["Draws", "Evidence", "deviation", "evidence_of_integral", "evidence_of_repeats", "unknown_evidence"]
