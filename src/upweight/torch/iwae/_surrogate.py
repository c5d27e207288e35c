"""One surrogate for every estimator: its value is the bound, its gradient the estimator.

The trouble: the gradient of L_K with respect to the encoder gets *worse* as K grows; its signal-to-noise ratio falls like 1/sqrt(K).
The remedy (DReG) weighs two parts of one backward pass differently, which a plain loss cannot say. With v = softmax(p log_w) inside
each of M groups,

    model    c_k = v_k / M          (split: softmax over all K)
    encoder  e_k = v_k / M          standard, stl
             e_k = v_k (1 - p + p v_k) / M     dreg
    both     beta/K + (1 - beta) (.)

    surrogate = stop(bound) + (s - stop(s)),   s = sum_k stop(c_k) log_w_k

and a hook on each tensor of `path`, through which alone log_w sees the encoder, multiplies the gradient by e_k / c_k. One pass through
the decoder, one backward.

**A path is a view** (`z.view_as(z)`) that log_w alone sees: a hook on z itself would scale every other loss on z too. **It carries one
objective**: two hooks make W^3 of W^2. For two stochastic layers the densities see two views, the sampling chain the originals, and
log q(z2|z1) is taken with stopped parameters and live z1.

    standard   no path (with split: the encoder's outputs, expanded to K)
    stl, dreg  log_w made with `detached(q)`; path = the view of z
    vimco      log_q; see `_vimco`

c_k is floored at 1e-30 so that PIWAE's encoder hears groups whose share of all K underflows. Terms that are -inf have no gradient.

What is inside: `surrogate`; `multipliers`, the c and e of an objective.

Sources: Roeder, Wu & Duvenaud (2017); Tucker, Lawson, Gu & Maddison (2019), Doubly reparameterized gradient estimators;
Rainforth et al. (2018). The dreg weights of powers and groups follow from d v_k / d log w_k = p v_k (1 - v_k).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..._errors import InputError
from ._bound import group_terms, value_of
from ._log_weights import finite_or, fits, log_weights, surely_finite
from ._objective import Objective, as_objective
from ._path import hook, paths_of
from ._vimco import vimco_signal

__all__ = ["multipliers", "surrogate"]

FLOOR = 1e-30  # a softmax of all K may underflow where that of a group does not


def surrogate(
    log_w: torch.Tensor,
    objective: Objective | str = "standard",
    *,
    path: torch.Tensor | Sequence[torch.Tensor] = (),
    log_q: torch.Tensor | None = None,
) -> torch.Tensor:
    """What to call backward on: equal to `bound` in every bit, with the gradient of the estimator.

        stop(bound) + (s - stop(s)),   s = sum_k stop(c_k) log_w_k

    Parameters
    ----------
    log_w : (..., K) float32 or float64 tensor in nats, with its graph; -inf is a weight of zero. Raise it: loss = -surrogate.
    objective : Objective, or the name of an estimator.
    path : for "stl", "dreg" and split, the view (..., K, d) of the draws through which log_w depends on the encoder, or several.
    log_q : for "vimco", the (..., K) log-densities of the draws, with their graph.

    Returns
    -------
    Tensor (...), in nats. First derivatives only.

    Raises
    ------
    InputError : as `bound`; no path where one is needed, a path of another shape, one that carries an objective already, one inside
        another, one that log_w bypasses (log q's parameters are live, or z was used for its view), a path under vmap; no log_q or one
        draw for "vimco". No hook is then set.

    Costs: "dreg" needs a second evaluation of log q; "stl" is biased for K > 1. Source: Tucker et al. (2019).

    >>> z = torch.zeros(4, 1, requires_grad=True)
    >>> y = z.view_as(z)
    >>> l = torch.tensor([1.0, 2.0, 3.0, 4.0]).log() + y.sum(-1)
    >>> surrogate(l, "dreg", path=y).backward()
    >>> [round(g, 4) for g in z.grad.ravel().tolist()]                 # squared normalised weights
    [0.01, 0.04, 0.09, 0.16]
    """
    objective = as_objective(objective)
    fits(log_weights(log_w), objective)
    paths = paths_of(path, log_w, objective)
    signal = _signal(log_w, objective, log_q)
    l = log_w.detach()
    value = value_of(l, objective)
    model, encoder = multipliers(l, objective)
    for tensor in paths:
        hook(tensor, encoder / model.clamp_min(FLOOR))
    if paths:  # a draw that is heard by nobody needs no floor
        model = torch.where(encoder == 0, model, model.clamp_min(FLOOR))
    s = (model * (log_w if surely_finite(l) else finite_or(log_w, 0.0))).sum(-1) + signal
    return value + (s - s.detach())


def multipliers(l: torch.Tensor, objective: Objective) -> tuple[torch.Tensor, torch.Tensor]:
    """c_k and e_k, (..., K) each: what the gradients of log_w_k are multiplied by for the model and for the encoder."""
    power, groups = objective.power, objective.groups
    v = _shares(l, power, groups)
    model = _shares(l, power, 1) if objective.split else v / groups
    encoder = v * (1 - power + power * v) / groups if objective.estimator == "dreg" else v / groups
    if objective.beta == 0:
        return model, encoder
    elbo = (l.min(-1, keepdim=True).values > -torch.inf).to(l.dtype) / l.shape[-1]
    model, encoder = ((1 - objective.beta) * part + objective.beta * elbo for part in (model, encoder))
    return model, encoder


def _shares(l: torch.Tensor, power: float, groups: int) -> torch.Tensor:
    """softmax(p l) inside each group, laid out as l; zero in a group whose own term is -inf."""
    g = l.unflatten(-1, (groups, -1))
    if surely_finite(l):
        return torch.softmax(power * g, -1).flatten(-2)
    dead = group_terms(l, power, groups)[..., None] == -torch.inf
    g = torch.where(dead, 0.0, g)
    return torch.where(dead, 0.0, torch.softmax(power * g, -1)).flatten(-2)


def _signal(log_w: torch.Tensor, objective: Objective, log_q: torch.Tensor | None) -> torch.Tensor | float:
    """What vimco adds to s; nothing for the others."""
    if objective.estimator != "vimco":
        if log_q is not None:
            raise InputError(f"`log_q` is for vimco; the estimator is {objective.estimator!r}. Leave it out.")
        return 0.0
    if not isinstance(log_q, torch.Tensor) or log_q.shape != log_w.shape:
        came = tuple(log_q.shape) if isinstance(log_q, torch.Tensor) else log_q
        raise InputError(
            f"vimco needs `log_q`, log q(z_k|x) in the shape of log_w {tuple(log_w.shape)}; got {came}. Pass q.log_prob(z)."
        )
    signal = vimco_signal(log_w.detach())
    return torch.where(signal == 0, 0.0, signal * log_q).sum(-1)
