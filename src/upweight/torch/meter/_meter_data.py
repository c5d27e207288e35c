"""What a meter is given: the training data and weights read once, and the groups whose shares are compared.

    groups   the classes of y, or labels of one's own; and deciles of weight, wherever weights differ within a class: weights that were forgotten
             leave the shares of the classes right

What is inside: `read_data`; `Grouping` and `groupings`; `bare`, a model without the wrappers around it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..._errors import InputError
from ...tables import group_codes
from ...training import mean_one
from ..losses import MASKED
from ._pull import count

__all__ = ["Grouping", "bare", "groupings", "read_data"]

DECILES = np.arange(0.1, 0.95, 0.1)
SAME = 1e-9  # relative: weights of a class that are equal


class Grouping(NamedTuple):
    """Names of G groups; the group of every item of the data, -1 for none; G where the group is the label itself, else None: it needs an index."""

    labels: list[Any]
    code: np.ndarray
    of_y: int | None


def read_data(data: Any, weight: Any) -> tuple[Any, Tensor, np.ndarray]:
    """(X, y, w of mean one) of as many rows each."""
    if not isinstance(data, tuple) or len(data) != 2:
        raise InputError(f"`data` must be (X, y); got {type(data).__name__}. Pass a tuple of both.")
    X, y = data[0], torch.as_tensor(data[1]).detach()
    w = mean_one(weight.detach().cpu().numpy() if isinstance(weight, Tensor) else weight)
    if not count(X) == len(y) == len(w):
        raise InputError(f"X, y and weights must have as many rows; got {count(X):,}, {len(y):,} and {len(w):,}.")
    if np.ptp(w) == 0:
        raise InputError(f"a meter needs weights that differ; all {len(w):,} are equal. There is nothing to measure.")
    return X, y, w


def groupings(y: Tensor, w: np.ndarray, group: Any) -> dict[str, Grouping]:
    """The groupings by name: "class" or "group", and "weight" where weights differ within a class."""
    out = {}
    labels = y.cpu().reshape(-1).numpy() if y.dtype != torch.bfloat16 else y.cpu().float().reshape(-1).numpy()
    items = np.repeat(w, len(labels) // len(w))
    classes = labels.dtype.kind in "iub" or bool(((labels == 0) | (labels == 1)).all())
    code = np.where(labels == MASKED, -1, labels).astype(np.int64) if classes else np.zeros(len(labels), dtype=np.int64)
    if group is not None:
        names, own = np.unique(np.asarray(group), return_inverse=True)
        group_codes(group, len(w))  # refuses gaps and other lengths
        out["group"] = Grouping(names.tolist(), np.repeat(own, len(labels) // len(w)), None)
    elif classes:
        k = max(int(code.max()) + 1, 2)
        out["class"] = Grouping([f"class {c}" for c in range(k)], code, k)
    if _differ_within(code, items):
        edges = np.unique(np.quantile(w, DECILES))
        raw = np.searchsorted(edges, items, side="right")
        _, deciles = np.unique(raw, return_inverse=True)
        spans = [items[deciles == d] for d in range(int(deciles.max()) + 1)]
        out["weight"] = Grouping([f"weight {s.min():.3g} to {s.max():.3g}" for s in spans], deciles, None)
    return out


def _differ_within(code: np.ndarray, w: np.ndarray) -> bool:
    """Whether weights differ within a class."""
    there = code >= 0
    code, w = code[there], w[there]
    low, high = np.full(code.max() + 1, np.inf), np.full(code.max() + 1, -np.inf)
    np.minimum.at(low, code, w)
    np.maximum.at(high, code, w)
    seen = high > -np.inf
    return bool((high[seen] - low[seen] > SAME * w.max()).any())


def bare(model: nn.Module) -> nn.Module:
    """The model inside DistributedDataParallel, DataParallel and torch.compile."""
    while True:
        wrapped = isinstance(model, (nn.parallel.DistributedDataParallel, nn.DataParallel))
        inner = model.module if wrapped else getattr(model, "_orig_mod", None)
        if not isinstance(inner, nn.Module):
            return model
        model = inner
