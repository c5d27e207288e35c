"""What a meter costs: a training loop with it beside the same without, in one process.

    python bench/meter.py            # under a minute of CPU; exit 1 if the meter costs 5 % or more, 1 % or more without pull

MLP 64-128-128-10 on random digits, batch 128, 2000 steps; medians of alternating runs, processor time.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
import torch
from torch import nn

import upweight as uw

T = uw.torch
STEPS, BATCH, ROWS, REPEATS = 2000, 128, 20_000, 3


def loop(kind: str) -> float:
    """Seconds of processor time of one run: "plain", "watched" (no pull), or "metered"."""
    torch.manual_seed(0)
    y = torch.randint(0, 10, (ROWS,))
    X = torch.randn(ROWS, 64) + 2 * nn.functional.one_hot(y, 64)
    w = torch.where(y == 0, 5.0, 0.5)
    w_all = w / w.mean()
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))
    opt = torch.optim.SGD(model.parameters(), lr=0.05)
    meter = T.Meter(model, (X, y), w, optimizer=opt if kind == "metered" else None) if kind != "plain" else None
    batches = torch.randint(0, ROWS, (STEPS, BATCH))
    began = time.process_time()
    for i in batches:
        z = model(X[i])
        if meter is not None:
            meter.watch(z, y[i])
        T.weighted_loss(T.margin_loss(z, y[i]), w_all[i]).backward()
        opt.step()
        opt.zero_grad()
        if meter is not None:
            meter.step()
    return time.process_time() - began


def main() -> int:
    torch.set_num_threads(1)
    loop("metered")
    seconds = {kind: [] for kind in ("plain", "watched", "metered")}
    for _ in range(REPEATS):
        for kind, taken in seconds.items():
            taken.append(loop(kind))
    plain, watched, metered = (statistics.median(s) for s in seconds.values())
    print(
        f"torch {torch.__version__}, numpy {np.__version__}, one thread, {STEPS} steps of batch {BATCH}, medians of {REPEATS}"
    )
    print(
        f"plain {plain:.2f} s   watched {watched:.2f} s ({watched / plain - 1:+.1%})   with pull {metered:.2f} s ({metered / plain - 1:+.1%})"
    )
    return int(metered / plain >= 1.05 or watched / plain >= 1.01)


if __name__ == "__main__":
    sys.exit(main())
