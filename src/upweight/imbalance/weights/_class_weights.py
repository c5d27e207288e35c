"""Weights for classes: what everybody tries first, computed from what is there.

The trouble: "balanced" twice is not balanced; weights that ignore the weights one already has are wrong; and a matrix of
costs is squeezed into one number a class without a word.

    class   w_i = base_i (T_c W / W_c)^power             W_c the mass of class c, T_c = 1/K or the share asked for
    number  w_i = base_i (1 - beta)/(1 - beta^n_c) n_c / W_c         the effective number of rows of a class
    cost    w_i = base_i cost(y_i);  of a matrix: the sum of the row y_i off the diagonal

Weights move the threshold and the probabilities, hardly the ranking; `Rebalanced` gives the odds back. If unsure, do not
weight: move the threshold.

Sources: King and Zeng, Political Analysis 9 (2001); Cui et al., CVPR (2019); Ting, IEEE TKDE 14 (2002); Zhou and Liu,
Computational Intelligence 26 (2010).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..._errors import InputError, did_you_mean, is_number, plain
from ..._foreign_keywords import own_keywords
from ..._weights import Weights
from ...tables import Labels, refuse_other_index, row_weights

__all__ = ["class_weights", "cost_weights"]


@own_keywords
def class_weights(
    y: Any,
    *,
    to: str | Mapping[Any, float] = "balanced",
    power: float = 1.0,
    beta: float | str | None = None,
    base: Any = None,
) -> Weights:
    """Weigh rows so that classes have the shares asked for, from the weights that are there already.

        w_i = base_i (T_c W / W_c)^power,    c = y_i

    Parameters
    ----------
    y : (n,) labels, two classes or more.
    to : "balanced", every class the same share; or {label: share}, shares > 0 of all classes, scaled to sum one.
    power : 1 reaches the shares, 0.5 (the square root) goes half the way in logs, 0 does nothing.
    beta : in [0, 1) or "auto" = (n-1)/n: weights by the effective number of rows, (1-beta)/(1-beta^n_c), instead of `to`
        and `power`.
    base : (n,) weights >= 0 you have, array or `Weights`; they count in W_c, so a second call adds nothing. Whole numbers
        are copies of a row and count in the effective number too.

    Returns
    -------
    Weights of kind class (cost, if `base` is), shape (n,); `sample_weight` has mean one.

    Raises
    ------
    InputError : one class; labels of `to` that are absent; `beta` beside `power` or `to`; bad `base`.

    Costs: probabilities of a model trained with them are too high for the classes that gained; `Rebalanced` or
    `Correction.weighted(y, w)` gives that back. Effective rows fall, so estimates get noisier.
    Source: King and Zeng (2001); effective number: Cui et al. (2019).

    >>> w = class_weights([0, 0, 0, 1])
    >>> w.sample_weight.round(4)
    array([0.6667, 0.6667, 0.6667, 2.    ])
    >>> effective = class_weights([0] * 1000 + [1] * 100 + [2] * 10, beta=0.999).sample_weight
    >>> effective[[0, 1000, 1100]].round(6).tolist()
    [0.482759, 3.206148, 30.662661]
    """
    labels = Labels.of(y)
    refuse_other_index({"y": y, "base": base})
    row_base = row_weights(base, len(labels.codes), name="base")
    base_w = np.ones(len(labels.codes)) if row_base is None else row_base
    mass = np.bincount(labels.codes, weights=base_w, minlength=len(labels.classes))
    if beta is None:
        factor = _share_factor(labels, mass, to, power)
    elif power != 1.0 or to != "balanced":
        raise InputError("`beta` gives the effective number; it excludes `power` and `to`. Use one of them.")
    else:
        factor = _effective_factor(labels, base_w, mass, beta)
    return kept_kind(base, base_w, factor[labels.codes], "class")


def _share_factor(labels: Labels, mass: np.ndarray, to: Any, power: float) -> np.ndarray:
    """(K,) (T_c W / W_c)^power; classes without mass get 1."""
    if not is_number(power) or not 0 <= power < np.inf:
        shown = format(power, "g") if is_number(power) else repr(power)
        raise InputError(f"`power` must be >= 0; got {shown}. 1 reaches the shares, 0.5 goes half the way.")
    if not isinstance(to, Mapping) and not (isinstance(to, str) and to == "balanced"):
        rare = plain(labels.classes[int(labels.counts.argmin())])
        shown = {plain(c): 0.5 if c == rare else round(0.5 / (len(mass) - 1), 3) for c in labels.classes}
        raise InputError(
            f"`to` must be 'balanced' or {{label: share}}; got {to!r}. For a half of class {rare!r}: {shown}."
        )
    target = _shares_asked(labels, to) if isinstance(to, Mapping) else (mass > 0) / (mass > 0).sum()
    target = np.where(mass > 0, target, 0) / target[mass > 0].sum()
    return np.where(mass > 0, (target * mass.sum() / np.where(mass > 0, mass, 1)) ** power, 1.0)


def _shares_asked(labels: Labels, to: Mapping[Any, float]) -> np.ndarray:
    known = {plain(c): j for j, c in enumerate(labels.classes)}
    share = np.zeros(len(known))
    for label, value in to.items():
        if plain(label) not in known:
            raise InputError(f"`to` names class {label!r}, which `y` has not.{did_you_mean(label, known)}")
        share[known[plain(label)]] = value if is_number(value) else np.nan
    lacking = [plain(c) for c, s in zip(labels.classes, share, strict=True) if not (np.isfinite(s) and s > 0)]
    if lacking:
        raise InputError(f"`to` needs a share > 0 for every class; lacking: {lacking}.")
    return share / share.sum()


def _effective_factor(labels: Labels, base_w: np.ndarray, mass: np.ndarray, beta: float | str) -> np.ndarray:
    """(K,) (1-beta)/(1-beta^n_c) times n_c/W_c, rows of zero weight not counted; whole weights count copies."""
    whole = (base_w == np.round(base_w)).all()
    rows = mass if whole else np.bincount(labels.codes[base_w > 0], minlength=len(labels.classes))
    value = 1 - 1 / rows.sum() if beta == "auto" else beta
    if not is_number(value) or not 0 <= value < 1:
        raise InputError(f"`beta` must lie in [0, 1) or be 'auto'; got {beta!r}.")
    if value == 0:
        number = (rows > 0).astype(float)
    else:
        number = np.expm1(rows * np.log(value)) / np.expm1(np.log(value))  # (1 - beta^n) / (1 - beta)
    there = rows > 0
    return np.where(there, rows / np.where(there, number * mass, 1.0), 1.0)


@own_keywords
def cost_weights(y: Any, cost: Any, *, base: Any = None) -> Weights:
    """Weigh rows by what getting them wrong costs.

        w_i = base_i cost(y_i)

    Parameters
    ----------
    y : (n,) labels, K classes.
    cost : {label: cost > 0 of getting one wrong}, in any one unit; or a (K, K) matrix (true, predicted), classes sorted,
        cost >= 0, whose diagonal must be 0: its rows are summed.
    base : (n,) weights >= 0 you have, array or `Weights`.

    Returns
    -------
    Weights of kind cost, shape (n,).

    Raises
    ------
    InputError : a class without cost, a cost that is negative or not finite, a matrix of another shape.

    Warns
    -----
    UserWarning : K > 2 and costs in a row of the matrix differ: one weight a class cannot say that, a threshold can.

    Costs: probabilities move as with class weights; with calibrated probabilities the threshold 1/(1+R) does the same
    without them.
    Source: Ting (2002); Zhou and Liu (2010).

    >>> cost_weights(["ok", "ok", "ill"], {"ok": 1, "ill": 20}).values
    array([ 1.,  1., 20.])
    """
    labels = Labels.of(y)
    refuse_other_index({"y": y, "base": base})
    base_w = row_weights(base, len(labels.codes), name="base")
    base_w = np.ones(len(labels.codes)) if base_w is None else base_w
    per_class = _cost_by_label(labels, cost) if isinstance(cost, Mapping) else _cost_by_matrix(labels, cost)
    return kept_kind(base, base_w, per_class[labels.codes], "cost")


def _cost_by_label(labels: Labels, cost: Mapping[Any, float]) -> np.ndarray:
    known = [plain(c) for c in labels.classes]
    given = {plain(k): v for k, v in cost.items()}
    for label in given:
        if label not in known:
            raise InputError(f"`cost` names class {label!r}, which `y` has not.{did_you_mean(label, known)}")
    for label in known:
        value = given.get(label)
        if not (is_number(value) and np.isfinite(value) and value > 0):
            raise InputError(f"`cost` needs a finite cost > 0 for every class; class {label!r} has {value!r}.")
    return np.array([float(given[c]) for c in known])


def _cost_by_matrix(labels: Labels, cost: Any) -> np.ndarray:
    k = len(labels.classes)
    try:
        table = np.array(cost, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"`cost` must be {{label: cost}} or a ({k}, {k}) matrix; got {cost!r} ({error}).") from error
    if table.shape != (k, k) or not np.isfinite(table).all() or (table < 0).any() or np.diag(table).any():
        raise InputError(
            f"`cost` must be {{label: cost}} or a ({k}, {k}) matrix (true, predicted), finite, >= 0, zero on the diagonal; "
            f"got shape {table.shape}."
        )
    wrong = table[~np.eye(k, dtype=bool)].reshape(k, k - 1)
    if k > 2 and (wrong.min(axis=1) != wrong.max(axis=1)).any():
        row = int((wrong.min(axis=1) != wrong.max(axis=1)).argmax())
        warnings.warn(
            f"costs of class {plain(labels.classes[row])!r} differ by what is predicted; one weight a class cannot say that. "
            "Choose the class of least expected cost from repaired probabilities instead.",
            UserWarning,
            stacklevel=3,
        )
    total = wrong.sum(axis=1)
    if (total <= 0).any():
        raise InputError(
            f"`cost`: class {plain(labels.classes[int(total.argmin())])!r} costs nothing; costs must be > 0."
        )
    return total


def kept_kind(base: Any, base_w: np.ndarray, factor: np.ndarray, kind: str) -> Weights:
    """The factor on top of `base`: `Weights` keep their trail and the larger kind wins."""
    made = Weights.of(factor, kind=kind)
    if isinstance(base, Weights):
        return base * made
    return Weights.of(base_w * factor, kind=kind)
