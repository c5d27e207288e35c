"""What an estimate holds: its averages, in which shape, under which names.

The trouble: a table of columns, a batch of policies and a single average share every rule, and would be three classes. Here they are one
list of averages and a shape, () for one, (c,) for columns, (..., c) for a batch of weights; figures are spread out in it at the end.

What is inside: `Terms`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import printable
from .._frames import NUMPY, Container
from ._belief import Average

__all__ = ["Terms"]


@dataclass(frozen=True, eq=False)
class Terms:
    """What an estimate was made of, enough to make influences and arithmetic of it."""

    each: tuple[Average, ...]
    shape: tuple[int, ...]
    size: int  # rows of the influence, each copy-bearing row once
    names: tuple[Any, ...] = ()
    container: Container = NUMPY

    def spread_out(self, figures: Sequence[Any]) -> Any:
        """One figure an average as a float, or as a read-only array in the shape of the estimate."""
        if not self.shape:
            return float(figures[0])
        x = np.array(figures, dtype=np.float64).reshape(self.shape)
        x.flags.writeable = False
        return x

    def place(self, i: int) -> str:
        """How average i is called in a sentence; nothing if it is the only one."""
        return "" if not self.shape else f"average {printable(self.names[i]) if self.names else i}: "

    @property
    def places(self) -> list[str]:
        """What stands before each average when several are printed."""
        return [printable(name) for name in self.names] or [", ".join(map(str, i)) for i in np.ndindex(self.shape)]
