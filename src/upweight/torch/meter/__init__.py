"""Whether weights are delivered, and whether they still move the model."""

from ._meter import Meter

__all__ = ["Meter"]
