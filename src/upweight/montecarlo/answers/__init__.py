"""What is asked of a simulation: a rare event, an evidence, an integral, plain draws."""

from ._draw import draw
from ._rare import rare
from ._rare_demos import DEMOS
from ._rare_event import RareEvent

__all__ = ["DEMOS", "RareEvent", "draw", "rare"]
