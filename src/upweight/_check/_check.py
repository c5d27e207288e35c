"""check: a verdict on weights in memory.

The trouble: who weights rows meets four bugs (source over target, linear for log, normalised for not, degenerate tails), and none of
them raises an error. `check` looks for all of them in one pass,

    sizes (ESS, perplexity)    tail (k-hat)    largest rows    the promised mean of one, also per segment    balance    1/w

and says what it found on one screen, with one thing to do.

What is inside: `check`; and `judge`, which turns the sums of any weights, tallied or in memory, into the figures of a `Verdict`.
What was tamed is judged as it was before: taming changes what an average means, not what the source has seen.

Sources: Kish (1965); Vehtari et al. (2024), Pareto smoothed importance sampling; Elvira, Martino and Robert (2022).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError, KindError, VerdictError, is_number, require_flag
from .._estimate import clusters_of
from .._frames import same_rows
from .._weights import Weights
from ..arrays import BLOCK, MOST, min_rows, threshold, widening
from ._provenance import Provenance
from ._reasons import RATIOS, suspect
from ._segments import Segments, labels, mean_test
from ._summary import WeightSummary
from ._verdict import BalanceFigures, Flipped, Verdict

if TYPE_CHECKING:
    from .._balance import Balance

__all__ = ["check", "judge", "segments_of"]

_MAKE = "Make it with upweight.balance(source, target, weights=w)."
FEW_VALUES = 10  # the most distinct positive weights that are counted
NOISE = 2.5  # standard errors of an SMD: a smaller difference before weighting has no direction to be wrong about


def check(
    w: Weights,
    *,
    by: Any = None,
    f: Any = None,
    bounds: tuple[float, float] | None = None,
    cluster: Any = None,
    balance: Balance | None = None,
    r_eff: float = 1.0,
    strict: bool = False,
) -> Verdict:
    """Everything known about some weights, in sentences, with a grade and the one thing to do.

        z = (mean w - 1) / (sd / sqrt(n) * widening(k-hat, n))         tested if the weights are exact

    Parameters
    ----------
    w : Weights, one vector (n,); tamed ones are judged as they were before taming.
    by : (n,) labels that were known before a row was drawn (day, position, user group: nothing that the target draws differently);
        the promise of a mean of one is tested in every segment, those under 25 rows pooled.
    f : (n,) numbers to be averaged; adds the effective rows and the tail index for that average.
    bounds : (low, high) between which every f is known to lie; then f has no tail of its own.
    cluster : (n,) labels of rows that belong together; the mean test then counts clusters.
    balance : Balance of the same weights from `upweight.balance`; adds what is still out of balance, and the direction.
    r_eff : relative efficiency of draws that depend on each other (a Markov chain), > 0: each counts as so many independent
        ones in the sizes, the tail and the mean test. It is the effective over the actual number of draws; not with `cluster`.
    strict : raise if the grade is "unusable".

    Returns
    -------
    Verdict, whose text is one screen; figures as attributes, `to_json()` for machines.

    Raises
    ------
    InputError : an array instead of Weights, a batch, a column of another length or index, or `r_eff` with `cluster`.
    KindError : `r_eff` of weights that are no draws (class, cost, frequency).
    VerdictError : under `strict`, if the weights are unusable; its text is the whole verdict.

    Costs: nothing is changed. A verdict sees the rows that were drawn: what the source never visits, it cannot see.
    Source: Kish (1965) for the ESS; Vehtari et al. (2024) for k-hat.

    >>> import upweight as uw
    >>> x = -np.log1p(-(np.arange(4000) + 0.5) / 4000)                       # rows of Exp(1), target Exp(0.45)
    >>> v = uw.check(uw.log_ratio(np.log(0.45) - 0.45 * x, -x))
    >>> v.grade, round(v.ess), v.advice
    ('usable', 1095, 'smooth before averaging: w.smooth().mean(f)')
    """
    if not isinstance(w, Weights):
        raise InputError(
            f"check takes Weights; got {type(w).__name__}. Say what they are first: uw.Weights.of(x, kind=...)."
        )
    w._one_vector("check")
    _refuse_efficiency(w, r_eff, cluster)
    require_flag("strict", strict)
    raw = w.raw
    summary, segments = WeightSummary.of(raw.log_w), segments_of(raw, by)
    groups = clusters_of(raw, cluster).codes
    se = summary.relative_se if groups is None else _clustered_se(raw.log_w, summary, groups)

    def flip() -> tuple[WeightSummary, float]:
        other = WeightSummary.of(raw.log_w, flip=True)
        return other, other.relative_se if groups is None else _clustered_se(-raw.log_w, other, groups)

    v = judge(Provenance.of(w), summary, se, flip, segments, r_eff=r_eff)
    if f is not None:
        estimate = raw.mean(f, cluster=cluster, bounds=bounds)
        v = replace(v, ess_f=r_eff * float(np.min(estimate.ess_f)), khat_f=float(np.max(estimate.khat)))
    if balance is not None:
        v = replace(v, balance=_balance_figures(balance, w))
    v = replace(v, _log_w=raw.log_w)
    if strict and v.grade == "unusable":
        raise VerdictError(str(v))
    return v


def judge(
    provenance: Provenance,
    summary: WeightSummary,
    se: float,
    flip: Callable[[], tuple[WeightSummary, float] | None],
    segments: Segments | None,
    *,
    r_eff: float = 1.0,
) -> Verdict:
    """The verdict on the weights of this provenance whose sums are `summary`.

    se : plain standard error of the mean weight, relative to the largest. flip : the sums of 1/w and that error of their mean, or
    None where they cannot be had; called only when something looks upside down. r_eff : independent draws that a row counts as.
    """
    se = se / math.sqrt(r_eff)
    frequency = provenance.kind == "frequency"
    khat = -math.inf if frequency else summary.khat if r_eff == 1 else summary.khat_of(r_eff)
    wide = partial(_wide, khat, r_eff)
    mean = summary.at_own_scale(summary.mean)
    top = min(-(-summary.n // 100), MOST)
    tested = provenance.exact and summary.positive
    ess = summary.at_own_scale(summary.total) if frequency else r_eff * summary.ess
    v = Verdict(
        n=summary.n,
        n_zero=summary.zeros,
        kind=provenance.kind,
        assumed=provenance.assumed,
        exact=provenance.exact,
        ess=ess,
        ess_share=ess / summary.n,
        perplexity=summary.perplexity,
        khat=khat,
        threshold=threshold(r_eff * summary.positive) if summary.positive > 1 else math.nan,
        widening=wide(summary.n),
        min_rows=float(min_rows(khat)),
        design_effect=1.0 if frequency else summary.positive / summary.ess if summary.positive else math.nan,
        max_share=1 / summary.total if summary.positive else math.nan,
        max_row=summary.row,
        top_share=summary.share_of_top(top),
        mean=mean,
        mean_se=summary.at_own_scale(se),
        mean_z=mean_test(summary.mean, se, wide(summary.n), summary.peak) if tested else math.nan,
        distinct=11 if summary.distinct is None else len(summary.distinct),
        by={} if segments is None else segments.figures(wide, r_eff),
        trail=provenance.trail,
        notes=provenance.notes,
        values=tuple((_linear(l), rows) for l, rows in sorted((summary.distinct or {}).items())),
        constant=summary.constant,
        r_eff=r_eff,
        _summary=summary,
    )
    v = replace(v, normalised=_normalised(v, summary, provenance))
    if suspect(v) and (inverse := flip()) is not None:
        v = replace(v, inverse=_flipped(*inverse, r_eff))
    return v


def _wide(khat: float, r_eff: float, n: float) -> float:
    """The factor on the error of a mean of n rows."""
    return float(widening(khat, max(round(r_eff * n), 2)))


def _refuse_efficiency(w: Weights, r_eff: float, cluster: Any) -> None:
    if not (is_number(r_eff) and 0 < r_eff < math.inf):
        raise InputError(f"`r_eff` must be a number > 0; got {r_eff!r}. Use 1 for independent draws.")
    if r_eff != 1 and w.kind not in RATIOS:
        raise KindError(f"{w.kind} weights are no draws, and so have no efficiency: leave `r_eff` out.")
    if r_eff != 1 and cluster is not None:
        raise InputError("give `r_eff` or `cluster`, one of the two: both say how the rows depend on each other.")


def _linear(log_w: float) -> float:
    """A weight from its log, without the last digit, which the logarithm took: 10, not 10.000000000000002."""
    return float(f"{math.exp(min(log_w, 709.0)):.15g}")


def _normalised(v: Verdict, summary: WeightSummary, provenance: Provenance) -> bool:
    """Whether somebody divided exact weights by their sum or their mean. Ratios made here were not, and of few distinct values,
    as in a balanced experiment, a mean of one is no accident."""
    one = lambda x: abs(x - 1) <= 1e-12
    return (
        v.exact
        and not provenance.made_here
        and v.distinct > FEW_VALUES
        and not v.constant
        and summary.positive > 0
        and (one(v.mean) or one(summary.at_own_scale(summary.total)))
    )


def _flipped(summary: WeightSummary, se: float, r_eff: float) -> Flipped:
    mean, khat = summary.at_own_scale(summary.mean), summary.khat if r_eff == 1 else summary.khat_of(r_eff)
    z = mean_test(summary.mean, se / math.sqrt(r_eff), _wide(khat, r_eff, summary.n), summary.peak)
    return Flipped(mean, z, khat)


def _clustered_se(log_w: np.ndarray, summary: WeightSummary, groups: np.ndarray) -> float:
    """sqrt(G/(G-1) sum_g (sum_{i in g} (w_i - mean w))^2) / n, relative to the largest weight."""
    count = int(groups.max()) + 1
    if count < 2 or not summary.positive:
        return math.nan
    sums = np.bincount(groups, minlength=count) * -summary.mean
    step = max(BLOCK, 4 * count)
    for i in range(0, len(log_w), step):
        sums += np.bincount(groups[i : i + step], np.exp(log_w[i : i + step] - summary.peak), minlength=count)
    return math.sqrt(count / (count - 1) * float(np.einsum("i,i->", sums, sums))) / summary.n


def segments_of(w: Weights, by: Any) -> Segments | None:
    """The sums of the weights of every label of `by`, if it is given."""
    if by is None:
        return None
    codes, names, container = labels(by, w.n, "by")
    same_rows(w._container, container, ("weights", "by"))
    return Segments.of(w.log_w, codes, names, float(w.log_w.max()))


def _balance_figures(b: Balance, w: Weights) -> BalanceFigures:
    """The little of a balance table that a verdict needs; the table for 1/w is made only if balance got worse."""
    if not hasattr(b, "mean_abs_inverse") or b._weights is None:
        raise InputError(f"`balance` must be a Balance of these weights. {_MAKE}")
    if not any(_same_up_to_scale(b._weights.log_w, mine.log_w) for mine in (w, w.raw)):
        rows = "" if b.n_source == w.n else f" of {b.n_source:,} rows, and these have {w.n:,}"
        raise InputError(f"`balance` must be a Balance of these weights; it was made with others{rows}. {_MAKE}")
    before, after = b.mean_abs_before, b.mean_abs_after
    noise = NOISE * math.sqrt(1 / b.n_source + (0 if b.n_target is None else 1 / b.n_target))
    turned = b.mean_abs_inverse if after > before > noise else math.nan
    inverse = None if math.isnan(turned) else turned
    return BalanceFigures(before, after, b.max_abs_before, b.max_abs_after, b.worst, inverse)


def _same_up_to_scale(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two vectors of log-weights (n,) differ by a constant only."""
    if a is b or len(a) != len(b):
        return a is b
    there = a > -np.inf
    if not np.array_equal(there, b > -np.inf):
        return False
    gap = a[there] - b[there]
    return gap.size == 0 or float(np.ptp(gap)) <= 1e-9 * max(1.0, float(np.abs(a[there]).max()))
