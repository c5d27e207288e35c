"""Losses of generators that learn a target from biased data: every real term carries its weight.

The trouble: data come from p~, wanted are draws of p, and a generator trained as usual learns p~. With w proportional to p/p~ and mean
one over the population every expectation over p is one over p~; but dividing by the weights of a *batch* takes most of that away when
a few rows weigh much. With n real rows y, weights w and m generated rows g,

    mmd2  sum_{i!=j} k(g_i, g_j)/(m(m-1)) - 2 sum_{ij} w_j k(g_i, y_j)/(mn) + sum_{j!=l} w_j w_l k(y_j, y_l)/(n(n-1))
    gan   critic sum_j w_j softplus(-real_j)/n + mean softplus(generated),   generator mean softplus(-generated)

    by = "population"   as written: unbiased over batches             "batch"    divided by sum w, sum_{j!=l} w_j w_l: biased, less noisy
    by = "median"       the middle of five blocks' losses: not moved by one huge weight, and biased toward no weights where a block
                        often holds no heavy row (the least loss for one row in 51 meant to be half: .34 at 100 rows, .49 at 200)

Whoever would rather resample draws the rows of a batch by `w.resample` and passes no weight. k is a mean of Gaussians of four widths.

What is inside: `mmd2`, `gan_loss`.

Sources: Diesendruck et al. (2018), Importance weighted generative networks, arXiv:1806.02512; Gretton et al. (2012), A kernel two-sample test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import softplus

from ..._errors import InputError, counted, is_number, require_choice
from ..._weights import Weights
from ..losses import numbers, visible

__all__ = ["gan_loss", "mmd2"]

WAYS = ("population", "batch", "median")
WIDTHS = (0.25, 0.5, 1.0, 2.0)  # of the kernel, in bandwidths
BLOCKS = 5
MOST = 1000  # real rows whose median distance is taken
Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def mmd2(
    generated: torch.Tensor,
    real: torch.Tensor,
    weight: torch.Tensor | None = None,
    *,
    by: str = "population",
    bandwidth: float | None = None,
) -> torch.Tensor:
    """Squared maximum mean discrepancy between generated rows and weighted real ones; unbiased, so it may fall below zero.

    Parameters
    ----------
    generated : (m, d) float tensor, with its graph. real : (n, d). At least two rows each, ten under "median".
    weight : (n,) tensor, target over source probability of the real rows, of mean one over the *population*; None is one everywhere.
    by : "population", "batch" or "median"; see the head of this file.
    bandwidth : > 0, in units of the rows; the kernel's widths are 1/4, 1/2, 1 and 2 of it. None is the median distance of these real
        rows (the first 1000), which changes from batch to batch: give one number for training.

    Returns
    -------
    Tensor (), gradients to generated.

    Raises
    ------
    InputError : other shapes, too few rows, negative weights or NaN, `Weights` (a slice of which has mean one again, which is "batch"
        unsaid), a bandwidth of zero.

    Costs: O((m + n)^2) time and memory; with heavy weights the unbiased loss is noisy. Source: Diesendruck et al. (2018).

    >>> y = torch.tensor([[0.0], [1.0], [2.0]])
    >>> round(mmd2(y + 5, y, bandwidth=1.0).item(), 3) > round(mmd2(y + 1, y, bandwidth=1.0).item(), 3)
    True
    """
    require_choice("by", by, WAYS)
    rows = [_rows(x, name, 2) for x, name in ((generated, "generated"), (real, "real"))]
    if rows[0] != rows[1]:
        raise InputError(
            f"generated and real rows must have the same columns; got {rows[0]} and {rows[1]}. Compare like with like."
        )
    w = _weight(weight, real, by, 2)
    if bandwidth is None:
        bandwidth = _median_distance(real.detach()[:MOST])
    elif not is_number(bandwidth) or not bandwidth > 0:
        raise InputError(
            f"`bandwidth` must be a number above zero; got {bandwidth!r}. None is the median distance of real rows."
        )
    centre = real.detach().mean(0)
    loss: Loss = lambda g, y, w: _mmd2(g - centre, y - centre, w, by, float(bandwidth))
    return _middle(loss, generated, real, w) if by == "median" else loss(generated, real, w)


def gan_loss(
    real: torch.Tensor, generated: torch.Tensor, weight: torch.Tensor | None = None, *, by: str = "population"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Losses of the critic and of the generator (non-saturating), the critic's real term weighted.

        critic = sum_j w_j softplus(-real_j)/n + mean softplus(generated),   generator = mean softplus(-generated)

    Parameters
    ----------
    real : (n,) or (n, 1) logits of the critic for real rows. generated : (m,) or (m, 1), for generated ones.
    weight : (n,) tensor of mean one over the *population*; None is one everywhere. by : as in `mmd2`.

    Returns
    -------
    (critic, generator), tensors ().

    Raises
    ------
    InputError : as `mmd2`.

    Costs: with heavy weights the critic's loss is noisy. Source: Diesendruck et al. (2018).

    >>> critic, generator = gan_loss(torch.zeros(4), torch.zeros(4), torch.tensor([0.0, 0.0, 2.0, 2.0]))
    >>> round(critic.item(), 4), round(generator.item(), 4)
    (1.3863, 0.6931)
    """
    require_choice("by", by, WAYS)
    real, generated = (_logits(x, name) for x, name in ((real, "real"), (generated, "generated")))
    w = _weight(weight, real, by, 1)
    critic: Loss = lambda g, y, w: (
        (w * softplus(-y)).sum() / (w.sum() if by == "batch" else len(y)) + softplus(g).mean()
    )
    loss = _middle(critic, generated, real, w) if by == "median" else critic(generated, real, w)
    return loss, softplus(-generated).mean()


