"""K draws of the encoder and their log-weights, made as the objective needs them.

The trouble: repeating x K times before the encoder is the usual way, and costs K encoders. The K axis belongs to z alone,

    z = q.rsample((K,)) with K moved before the last axis, (..., K, d);    log_w = log p(x, z) - log q(z|x),  (..., K)

and which log q, live or stopped, and which view of z depend on the estimator, where it is easily got wrong. `draw` does all of it.

What is inside: `draw`; `Draws`, what was drawn and what can be asked of it.

Source: Burda, Grosse & Salakhutdinov (2016); for the estimators see `_surrogate`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import distributions as D

from ..._errors import InputError, counted, require_int
from ..._rng import as_generator
from ..._set_module import set_module
from ._bound import bound
from ._detached import detached, expanded
from ._diagnosis import Diagnosis, diagnose
from ._objective import Objective, as_objective
from ._posterior import expect
from ._surrogate import surrogate

__all__ = ["Draws", "draw"]


@set_module("upweight.torch.iwae")
@dataclass(frozen=True, eq=False, repr=False)
class Draws:
    """K draws a row with their log-weights; made by `draw`.

    Attributes
    ----------
    log_w : (..., K) log p(x, z) - log q(z|x) in nats, with its graph.
    z : (..., K, d) the draws; no hook acts on them, so other losses may use them.
    log_q : (..., K) log q(z|x) as it entered log_w.
    path : tuple of the views that log_w alone sees; empty where the estimator needs none.
    objective : Objective the draws were made for.

    >>> import torch
    >>> from torch.distributions import Independent, Normal
    >>> from upweight.torch import iwae
    >>> x = torch.zeros(3, 1)
    >>> draws = iwae.draw(lambda z: Normal(z, 1.0).log_prob(x[:, None]).sum(-1), Independent(Normal(x, 1.0), 1), k=64)
    >>> draws.bound().shape, draws.diagnose().k, draws.expect(draws.z).shape
    (torch.Size([3]), 64, torch.Size([3, 1]))
    """

    log_w: torch.Tensor
    z: torch.Tensor
    log_q: torch.Tensor
    path: tuple[torch.Tensor, ...]
    objective: Objective

    def bound(self) -> torch.Tensor:
        """The value of the objective a row, (...), in nats; see `bound`.

        Raises InputError for an unknown objective, and for weights that are no finite logs.
        """
        return bound(self.log_w, self.objective)

    def surrogate(self) -> torch.Tensor:
        """What to call backward on, (...); made once and kept, since a path carries one objective; see `surrogate`."""
        return self._surrogate

    @cached_property
    def _surrogate(self) -> torch.Tensor:
        log_q = self.log_q if self.objective.estimator == "vimco" else None
        return surrogate(self.log_w, self.objective, path=self.path, log_q=log_q)

    def diagnose(self) -> Diagnosis:
        """ESS, k-hat and what the bound misses, a row; see `diagnose`.

        Raises InputError for weights that are no finite logs.
        """
        return diagnose(self.log_w, self.objective)

    def expect(self, f: torch.Tensor | Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        """Posterior mean of f by the weights: f (..., K, ...), or a function of z; see `expect`.

        Raises InputError for an `f` of another shape, and where every draw of a row has weight zero.
        """
        return expect(self.log_w, f if isinstance(f, torch.Tensor) else f(self.z))

    def __repr__(self) -> str:
        *rows, k = self.log_w.shape
        shown = " x ".join(f"{n:,}" for n in rows) or "1"
        return f"Draws({counted(k, 'draw')} of {shown} row{'s' * (math.prod(rows) != 1)}, {self.objective.estimator})"


def draw(
    log_joint: Callable[[torch.Tensor], torch.Tensor],
    q: D.Distribution,
    k: int,
    *,
    objective: Objective | str = "standard",
    rng: Any = None,
) -> Draws:
    """Draw K times from the encoder's q and weigh the draws; the encoder ran once, only z has a K axis.

        log_w = log_joint(z) - log q(z),   z (..., K, d)

    Parameters
    ----------
    log_joint : function of z (..., K, d) that gives log p(x, z) in nats, (..., K). An x (..., c) meets it as x.unsqueeze(-2).
    q : Distribution with batch shape (...) and event shape (d,); of a family that `detached` knows for "stl", "dreg" and split.
    k : draws a row, at least 1.
    objective : Objective, or the name of an estimator; "vimco" samples without a path and takes any q with log_prob.
    rng : int or numpy Generator; None is PyTorch's own generator, which a seed given here leaves as it was.

    Returns
    -------
    Draws.

    Raises
    ------
    InputError : q of another event shape, one that cannot be differentiated through (but for "vimco"), log_joint of another shape, and
        as `surrogate`.

    Costs: memory for K decoder passes a row. Source: Burda, Grosse & Salakhutdinov (2016).

    >>> loc = torch.zeros(3, 2, requires_grad=True)
    >>> log_joint = lambda z: -(z - 1).square().sum(-1) / 2 - z.square().sum(-1) / 2
    >>> d = draw(log_joint, D.Independent(D.Normal(loc, 1.0), 1), 50, objective="dreg", rng=0)
    >>> (-d.surrogate().mean()).backward()
    >>> d.log_w.shape, bool((d.surrogate() == d.bound()).all())
    (torch.Size([3, 50]), True)
    """
    objective = as_objective(objective)
    require_int("k", k)
    if not callable(log_joint):
        raise InputError(
            f"`log_joint` must be a function of z; got {type(log_joint).__name__}. Log-weights at hand? iwae.surrogate(log_w)."
        )
    _refuse_q(q, objective)
    with _seeded(rng):
        z, seen, paths, density = _drawn(q, k, objective)
    own = len(density.batch_shape) > len(q.batch_shape)  # every draw has parameters of its own
    log_q = density.log_prob(seen) if own else density.log_prob(seen.movedim(-2, 0)).movedim(0, -1)
    joint = log_joint(seen)
    if not isinstance(joint, torch.Tensor) or joint.shape != log_q.shape:
        came = tuple(joint.shape) if isinstance(joint, torch.Tensor) else type(joint).__name__
        raise InputError(
            f"`log_joint` must give one number a draw, {tuple(log_q.shape)} for z {tuple(z.shape)}; got {came}. "
            "Sum over the event axes only; x takes part as x.unsqueeze(-2)."
        )
    return Draws(joint - log_q, z, log_q, paths, objective)


def _drawn(q: D.Distribution, k: int, objective: Objective):
    """z, the z that the densities see, the tensors to hook, and the q whose density is taken."""
    if objective.estimator == "vimco":
        z = q.sample(torch.Size((k,))).movedim(0, -2)
        return z, z, (), q
    z = q.rsample(torch.Size((k,))).movedim(0, -2)
    if not objective.by_path:
        return z, z, (), q
    seen = z.view_as(z)
    if objective.estimator != "standard":
        return z, seen, (seen,), detached(q)
    each, copies = expanded(q, k)
    return z, seen, (seen, *copies), each


def _refuse_q(q: Any, objective: Objective) -> None:
    if not isinstance(q, D.Distribution):
        raise InputError(f"`q` must be a torch Distribution; got {type(q).__name__}. Give log_w yourself, or wrap it.")
    if len(q.event_shape) != 1:
        raise InputError(
            f"`q` must have an event shape of one axis, (d,); got {tuple(q.event_shape)}. Wrap it in Independent(q, 1)."
        )
    if objective.estimator != "vimco" and not q.has_rsample:
        raise InputError(
            f"{type(q).__name__} cannot be differentiated through its draws. Use objective='vimco', or a relaxed q."
        )


@contextmanager
def _seeded(rng: Any) -> Iterator[None]:
    """PyTorch's generators seeded from `rng` for a moment, and put back; as they are for None."""
    if rng is None:
        yield
        return
    seed = int(as_generator(rng).integers(2**63))
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() and torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
