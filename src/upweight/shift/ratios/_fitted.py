"""What every way of learning a ratio gives back, before it becomes a `DensityRatio`.

What is inside: `FittedRatio`; `RatioFunction`, what a function of rows must answer; `Ones`, the ratio of samples that do not differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

__all__ = ["FittedRatio", "Ones", "RatioFunction"]


class RatioFunction(Protocol):
    """log w(x) of rows, as they came and as the schema reads them."""

    def log(self, X: Any, table: Any) -> np.ndarray: ...


@dataclass(frozen=True)
class Ones:
    """w(x) = 1."""

    def log(self, X: Any, table: Any) -> np.ndarray:
        """(rows,) zeros."""
        return np.zeros(len(table))


@dataclass(frozen=True, eq=False)
class FittedRatio:
    """A method's name, its function, log-weights (rows,) of the source rows that count, losses, alpha, and what the trail shall say."""

    method: str
    function: RatioFunction
    log_w: np.ndarray
    losses: dict[Any, float]
    alpha: float = 0.0
    steps: Mapping[str, Any] = field(default_factory=dict)
