"""One answer to "is the other policy better?": weights checked, value, gain, sensitivity, proof, one decision.

_decision      the table from figures to a decision and an advice
_by_label      mean weight and value of every label
_evaluation    Evaluation, what is handed back
_screen        its words
_evaluate      evaluate
_demo          three logs whose truth is known
"""

from ._by_label import ByLabel
from ._decision import decide
from ._demo import DEMOS, Demo, demo
from ._evaluate import evaluate
from ._evaluation import Evaluation
from ._screen import screen

__all__ = ["DEMOS", "ByLabel", "Demo", "Evaluation", "decide", "demo", "evaluate", "screen"]
