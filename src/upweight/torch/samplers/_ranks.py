"""Several processes that train together: who am I, and what did the others see?

The trouble: each rank scores its own rows only; ranks that keep different scores would plan different epochs, and their shares of "the" plan
would overlap.

What is inside: `my_rank`, from `torch.distributed`; `exchange`, by which ranks hand each other what they noted, once an epoch.
"""

from __future__ import annotations

from typing import Any

import torch.distributed as dist

from ..._errors import InputError
from ...training import Exchange, Pairs

__all__ = ["exchange", "my_rank"]


def _running() -> bool:
    """Whether this process has joined others."""
    return dist.is_available() and dist.is_initialized()


def my_rank(rank: int | None, world_size: int | None) -> tuple[int, int]:
    """(rank, ranks) as given, or as `torch.distributed` says."""
    if rank is None and world_size is None:
        if not _running():
            raise InputError("no ranks: torch.distributed is not initialised. Pass rank= and world_size=.")
        return dist.get_rank(), dist.get_world_size()
    good = all(isinstance(x, int) and not isinstance(x, bool) for x in (rank, world_size))
    if not good or rank is None or world_size is None or not 0 <= rank < world_size:
        raise InputError(
            f"`rank` must be a whole number below `world_size`; got {rank!r} of {world_size!r}. Pass both, or neither."
        )
    return rank, world_size


def exchange() -> Exchange | None:
    """How pairs go to all ranks and theirs come back, in the order of ranks; None for a process alone."""
    if not _running() or dist.get_world_size() == 1:
        return None

    def all_pairs(own: Pairs) -> list[Pairs]:
        everybody: list[Any] = [None] * dist.get_world_size()
        dist.all_gather_object(everybody, own)
        return everybody

    return all_pairs
