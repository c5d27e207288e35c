"""Inputs: everything random in a simulation, as a function of independent standard normals.

The trouble: a method that works in one standard space needs every input translated, both tails at full precision, with the dependence
that was meant; and the answers have to come back in the units and under the names of the inputs.

    z = L u,   L L' = correlation of the normal scores (Gaussian copula);   x_j = quantile_j(Phi(z_j))

What is inside: `Inputs`; `as_inputs`, which takes every form in which inputs are given: a number d of standard normals, a list or dict
of frozen distributions, `Inputs`, or a distribution of OpenTURNS with its copula, known by its
`getInverseIsoProbabilisticTransformation` and never imported here.

Source: Liu and Der Kiureghian (1986), Multivariate distribution models with prescribed marginals and covariances.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..._errors import InputError, require_flag, require_int
from ..._set_module import set_module
from ._marginals import described, refuse_marginal, through

__all__ = ["Inputs", "as_inputs"]

Points = np.ndarray | dict[str, np.ndarray]


@set_module("upweight.montecarlo")
class Inputs:
    """Random inputs as a function of independent standard normals u: an average over u is one over the inputs.

        z = L u,   x_j = quantile_j(Phi(z_j))

    Parameters
    ----------
    marginals : an int d (standard normals), a list of frozen scipy.stats distributions, or a dict {name: distribution}; new-style ones
        (`stats.Normal(mu=...)`) and discrete ones too. With a dict, functions are given a dict of arrays.
    correlation : (d, d) correlations of the normal scores z, in the order of the marginals; None is independence.

    Attributes
    ----------
    d : number of standard normals. names : tuple of names, or None for unnamed inputs.

    Raises
    ------
    InputError : no input, a distribution that is not frozen or whose parameters are not finite, a name that is no text; a correlation
        that is not symmetric, has no unit diagonal or is not positive definite.

    Costs: the correlation is that of the normal scores, not of the inputs; for skewed inputs the two differ. Other copulas go in by
    `Inputs.transform`. A distribution whose quantiles or tails SciPy integrates anew for every point costs milliseconds a call: norminvgauss,
    genhyperbolic and levy_stable anywhere, the thin side of skewnorm beyond 6.4 standard deviations.

    >>> from scipy import stats
    >>> inputs = Inputs({"R": stats.norm(4, 1), "S": stats.expon()}, correlation=[[1, 0.5], [0.5, 1]])
    >>> {name: round(float(x[0]), 3) for name, x in inputs.to_x([[0.0, 0.0]]).items()}
    {'R': 4.0, 'S': 0.693}

    >>> inputs.scores(np.array([[1.0, 0.0]])).round(3).tolist()
    [[1.0, 0.0]]
    """

    def __init__(self, marginals: Any, *, correlation: Any = None):
        self.names, self._marginals = _read_marginals(marginals)
        self.d = len(self._marginals)
        self._factor = None if correlation is None else _factor(correlation, self.d)
        self._function: Callable[[np.ndarray], Any] | None = None
        self._uniform = False

    @classmethod
    def transform(
        cls, f: Callable[[np.ndarray], Any], d: int, *, uniform: bool = False, names: Sequence[str] | None = None
    ) -> Inputs:
        """Inputs that are any function x = f(u) of d independent standard normals: hierarchies, Rosenblatt's transform, other copulas.

        f : function of u (n, d), standard normal or, with `uniform`, in (0, 1) as in a nested sampler's `prior_transform`; it gives
        (n, k) numbers, one row a row. names : k names, if functions shall be given a dict.

        Raises InputError (d below one, names given twice); what f gives wrongly is told at the first call.

        Costs: sensitivities are those of u then, not of the inputs.

        >>> scale = Inputs.transform(lambda u: np.exp(u), 1, names=["scale"])
        >>> scale.to_x([[0.0], [1.0]])["scale"].round(3)
        array([1.   , 2.718])
        """
        require_int("d", d)
        if not callable(f):
            raise InputError(f"`f` must be a function of u (n, {d}); got {type(f).__name__}. Pass the function itself.")
        self = cls(int(d))
        self.names = None if names is None else _distinct(names)
        self._function = f
        self._uniform = require_flag("uniform", uniform)
        return self

    def to_x(self, u: Any) -> Points:
        """The inputs of standard normals u (n, d): float64 (n, d), or a dict {name: (n,)} if they are named.

        Raises InputError where an input is infinite or NaN, with its name and the standard normal.
        """
        points = np.asarray(u, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != self.d:
            raise InputError(f"`u` must have shape (n, {self.d}); got {points.shape}. Give one row a point.")
        if not np.isfinite(points).all():
            row, column = np.argwhere(~np.isfinite(points))[0]
            raise InputError(
                f"`u` must be finite; got {points[row, column]} in column {column}, first at row {row}. Drop those rows."
            )
        if self._function is not None:
            x = _called(self._function, points, self._uniform)
        else:
            z = points if self._factor is None else points @ self._factor.T
            x = np.empty_like(z)
            for j, (label, marginal) in enumerate(zip(self.labels, self._marginals, strict=True)):
                x[:, j] = z[:, j] if marginal is None else through(label, marginal, z[:, j])
        if self.names is None:
            return x
        if x.shape[1] != len(self.names):
            raise InputError(
                f"the transform gave {x.shape[1]} columns for {len(self.names)} names. Name every column, in order."
            )
        return {name: np.ascontiguousarray(x[:, j]) for j, name in enumerate(self.names)}

    @property
    def labels(self) -> tuple[str, ...]:
        """What each standard normal is called: the inputs' names, x0, x1, ... without names, u0, u1, ... of a transform."""
        if self._function is not None:
            return tuple(f"u{j}" for j in range(self.d))
        return self.names if self.names is not None else tuple(f"x{j}" for j in range(self.d))

    def scores(self, u: np.ndarray) -> np.ndarray:
        """u L^-1 (n, d): rows whose mean over a region is the change of its log-probability with a shift of each normal score."""
        if self._factor is None:
            return u
        return np.linalg.solve(self._factor.T, u.T).T

    @property
    def fingerprint(self) -> str:
        """Text that tells these inputs from others; a transform is told by its function's name alone."""
        what = [self.d, self.names, [m and described(m) for m in self._marginals], self._uniform]
        what.append(None if self._factor is None else self._factor.tolist())
        what.append(
            None if self._function is None else getattr(self._function, "__qualname__", type(self._function).__name__)
        )
        return hashlib.sha256(repr(what).encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"Inputs({', '.join(self.labels[:6])}{', ...' if self.d > 6 else ''})"


def as_inputs(given: Any) -> Inputs:
    """Inputs from any form in which they are given."""
    if isinstance(given, Inputs):
        return given
    if hasattr(given, "getInverseIsoProbabilisticTransformation"):
        to_x = given.getInverseIsoProbabilisticTransformation()
        return Inputs.transform(lambda u: np.asarray(to_x(u), dtype=np.float64), int(given.getDimension()))
    return Inputs(given)


def _read_marginals(given: Any) -> tuple[tuple[str, ...] | None, tuple[Any, ...]]:
    """(names or None, distributions); None is a standard normal."""
    if isinstance(given, (int, np.integer)) and not isinstance(given, bool):
        require_int("inputs", given)
        return None, (None,) * int(given)
    if not isinstance(given, (Mapping, list, tuple)):
        raise InputError(
            f"inputs must be a number of standard normals, a list or dict of frozen scipy.stats distributions, or Inputs; got "
            f"{type(given).__name__}. For one input write [it]."
        )
    if not len(given):
        raise InputError("inputs must hold at least one distribution; got none. Name what is random.")
    names = _distinct(given) if isinstance(given, Mapping) else None
    marginals = tuple(given.values()) if isinstance(given, Mapping) else tuple(given)
    for label, marginal in zip(names or (f"x{j}" for j in range(len(marginals))), marginals, strict=True):
        refuse_marginal(label, marginal)
    return names, marginals


def _distinct(names: Any) -> tuple[str, ...]:
    """Names as a tuple, each once."""
    if isinstance(names, str):
        raise InputError(f"`names` must be a list of names; got the text {names!r}. Write [{names!r}].")
    out = tuple(names)
    for name in out:
        if not isinstance(name, str) or not name:
            remedy = f"Write {str(name)!r}" if str(name) else "Name it"
            raise InputError(f"the name of an input must be text; got {name!r}. {remedy}.")
        if out.count(name) > 1:
            raise InputError(f"every input needs its own name; got {name!r} twice. Rename one.")
    return out


def _factor(correlation: Any, d: int) -> np.ndarray:
    """The lower Cholesky factor of a correlation matrix, or InputError with the entry that is wrong."""
    try:
        c = np.asarray(correlation, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"`correlation` must be {d} rows of {d} numbers, one row an input; got {type(correlation).__name__} that is no such table. "
            "Give all pairs."
        ) from None
    if c.shape != (d, d):
        raise InputError(f"`correlation` must have shape ({d}, {d}), one row an input; got {c.shape}. Give all pairs.")
    for what, wrong in (
        ("finite", ~np.isfinite(c)),
        ("one on its diagonal", (np.diag(c) != 1)[:, None] & np.eye(d, dtype=bool)),
        ("symmetric", np.abs(c - c.T) > 1e-12),
        ("between -1 and 1", np.abs(c) > 1),
    ):
        if wrong.any():
            i, j = np.argwhere(wrong)[0]
            raise InputError(f"`correlation` must be {what}; got {c[i, j]} at row {i}, column {j}. Correct that entry.")
    try:
        return np.linalg.cholesky(c)
    except np.linalg.LinAlgError:
        least = float(np.linalg.eigvalsh(c)[0])
        raise InputError(
            f"`correlation` must be positive definite; its least eigenvalue is {least:.3g}. Some of its entries contradict each other: "
            "lower them."
        ) from None


def _called(f: Callable[[np.ndarray], Any], u: np.ndarray, uniform: bool) -> np.ndarray:
    """f of a copy of u, looked at: (n, k) finite numbers."""
    from scipy.special import ndtr

    given = np.clip(ndtr(u), np.nextafter(0.0, 1.0), np.nextafter(1.0, 0.0)) if uniform else u.copy()
    came = f(given)
    try:
        x = np.asarray(came, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"a transform must give an array of numbers, ({len(u)}, k); got {type(came).__name__}. Stack the columns; names=[...] makes "
            "them a dict for the function."
        ) from None
    if x.ndim == 1 and len(x) == len(u):
        x = x[:, None]
    if x.ndim != 2 or len(x) != len(u):
        raise InputError(
            f"a transform must give one row of numbers a row of u: ({len(u)}, k); got {x.shape}. Keep the first axis."
        )
    if not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise InputError(
            f"a transform must give finite inputs; got {x[row, column]} in column {column} at row {row}, u = {u[row].tolist()}. "
            "Keep it finite there."
        )
    return x
