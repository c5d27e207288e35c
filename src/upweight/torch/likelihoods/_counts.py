"""Counts: bags of words, baskets, events by kind.

The trouble: a table of word counts is long, wide and nearly empty, and the multinomial coefficient, which no network can change, hides the
figure that people compare. So rows stay sparse until a batch is taken, and

    log p(x|z) = sum_d x_d l_d - N LSE(l),     N = sum_d x_d;      perplexity = exp(-sum log p / sum N)

without the coefficient: the density of the words in their order. The encoder sees log(1 + x). A gap is refused: a multinomial has no
marginal over entries whose total is unknown.

What is inside: `Counts`, the settings; `CountsDensity`, what fit learnt.

Source: Miao, Yu & Blunsom (2016) for the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import nn

from ..._errors import InputError, counted
from ..._set_module import set_module
from ._density import Density, ObservedRows, at_least_ten, refuse_gaps
from ._means import observed_means
from ._read_columns import ReadColumns, table_width

__all__ = ["Counts", "CountsDensity"]

KEPT_LENGTHS = 101


@set_module("upweight.torch")
@dataclass(frozen=True)
class Counts:
    """Rows of counts, sparse or dense: what there is of each kind, given how many there are in all.

        log p(x|z) = sum_d x_d l_d - N LSE(l),   without the multinomial coefficient

    Costs: order is gone, and so is the number N itself, which is taken as given; samples draw it from the rows of fit.
    Source: Miao, Yu & Blunsom (2016).

    >>> X = np.random.default_rng(0).poisson(1.0, (20, 7))
    >>> d = Counts().fitted(X, None, missing="refuse")
    >>> d.sample(torch.zeros(3, 7), None, torch.Generator().manual_seed(0)).shape
    torch.Size([3, 7])
    """

    def fitted(self, X: Any, weights: np.ndarray | None, *, missing: str) -> CountsDensity:
        """Look at a table (n, D) of counts, sparse or dense.

        Raises InputError for gaps, and for values that are no whole numbers of 0 or more, or all zero.
        """
        if missing == "mar":
            raise InputError(
                "counts have no marginal over gaps: got missing='mar'. Use missing='refuse', or another likelihood."
            )
        columns = ReadColumns.of(X, [False] * table_width(X))
        values = columns.values(X)
        at_least_ten(values.shape[0])
        _refuse_other_than_counts(values, columns)
        totals = np.asarray(values.sum(1), dtype=np.float64).ravel()
        if not totals.any():
            raise InputError(
                f"`X` must hold counts; got zeros only in {len(totals):,} rows. Give rows with something in them."
            )
        live = totals if weights is None else totals[np.asarray(weights) > 0]
        lengths = np.quantile(live, np.linspace(0, 1, min(len(live), KEPT_LENGTHS)), method="nearest")
        return CountsDensity(columns, missing, (), tuple(float(n) for n in lengths))


def _refuse_other_than_counts(values: Any, columns: ReadColumns) -> None:
    """Counts are whole numbers, zero or more, and no gaps."""
    refuse_gaps(values, columns, "Write what did not occur as 0, or drop the rows: counts have no marginal over gaps.")
    found = values.data if sparse.issparse(values) else values
    bad = (found < 0) | (found != np.rint(found))
    if not bad.any():
        return
    if sparse.issparse(values):
        at = int(bad.argmax())
        row, j, value = int(np.searchsorted(values.indptr, at, side="right") - 1), int(values.indices[at]), found[at]
    else:
        row, j = (int(i) for i in np.argwhere(bad)[0])
        value = found[row, j]
    raise InputError(
        f"`X` must hold counts, whole numbers of 0 or more; got {counted(bad.sum(), 'other')}, first {value:g} at row {row}, "
        f"{columns.label(j)}. Other numbers? likelihood='gaussian'."
    )


@dataclass(frozen=True, eq=False)
class CountsDensity(Density):
    """Counts; `lengths` are totals of rows of fit, evenly by rank."""

    lengths: tuple[float, ...]

    @property
    def n_outputs(self) -> int:
        return self.columns.n

    def _observed(self, values: Any) -> ObservedRows:
        _refuse_other_than_counts(values, self.columns)
        if sparse.issparse(values):
            return ObservedRows(sparse.csr_array(values, dtype=np.float32), None)
        return ObservedRows(torch.from_numpy(np.asarray(values, dtype=np.float32)), None)

    def coded(self, values: Any) -> Any:
        return values

    def decoded(self, x: np.ndarray) -> np.ndarray:
        return x

    def start_bias(self, rows: ObservedRows, weights: np.ndarray | None) -> torch.Tensor:
        mean = observed_means(rows, weights)
        half = 0.5 / len(rows)  # of one count of a kind that fit hardly met
        return ((mean + half) / (mean + half).sum()).log().float()

    def log_prob(self, outputs, x, seen, own):
        x = x.to(outputs)
        return torch.bmm(outputs, x.unsqueeze(-1)).squeeze(-1) - x.sum(-1, keepdim=True) * outputs.logsumexp(-1)

    def mean(self, outputs: torch.Tensor, own: nn.Module | None) -> torch.Tensor:
        """(..., D) the share of each kind; a row sums to one."""
        return outputs.softmax(-1)

    def sample(self, outputs, own, generator):
        shares = outputs.softmax(-1).reshape(-1, self.columns.n)
        lengths = torch.tensor(self.lengths, device=shares.device)
        pick = torch.randint(len(lengths), (len(shares),), generator=generator, device=shares.device)
        each = lengths[pick]
        most = max(int(each.max()), 1)
        kinds = torch.multinomial(shares, most, replacement=True, generator=generator)
        counted = (torch.arange(most, device=shares.device) < each.unsqueeze(-1)).to(shares)
        return torch.zeros_like(shares).scatter_add_(-1, kinds, counted).reshape(outputs.shape)

    def entries(self, x: torch.Tensor, seen: torch.Tensor | None) -> torch.Tensor:
        return x.log1p()

    def _document(self) -> dict[str, Any]:
        return {"likelihood": "counts", "lengths": list(self.lengths)}
