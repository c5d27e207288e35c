"""The rows of two samples as one table, and the terms of their columns that weights shall match."""

from ._levels import refuse_gaps
from ._margins import known_terms
from ._pooled import Pooled, container_of_rows, halves, refuse_other_columns, refuse_zero_base
from ._terms import TERMS, TermPlan, TermRows, column_sds, refuse_unseen

__all__ = [
    "TERMS",
    "Pooled",
    "TermPlan",
    "TermRows",
    "column_sds",
    "container_of_rows",
    "halves",
    "known_terms",
    "refuse_gaps",
    "refuse_other_columns",
    "refuse_unseen",
    "refuse_zero_base",
]
