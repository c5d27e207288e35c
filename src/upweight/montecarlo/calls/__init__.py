"""How a function of the user is called: rows, batches, processes, journal, count."""

from ._answering import raised_at
from ._calls import Calls, Question
from ._run import Run

__all__ = ["Calls", "Question", "Run", "raised_at"]
