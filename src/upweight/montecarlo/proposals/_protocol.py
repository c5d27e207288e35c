"""What may stand where a proposal is asked for, and the reading of it.

The trouble: SciPy says rvs and logpdf, PyTorch sample((n,)) and tensors, others sample(n, rng); one-dimensional ones give (n,) where (n, 1) is
meant, and a log-density of shape (n, 1) broadcasts to (n, n) without a word.

    sample(n, rng) -> x (n, d)         log_prob(x) -> log q(x) (n,), normalised

What is inside: `Proposal`, the protocol; `as_proposal`, which takes anything that keeps it, scipy.stats frozen distributions, torch distributions
and results that have a `.proposal`, and watches the shape of every answer.

Source: Owen (2013), Monte Carlo theory, methods and examples, chapter 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..._errors import InputError, counted
from ..._set_module import set_module
from ._of_torch import torch_draws, torch_log_prob

__all__ = ["Proposal", "as_proposal"]

PAIRS = ("sample", "log_prob"), ("rvs", "logpdf"), ("sample", "logpdf")  # ours and PyTorch's, SciPy's, SciPy's new ones


@set_module("upweight.montecarlo")
@runtime_checkable
class Proposal(Protocol):
    """A law that can be drawn from and whose density is known: what weights are made against.

    sample(n, rng) gives n rows (n, d), float64, by a NumPy Generator; log_prob(x) the natural log of the normalised density, (n,), of rows (n, d),
    -inf outside the support. scipy.stats frozen distributions and torch distributions need no adapter.

    Costs: a log_prob that is not normalised biases every integral by its constant, and nothing here can see it.

    >>> import numpy as np
    >>> class Uniform:                                            # on the unit square
    ...     def sample(self, n, rng):
    ...         return rng.random((n, 2))
    ...     def log_prob(self, x):
    ...         return np.where(((x >= 0) & (x <= 1)).all(axis=1), 0.0, -np.inf)
    >>> isinstance(Uniform(), Proposal)
    True

    >>> import numpy as np
    >>> Uniform().sample(3, np.random.default_rng(0)).shape, Uniform().log_prob(np.array([[0.5, 2.0]])).tolist()
    ((3, 2), [-inf])
    """

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """x (n, d)."""
        ...

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        """log q (n,) of x (n, d)."""
        ...


@dataclass(frozen=True, eq=False)
class _Watched:
    """A proposal of somebody else, its answers checked and brought into shape."""

    given: Any
    name: str

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        if n == 0:
            return self.sample(1, np.random.default_rng(0))[:0]
        x = _drawn(self.given, n, rng)
        x = x[:, None] if x.ndim == 1 and x.shape[0] == n else x.reshape(1, -1) if n == 1 and x.ndim < 2 else x
        if x.ndim != 2 or x.shape[0] != n or x.shape[1] == 0:
            raise InputError(f"{self.name}: {n:,} draws must come as (n, d) rows; got shape {x.shape}.")
        bad = ~np.isfinite(x).all(axis=1)
        if bad.any():
            raise InputError(
                f"{self.name}: draws must be finite; got {counted(bad.sum(), 'row')} that is not, first row {int(bad.argmax())}."
                " Leave out what has no density."
            )
        return x

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        l = _asked(self.given, x)
        n = len(x)
        l = l.reshape(n) if l.shape == (n, 1) or l.size == n == 1 else l
        if l.shape != (n,):
            raise InputError(
                f"{self.name}: log_prob of {n:,} rows must be one number a row, ({n},); got shape {l.shape}. Sum over columns."
            )
        bad = np.isnan(l) | (l == np.inf)
        if bad.any():
            row = int(bad.argmax())
            raise InputError(
                f"{self.name}: log_prob must be finite or -inf; got {l[row]} at row {row}, x = {x[row].tolist()}. Mend log_prob."
            )
        return l


def as_proposal(given: Any, name: str = "proposal") -> Proposal:
    """Anything that keeps the protocol, as a proposal whose every answer is checked; `name` is what messages call it.

    Raises InputError for what has neither sample and log_prob nor rvs and logpdf.
    """
    if isinstance(given, _Watched):
        return given
    if isinstance(given, type):
        raise InputError(
            f"{name}: got the class {given.__name__}, not a law with its numbers. Write {given.__name__}(...)."
        )
    if callable(getattr(given, "freeze", None)):
        raise InputError(
            f"{name}: a scipy.stats distribution must be frozen; got {_called(given)}. Write {_called(given)}(...)."
        )
    if any(all(callable(getattr(given, method, None)) for method in pair) for pair in PAIRS):
        return _Watched(given, name)
    if getattr(given, "proposal", None) is not None:
        return as_proposal(given.proposal, name)
    lacking = next(
        (b for a, b in (("sample", "log_prob"), ("rvs", "logpdf")) if hasattr(given, a)), "sample and log_prob"
    )
    raise InputError(
        f"{name}: a proposal must have sample(n, rng) and log_prob(x), or be a frozen scipy.stats or a torch distribution;"
        f" {type(given).__name__} has no {lacking}. Wrap it in a class that has both."
    )


def _called(law: Any) -> str:
    """The name under which scipy.stats lists a law."""
    return getattr(law, "name", type(law).__name__.removesuffix("_gen").removesuffix("_frozen"))


def _drawn(given: Any, n: int, rng: np.random.Generator) -> np.ndarray:
    """n draws as an array, in whatever shape they come."""
    if _is_torch(given):
        return torch_draws(given, n, rng)
    if hasattr(given, "rvs"):
        return np.asarray(given.rvs(size=n, random_state=rng), dtype=np.float64)
    if not hasattr(given, "log_prob"):
        return np.asarray(given.sample(n, rng=rng), dtype=np.float64)
    return np.array(given.sample(n, rng), dtype=np.float64)


def _asked(given: Any, x: np.ndarray) -> np.ndarray:
    """Log-densities as an array, in whatever shape they come."""
    flat = x[:, 0] if x.shape[1] == 1 else x
    if _is_torch(given):
        return torch_log_prob(given, x)
    if hasattr(given, "logpdf"):
        with np.errstate(divide="ignore"):
            return np.asarray(given.logpdf(flat.copy()), dtype=np.float64)
    return np.asarray(given.log_prob(x.copy()), dtype=np.float64)


def _is_torch(given: Any) -> bool:
    """Whether it is a distribution of PyTorch, told by its class's home: PyTorch is not imported for that."""
    return any(kind.__module__.startswith("torch.distributions") for kind in type(given).__mro__)
