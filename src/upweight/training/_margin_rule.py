"""Margin rules: what is done to a network's logits, class by class, so that a rare class is not paid for with weights that fade.

The trouble: weights multiply the loss, and a network that interpolates drives every loss to zero, weighted or not. A rule acts inside the
loss, on the margin, and is still there when the loss is small.

    u_c = scale (delta_c z_c + iota_c - 1[c = y] m_c),       margin = u_y - log sum_{c != y} exp(u_c)

With n_c rows of class c and shares pi_c = n_c/n:

    kind                              delta_c                            iota_c           m_c
    logit_adjust, balanced_softmax    1                                  tau log pi_c     0
    cdt                               (n_c/n_max)^gamma                  0                0
    vs                                (n_c/n_max)^gamma                  tau log pi_c     0
    temper                            (n_y/n_max)^gamma, the row's own   tau log pi_c     0
    ldam                              1 (scale 30; logits are cosines)   0                max_margin (n_min/n_c)^(1/4)

Two classes have one margin, f = z_1 - z_0: then delta_y stretches it and iota_1 - iota_0 shifts it, in one output column or in two.
With two free columns of their own factor the head would undo the factor. If unsure: post-hoc `logit_adjust`, which is free; then
kind="logit_adjust"; then "vs" with a small gamma.

Sources: Menon et al., ICLR (2021); Ren et al., NeurIPS (2020); Ye et al. (2020), arXiv 2001.01385; Kini et al., NeurIPS (2021), arXiv
2103.01550; Lu et al. (2022), importance tempering; Cao et al., NeurIPS (2019), arXiv 1906.07413.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from .._errors import InputError, counted, is_number, require_choice
from .._set_module import set_module
from .._undo import Correction
from ._reading import class_counts, known_settings

__all__ = ["KINDS", "MarginRule", "margin_rule"]

USED = {  # kind -> the settings that mean something to it
    "logit_adjust": ("tau",),
    "balanced_softmax": (),
    "cdt": ("gamma",),
    "vs": ("tau", "gamma"),
    "temper": ("tau", "gamma"),
    "ldam": ("max_margin",),
}
KINDS = tuple(USED)  # names of the rules
WHY_NOT = {
    "cdt": "the factors of cdt stretch the logits by class",
    "vs": "the factors of vs stretch the logits by class",
    "temper": "the factors of temper stretch the logits by the row's own class",
    "ldam": "the margins of ldam are asked of the row's own class only",
}


@set_module("upweight.training")
@dataclass(frozen=True, eq=False, repr=False)
class MarginRule:
    """Factors, offsets and margins of K classes, made by `margin_rule`.

    Attributes
    ----------
    kind : str, its name in the literature.
    delta, iota, margin : ndarray (K,), read-only: factor, offset (natural log) and margin of each class.
    scale : float, multiplies all of them.
    per_example : bool, whether a row's own class lends its factor to all logits of the row.
    prior : ndarray (K,), the classes' shares of the training rows.
    tau : float, the strength of the offsets.
    acts : whether factors, offsets and margins do anything, one bool each.

    >>> rule = margin_rule([900, 100], kind="vs", gamma=0.5)
    >>> rule
    MarginRule(vs, 2 classes, delta 0.333 to 1, iota -2.3 to -0.105)
    """

    kind: str
    delta: np.ndarray
    iota: np.ndarray
    margin: np.ndarray
    scale: float
    per_example: bool
    prior: np.ndarray
    tau: float
    acts: tuple[bool, bool, bool]
    _placed: dict[Any, Any] = field(
        default_factory=dict
    )  # tensors of these arrays by device and type, for whoever computes there

    @property
    def k(self) -> int:
        """Number of classes."""
        return len(self.delta)

    @cached_property
    def correction(self) -> Correction:
        """How to give the odds back: softmax(scale z) is not the world's probability under a rule, softmax(scale (z + iota)) is.

        Exact for logit_adjust and balanced_softmax: training added -scale tau log pi_c. No formula exists for the other kinds.

        >>> rule = margin_rule([960, 40])
        >>> rule.correction.apply([0.5, 0.9]).round(4).tolist()
        [0.04, 0.2727]
        """
        if self.kind in WHY_NOT:
            return Correction.impossible(
                f"{WHY_NOT[self.kind]}, and the loss has no probability model that a shift would mend"
            )
        log_odds = -self.scale * self.iota
        why = "the loss added tau log prior to the logits, so the logits alone lack it"
        return Correction(log_odds, "exact", why)

    def plot(self, ax: Any = None) -> Any:
        """Margins by class: what the rule asks of each, as a picture; see `upweight.plots.margin_rule`.

        >>> from upweight.training import margin_rule
        >>> margin_rule([900, 100], kind="vs", gamma=0.5).plot().get_xlabel()
        'lead of the own logit over the others'
        """
        from ..plots import margin_rule as picture

        return picture(self, ax=ax)

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in vars(self).items() if name != "correction"}
        return kept | {"_placed": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        for a in (self.delta, self.iota, self.margin, self.prior):
            a.flags.writeable = False

    def __repr__(self) -> str:
        parts = [f"{name} {_range(a)}" for name, a, plain in self._columns() if (a != plain).any()]
        scale = [f"scale {self.scale:g}"] if self.scale != 1 else []
        return f"MarginRule({', '.join([self.kind, f'{self.k} classes', *parts, *scale])})"

    def _columns(self) -> list[tuple[str, np.ndarray, float]]:
        return [("delta", self.delta, 1.0), ("iota", self.iota, 0.0), ("margin", self.margin, 0.0)]

    def _repr_html_(self) -> str:
        from .._html import block

        rows = [
            [c, f"{p:.3g}", *(f"{a[c]:.3g}" for _, a, _ in self._columns())]
            for c, p in enumerate(self.prior[:30].tolist())
        ]
        more = [f"and {counted(self.k - 30, 'class', 'classes')} more"] if self.k > 30 else []
        status = self.correction.status
        return block(
            [repr(self)], ["class", "share", "delta", "iota", "margin"], rows, after=[*more, f"correction: {status}"]
        )


def margin_rule(
    counts: Any,
    *,
    kind: str = "logit_adjust",
    tau: float = 1.0,
    gamma: float = 0.2,
    max_margin: float = 0.5,
    scale: float | None = None,
) -> MarginRule:
    """A rule for the margins of K classes, from rows of each: a rare class is asked for more, and goes on being asked.

        u_c = scale (delta_c z_c + iota_c - 1[c = y] m_c)

    Parameters
    ----------
    counts : (K,) rows of each class > 0, as of `np.bincount(y)`.
    kind : logit_adjust, balanced_softmax, cdt, vs, temper or ldam; see the table above.
    tau : strength of the offsets tau log pi_c; 1 balances the classes. balanced_softmax is tau = 1.
    gamma : >= 0, the power in the factors (n_c/n_max)^gamma; 0.1 to 0.3.
    max_margin : > 0, of the rarest class, for ldam.
    scale : > 0, multiplies all logits; None is 30 for ldam, whose logits are cosines, and 1 elsewhere.

    Returns
    -------
    MarginRule; `.correction` gives the odds back where a formula exists.

    Raises
    ------
    InputError : a class without rows; one class only; labels instead of counts; a setting out of range, or of another kind.

    Costs: the logits no longer say the world's probabilities: apply `.correction`, or recalibrate. Beside class weights a rule with
    `tau` balances twice.
    Source: Menon et al. (2021); Ren et al. (2020); Ye et al. (2020); Kini et al. (2021); Lu et al. (2022); Cao et al. (2019).

    >>> margin_rule([900, 90, 10]).iota.round(3).tolist()
    [-0.105, -2.408, -4.605]
    >>> margin_rule([900, 90, 10], kind="ldam").margin.round(3).tolist()
    [0.162, 0.289, 0.5]
    """
    require_choice("kind", kind, KINDS)
    given = {"tau": (tau, 1.0), "gamma": (gamma, 0.2), "max_margin": (max_margin, 0.5)}
    known_settings(kind, given, USED[kind])
    scale = (30.0 if kind == "ldam" else 1.0) if scale is None else scale
    _require(tau=tau, gamma=gamma, max_margin=max_margin, scale=scale)
    n = class_counts(counts)
    if (n == 0).any():
        raise InputError(
            f"`counts` must be above 0 for a margin rule; got 0 for class {int((n == 0).argmax())}. Leave the class out of the network."
        )
    prior, ones, zeros = n / n.sum(), np.ones(len(n)), np.zeros(len(n))
    delta = (n / n.max()) ** gamma if "gamma" in USED[kind] else ones
    iota = zeros if kind in ("cdt", "ldam") else tau * np.log(prior)
    margin = max_margin * (n.min() / n) ** 0.25 if kind == "ldam" else zeros
    for a in (prior, delta, iota, margin):
        a.flags.writeable = False
    acts = bool((delta != 1).any()), bool(iota.any()), bool(margin.any())
    return MarginRule(kind, delta, iota, margin, float(scale), kind == "temper", prior, float(tau), acts)


def _require(*, tau: float, gamma: float, max_margin: float, scale: float) -> None:
    least = {"tau": (tau, -np.inf), "gamma": (gamma, 0.0), "max_margin": (max_margin, 0.0), "scale": (scale, 0.0)}
    for name, (value, low) in least.items():
        strict = name in ("max_margin", "scale")
        if not is_number(value) or not np.isfinite(value) or value < low or (strict and value == low):
            rule = "a finite number" if name == "tau" else f"a finite number {'above' if strict else 'of at least'} 0"
            raise InputError(f"`{name}` must be {rule}; got {value!r}. Leave it out for the usual one.")


def _range(a: np.ndarray) -> str:
    return f"{a.min():.3g}" if a.min() == a.max() else f"{a.min():.3g} to {a.max():.3g}"
