"""Which remedy for a rare class, if any, earned its place?"""

from ._compare import Comparison, compare, run_comparison
from ._document import with_seconds
from ._method_result import MethodResult
from ._methods import method, methods_for
from ._settings import Settings
from ._setup import ComparisonSetup, setup_comparison
from ._watching import Spoken

Row = MethodResult  # what it was called in version 0.1.0

__all__ = [
    "Comparison",
    "ComparisonSetup",
    "MethodResult",
    "Row",
    "Settings",
    "Spoken",
    "compare",
    "method",
    "methods_for",
    "run_comparison",
    "setup_comparison",
    "with_seconds",
]
