"""Class weights of counts: what a network's loss is multiplied by, one number a class.

The trouble: a data set of images is counted once and never loaded whole, so weights must come from counts; and every library scales them
its own way, which moves the learning rate.

    balanced    w_c = (n / (K n_c))^power                    effective   w_c = (1 - beta) / (1 - beta^n_c)

both then scaled so that the population mean is one, sum_c n_c w_c = n: turning weights on changes no step size. If unsure, take a
margin rule instead (`margin_rule`): class weights fade as a network interpolates.

Sources: King and Zeng, Political Analysis 9 (2001); Cui, Jia, Lin, Song and Belongie, CVPR (2019).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .._errors import InputError, is_number, require_choice
from .._weights import Weights
from ._reading import class_counts, known_settings

__all__ = ["class_weights"]

KINDS = ("balanced", "effective")


def class_weights(counts: Any, *, kind: str = "balanced", beta: float = 0.999, power: float = 1.0) -> Weights:
    """One weight a class, from rows of each class: the classes count alike ("balanced"), or by their effective number of rows.

        balanced: w_c ∝ (n / n_c)^power;     effective: w_c ∝ (1 - beta) / (1 - beta^n_c);     sum_c n_c w_c = n

    Parameters
    ----------
    counts : (K,) rows of each class, as of `np.bincount(y)`.
    kind : "balanced" or "effective".
    beta : in [0, 1), for "effective": 0 gives ones, toward 1 balanced weights.
    power : >= 0, for "balanced": 1 reaches equal shares, 0.5 goes half the way in logs, 0 gives ones.

    Returns
    -------
    Weights of kind class, shape (K,). Read `.values`: their mean over the *rows* is one. `.sample_weight` has mean one over the K
    classes. Row weights are `.values[y]`, and equal those of `upweight.imbalance.class_weights(y)`.

    Raises
    ------
    InputError : NaN or negative counts; one class only; labels instead of counts; `beta` or `power` out of range or beside the other kind.

    Warns
    -----
    UserWarning : a class without rows gets weight 0.

    Costs: probabilities of a network trained with them are too high for the classes that gained, as long as the weights act at all.
    Source: King and Zeng (2001); Cui et al. (2019).

    >>> class_weights([5000, 500, 50]).values.round(2).tolist()
    [0.37, 3.7, 37.0]
    >>> class_weights([5000, 500, 50], kind="effective").values.round(4).tolist()
    [0.7624, 1.9239, 15.52]
    """
    require_choice("kind", kind, KINDS)
    used = ("power",) if kind == "balanced" else ("beta",)
    known_settings(kind, {"beta": (beta, 0.999), "power": (power, 1.0)}, used)
    n = class_counts(counts)
    there = n > 0
    _tell_empty(there)
    w = np.zeros(len(n))
    w[there] = _balanced(n[there], power) if kind == "balanced" else _effective(n[there], beta)
    return Weights.of(w * (n.sum() / (n * w).sum()), kind="class")


def _balanced(n: np.ndarray, power: float) -> np.ndarray:
    if not is_number(power) or not 0 <= power < np.inf:
        raise InputError(
            f"`power` must be a number >= 0; got {power!r}. 1 reaches equal shares, 0.5 goes half the way."
        )
    return (n.max() / n) ** power  # the largest class at one, so that no power overflows for it


def _effective(n: np.ndarray, beta: float) -> np.ndarray:
    if not is_number(beta) or not 0 <= beta < 1:
        raise InputError(f"`beta` must lie in [0, 1); got {beta!r}. 0.999 is usual.")
    if beta == 0:
        return np.ones(len(n))
    return (beta - 1) / np.expm1(n * np.log(beta))


def _tell_empty(there: np.ndarray) -> None:
    if not there.all():
        classes = np.flatnonzero(~there)
        which = ", ".join(str(c) for c in classes[:10]) + (", ..." if len(classes) > 10 else "")
        word = "class" if len(classes) == 1 else "classes"
        warnings.warn(f"{word} {which} without rows: weight 0.", UserWarning, stacklevel=3)
