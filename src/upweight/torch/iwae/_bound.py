"""The value of a bound: what is logged, compared and stopped on.

The trouble: a loss whose gradient is right need not have the right value. Several libraries log sum_k W_k log w_k, which is
L_K + KL(W || uniform): above log p(x), a bound of nothing. Here the value is the bound, whatever the estimator,

    L_K = LSE(log_w) - log K,      L_1 <= L_K <= L_(K+1) <= log p(x)  in expectation

What is inside: `bound`; `group_terms`, the bound of each group of draws.

Source: Burda, Grosse & Salakhutdinov (2016), Importance weighted autoencoders.
"""

from __future__ import annotations

import math

import torch

from ._log_weights import fits, log_weights
from ._objective import Objective, as_objective

__all__ = ["bound", "group_terms", "value_of"]


def bound(log_w: torch.Tensor, objective: Objective | str = "standard") -> torch.Tensor:
    """The true value of an objective: of the plain one, the K-sample lower bound on log p(x); no estimator enters, no gradient flows.

        beta mean(log_w) + (1 - beta) mean over groups of (LSE(p log_w) - log n) / p

    Parameters
    ----------
    log_w : (..., K) float32 or float64 tensor, log p(x, z_k) - log q(z_k|x) in nats; -inf is a weight of zero.
    objective : Objective, or the name of an estimator, which changes nothing here.

    Returns
    -------
    Tensor (...), same dtype, in nats; detached. -inf where a group has no finite draw, or for power <= 0 or beta > 0 any -inf.

    Raises
    ------
    InputError : NaN or +inf with row and draw, half precision, no draws, groups that do not divide K.

    Costs: nothing is changed. A bound averages below log p(x) by about (1/ESS - 1/K)/2 while the weights are tame; see `diagnose`.
    Source: Burda, Grosse & Salakhutdinov (2016).

    >>> l = torch.tensor([1.0, 2.0, 3.0, 4.0]).log()
    >>> [round(bound(l, o).item(), 6) for o in ("dreg", Objective(groups=2), Objective(power=0.5))]
    [0.916291, 0.829114, 0.8591]
    """
    objective = as_objective(objective)
    fits(log_weights(log_w), objective)
    return value_of(log_w.detach(), objective)


def value_of(l: torch.Tensor, objective: Objective) -> torch.Tensor:
    """The value for detached log-weights that were looked at."""
    terms = group_terms(l, objective.power, 1 if objective.split else objective.groups).mean(-1)
    if objective.beta == 0:
        return terms
    elbo = l.mean(-1)
    return elbo if objective.beta == 1 else objective.beta * elbo + (1 - objective.beta) * terms


def group_terms(l: torch.Tensor, power: float, groups: int) -> torch.Tensor:
    """(LSE(p l) - log n)/p of each group, (..., M)."""
    l = l.unflatten(-1, (groups, -1))
    if power == 0:
        return l.mean(-1)
    n = math.log(l.shape[-1])
    return (torch.logsumexp(l, -1) - n) if power == 1 else (torch.logsumexp(power * l, -1) - n) / power
