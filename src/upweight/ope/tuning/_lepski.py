"""lepski: which candidate to use, of several that trade variance for bias in a known order.

The trouble: a cap on the weights lowers the error of a value and adds a bias that nobody sees. What is seen is how far a candidate drifts from
those before it; a drift beyond noise is bias. Rules that compare the drift with both error bars are blind to small ones, because the
candidates share their rows and their errors: the difference of two of them is much more certain than either.

    k is accepted while for all i < k   |theta_i - theta_k| <= z se(theta_i - theta_k)                  paired
                                        |theta_i - theta_k| <= c_i + (sqrt 6 - 1) c_k,  c = 1.96 se     slope

The first refusal ends it, and the last accepted is chosen. What is inside: `lepski`; `last_accepted`, the search; `standard_errors`, of differences.

Sources: Lepski and Spokoiny (1997); Su, Srinath and Krishnamurthy (2020), Adaptive estimator selection for off-policy evaluation (slope).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ..._errors import InputError, is_number, require_choice
from ..._estimate import Average, Estimate, blocks

__all__ = ["last_accepted", "lepski", "standard_errors"]

SLOPE = math.sqrt(6) - 1
ROUNDING = 1e-12


def lepski(estimates: Sequence[Estimate], *, z: float = 2.0, rule: str = "paired") -> int:
    """Which of some estimates to use, 0, 1, ... from the least to the most tamed: the last before a drift that is no noise.

        |theta_i - theta_k| <= z se(theta_i - theta_k)   for all i < k

    Parameters
    ----------
    estimates : of one target over the same rows, in the order in which variance falls and bias may grow.
    z : > 0, standard errors of a drift that is put down to noise. rule : "paired", or "slope" (Su et al.), which ignores `z`.

    Returns
    -------
    int, the place of the chosen one.

    Raises
    ------
    InputError : no estimates, several averages in one, other rows or clusters; another rule.

    Costs: "paired" loses some of what heavy taming would have gained; "slope" may accept a bias of several standard errors.
    Source: Lepski and Spokoiny (1997); Su, Srinath and Krishnamurthy (2020).

    >>> import upweight as uw
    >>> g = np.random.default_rng(0)
    >>> x = g.exponential(size=4000)
    >>> w = uw.ratio(0.6 * np.exp(-0.6 * x), np.exp(-x))
    >>> lepski([uw.ope.value(x, w, how="self"), *(uw.ope.value(x, w.clip(at=m)) for m in (10, 3, 1))])
    1
    """
    require_choice("rule", rule, ("paired", "slope"))
    if not (is_number(z) and 0 < z < math.inf):
        raise InputError(f"`z` must be a finite number > 0; got {z!r}.")
    if isinstance(estimates, Estimate) or not isinstance(estimates, Iterable):
        raise InputError(
            f"lepski takes a list of estimates; got {type(estimates).__name__}. Pass [untamed, tamed, ...]."
        )
    each = [_one(e) for e in estimates]
    if not each:
        raise InputError("lepski takes at least one estimate; got none.")
    values = [a.value for a in each]
    if rule == "slope":
        c = [1.96 * a.se for a in each]
        return last_accepted(values, lambda i, k: c[i] + SLOPE * c[k])
    errors = _paired_errors(each)
    return last_accepted(values, lambda i, k: z * float(errors[i, k]))


def last_accepted(values: Sequence[float], allowed: Callable[[int, int], float]) -> int:
    """The last k before the first that has drifted too far from any before it."""
    for k in range(1, len(values)):
        near = (
            abs(values[i] - values[k]) <= allowed(i, k) + ROUNDING * (abs(values[i]) + abs(values[k])) for i in range(k)
        )
        if not all(near):
            return k - 1
    return len(values) - 1


def _one(e: Estimate) -> Average:
    if not isinstance(e, Estimate) or e._terms.shape:
        what = "several averages" if isinstance(e, Estimate) else type(e).__name__
        raise InputError(f"lepski takes estimates of one average each; got {what}. Pick with e[i].")
    return e._terms.each[0]


def _paired_errors(each: Sequence[Average]) -> np.ndarray:
    """Standard errors (K, K) of the differences of averages over the same rows, from sums of products of their influences."""
    n, codes, groups = _same_rows(each)
    products, unit = np.zeros((len(each), len(each))), _unit(max(a.norm for a in each))
    if codes is None:
        for piece in blocks(n):
            phi = np.stack([a.line.part(piece) for a in each]) / unit
            products += phi @ phi.T
    else:
        sums = np.stack([np.bincount(codes, a.line.part(slice(0, n)), groups) for a in each]) / unit
        products = sums @ sums.T
    return unit * standard_errors(products, np.array([a.sample.factor for a in each]))


def _unit(norm: float) -> float:
    """A power of two by which influences are divided, so that their products are floats whatever the unit of the reward."""
    return 2.0 ** (math.frexp(norm)[1] - 1) if 0 < norm < math.inf else 1.0


def standard_errors(products: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Of all differences, from sums (K, K) of products of influences and each one's m/(m - 1); inf where no error can be told."""
    square = np.diag(products)
    found = np.maximum(square[:, None] + square - 2 * products, 0.0)
    larger = np.maximum(factor[:, None], factor)
    return np.sqrt(np.where(np.isinf(larger), np.inf, found * np.where(np.isinf(larger), 1.0, larger)))


def _same_rows(each: Sequence[Average]) -> tuple[int, np.ndarray | None, int]:
    first = each[0].sample
    for a in each[1:]:
        same = a.sample.codes is first.codes or (
            a.sample.codes is not None and first.codes is not None and np.array_equal(a.sample.codes, first.codes)
        )
        if a.sample.n != first.n or not same:
            raise InputError(
                "lepski compares estimates over the same rows and clusters; pass the same columns to all of them."
            )
    return first.n, first.codes, first.groups
