"""Explorers: they find where the answer lives, and give a proposal; no number of theirs is believed."""

from ._amis import Adapted, adaptive_rounds
from ._cross_entropy import Explored, explore, level_size, log_normal
from ._subset import SubsetRun, subset_run
from ._tempering import Tempered, particle_count, temper_particles

__all__ = [
    "Adapted",
    "Explored",
    "SubsetRun",
    "Tempered",
    "adaptive_rounds",
    "explore",
    "level_size",
    "log_normal",
    "particle_count",
    "subset_run",
    "temper_particles",
]
