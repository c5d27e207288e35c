"""Zeros and ones: black and white images, yes and no.

The trouble: grey values in the cross-entropy are no likelihood, and what is reported as nats is none. A value inside (0, 1) is therefore a
probability: it is drawn, 0 or 1, at every visit, as Burda et al. do.

    log p(x|z) = sum_d x_d l_d - softplus(l_d),     l the decoder's logits

What is inside: `Bernoulli`, the settings; `BernoulliDensity`, what fit learnt.

Source: Burda, Grosse & Salakhutdinov (2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import nn

from ..._errors import InputError
from ..._set_module import set_module
from ._density import MISSING_NOTE, Density, ObservedRows, at_least_ten, refuse_empty
from ._fused import bernoulli_log_prob
from ._means import observed_means
from ._read_columns import ReadColumns, table_width

__all__ = ["Bernoulli", "BernoulliDensity", "logit"]

REDRAWN_NOTE = "values between 0 and 1 are probabilities: each is redrawn as 0 or 1 at every visit. A table scaled to [0, 1]? likelihood='mixed'"
CLIP = 0.001


@set_module("upweight.torch")
@dataclass(frozen=True)
class Bernoulli:
    """Columns of zeros and ones, independent given z; values inside (0, 1) are probabilities and are redrawn at every visit.

        log p(x|z) = sum_d x_d l_d - softplus(l_d)

    Costs: grey values become noise of their own variance; a table that was only scaled to [0, 1] is not meant.
    Source: Burda, Grosse & Salakhutdinov (2016).

    >>> Bernoulli().fitted(np.eye(12), None, missing="refuse").n_outputs
    12
    """

    def fitted(self, X: Any, weights: np.ndarray | None, *, missing: str) -> BernoulliDensity:
        """Look at a table (n, D) and learn its columns.

        Raises InputError for too few rows, gaps that are not allowed, empty columns, and values outside [0, 1]; KindError for what is no number.
        """
        columns = ReadColumns.of(X, [False] * table_width(X))
        density = BernoulliDensity(columns, missing, (), False)
        values = columns.values(X)
        at_least_ten(values.shape[0])
        rows = density._observed(values)
        if rows.seen is not None:
            refuse_empty(rows.seen.numpy(), columns)
        grey = bool(((rows.x > 0) & (rows.x < 1)).any())
        notes = (REDRAWN_NOTE,) * grey + (MISSING_NOTE,) * (missing == "mar")
        return BernoulliDensity(columns, missing, notes, grey)


@dataclass(frozen=True, eq=False)
class BernoulliDensity(Density):
    """Zeros and ones; `redraws` where fit met values between them."""

    grey: bool

    @property
    def redraws(self) -> bool:  # type: ignore[override]
        return self.grey

    @property
    def n_outputs(self) -> int:
        return self.columns.n

    def coded(self, values: Any) -> Any:
        if sparse.issparse(values):
            values = values.toarray()
        self._refuse_range(values)
        return values

    def _refuse_range(self, values: np.ndarray) -> None:
        bad = (values < 0) | (values > 1)
        if not bad.any():
            return
        row, j = (int(i) for i in np.argwhere(bad)[0])
        known = values[~np.isnan(values)]
        remedy = "Divide by 255." if np.isin(known, (0, 255)).all() else "A table? likelihood='mixed'."
        raise InputError(
            f"`X` must lie in [0, 1] for likelihood='bernoulli'; got {int(bad.sum()):,} outside, first {values[row, j]:g} at row "
            f"{row}, {self.columns.label(j)}. {remedy}"
        )

    def decoded(self, x: np.ndarray) -> np.ndarray:
        return x

    def start_bias(self, rows: ObservedRows, weights: np.ndarray | None) -> torch.Tensor:
        return logit(observed_means(rows, weights))

    def log_prob(self, outputs, x, seen, own):
        return bernoulli_log_prob(outputs, x, seen)

    def mean(self, outputs: torch.Tensor, own: nn.Module | None) -> torch.Tensor:
        return torch.sigmoid(outputs)

    def sample(self, outputs, own, generator):
        return torch.bernoulli(torch.sigmoid(outputs), generator=generator)

    def guess(self, mean: torch.Tensor) -> torch.Tensor:
        """The likelier of 0 and 1; of probabilities their mean."""
        return mean if self.grey else (mean >= 0.5).to(mean)

    def redrawn(self, x: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
        return torch.bernoulli(x, generator=generator) if self.grey else x

    def _document(self) -> dict[str, Any]:
        return {"likelihood": "bernoulli", "grey": self.grey}


def logit(mean: torch.Tensor) -> torch.Tensor:
    """float32 logits of shares, clipped to [.001, .999]."""
    return torch.logit(mean.clamp(CLIP, 1 - CLIP)).float()
