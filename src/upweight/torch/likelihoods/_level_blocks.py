"""Logits of many columns of levels, side by side: one block of L_j numbers a column.

The trouble: columns have different numbers of levels, and a loop over a thousand of them is slow. Columns with as many levels are worked
on together,

    outputs (..., sum L) = [L_1 logits | L_2 logits | ...],    groups: columns of equal L, their logits (..., m, L)

What is inside: `LevelBlocks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import torch

__all__ = ["LevelBlocks"]


class LevelBlocks:
    """Blocks of `sizes` numbers each, one after the other."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self.sizes, self.total = sizes, sum(sizes)

    @cached_property
    def starts(self) -> torch.Tensor:
        """(D,) where each block begins."""
        sizes = torch.tensor(self.sizes, dtype=torch.long)
        return torch.cumsum(sizes, 0) - sizes

    @cached_property
    def _groups(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Of each size: the columns (m,), and where their numbers stand (m, L)."""
        sizes = torch.tensor(self.sizes)
        groups = []
        for size in sorted(set(self.sizes)):
            columns = torch.nonzero(sizes == size).ravel()
            groups.append((columns, self.starts[columns].unsqueeze(-1) + torch.arange(size)))
        return groups

    def groups(self, outputs: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        """(columns (m,), places (m, L), numbers (..., m, L)) of each size."""
        for columns, places in self._groups:
            at = places.to(outputs.device)
            yield columns.to(outputs.device), at, outputs[..., at]

    def chosen(self, codes: torch.Tensor) -> torch.Tensor:
        """(..., D) where the number of each code stands."""
        return codes.long() + self.starts.to(codes.device)

    def shares(self, outputs: torch.Tensor) -> torch.Tensor:
        """(..., sum L) softmax of each block."""
        out = torch.empty_like(outputs)
        for _, places, block in self.groups(outputs):
            out[..., places] = block.softmax(-1)
        return out

    def likeliest(self, shares: torch.Tensor) -> torch.Tensor:
        """(..., D) the code of the largest share of each block."""
        out = shares.new_empty(*shares.shape[:-1], len(self.sizes))
        for columns, _, block in self.groups(shares):
            out[..., columns] = block.argmax(-1).to(out)
        return out

    def drawn(self, shares: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        """(..., D) a code of each block, with the probability of its share."""
        u = torch.rand(
            *shares.shape[:-1], len(self.sizes), generator=generator, dtype=shares.dtype, device=shares.device
        )
        out = torch.empty_like(u)
        for columns, _, block in self.groups(shares):
            below = (block.cumsum(-1)[..., :-1] <= u[..., columns].unsqueeze(-1)).sum(-1)
            out[..., columns] = below.to(out)
        return out

    def one_hot(self, codes: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
        """(B, sum L) one where a code stands, zeros of what was not seen."""
        out = codes.new_zeros(*codes.shape[:-1], self.total)
        ones = torch.ones_like(codes) if seen is None else seen.to(codes)
        return out.scatter_(-1, self.chosen(codes), ones)
