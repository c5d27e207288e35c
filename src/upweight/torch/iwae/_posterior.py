"""The posterior by its weights: means of anything, and draws for multiple imputation.

The trouble: an encoder trained with many draws is a *proposal*: wider than the posterior, and worse than an ELBO's when its own mean is
taken for the code. With its weights it is better. So a code, a reconstruction, a missing value is an average by weights,

    E[f(z) | x]  ~  sum_k W_k f(z_k),    W = softmax(log_w)

What is inside: `expect`; `resample`, equally weighted draws.

Sources: Cremer, Morris & Duvenaud (2017), Reinterpreting importance-weighted autoencoders; Kitagawa (1996) for systematic resampling.
"""

from __future__ import annotations

from typing import Any

import torch

from ... import arrays
from ..._errors import InputError, counted
from ._log_weights import log_weights

__all__ = ["expect", "resample"]


def expect(log_w: torch.Tensor, f: torch.Tensor) -> torch.Tensor:
    """Posterior mean of `f` by normalised weights, a row; added up in float64.

        sum_k W_k f_k,   W = softmax(log_w)

    Parameters
    ----------
    log_w : (..., K) float32 or float64 tensor in nats; -inf is a weight of zero, and f is not looked at there.
    f : (..., K, ...) tensor, one value or array a draw.

    Returns
    -------
    Tensor (..., ...), in the type of f (of log_w, if f holds no floats); gradients flow to both.

    Raises
    ------
    InputError : as `bound`; f of another shape; a row whose weights are all zero.

    Costs: biased by about 1/ESS of the spread of f; `diagnose` says where ESS is small. Source: Cremer, Morris & Duvenaud (2017).

    >>> l = torch.tensor([1.0, 2.0, 3.0, 4.0]).log()
    >>> round(expect(l, torch.tensor([0.0, 0.0, 1.0, 1.0])).item(), 6)
    0.7
    """
    l = _some_weight(log_w)
    if not isinstance(f, torch.Tensor) or f.shape[: l.ndim] != l.shape:
        came = tuple(f.shape) if isinstance(f, torch.Tensor) else type(f).__name__
        raise InputError(f"`f` must begin with the shape of log_w {tuple(l.shape)}; got {came}. Give one value a draw.")
    w = torch.softmax(l.double(), -1)
    wide = w.reshape(*w.shape, *[1] * (f.ndim - l.ndim))
    mean = (wide * torch.where(wide == 0, 0.0, f.double())).sum(l.ndim - 1)
    return mean.to(f.dtype if f.is_floating_point() else l.dtype)


def resample(log_w: torch.Tensor, z: torch.Tensor, m: int, *, rng: Any = None) -> torch.Tensor:
    """Draw `m` of the K draws of each row in proportion to their weights: an equally weighted posterior sample (systematic).

        E[copies of draw k] = m W_k

    Parameters
    ----------
    log_w : (..., K) float32 or float64 tensor in nats; -inf is never drawn.
    z : (..., K, d) tensor, the draws.
    m : number wanted a row, at least 1.
    rng : int, numpy Generator or None.

    Returns
    -------
    Tensor (..., m, d), in the order of the draws; gradients flow to z, not to the weights.

    Raises
    ------
    InputError : as `bound`; z of another shape; a row whose weights are all zero; m < 1.

    Costs: noise that `expect` has not; where ESS is small the same draw comes again and again. Source: Kitagawa (1996).

    >>> l = torch.tensor([1.0, 2.0, 3.0, 4.0]).log()
    >>> resample(l, torch.arange(4.0)[:, None], 10, rng=0).ravel().tolist()
    [0.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0, 3.0]
    """
    l = _some_weight(log_w)
    if not isinstance(z, torch.Tensor) or z.ndim != l.ndim + 1 or z.shape[:-1] != l.shape:
        came = tuple(z.shape) if isinstance(z, torch.Tensor) else type(z).__name__
        raise InputError(
            f"`z` must have the shape ({', '.join(map(str, l.shape))}, d) for log_w {tuple(l.shape)}; got {came}."
        )
    drawn = arrays.resample(l.detach(), m, rng=rng)
    return z.take_along_dim(drawn[..., None], -2)


def _some_weight(log_w: Any) -> torch.Tensor:
    """Log-weights of which every row has one above zero."""
    l = log_weights(log_w)
    none = (l.detach() == -torch.inf).all(-1)
    if none.any():
        row = int(none.reshape(-1).byte().argmax())
        raise InputError(
            f"every weight is zero in {counted(int(none.sum()), 'row')}, first row {row:,}: there is nothing to average. "
            "Leave those rows out, or look at the decoder's scale."
        )
    return l
