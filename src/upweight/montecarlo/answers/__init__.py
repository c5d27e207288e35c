"""What is asked of a simulation: a rare event."""

from ._rare import rare
from ._rare_event import RareEvent

__all__ = ["RareEvent", "rare"]
