"""Train again with more weight on what was wrong, and find out whether that helped.

The trouble: "upweight the errors" is what everybody tries and hardly anybody tests. Errors are hard rows, rows of a neglected group
and mislabelled rows at once; for the last kind more weight is poison. So here nothing is lifted that is not found out of fold, the
lift is capped by the effective rows it leaves, and whether it helped is read from folds that neither the search nor the fits have seen:

    in every training fold:  find what is weak (`_weak_regions`), fit plainly and with w_i = base_i (1 or l)
    on the fold left out:    accuracy, log loss, accuracy in the weak part;   after - before, mean +- corrected t (`_statistics`)

What is inside: `upweight_errors` and what it returns. The search is `_weak_regions`, the fit `_error_fit`.

Sources: Liu et al., Just train twice, ICML (2021); Nadeau and Bengio, Machine Learning 52 (2003).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._foreign_keywords import own_keywords
from ..._rng import as_generator
from ..._set_module import set_module
from ..._weights import Weights
from ...learners import Interval, as_learner, calibrate, known_mean, paired, train_of
from ...tables import (
    Labels,
    group_codes,
    live_rows,
    outer_folds,
    read_cv,
    refuse_other_index,
    row_count,
    row_weights,
    warn_of,
)
from ...work import shown
from ..rebalance import fit_member
from ..weights import kept_kind
from ._error_fit import SearchSettings, fit_lifted, lifted_rows, read_settings, search_rows
from ._weak_regions import SearchRows, allowed_lift, find_weak, suspects

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ErrorWeights", "Untouched", "upweight_errors"]

SAME = 0.01  # of accuracy: a smaller change is no difference, however sure
SHOWN = 0.01  # a share of suspects below this is not worth a line
FIGURES = ("accuracy", "log_loss", "weak_accuracy")


@dataclass(frozen=True)
class Untouched:
    """Figures on folds that were left out, means over folds: shares, nats; `weak_accuracy` nan where nothing is weak."""

    accuracy: float
    log_loss: float
    weak_accuracy: float


@set_module("upweight.imbalance")
@dataclass(frozen=True, eq=False)
class ErrorWeights:
    """Weights that lift what a learner got wrong, and whether lifting it helped; made by `upweight_errors`.

    Attributes
    ----------
    weights : `Weights` (n,), kind cost: base times 1 or `lift`. lifted : (n,) bool, which rows.
    share : share of the (weighted) rows that are lifted. lift : factor used, at most the one asked for.
    before, after : `Untouched`, figures of the plain and of the lifted fit on folds left out. change : the differences, each a
        mean with its 95 % interval.
    suspects : row numbers of lifted rows whose ten nearest all carry another label. suspect_share : their share of the lifted.
    verdict : "helped", "no difference" or "harmful".

    >>> from sklearn.linear_model import LogisticRegression
    >>> from upweight.imbalance import upweight_errors
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(600, 2)); y = X[:, 0] + rng.normal(size=600) > 0
    >>> found = upweight_errors(LogisticRegression(), X, y, by="region", lift=2, cv="3x1", rng=0)
    >>> found.verdict, round(found.share, 2), found.plot().get_xlabel()
    ('no difference', 0.71, 'share of the total weight (%)')
    """

    weights: Weights
    lifted: np.ndarray
    share: float
    lift: float
    before: Untouched
    after: Untouched
    change: Mapping[str, Interval]
    suspects: np.ndarray
    suspect_share: float
    verdict: str
    by: str  # "region", "group" or "row"

    def plot(self, ax: Any = None) -> Axes:
        """Where the weight went: shares of lifted rows, of suspects and of the rest; see `upweight.plots.error_weights`."""
        from ...plots import error_weights

        return error_weights(self, ax=ax)

    def __str__(self) -> str:
        lines = [
            f"{self.verdict}: {100 * self.share:.1f} % of the rows weigh {self.lift:.2f} times as much, by {self.by}."
        ]
        names = {"accuracy": "accuracy", "log_loss": "log loss", "weak_accuracy": "accuracy where weak"}
        for key, name in names.items():
            i = self.change[key]
            if np.isfinite(i.mean):
                values = f"{getattr(self.before, key):.3f} -> {getattr(self.after, key):.3f}"
                lines.append(f"  {name:<20} {values}   {i.mean:+.3f} [{i.low:+.3f}, {i.high:+.3f}]")
        if self.suspect_share >= SHOWN:
            lines.append(
                f"  {len(self.suspects):,} of the lifted rows ({100 * self.suspect_share:.0f} %) disagree with all of their ten "
                "nearest: wrong labels look like that. Check them before weighting."
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"ErrorWeights({self.verdict}, share {self.share:.3f}, lift {self.lift:.2f}, suspect {self.suspect_share:.2f})"


@own_keywords
def upweight_errors(
    learner: Any,
    X: Any,
    y: Any,
    *,
    by: str = "region",
    lift: float = 4.0,
    ess: float = 0.5,
    cv: Any = 5,
    rng: Any = None,
    group: Any = None,
    sample_weight: Any = None,
) -> ErrorWeights:
    """Find what a learner gets wrong out of fold, lift it with a cap, train again, and judge on folds nobody has touched.

        w_i = base_i l  where weak, else base_i;    l <= lift such that  (1-q+ql)^2/(1-q+ql^2) >= ess,  q the share lifted

    Parameters
    ----------
    learner : "logistic", "boosting", "MODULE:CLASS" or a classifier that takes weights. X : (n, d) table. y : (n,) labels.
    by : "region", leaves of a shallow tree of the losses; "group", labels in `group`; "row", the rows got wrong, one by one.
    lift : factor >= 1 wanted. ess : share in (0, 1] of the effective rows that must be left; the factor is lowered to keep it.
    cv : folds, or "folds x repeats", for the judgement (5 repeats below 10,000 rows, 2 below 100,000, else 1) and the search.
    rng : int, Generator or None. group : (n,) labels; with by="group" the groups to judge, else rows that share a fold.
    sample_weight : (n,) weights or `Weights`; they count in fits, losses and figures. Zero is as if removed.

    Returns
    -------
    ErrorWeights: `weights`, `share`, `lift`, `before`, `after`, `suspect_share`, `verdict` and what they rest on. "harmful": overall
    or weak accuracy is significantly lower, by more than .01; "helped": else, if one is as much higher; else "no difference".

    Raises
    ------
    InputError : one class, unknown `by`, by="group" without group, a lift below 1, an ess outside (0, 1], bad weights.

    Costs: folds x repeats x (folds + 2) fits. by="row" lifts by what y turned out to be: it flips every right decision that is held
    with a probability below lift/(1+lift), and rewards wrong labels first: with 12 % of the labels flipped and lift 6 accuracy fell
    from .75 to .27. Weights that depend on x or a group alone did no such harm: a weak group rose from .60 to .70, the others
    lost .01. No formula gives the odds back after any of them: `Rebalanced` repairs by crossfit.
    Source: Liu et al., ICML (2021); Nadeau and Bengio (2003).

    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(1500, 3))
    >>> y = (X @ [1, 1, 0] + 0.8 * rng.normal(size=1500) > 0) ^ (rng.random(1500) < 0.12)
    >>> found = upweight_errors(LogisticRegression(), X, y, by="row", lift=6, ess=0.1, cv="5x1", rng=0)
    >>> found.verdict, round(found.before.accuracy, 2), round(found.after.accuracy, 2)
    ('harmful', 0.75, 0.25)
    """
    classifier = as_learner(learner)
    labels = Labels.of(y, rows=row_count(X))
    refuse_other_index({"X": X, "y": y, "sample_weight": sample_weight, "group": group})
    n = len(labels.codes)
    w, groups = row_weights(sample_weight, n), group_codes(group, n)
    cv = read_cv(cv, n)
    settings = read_settings(by, lift, ess, cv[0], groups)
    seed = int(as_generator(rng).integers(2**31 - 1))
    live = live_rows(X, labels, w, groups)
    warn_of(live.gone)
    rows = search_rows(live, classifier, by)
    tests = outer_folds(live.labels, cv, seed, rows.task.group)
    judged = []
    with shown(cv[0] * cv[1] + 1) as done:
        for r, repeat in enumerate(tests):
            for f, test in enumerate(repeat):
                judged.append(judge(classifier, rows, test, settings, [seed, r, f]))
                done("judging")
        flags, factor = lifted_rows(classifier, rows, settings, np.random.default_rng([seed]))
        done("searching")
    return answer(settings, judged, rows, live.rows, flags, factor, (sample_weight, w, n), 1 / (cv[0] - 1))


def judge(
    learner: Any, rows: SearchRows, test: np.ndarray, s: SearchSettings, stream: list[int]
) -> dict[str, tuple[float, float]]:
    """{figure: (before, after)} on one fold left out; both fits from the same seed."""
    train = train_of(test, len(rows.task.codes))
    part, held_out = rows.take(train), rows.take(test)
    regions = find_weak(learner, part, by=s.by, folds=s.folds, rng=np.random.default_rng(stream))
    factor = allowed_lift(regions.flags, part.w, lift=s.lift, ess=s.ess)
    weights = part.w * np.where(regions.flags, factor, 1.0)
    plain = fit_member(learner, (), part.task, np.random.default_rng([*stream, 1]))
    lifted = fit_lifted(learner, part.task, weights, np.random.default_rng([*stream, 1]))
    weak = np.zeros(len(test), dtype=bool) if regions.where is None else regions.where(held_out)
    before, after = (_figures(m.raw(held_out.task.X), held_out, weak) for m in (plain, lifted))
    return {key: (before[key], after[key]) for key in FIGURES}


def _figures(p: np.ndarray, held_out: SearchRows, weak: np.ndarray) -> dict[str, float]:
    codes, w = held_out.task.codes, held_out.w
    right = p.argmax(axis=1) == codes
    shown = p[:, 1] if p.shape[1] == 2 else p
    return {
        "accuracy": float(np.average(right, weights=w)),
        "log_loss": float(calibrate(codes, shown, held_out.task.w).log_loss),
        "weak_accuracy": float(np.average(right[weak], weights=w[weak])) if weak.any() else np.nan,
    }


def answer(
    s: SearchSettings,
    judged: list[Any],
    rows: SearchRows,
    live: np.ndarray,
    flags: np.ndarray,
    factor: float,
    base: Any,
    share: float,
) -> ErrorWeights:
    given, w, n = base
    pairs = {key: np.array([fold[key] for fold in judged]) for key in FIGURES}
    change = {key: paired(v[:, 1] - v[:, 0], share) for key, v in pairs.items()}
    before, after = (Untouched(**{k: known_mean(v[:, j]) for k, v in pairs.items()}) for j in (0, 1))
    lifted = np.zeros(n, dtype=bool)
    lifted[live] = flags
    odd = suspects(rows, np.flatnonzero(flags))
    factors = np.where(lifted, factor, 1.0)
    return ErrorWeights(
        kept_kind(given, np.ones(n) if w is None else w, factors, "cost"),
        lifted,
        float(rows.w[flags].sum() / rows.w.sum()),
        factor,
        before,
        after,
        change,
        live[odd],
        float(len(odd) / max(flags.sum(), 1)),
        verdict_of(change),
        s.by,
    )


def verdict_of(change: Mapping[str, Interval]) -> str:
    """Harm first: what is lost is not made good by what is gained elsewhere."""
    judged = [change["accuracy"], change["weak_accuracy"]]
    if any(i.high < 0 and i.mean < -SAME for i in judged):
        return "harmful"
    return "helped" if any(i.low > 0 and i.mean > SAME for i in judged) else "no difference"
