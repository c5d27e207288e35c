"""Which real rows a step sees, and with what weights.

The trouble: the last batch of an epoch may hold a single row, of which no distance can be taken, and a smaller batch is noisier than
the others with the same say. So every step takes as many rows as the others; what the epoch's last batch lacks is drawn from the other
rows. Under by="resample" rows come in proportion to their weights and weigh one.

What is inside: `RealRows`.

Source: Kitagawa (1996) for systematic resampling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ...arrays import resample
from ..keyed import seed_of, seeded

__all__ = ["RealRows"]


@dataclass(frozen=True, eq=False)
class RealRows:
    """Training rows x (n, d) and weights w (n,) of mean one, on the device; batches by number."""

    x: torch.Tensor
    w: torch.Tensor
    by: str
    batch: int
    key: int

    def step(self, rows: torch.Tensor, epoch: int, step: int) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Real rows of a step and their weights; None where they weigh one."""
        rows = self._filled(rows, epoch)
        if self.by != "resample":
            return self.x[rows], self.w[rows]
        return self.x[self._drawn(len(rows), epoch, step)], None

    def _filled(self, rows: torch.Tensor, epoch: int) -> torch.Tensor:
        n = len(self.x)
        lack = min(self.batch, n) - len(rows)
        if lack <= 0:
            return rows
        left = torch.ones(n, dtype=torch.bool)
        left[rows] = False
        others = left.nonzero()[:, 0]
        order = torch.randperm(len(others), generator=seeded(self.key, "filled", epoch))
        return torch.cat([rows, others[order[:lack]]])

    def _drawn(self, m: int, epoch: int, step: int) -> torch.Tensor:
        rng = np.random.default_rng(seed_of(self.key, "resample", epoch, step))
        with np.errstate(divide="ignore"):
            log_w = np.log(self.w.cpu().numpy().astype(np.float64))
        return torch.as_tensor(resample(log_w, m, method="systematic", rng=rng))
