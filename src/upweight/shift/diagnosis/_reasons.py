"""Reasons beside those of the weights: rows without support, columns of one side, labels of the target, a relation that changed.

What is inside: `reasons`, those of the trunk for the weights in use, then these.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..._balance import Balance
from ..._check import Reason
from ..._errors import counted, printable
from ..._weights import Weights
from ._sentences import ShiftFacts, concept_moved

__all__ = ["reasons"]

SOME, MANY = 0.01, 0.1  # shares of target rows that no source row is like
SHOWN = 3


def reasons(t: ShiftFacts, weights: Weights, table: Balance | None) -> tuple[Reason, ...]:
    """Every reason that holds: of the weights in use with their balance, and of the two samples."""
    of_weights = weights.check(balance=table).reasons
    here = [r for rule in (_support, _new_column, _labels, _concept) for r in rule(t)]
    own = {str(r) for r in here}
    return tuple([*(r for r in of_weights if str(r) not in own), *here])


def _support(t: ShiftFacts) -> Iterator[Reason]:
    share = float(t.no_support.mean())
    if share >= SOME:
        grade = "unreliable" if share >= MANY else "usable"
        text = f"{100 * share:.1f} % of the target rows look like no source row"
        yield Reason(
            "NO_SUPPORT", grade, "support", text, "collect such rows, or leave them out of the target and say so"
        )


def _new_column(t: ShiftFacts) -> Iterator[Reason]:
    new = t.sides.new_columns
    if new:
        more = f" and {len(new) - SHOWN} more" if len(new) > SHOWN else ""
        text = f"{counted(len(new), 'column')} with values on one side only: {', '.join(map(printable, new[:SHOWN]))}{more}"
        yield Reason("NEW_COLUMN", "usable", "support", text, "exclude it: it tells the samples apart and nothing else")


def _labels(t: ShiftFacts) -> Iterator[Reason]:
    if t.known is not None:
        text = f"{counted(t.known, 'label')} of the target given: used to judge, not as a column"
        yield Reason("LABEL_IN_BOTH", "good", "note", text)


def _concept(t: ShiftFacts) -> Iterator[Reason]:
    if t.concept is not None and concept_moved(t.concept):
        text = f"{t.label_name} depends on the columns otherwise than it did"
        yield Reason(
            "CONCEPT", "unreliable", "note", text, "label more target rows and train on them: no weights repair this"
        )
