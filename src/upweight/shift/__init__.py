"""The world moved: density ratios, balancing to known margins, label shift, tests, and what weights are then used for."""

from __future__ import annotations

__all__: list[str] = []