def _mmd2(g: torch.Tensor, y: torch.Tensor, w: torch.Tensor, by: str, bandwidth: float) -> torch.Tensor:
    m, n = len(g), len(y)
    pairs = torch.outer(w, w).fill_diagonal_(0)
    first, second = (w.sum(), pairs.sum()) if by == "batch" else (n, n * (n - 1))
    own = _kernel(g, g, bandwidth)
    alike = (own.sum() - own.diagonal().sum()) / (m * (m - 1))
    across = (_kernel(g, y, bandwidth) * w).sum() / m
    return alike - 2 * across / first + (pairs * _kernel(y, y, bandwidth)).sum() / second


def _kernel(a: torch.Tensor, b: torch.Tensor, bandwidth: float) -> torch.Tensor:
    with torch.autocast(a.device.type, enabled=False):  # in half precision near rows are as far apart as others
        product = a @ b.T
    squared = (a.square().sum(-1)[:, None] + b.square().sum(-1) - 2 * product).clamp_min(0)
    return torch.stack([torch.exp(-squared / (2 * (width * bandwidth) ** 2)) for width in WIDTHS]).mean(0)


def _median_distance(y: torch.Tensor) -> float:
    found = float(torch.pdist(y.float()).median())
    if not found > 0:
        raise InputError("half of the real rows are the same, so their median distance is 0. Give `bandwidth`.")
    return found


def _middle(loss: Loss, g: torch.Tensor, y: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """The median of the losses of five blocks."""
    if min(len(g), len(y)) < 2 * BLOCKS:
        raise InputError(
            f"by='median' takes {BLOCKS} blocks of two rows; got {len(y)} real and {len(g)} generated. Use larger batches."
        )
    blocks = zip(*(torch.tensor_split(x, BLOCKS) for x in (g, y, w)), strict=True)
    return torch.stack([loss(*block) for block in blocks]).median()


# ---- at the door ------------------------------------------------------------------------------------------------------------


def _rows(x: Any, name: str, least: int) -> int:
    """Columns of a float tensor of rows."""
    if not isinstance(x, torch.Tensor) or x.ndim != 2 or not x.is_floating_point() or len(x) < least:
        came = f"{x.dtype} {tuple(x.shape)}" if isinstance(x, torch.Tensor) else type(x).__name__
        raise InputError(
            f"`{name}` must be a float tensor (rows, columns) of {least} rows at least; got {came}. Flatten images first."
        )
    return x.shape[1]


def _logits(x: Any, name: str) -> torch.Tensor:
    flat = x.squeeze(-1) if isinstance(x, torch.Tensor) and x.ndim == 2 and x.shape[1] == 1 else x
    if not isinstance(flat, torch.Tensor) or flat.ndim != 1 or not flat.is_floating_point() or not len(flat):
        came = tuple(x.shape) if isinstance(x, torch.Tensor) else type(x).__name__
        raise InputError(f"`{name}` must hold one logit a row, (n,) or (n, 1); got {came}. Pass what the critic gives.")
    return flat


def _weight(weight: Any, real: torch.Tensor, by: str, least: int) -> torch.Tensor:
    if isinstance(weight, Weights):
        raise InputError(
            "Weights have mean one over what they hold, and a slice of them again: pass the rows of one tensor, "
            "torch.as_tensor(w.sample_weight)[rows]."
        )
    if weight is None:
        return torch.ones(len(real), dtype=real.dtype, device=real.device)
    if not isinstance(weight, torch.Tensor) or weight.shape != (len(real),):
        came = tuple(weight.shape) if isinstance(weight, torch.Tensor) else type(weight).__name__
        raise InputError(f"`weight` must be a tensor of one weight a real row, ({len(real)},); got {came}.")
    numbers(weight, "weight")
    if by == "batch" and visible(weight, "weight") and (found := int(weight.count_nonzero())) < least:
        raise InputError(
            f"by='batch' divides by the sum of `weight`, and needs {counted(least, 'row')} of positive weight; got {found}. "
            "Use by='population', or leave the batch out."
        )
    return weight.to(real)
