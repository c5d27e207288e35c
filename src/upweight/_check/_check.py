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
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError, VerdictError
from .._estimate._average import clusters_of
from .._frames import same_rows
from .._weights import Weights
from ..arrays import min_rows, widening
from ..arrays._log import BLOCK
from ..arrays._rate import threshold
from ..arrays._tail import MOST
from ._pile import Pile
from ._reasons import suspect
from ._said import Said
from ._segments import Segments, labels, mean_test
from ._verdict import BalanceFigures, Flipped, Verdict

if TYPE_CHECKING:
    from .._balance import Balance

__all__ = ["check", "judge", "segments_of"]


def check(
    w: Weights,
    *,
    by: Any = None,
    f: Any = None,
    cluster: Any = None,
    balance: Balance | None = None,
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
    cluster : (n,) labels of rows that belong together; the mean test then counts clusters.
    balance : Balance of the same weights from `upweight.balance`; adds what is still out of balance, and the direction.
    strict : raise if the grade is "unusable".

    Returns
    -------
    Verdict, whose text is one screen; figures as attributes, `to_json()` for machines.

    Raises
    ------
    InputError : an array instead of Weights, a batch, a column of another length or index.
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
    raw = w.raw
    pile, segments = Pile.of(raw.log_w), segments_of(raw, by)
    groups = clusters_of(raw, cluster)[0]
    se = pile.se if groups is None else _clustered_se(raw.log_w, pile, groups)

    def flip() -> tuple[Pile, float]:
        other = Pile.of(raw.log_w, flip=True)
        return other, other.se if groups is None else _clustered_se(-raw.log_w, other, groups)

    v = judge(Said.of(w), pile, se, flip, segments)
    if f is not None:
        estimate = raw.mean(f, cluster=cluster)
        v = replace(v, ess_f=float(np.min(estimate.ess_f)), khat_f=float(np.max(estimate.khat)))
    if balance is not None:
        v = replace(v, balance=_balance_figures(balance))
    v = replace(v, _log_w=raw.log_w)
    if strict and v.grade == "unusable":
        raise VerdictError(str(v))
    return v


def judge(
    said: Said,
    pile: Pile,
    se: float,
    flip: Callable[[], tuple[Pile, float] | None],
    segments: Segments | None,
) -> Verdict:
    """The verdict on the weights of which this was said and whose sums are `pile`.

    se : plain standard error of the mean weight, on its own scale. flip : the sums of 1/w and the standard error of its mean, or
    None where they cannot be had; called only when something looks upside down.
    """
    wider = lambda k, n: float(widening(k, max(n, 2)))
    frequency = said.kind == "frequency"
    khat = -math.inf if frequency else pile.khat
    mean = pile.at_own_scale(pile.mean)
    top = min(-(-pile.n // 100), MOST)
    ess = pile.at_own_scale(pile.total) if frequency else pile.ess
    v = Verdict(
        n=pile.n,
        n_zero=pile.zeros,
        kind=said.kind,
        assumed=said.assumed,
        exact=said.exact,
        ess=ess,
        ess_share=ess / pile.n,
        perplexity=pile.perplexity,
        khat=khat,
        threshold=threshold(pile.positive) if pile.positive > 1 else math.nan,
        widening=wider(khat, pile.n),
        min_rows=float(min_rows(khat)),
        design_effect=1.0 if frequency else pile.positive / pile.ess if pile.positive else math.nan,
        max_share=1 / pile.total if pile.positive else math.nan,
        max_row=pile.row,
        top_share=pile.share_of_top(top),
        mean=mean,
        mean_se=se,
        mean_z=mean_test(mean, se, wider(khat, pile.n)) if said.exact and pile.positive else math.nan,
        distinct=11 if pile.distinct is None else len(pile.distinct),
        by={} if segments is None else segments.figures(lambda n: wider(khat, n)),
        trail=said.trail,
        notes=said.notes,
        values=tuple((_linear(l), rows) for l, rows in sorted((pile.distinct or {}).items())),
        constant=pile.constant,
        _pile=pile,
    )
    v = replace(v, normalised=_normalised(v, pile))
    if suspect(v) and (found := flip()) is not None:
        v = replace(v, inverse=_flipped(*found))
    return v


def _linear(log_w: float) -> float:
    """A weight from its log, without the last digit, which the logarithm took: 10, not 10.000000000000002."""
    return float(f"{math.exp(min(log_w, 709.0)):.15g}")


def _normalised(v: Verdict, pile: Pile) -> bool:
    """Whether somebody divided exact weights by their sum or their mean."""
    one = lambda x: abs(x - 1) <= 1e-12
    return v.exact and not v.constant and pile.positive > 0 and (one(v.mean) or one(pile.at_own_scale(pile.total)))


def _flipped(pile: Pile, se: float) -> Flipped:
    mean = pile.at_own_scale(pile.mean)
    return Flipped(mean, mean_test(mean, se, float(widening(pile.khat, max(pile.n, 2)))), pile.khat)


def _clustered_se(log_w: np.ndarray, pile: Pile, groups: np.ndarray) -> float:
    """sqrt(G/(G-1) sum_g (sum_{i in g} (w_i - mean w))^2) / n, on the weights' own scale."""
    count = int(groups.max()) + 1
    if count < 2 or not pile.positive:
        return math.nan
    sums = np.bincount(groups, minlength=count) * -pile.mean
    step = max(BLOCK, 4 * count)
    for i in range(0, len(log_w), step):
        sums += np.bincount(groups[i : i + step], np.exp(log_w[i : i + step] - pile.peak), minlength=count)
    return pile.at_own_scale(math.sqrt(count / (count - 1) * float(np.einsum("i,i->", sums, sums))) / pile.n)


def segments_of(w: Weights, by: Any) -> Segments | None:
    """The sums of the weights of every label of `by`, if it is given."""
    if by is None:
        return None
    codes, names, container = labels(by, w.n, "by")
    same_rows(w._container, container, ("weights", "by"))
    return Segments.of(w.log_w, codes, names, float(w.log_w.max()))


def _balance_figures(b: Balance) -> BalanceFigures:
    """The little of a balance table that a verdict needs; the table for 1/w is made only if balance got worse."""
    if not hasattr(b, "mean_abs_inverse") or not b.weighted:
        raise InputError(
            "`balance` must be a Balance of these weights. Make it with upweight.balance(source, target, weights=w)."
        )
    before, after = b.mean_abs_before, b.mean_abs_after
    turned = b.mean_abs_inverse if after > before else math.nan
    inverse = None if math.isnan(turned) else turned
    return BalanceFigures(before, after, b.max_abs_before, b.max_abs_after, b.worst, inverse)
