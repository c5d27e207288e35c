"""Explorers: they find where the answer lives, and give a proposal; no number of theirs is believed."""

from ._cross_entropy import Explored, explore, level_size, log_normal
from ._subset import SubsetRun, subset_run

__all__ = ["Explored", "SubsetRun", "explore", "level_size", "log_normal", "subset_run"]
