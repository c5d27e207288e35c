"""Which remedy for a rare class, if any, earned its place?"""

from ._compare import Comparison, answer, compare
from ._document import with_seconds
from ._methods import method, rows_for
from ._results import Row
from ._setup import Question, question

__all__ = ["Comparison", "Question", "Row", "answer", "compare", "method", "question", "rows_for", "with_seconds"]
