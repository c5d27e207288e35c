"""Noise that follows from keys: of a step of training, of a row when it is scored.

The trouble: log_w of draw 4999 must be the same whether the row was scored alone or among others, by chunks of 256 pairs or of 20,000.
So the draws of a row come in blocks of 256, each from a generator seeded by (the row's key, the block); a part of a block is a slice
of it.

    noise of draws first .. first + count - 1 of a row  =  rows first .. of its blocks, one under the other

What is inside: `seeded`, a generator at a place; `normal_noise` and `row_order`, for training; `RowNoise`, for scoring.

Costs: PyTorch's CPU generator takes 32 bits of a seed, so that of a million blocks some hundred share their draws with a block of
another row or step; no row shares draws with itself but by a chance of one in ten million.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ._keys import Place, seed_of

__all__ = ["BLOCK", "RowNoise", "normal_noise", "row_order", "seeded"]

BLOCK = 256  # draws of a row that come from one generator


def seeded(key: int, *place: Place, device: torch.device | str = "cpu") -> torch.Generator:
    """PyTorch's generator at a place of the key."""
    return torch.Generator(device).manual_seed(seed_of(key, *place))


def normal_noise(shape: Sequence[int], key: int, *place: Place, device: torch.device | str = "cpu") -> torch.Tensor:
    """float32 standard normals of that shape, the same for the same key and place (on the same kind of device)."""
    generator = seeded(key, *place, device=device)
    return torch.randn(tuple(shape), generator=generator, device=device, dtype=torch.float32)


def row_order(n: int, key: int, epoch: int) -> torch.Tensor:
    """The order in which n rows are visited in an epoch."""
    return torch.randperm(n, generator=seeded(key, "order", epoch))


class RowNoise:
    """Standard normals of rows, a row by its key: any draws of it at any time, always the same.

    keys : one a row, of `row_keys`. width : numbers a draw.
    """

    def __init__(self, keys: Sequence[int], width: int) -> None:
        self.keys, self.width = list(keys), width
        self._generator = torch.Generator()
        self._kept: tuple[tuple[int, int, int], torch.Tensor] | None = None

    def draws(self, rows: slice, first: int, count: int) -> torch.Tensor:
        """(rows, count, width) float32: draws first .. first + count - 1."""
        last = first + count - 1
        parts = [self._block(rows, b) for b in range(first // BLOCK, last // BLOCK + 1)]
        whole = parts[0] if len(parts) == 1 else torch.cat(parts, 1)
        start = first % BLOCK
        return whole[:, start : start + count]

    def _block(self, rows: slice, block: int) -> torch.Tensor:
        """(rows, 256, width); the last one asked for is kept."""
        place = rows.start, rows.stop, block
        if self._kept is None or self._kept[0] != place:
            made = torch.empty(rows.stop - rows.start, BLOCK, self.width, dtype=torch.float32)
            for i, key in enumerate(self.keys[rows]):
                self._generator.manual_seed(seed_of(key, "block", block))
                made[i].normal_(generator=self._generator)
            self._kept = place, made
        return self._kept[1]
