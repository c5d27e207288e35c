"""How good a model is on everything, from a sample: weighted metrics with errors.

    log loss  L = sum W l            W_i = w_i / sum w                    brier  sum W (y - p)^2
    oe        sum W y / sum W p      observed over expected positives     normalised entropy  L / H(ybar)
    roc_auc   chance that a positive is ranked above a negative           average_precision  sum over positives of W_1 P(s)

The trouble: on thinned rows every one of them is wrong without weights (an AUC of .52 for .87, an average precision of .61 for .05), and an
offset does not repair them. Each comes with the influence of every row, and so with an error that knows the weights:

    AUC  w/S1 (F - A) for positives, w/S0 (G - A) for negatives,  F, G placements
    AP   w ( y (P(s) - AP)/S1 + y A(s) - B(s) ),   A, B = sums over lower scores of m/N and m P/N, m = positives' mass at a score

Values and ties are scikit-learn's with `sample_weight`.

Sources: DeLong et al., Biometrics 44 (1988); He et al., ADKDD (2014), for normalised entropy; Huber (1967) for influences.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ... import _html as html
from ..._errors import InputError, counted
from ..._estimate import (
    Average,
    Dense,
    Estimate,
    OnScale,
    Terms,
    WeightedSample,
    average,
    estimate,
    multipliers,
    sample_of,
)
from ..._set_module import set_module
from ..._weights import Step, Weights, forbid
from ._start import binary_labels

__all__ = ["Metrics", "metrics"]

NAMES = ("log_loss", "brier", "roc_auc", "average_precision", "oe", "normalized_entropy")


@set_module("upweight.negatives")
@dataclass(frozen=True, eq=False, repr=False)
class Metrics:
    """Figures of some probabilities on weighted rows, each an `Estimate`; made by `metrics`.

    log_loss, brier, roc_auc, average_precision, oe (observed over expected positives), normalized_entropy (log loss over that of the base rate).
    """

    y: np.ndarray  # (n,) labels that were judged
    proba: np.ndarray  # (n,) probabilities that were judged
    weights: Weights  # (n,) weights of the rows

    @cached_property
    def log_loss(self) -> Estimate:
        """Mean of -log of the probability of what came; an InputError names the first row whose probability was 0."""
        loss = self._losses
        value = float(self._w @ loss)
        return self._made("log_loss", value, self._w * (loss - value))

    @cached_property
    def brier(self) -> Estimate:
        """Mean of (y - p)^2."""
        loss = (self.y - self.proba) ** 2
        value = float(self._w @ loss)
        return self._made("brier", value, self._w * (loss - value), bounded=True)

    @cached_property
    def oe(self) -> Estimate:
        """Observed over expected positives: one if the probabilities are right on the whole; nan where none is expected."""
        expected = float(self._w @ self.proba)
        if expected == 0:
            return self._unknown("oe", "no positive is expected")
        value = float(self._w @ self.y) / expected
        return self._made("oe", value, self._w * (self.y - value * self.proba) / expected)

    @cached_property
    def normalized_entropy(self) -> Estimate:
        """Log loss over that of the base rate: below one beats a constant; nan where one class is there."""
        share = float(self._w @ self.y)
        if not self._both:
            return self._unknown("normalized_entropy", "one class is there")
        loss, base = self._losses, -share * np.log(share) - (1 - share) * np.log1p(-share)
        value = float(self._w @ loss) / base
        slope = np.log((1 - share) / share)
        own = self._w * (loss - value * base) - value * slope * self._w * (self.y - share)
        return self._made("normalized_entropy", value, own / base)

    @cached_property
    def roc_auc(self) -> Estimate:
        """Chance that a positive is ranked above a negative, ties a half; nan where one class is there."""
        if not self._both:
            return self._unknown("roc_auc", "one class is there")
        at, one, zero = self._by_score
        below = np.cumsum(zero) - zero
        share = ((below + 0.5 * zero) / zero.sum())[at]
        above = np.cumsum(one[::-1])[::-1] - one
        other = ((above + 0.5 * one) / one.sum())[at]
        value = float(self._w[self.y] @ share[self.y]) / float(one.sum())
        phi = np.where(self.y, (share - value) / one.sum(), (other - value) / zero.sum()) * self._w
        return self._made("roc_auc", value, phi, bounded=True, scale="logit")

    @cached_property
    def average_precision(self) -> Estimate:
        """Precision averaged over the positives, from the highest score down; nan where there is no positive."""
        at, one, zero = self._by_score
        total = float(one.sum())
        if total == 0:
            return self._unknown("average_precision", "there is no positive")
        hits = np.cumsum(one[::-1])[::-1]
        flagged = hits + np.cumsum(zero[::-1])[::-1]
        precision = np.divide(hits, flagged, out=np.zeros_like(hits), where=flagged > 0)
        mass = np.divide(one / total, flagged, out=np.zeros_like(hits), where=flagged > 0)
        value = float(one @ precision) / total
        lower, spent = np.cumsum(mass)[at], np.cumsum(mass * precision)[at]
        phi = self._w * (self.y * (precision[at] - value) / total + self.y * lower - spent)
        return self._made("average_precision", value, phi, bounded=True, scale="logit")

    @property
    def estimates(self) -> dict[str, Estimate]:
        """All by name, for `upweight.plots.estimates`; one that is not finite says why."""
        return {name: self._known(name) for name in NAMES}

    def plot(self, ax: Any = None) -> Any:
        """A forest of the figures, each as a share of itself; see `upweight.plots.metrics`; gives back the Axes.

        >>> m = metrics([0, 0, 1, 1] * 50, [0.1, 0.4, 0.35, 0.8] * 50, sample_weight=[10, 10, 1, 1] * 50)
        >>> m.plot().get_xlabel()
        'interval (95 %) over the figure'
        """
        from ...plots import metrics as drawn

        return drawn(self, ax=ax)

    def to_dict(self) -> dict[str, Any]:
        """Value and standard error of each; what is unknown is None.

        >>> from upweight.negatives import metrics
        >>> metrics([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], sample_weight=[10, 10, 1, 1]).to_dict()["roc_auc"]["value"]
        0.75
        """
        return {
            name: {"value": e.value, "se": e.se} if np.isfinite(e.value) else {"value": None, "se": None}
            for name, e in self.estimates.items()
        }

    def __str__(self) -> str:
        """A line each."""
        return "\n".join(f"{name:<19}{e if np.isfinite(e.value) else e.why}" for name, e in self.estimates.items())

    def _repr_html_(self) -> str:
        each = self.estimates
        lines = [(name, *_figures(e), "" if e.ok else e.why) for name, e in each.items()]
        return html.block([self._said], ["", "value", "95 % interval", ""], lines)

    @property
    def _said(self) -> str:
        return f"{counted(len(self.y), 'row')}, {int(self.y.sum()):,} of them positive, worth {self._sample.ess:,.0f} rows of one weight"

    def __repr__(self) -> str:
        return f"<Metrics of {counted(len(self.y), 'row')}>"

    # ---- what they share ----------------------------------------------------------------------------------------------------

    @cached_property
    def _w(self) -> np.ndarray:
        return multipliers(self.weights, "self").whole()

    @cached_property
    def _sample(self) -> WeightedSample:
        return sample_of(self.weights, multipliers(self.weights, "self"))

    def _known(self, name: str) -> Estimate:
        """A figure, or one that is not defined and says why."""
        try:
            return getattr(self, name)
        except InputError as error:
            return self._unknown(name, str(error).rstrip("."))

    @property
    def _both(self) -> bool:
        return float(self._w @ self.y) > 0 and float(self._w @ ~self.y) > 0

    @cached_property
    def _losses(self) -> np.ndarray:
        p = np.where(self.y, self.proba, 1 - self.proba)
        if (p == 0).any():
            row = int((p == 0).argmax())
            raise InputError(
                f"log loss is infinite: row {row} has y = {int(self.y[row])} and probability {self.proba[row]:g}. Clip away from 0 and 1."
            )
        return -np.log(p)

    @cached_property
    def _by_score(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(number of each row's score, mass of positives and of negatives at each score), scores ascending."""
        there, at = np.unique(self.proba, return_inverse=True)
        one, zero = (np.bincount(at, self._w * code, len(there)) for code in (self.y, ~self.y))
        return at, one, zero

    def _made(self, name: str, value: float, phi: np.ndarray, *, bounded: bool = False, scale: str = "") -> Estimate:
        a = average(value, Dense(phi), self._sample, len(phi), bounded=bounded)
        if scale and 0 < value < 1:
            a = replace(a, interval=OnScale(value, a.spread, scale))
        return estimate(Terms((a,), (), len(phi)), (*self.weights.trail, Step(name)))

    def _unknown(self, name: str, why: str) -> Estimate:
        none = Dense(np.zeros(len(self.y)))
        a = Average(np.nan, self._sample, none, none, np.nan, doubt=f"{why}: it is not defined.")
        return estimate(Terms((a,), (), len(self.y)), (*self.weights.trail, Step(name)))


