"""Distributions of PyTorch as proposals: NumPy's generator seeds their draws, and tensors end here.

The trouble: they draw from PyTorch's global generator, so that an integer seed would not give the same answer twice, and they raise for points
outside their support, where a log-density is -inf.

PyTorch is never imported: who holds a distribution of it has imported it already.

What is inside: `torch_draws`, `torch_log_prob`.

Source: the documentation of torch.distributions, for event and batch shapes.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

__all__ = ["torch_draws", "torch_log_prob"]


def torch_draws(given: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """n draws; PyTorch's global generator is left as it was."""
    torch: Any = sys.modules["torch"]
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(int(rng.integers(2**63)))
        return given.sample((n,)).detach().cpu().numpy().astype(np.float64)


def torch_log_prob(given: Any, x: np.ndarray) -> np.ndarray:
    """Log-densities of rows x (n, d), -inf outside the support."""
    torch: Any = sys.modules["torch"]
    t = torch.as_tensor(x.copy())
    t = t[:, 0] if not given.event_shape and x.shape[1] == 1 else t
    with torch.no_grad():
        inside = given.support.check(t)
        if inside.ndim != 1:  # a batch of laws: what comes has the wrong shape, and is said so
            return given.log_prob(t).cpu().numpy().astype(np.float64)
        l = np.full(len(x), -np.inf)
        l[inside.cpu().numpy()] = given.log_prob(t[inside]).cpu().numpy()
    return l
