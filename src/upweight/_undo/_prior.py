"""How common are the classes out there? The prior of unlabelled rows, by maximum likelihood.

The trouble: a model was trained where half the rows were positive; in the world that sends the next rows, nobody knows the
share. The predictions themselves tell it, if only the prior moved and p(x given y) did not.

    maximise  sum_j log sum_k p_jk q_k / pi_k     over  q >= 0, sum q = 1       (Saerens, Latinne and Decaestecker, 2002)

p_jk is the trained model's probability of class k at row j, pi the training prior, q the prior sought. The objective is
concave; EM (q_k times the mean of r_jk/m_j, with r_jk = p_jk/pi_k and m_j = sum_k q_k r_jk) always climbs, slowly. Here EM
is the safeguard of Newton steps on log q, solved by conjugate gradients: n K work a step, no K by K matrix.

What is inside: `Prior`, the shares in training and in the world with what is known of their error; `fit_prior`; `shares`,
which reads priors as people write them.

Sources: Saerens et al., Neural Computation 14 (2002); the optimality gap is that of mixture likelihoods, Lindsay (1983).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._errors import InputError
from .._frames import read

__all__ = ["Prior", "fit_prior", "shares"]

_GAP = 1e-10  # the page asks for 1e-8; Newton gets the two further digits for one more step


@dataclass(frozen=True, eq=False, repr=False)
class Prior:
    """Class shares in training and in the world, classes in sorted order; as an array it is the world's.

    Attributes
    ----------
    train, world : ndarray (K,), shares that sum to one.
    se : ndarray (K,) or None, standard errors of `world` if it was estimated (Fisher information).
    statistic, p : float or None, likelihood-ratio statistic and p-value of "the prior is unchanged", K - 1 degrees of freedom.

    >>> round(float(Prior(train=np.array([.5, .5]), world=np.array([.96, .04]))[1]), 2)
    0.04
    """

    train: np.ndarray
    world: np.ndarray
    se: np.ndarray | None = None
    statistic: float | None = None
    p: float | None = None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.world, dtype=dtype)

    def __getitem__(self, k: Any) -> Any:
        return self.world[k]

    def __len__(self) -> int:
        return len(self.world)

    def __repr__(self) -> str:
        text = f"Prior(train={_row(self.train)}, world={_row(self.world)}"
        if self.se is not None and self.p is not None:
            text += f", se={_row(self.se)}, p of no change {self.p:.2g}"
        return text + ")"

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and floats, for JSON."""
        se = None if self.se is None else self.se.tolist()
        return {
            "train": self.train.tolist(), "world": self.world.tolist(), "se": se,
            "statistic": self.statistic, "p": self.p,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Prior:
        """What `to_dict` wrote."""
        se = None if d["se"] is None else np.array(d["se"])
        return cls(np.array(d["train"]), np.array(d["world"]), se, d["statistic"], d["p"])


def _row(v: np.ndarray) -> str:
    return "[" + ", ".join(f"{x:.4g}" for x in v) + "]"


def shares(prior: Any, name: str, remedy: str) -> np.ndarray:
    """Class shares (K,) from a number (the positive share), a vector, or {label: share} in the labels' sorted order."""
    if isinstance(prior, Mapping):
        try:
            prior = [prior[label] for label in sorted(prior)]
        except TypeError:
            raise InputError(f"the labels of `{name}` cannot be sorted; pass the shares in class order.") from None
    v, _ = read(prior, name)
    if v.ndim > 1 or (v.ndim == 1 and len(v) < 2):
        raise InputError(
            f"`{name}` must be one share or (K,) shares, K >= 2; got shape {v.shape}. A number is the positive share."
        )
    bad = ~((v > 0) & (v < 1))
    if bad.any():
        first = int(bad.argmax())
        where = f"{v[first]:g} for class {first}" if v.ndim else f"{float(v):g}"
        raise InputError(f"`{name}` must lie strictly between 0 and 1; got {where}: {remedy}")
    if v.ndim == 0:
        return np.array([1 - float(v), float(v)])
    if abs(v.sum() - 1) > 1e-6:
        raise InputError(f"`{name}` must sum to 1; got {v.sum():.6g}. Divide by its sum, or name every class.")
    return v / v.sum()


def fit_prior(p: np.ndarray, train: np.ndarray) -> Prior:
    """The prior of the rows whose probabilities `p` (K, n) a model trained at prior `train` (K,) predicted."""
    from scipy.special import chdtrc

    r = p / train[:, None]
    world = _maximise(r, train.copy())
    statistic = 2 * max(0.0, float(np.log(world @ r).sum()))  # at q = train every m_j is one
    return Prior(
        train, world, _fisher_se(r, world), statistic, float(chdtrc(len(train) - 1, statistic)) if statistic else 1.0
    )  # fmt: skip


def _maximise(r: np.ndarray, q: np.ndarray) -> np.ndarray:
    """argmax over the simplex of mean_j log sum_k q_k r_kj, to a gap max_k mean_j r_kj/m_j - 1 below `_GAP`."""
    best = _state(r, q)
    for _ in range(500):
        level, gap, g, m = best
        if gap < _GAP:
            break
        step = _newton(r * (q[:, None] / m), q, g)
        for t in (1.0, 0.5, 0.25, 0.125):
            trial = _move(q, t * step)
            found = _state(r, trial)
            if found[0] > level or found[1] < gap:
                break
        else:
            trial = q * g / (q * g).sum()  # the EM step, which always climbs
            found = _state(r, trial)
        q, best = trial, found
    return q


def _state(r: np.ndarray, q: np.ndarray) -> tuple[float, float, np.ndarray, np.ndarray]:
    m = q @ r
    g = r @ (1 / m) / r.shape[1]
    return float(np.log(m).mean()), float(g.max() - 1), g, m


def _move(q: np.ndarray, step: np.ndarray) -> np.ndarray:
    new = q * np.exp(np.clip(step, -5, 5))
    return new / new.sum()


def _newton(s: np.ndarray, q: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Newton direction in log q: Cov(s) + diag of what still shrinks, preconditioned by q as EM is; s (K, n) are shares."""
    mean = q * g
    shrink = np.maximum(q - mean, 0)
    root = np.sqrt(np.maximum(q, np.finfo(np.float64).tiny))  # a share may leave the floats

    def curvature(x: np.ndarray) -> np.ndarray:
        v = x / root
        return (s @ (v @ s) / s.shape[1] - mean * (mean @ v) + shrink * v) / root

    return _conjugate(curvature, (mean - q) / root) / root


def _conjugate(times: Callable[[np.ndarray], np.ndarray], b: np.ndarray) -> np.ndarray:
    """Solve A x = b by conjugate gradients, loosely while far from the end (|b| large) and tightly near it."""
    x = np.zeros_like(b)
    left, way = b.copy(), b.copy()
    size = float(b @ b)
    goal = size * min(0.1, np.sqrt(size)) ** 2
    for _ in range(min(len(b) + 2, 60)):
        if size <= goal:
            break
        image = times(way)
        curve = float(way @ image)
        if curve <= 1e-14 * float(way @ way):
            break
        x += size / curve * way
        left -= size / curve * image
        size, old = float(left @ left), size
        way = left + size / old * way
    return x if x.any() else b


def _fisher_se(r: np.ndarray, q: np.ndarray) -> np.ndarray:
    """sqrt diag of the inverse observed information on the simplex; inf where the rows cannot tell two classes apart."""
    k = len(q)
    basis = np.vstack([np.eye(k - 1), -np.ones(k - 1)])
    slopes = basis.T @ (r / (q @ r))
    information = slopes @ slopes.T
    if np.linalg.cond(information) > 1e12:
        return np.full(k, np.inf)
    return np.sqrt(np.einsum("ki,ij,kj->k", basis, np.linalg.inv(information), basis))
