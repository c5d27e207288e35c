"""Networks by their settings: `MLP`, `Conv`, and the modules they build, started so that comparisons are fair."""

from ._conv import Conv
from ._mlp import MLP

__all__ = ["MLP", "Conv"]
