"""How well does the model do on target rows that nobody has labelled? Two answers that rest on different things.

The trouble: accuracy on held-out source rows is no promise for another world. Under covariate shift, two figures estimate it there:

    expected   repair p on the weighted source rows, p' = repair(p); then  mean_j p'(decided)  over target rows     rests on the shape of p
    weighted   sum_i W_i 1{decided_i = y_i}  over labelled source rows                                                rests on the tails of W

Where both agree they are worth more than either; where they are more than two joint standard errors apart, one of their grounds gave way.

What is inside: `performance`, which makes a `Performance`.

Source: Bialek et al. (2024) for probabilistic adaptive performance estimation; Sugiyama, Krauledat and Mueller, JMLR 8 (2007), for
weighted validation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _html as html
from ..._errors import InputError, is_number
from ..._estimate import Average, Estimate, OnScale, TwoSamples
from ..._set_module import set_module
from ..._undo import Repair, read_labels, read_proba, recalibrate
from ..._weights import Step, Weights
from ._doubly_robust import refuse_unlawful
from ._repaired import STEP, Repaired
from ._soft_figures import METRICS, Decided, figures, values_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Performance", "performance"]

APART = 2.0  # joint standard errors
UNBOUNDED = ("brier", "log_loss")


@set_module("upweight.shift")
@dataclass(frozen=True, eq=False, repr=False)
class Performance:
    """What a model scores on unlabelled target rows, by two estimates. Printing it shows both.

    Attributes
    ----------
    expected : {metric: Estimate}, under probabilities that were repaired on the weighted source rows.
    weighted : {metric: Estimate}, on the weighted source rows themselves. Both over n + m rows, source first: they can be subtracted.
    disagree : one sentence where they are more than two joint standard errors apart, else None.
    repair : Repair, what the probabilities needed. threshold : what was cut at.
    A metric that cannot be told, as the precision of a model that calls nobody positive, is left out.

    >>> from upweight import Weights
    >>> from upweight.shift import performance
    >>> rng = np.random.default_rng(0)
    >>> x, new = rng.normal(0, 1, 2000), rng.normal(1, 1, 2000)
    >>> expit = lambda t: 1 / (1 + np.exp(-t))
    >>> f = performance(rng.random(2000) < expit(2 * x), expit(2 * x), expit(2 * new), weights=Weights.of_log(x - 0.5, kind="importance"))
    >>> sorted(f.expected)[:3], f.plot().get_xlabel()
    (['accuracy', 'brier', 'f1'], 'score in the target')
    """

    expected: Mapping[str, Estimate]
    weighted: Mapping[str, Estimate]
    disagree: str | None
    repair: Repair
    threshold: float

    def plot(self, ax: Any = None) -> Axes:
        """Both answers, metric by metric, with intervals; see `upweight.plots.performance`."""
        from ...plots import performance as picture

        return picture(self, ax=ax)

    def _cells(self) -> list[list[str]]:
        return [[name, _shown(self.expected[name]), _shown(self.weighted[name])] for name in self.expected]

    def _sentences(self) -> list[str]:
        first = self.disagree or "Both estimates agree, to within two joint standard errors."
        doubt = next((f"{name}, weighted: {e.why}" for name, e in self.weighted.items() if e.why), "")
        return [first, *([doubt] if doubt else [])]

    def __str__(self) -> str:
        rows = [["", "expected", "weighted"], *self._cells()]
        wide = [max(len(r[i]) for r in rows) for i in range(3)]
        lines = [
            "  " + r[0].ljust(wide[0]) + "".join("  " + c.rjust(w) for c, w in zip(r[1:], wide[1:], strict=True))
            for r in rows
        ]
        return "\n".join([*lines, *self._sentences()])

    def __repr__(self) -> str:
        name = next(iter(self.expected))
        return f"Performance({name} {_shown(self.expected[name])}{', in doubt' if self.disagree else ''})"

    def _repr_html_(self) -> str:
        first, *rest = self._sentences()
        return html.block([first], ["", "expected", "weighted"], self._cells(), after=rest)


def _shown(e: Estimate) -> str:
    low, high = e.interval()
    return f"{e.value:.3f} ({low:.3f} to {high:.3f})"


def performance(y: Any, proba: Any, target_proba: Any, *, weights: Weights, threshold: float = 0.5) -> Performance:
    """What a classifier scores on unlabelled target rows, under covariate shift, by two estimates and whether they agree.

        expected  mean_j E[metric | p'_j],   p' = recalibrate(y, proba, sample_weight=weights, method="platt").apply(target_proba)
        weighted  the metric on (y, proba) with the weights

    Parameters
    ----------
    y : (n,) labels of source rows that the model has not seen. proba : (n,), (n, 2) or (n, K) its probabilities for them.
    target_proba : (m,), (m, 2) or (m, K) its probabilities for the target rows. weights : `Weights` of the source rows, target over source.
    threshold : from which the last class in sorted order is decided; with more than two classes the most probable is.

    Returns
    -------
    Performance: accuracy, recall, specificity, precision, f1, roc_auc, brier, log_loss, `expected` and `weighted`, and `disagree`.

    Raises
    ------
    InputError : a class without a row, lengths that differ, probabilities outside [0, 1], a threshold outside [0, 1]. KindError : class,
        cost and frequency weights.

    Costs: both are wrong if p(y given x) moved. `expected` assumes that one intercept and slope repair p; the errors of the weights
    themselves are in neither.
    Source: see the head of this file.

    >>> rng = np.random.default_rng(0)
    >>> x, new = rng.normal(0, 1, 2000), rng.normal(1, 1, 2000)
    >>> expit = lambda t: 1 / (1 + np.exp(-t))
    >>> y = rng.random(2000) < expit(2 * x)
    >>> f = performance(y, expit(3 * x), expit(3 * new), weights=Weights.of_log(x - 0.5, kind="importance"))   # too sure by half
    >>> [round(e["accuracy"].value, 2) for e in (f.expected, f.weighted)], f.disagree
    ([0.84, 0.84], None)
    """
    refuse_unlawful(weights, "performance")
    if not is_number(threshold) or not 0 <= threshold <= 1:
        raise InputError(f"`threshold` must lie in [0, 1]; got {threshold!r}. For the usual one pass threshold=0.5.")
    source, target = read_proba(proba), read_proba(target_proba, "target_proba")
    if source.k != target.k:
        raise InputError(f"`proba` and `target_proba` must be of one model; got {source.k} and {target.k} classes.")
    if weights.n != source.n:
        raise InputError(
            f"`weights` must have one entry a row of `proba`; got {weights.n:,} for {source.n:,}. Pass both of the same rows."
        )
    repair = recalibrate(
        y, proba, sample_weight=weights, method="platt"
    )  # "auto" chooses by a test, whose error no interval would know
    codes = read_labels(y, source.k)[0]
    share = np.asarray(weights.probabilities)
    fixed = Repaired.of(repair, source.p, codes, share)
    both = TwoSamples(weights, target.n)
    truth = (codes == np.arange(source.k)[:, None]).astype(np.float64)
    direct = figures(Decided.of(source.p, threshold), truth, share)
    promised = _promised(fixed, Decided.of(target.p, threshold))
    step = Step("performance", {"targets": target.n, "threshold": float(threshold), "repair": repair.how})
    expected, weighted = {}, {}
    for name in METRICS:
        (value, phi), (plain, psi) = promised[name], direct[name]
        if math.isnan(value) or math.isnan(plain):
            continue
        expected[name] = _one(both, name, value, phi, step)
        weighted[name] = _one(both, name, plain, np.append(psi, np.zeros(target.n)), step)
    return Performance(expected, weighted, _disagreement(expected, weighted), repair, float(threshold))


def _promised(fixed: Repaired, of: Decided) -> dict[str, tuple[float, np.ndarray]]:
    """Every metric under repaired probabilities, with influences of source rows, through the repair, and of target rows."""
    v = np.full(of.p.shape[1], 1 / of.p.shape[1])
    found = figures(of, fixed(of.p), v)
    ends = [[values_of(of, one(of.p), v) for one in pair] for pair in fixed.moved()]
    slopes = np.array([(high - low) for low, high in ends]) / (2 * STEP)  # (free numbers, metrics)
    through = slopes.T @ fixed.influence
    return {
        name: (value, np.append(line, phi)) for (name, (value, phi)), line in zip(found.items(), through, strict=True)
    }


def _one(both: TwoSamples, name: str, value: float, phi: np.ndarray, step: Step) -> Estimate:
    def inside(_: int, a: Average) -> Average:
        if name in UNBOUNDED or not 0 < a.value < 1 or a.spread == 0:
            return a
        return replace(a, interval=OnScale(a.value, a.spread, "logit"))

    return both.estimate([value], [phi], step=step, bounded=name != "log_loss", change=inside)


def _disagreement(expected: Mapping[str, Estimate], weighted: Mapping[str, Estimate]) -> str | None:
    """The metric on which both are farthest apart, if by more than two joint standard errors."""
    far = {}
    for name, e in expected.items():
        joint = math.hypot(e.se, weighted[name].se)
        far[name] = abs(e.value - weighted[name].value) / joint if joint > 0 else 0.0
    if not far or max(far.values()) <= APART:
        return None
    name = max(far, key=far.__getitem__)
    return (
        f"The estimates disagree: {name} {expected[name].value:.3f} expected, {weighted[name].value:.3f} weighted, {far[name]:.1f} joint "
        "standard errors apart. Believe neither: label some target rows."
    )
