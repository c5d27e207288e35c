"""What is asked of a simulation: a rare event, an evidence, a posterior, an integral, plain draws."""

from ._adapt import adapt
from ._draw import draw
from ._evidence import evidence
from ._integral import Integral
from ._integrate import integrate
from ._posterior import Posterior
from ._rare import rare
from ._rare_demos import DEMOS
from ._rare_event import RareEvent

__all__ = [
    "DEMOS",
    "Integral",
    "Posterior",
    "RareEvent",
    "adapt",
    "draw",
    "evidence",
    "integrate",
    "rare",
]
