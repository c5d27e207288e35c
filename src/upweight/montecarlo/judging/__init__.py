"""The fresh draw and its judgement: the number never comes from the points that shaped the proposal."""

from ._fresh import DEFENSIVE, Fresh, believed, fresh_draw, sized, spread, wanted_rows
from ._known import Known, pooled
from ._lone_share import lone_share

__all__ = [
    "DEFENSIVE",
    "Fresh",
    "Known",
    "believed",
    "fresh_draw",
    "lone_share",
    "pooled",
    "sized",
    "spread",
    "wanted_rows",
]
