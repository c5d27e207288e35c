"""What the weights of one row say: may its bound, its code, its imputation be believed?

The trouble: a trained autoencoder says as much of a row it has never understood as of any other. Its weights know: where one of K draws
holds nearly all of the weight, the posterior mean is that draw, and the bound still misses nats.

    ess   (sum w)^2 / sum w^2      draws worth        khat   tail index, from 25 draws on        max_share   of the largest draw
    gap   (1/ESS - 1/K) / 2        what the bound still misses of log p(x), to first order, at least

The first-order gap understates: for log-normal weights of sd 1.5 and K = 64 it says .035 of a true .051, and it cannot pass a half.

What is inside: `diagnose`; `Diagnosis`.

Sources: Kish (1965) for ESS; Vehtari, Simpson, Gelman, Yao & Gabry (2024) for k-hat; Domke & Sheldon (2018) for the gap as half the
relative variance of the mean weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ... import _html as html
from ..._set_module import set_module
from ..._weights import Weights
from ...arrays import khat, threshold
from ._log_weights import log_weights
from ._objective import Objective, as_objective

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Diagnosis", "diagnose"]

NO_BOUND = "a power above 1 is no lower bound on log p(x): values of this objective may lie above it"


@set_module("upweight.torch.iwae")
@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis:
    """Figures of the weights of each row, detached tensors (...); made by `diagnose`. `str` is three lines.

    Attributes
    ----------
    bound : L_K in nats, the plain bound whatever the objective.
    ess : effective draws, 1 to K; 0 where every weight is zero.
    max_share : the largest draw's share of the weight; nan where every weight is zero.
    gap : nats that the bound still misses, at least, to first order; nan at K = 1.
    k : draws.
    khat : tail index; nan "not judged" (fewer than 25 positive weights), -inf "no tail". Computed when first asked for.
    weights : the rows' weights as a batch of `Weights`, kind importance; `d.weights.pick(i).check()` is the verdict on one row.

    >>> import torch
    >>> from upweight.torch import iwae
    >>> d = iwae.diagnose(torch.randn(50, 100, generator=torch.Generator().manual_seed(0)))
    >>> d.weights.pick(0).check().grade, d.plot().get_ylabel()
    ('unreliable', 'effective draws (ESS of 100)')
    """

    bound: torch.Tensor
    ess: torch.Tensor
    max_share: torch.Tensor
    gap: torch.Tensor
    log_w: torch.Tensor  # (..., K) the log-weights that were diagnosed
    objective: Objective  # what the draws were made for, or None

    @property
    def k(self) -> int:
        return self.log_w.shape[-1]

    @cached_property
    def khat(self) -> torch.Tensor:
        found = np.asarray(khat(self.log_w.cpu().numpy()))
        return torch.as_tensor(found).to(self.log_w)

    @cached_property
    def weights(self) -> Weights:
        return Weights.of_log(self.log_w.cpu().numpy().astype(np.float64), kind="importance")

    def __str__(self) -> str:
        n = self.bound.numel()
        many = n > 1
        bound = self.bound.double()
        gap = _median(self.gap)
        misses = "" if math.isnan(gap) else f"; still misses at least {gap:.2g}" + " (median)" * many
        lines = [
            f"L_{self.k} {bound.mean().item():.6g} nats" + f", mean of {n:,} rows" * many + misses,
            f"ESS {_median(self.ess):.3g} of {self.k:,}"
            + f" (median; least {self.ess.min().item():.3g})" * many
            + f", largest share {_median(self.max_share):.2g}",
            self._tail(n),
        ]
        if self.objective.power > 1:
            lines[0] += f"; {NO_BOUND}"
        return "\n".join(lines)

    def _tail(self, n: int) -> str:
        k = self.khat
        judged = int((~torch.isnan(k)).sum())
        if not judged:
            return "k-hat not judged: it takes 25 draws and a tail of 5 distinct ones"
        limit = float(threshold(self.k))
        if n == 1:
            believed = "can" if k.item() < limit else "cannot"
            tail, wanted = _apart(k.item(), limit)
            tail = "no tail" if k.item() == -math.inf else f"k-hat {tail}"
            return f"{tail} (want < {wanted}): averages over these draws {believed} be believed"
        heavy = int((k >= limit).sum())
        return f"k-hat {_shown(_median(k))} (median), not below {limit:.2f} in {heavy:,} of {judged:,} rows judged"

    def __repr__(self) -> str:
        return f"Diagnosis({str(self).splitlines()[0]})"

    def _repr_html_(self) -> str:
        named = {
            "bound (nats)": self.bound,
            "ESS": self.ess,
            "k-hat": self.khat,
            "largest share": self.max_share,
            "gap (nats)": self.gap,
        }
        rows = [[name, *(f"{q:.4g}" for q in _quartiles(x))] for name, x in named.items()]
        return html.block(str(self).splitlines(), ["", "least", "quarter", "median", "three quarters", "largest"], rows)

    def plot(self, ax: Any = None) -> Axes:
        """ESS and k-hat of every row; see `upweight.plots.diagnosis`."""
        from ...plots import diagnosis

        return diagnosis(self, ax=ax)


def diagnose(log_w: torch.Tensor, objective: Objective | str = "standard") -> Diagnosis:
    """Say of each row how many draws it is worth, how heavy the tail is, and what the bound still misses.

        gap = (1/ESS - 1/K) / 2

    Parameters
    ----------
    log_w : (..., K) float32 or float64 tensor in nats; -inf is a weight of zero.
    objective : only so that a power above 1, which is no lower bound, is said.

    Returns
    -------
    Diagnosis, its figures detached tensors (...).

    Raises
    ------
    InputError : as `bound`.

    Costs: nothing is changed. ESS and k-hat look at the draws that were made; modes that no draw met are not in them. Source: the head
    of this file.

    >>> print(diagnose(torch.tensor([1.0, 2.0, 3.0, 4.0]).log()))
    L_4 0.916291 nats; still misses at least 0.025
    ESS 3.33 of 4, largest share 0.4
    k-hat not judged: it takes 25 draws and a tail of 5 distinct ones
    """
    l = log_weights(log_w).detach()
    k = l.shape[-1]
    peak = l.max(-1, keepdim=True).values
    some = peak[..., 0] > -torch.inf
    w = (l - torch.where(peak == -torch.inf, 0.0, peak)).exp_()
    total, squares = w.sum(-1), w.square_().sum(-1)
    bound = torch.where(some, total.log() + peak[..., 0] - math.log(k), -torch.inf)
    ess = torch.where(some, total * (total / squares), 0.0)
    largest = torch.where(some, 1 / total, torch.nan)
    gap = (1 / ess - 1 / k).clamp_min(0) / 2 if k > 1 else torch.full_like(ess, torch.nan)
    return Diagnosis(bound, ess, largest, torch.where(some, gap, torch.nan), l, as_objective(objective))


def _shown(k: float, digits: int = 2) -> str:
    return f"{k:.{digits}f}" if abs(k) < 1000 else f"{k:.3g}"


def _apart(k: float, limit: float) -> tuple[str, str]:
    """A k-hat and its limit in as many digits as tell them apart, two at least."""
    digits = next((d for d in range(2, 9) if _shown(k, d) != f"{limit:.{d}f}"), 9)
    return _shown(k, digits), f"{limit:.{digits}f}"


def _median(x: torch.Tensor) -> float:
    return _quartiles(x)[2]


def _quartiles(x: torch.Tensor) -> list[float]:
    """Least, quarter, median, three quarters and largest of what is not nan; -inf counts as lowest."""
    known = np.sort(x.detach().cpu().double().numpy().ravel())
    known = known[~np.isnan(known)]
    return (
        [float(np.quantile(known, q, method="nearest")) for q in (0, 0.25, 0.5, 0.75, 1)]
        if len(known)
        else [math.nan] * 5
    )
