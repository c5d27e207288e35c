"""Columns of levels: words, classes, codes.

    log p(x|z) = sum_d l_d[x_d] - LSE(l_d),      one softmax a column, over the levels that fit met

over the observed entries. A level that fit did not meet has no probability and is refused; a column with one level says nothing.

What is inside: `Categorical`, the settings; `CategoricalDensity`, what fit learnt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import nn

from ..._set_module import set_module
from ._density import MISSING_NOTE, Density, ObservedRows, at_least_ten, refuse_gaps
from ._level_blocks import LevelBlocks
from ._read_columns import ReadColumns, table_width
from ._standard import warn_constant

__all__ = ["Categorical", "CategoricalDensity", "categorical_of"]

LEAST = 0.001


@set_module("upweight.torch")
@dataclass(frozen=True)
class Categorical:
    """Columns of levels, independent given z; levels are learnt in fit, with their type.

        log p(x|z) = sum_d l_d[x_d] - LSE(l_d)

    Costs: a column has as many outputs as levels; what is ordered is not known to be. Source: Kingma & Welling (2014), with a softmax.

    >>> X = np.array([["red", 1], ["blue", 2], ["blue", 3]] * 4, dtype=object)
    >>> Categorical().fitted(X, None, missing="refuse").n_outputs
    5
    """

    def fitted(self, X: Any, weights: np.ndarray | None, *, missing: str) -> CategoricalDensity:
        """Look at a table (n, D) and learn the levels of its columns.

        Raises InputError for too few rows, gaps that are not allowed, and values that are no levels.
        """
        columns = ReadColumns.of(X, [True] * table_width(X))
        return categorical_of(columns, columns.values(X), missing)


def categorical_of(columns: ReadColumns, values: np.ndarray, missing: str) -> CategoricalDensity:
    """The density of codes (n, D) that the columns have read."""
    at_least_ten(len(values))
    if missing == "refuse":
        refuse_gaps(values, columns)
    varies = np.array([len(levels or ()) > 1 for levels in columns.levels])
    if not varies.all():
        warn_constant(columns, varies)
    return CategoricalDensity(columns, missing, (MISSING_NOTE,) * (missing == "mar"))


@dataclass(frozen=True, eq=False)
class CategoricalDensity(Density):
    """Levels; x holds their codes."""

    @cached_property
    def _blocks(self) -> LevelBlocks:
        return LevelBlocks(tuple(len(levels or ()) for levels in self.columns.levels))

    @property
    def n_outputs(self) -> int:
        return self._blocks.total

    @property
    def n_means(self) -> int:
        return self._blocks.total

    def width(self) -> int:
        return self._blocks.total

    def coded(self, values: Any) -> Any:
        return values

    def decoded(self, x: np.ndarray) -> np.ndarray:
        return x

    def start_bias(self, rows: ObservedRows, weights: np.ndarray | None) -> torch.Tensor:
        w = torch.ones(len(rows), dtype=torch.float64) if weights is None else torch.as_tensor(weights).double()
        x, seen = rows.take(slice(None))
        counts = w @ self._blocks.one_hot(x, seen).double()
        bias = torch.empty(self.n_outputs, dtype=torch.float32)
        for _, places, block in self._blocks.groups(counts):
            share = block / block.sum(-1, keepdim=True).clamp_min(torch.finfo(torch.float64).tiny)
            bias[places] = share.clamp_min(LEAST).log().float()
        return bias

    def known(self, seen: torch.Tensor) -> torch.Tensor:
        return seen & torch.tensor([size > 1 for size in self._blocks.sizes], device=seen.device)

    def log_prob(self, outputs, x, seen, own):
        weight = torch.ones_like(x, dtype=outputs.dtype) if seen is None else seen.to(outputs)
        at = self._blocks.chosen(x).unsqueeze(1).expand(-1, outputs.shape[1], -1)
        total = torch.bmm(outputs.gather(-1, at), weight.unsqueeze(-1)).squeeze(-1)
        for columns, _, block in self._blocks.groups(outputs):
            total = total - torch.bmm(block.logsumexp(-1), weight[:, columns].unsqueeze(-1)).squeeze(-1)
        return total

    def mean(self, outputs: torch.Tensor, own: nn.Module | None) -> torch.Tensor:
        """(..., sum L) the share of each level."""
        return self._blocks.shares(outputs)

    def expected(self, mean: torch.Tensor) -> torch.Tensor:
        """(..., D) the code of the likeliest level."""
        return self._blocks.likeliest(mean)

    def sample(self, outputs, own, generator):
        return self._blocks.drawn(self._blocks.shares(outputs), generator)

    def entries(self, x: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
        return self._blocks.one_hot(x, seen)

    def _document(self) -> dict[str, Any]:
        return {"likelihood": "categorical"}
