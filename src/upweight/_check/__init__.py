"""Verdicts on weights, in memory (`check`) and in batches (`Tally`): one engine from sums to figures to reasons to words.

_summary, _largest, _segments, _moments   sums that merge           _provenance       kind, promise and history
_check, _tally                         figures from them         _reasons    figures to reasons, grade and advice
_verdict, _screen, _digits             the outcome, and its words  _documents  results as plain types
"""

from ._check import check
from ._documents import float_of, plain
from ._reasons import GRADES, Reason, first_advice, flagged, passes, worst_grade
from ._segments import FEWEST as FEWEST_IN_SEGMENT
from ._segments import labels
from ._tally import Gone, Tally
from ._verdict import Verdict

__all__ = [
    "FEWEST_IN_SEGMENT",
    "GRADES",
    "Gone",
    "Reason",
    "Tally",
    "Verdict",
    "check",
    "first_advice",
    "flagged",
    "float_of",
    "labels",
    "passes",
    "plain",
    "worst_grade",
]
