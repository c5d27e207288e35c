"""A distribution with its parameters stopped: log q that hears of the draws and not of the encoder.

The trouble: the gradient of log q(z|x) has two parts, one through z and one through the parameters. The second is zero in the mean and
noise otherwise; estimators without it (stl, dreg) need a log q that is differentiated through z alone.

    log_w = log p(x, z) - detached(q).log_prob(z)

What is inside: `detached`; `expanded`, q with a copy of its parameters for each of K draws, which PIWAE hooks.

Source: Roeder, Wu & Duvenaud (2017), Sticking the landing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import distributions as D

from ..._errors import InputError

__all__ = ["detached", "expanded"]

FAMILIES: dict[Any, dict[str, int]] = {  # parameters of a family, and how many axes of each belong to one event
    D.Normal: {"loc": 0, "scale": 0},
    D.LogNormal: {"loc": 0, "scale": 0},
    D.Laplace: {"loc": 0, "scale": 0},
    D.StudentT: {"df": 0, "loc": 0, "scale": 0},
    D.MultivariateNormal: {"loc": 1, "scale_tril": 2},
    D.LowRankMultivariateNormal: {"loc": 1, "cov_factor": 2, "cov_diag": 1},
}


def detached(q: D.Distribution) -> D.Distribution:
    """`q` with its parameters stopped and its samples live: what "stl" and "dreg" take log q from.

    Parameters
    ----------
    q : Normal, LogNormal, Laplace, StudentT, MultivariateNormal, LowRankMultivariateNormal, or Independent of one of them.

    Returns
    -------
    Distribution of the same family and figures; `log_prob(z)` has a gradient to z only.

    Raises
    ------
    InputError : another family.

    Costs: one more evaluation of log q if the live one is needed too. Source: Roeder, Wu & Duvenaud (2017).

    >>> loc = torch.zeros(2, requires_grad=True)
    >>> q = D.Independent(D.Normal(loc, 1.0), 1)
    >>> z = q.rsample()
    >>> detached(q).log_prob(z).backward()
    >>> bool((loc.grad == -(z - loc)).all())                          # through z alone
    True
    """
    return _rebuilt(q, lambda parameter, axes: parameter.detach())


def expanded(q: D.Distribution, k: int) -> tuple[D.Distribution, list[torch.Tensor]]:
    """`q` with K equal copies of its parameters before the event axes, and those copies, (..., K, d) or (..., K, d, d) each."""
    copies: list[torch.Tensor] = []

    def copied(parameter: torch.Tensor, axes: int) -> torch.Tensor:
        place = parameter.ndim - axes
        copies.append(parameter.unsqueeze(place).expand(*parameter.shape[:place], k, *parameter.shape[place:]))
        return copies[-1]

    return _rebuilt(q, copied), copies


def _rebuilt(q: D.Distribution, change: Callable[[torch.Tensor, int], torch.Tensor], inside: int = 0) -> D.Distribution:
    """The same family with every parameter changed; the change is told how many axes of the parameter belong to one draw."""
    if type(q) is D.Independent:
        n = q.reinterpreted_batch_ndims
        return D.Independent(_rebuilt(q.base_dist, change, inside + n), n, validate_args=False)
    family: Any = type(q)
    if family not in FAMILIES:
        named = ", ".join(f.__name__ for f in FAMILIES)
        raise InputError(
            f"`q` must be {named}, or Independent of one of them; got {type(q).__name__}. Give log_w yourself: "
            "surrogate(log_w, path=...)."
        )
    parameters = {name: change(getattr(q, name), axes + inside) for name, axes in FAMILIES[family].items()}
    return family(**parameters, validate_args=False)