def _figures(e: Estimate) -> tuple[str, str]:
    """(value, interval) in four digits."""
    low, high = e.interval()
    return ("not defined", "") if np.isnan(e.value) else (f"{e.value:.4g}", f"{low:.4g} to {high:.4g}")


def metrics(y: Any, proba: Any, *, sample_weight: Any) -> Metrics:
    """How good probabilities are on everything, from weighted rows: each figure with its error.

        log loss  sum W l;   brier  sum W (y - p)^2;   oe  sum W y / sum W p,   W = w / sum w

    Parameters
    ----------
    y : (n,) labels 0/1 or bool. proba : (n,) probabilities of the positive class, or (n, 2). sample_weight : (n,) numbers or `Weights` (inclusion,
    importance or frequency), such as `thin.weights` at these rows.

    Returns
    -------
    Metrics: log_loss, brier, roc_auc, average_precision, oe, normalized_entropy, each an `Estimate`.

    Raises
    ------
    InputError : lengths that differ, probabilities outside [0, 1]; log_loss where a row that came has probability 0. KindError : class or cost weights.

    Costs: rows that training saw judge too kindly: use a sample of other rows.
    Source: DeLong et al. (1988) for the area; He et al. (2014) for normalised entropy.

    >>> m = metrics([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], sample_weight=[10, 10, 1, 1])
    >>> round(m.roc_auc.value, 3), round(m.oe.value, 3)
    (0.75, 0.325)
    """
    y = binary_labels(y)
    p = np.asarray(proba, dtype=np.float64)
    p = p[:, 1] if p.ndim == 2 and p.shape[1] == 2 else p
    w = sample_weight if isinstance(sample_weight, Weights) else Weights.of(sample_weight, kind="importance")
    forbid(w.kind, "mean")
    if p.shape != y.shape or w.n != len(y):
        raise InputError(
            f"`y`, `proba` and `sample_weight` must be of one length; got {len(y):,}, {p.shape} and {w.n:,}."
        )
    bad = ~((p >= 0) & (p <= 1))
    if bad.any():
        row = int(bad.argmax())
        raise InputError(f"`proba` must lie in [0, 1]; got {p[row]:g} at row {row}. Pass probabilities, not scores.")
    return Metrics(y, p, w)
