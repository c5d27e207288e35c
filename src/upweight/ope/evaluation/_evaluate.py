"""evaluate: is the other policy better than the one that was logged, and can this log tell?

The trouble: the answer needs six figures that are mostly looked at one by one, or not at all: whether the probabilities fit together, what the
rows are worth, the value, its difference from the logged one with the covariance of both, how much of it hangs on a few large weights, and
an interval that needs no tail. One call, one decision.

    value of the target,   gain = value - logged,   path: the same clipped at 50, 20, 10, 5, 2, 1

What is inside: `evaluate`. Where the log itself was thinned (`kept`), rows are weighted up first: value (w kept), logged kept, and the mean
weight is that of w under kept.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..._errors import InputError, KindError, VerdictError
from ..._estimate import Estimate, doubted
from ..._weights import Weights
from ..proofs import guarantee, two_bounds
from ..tuning import Path, path
from ..values import MeanFigures, doubts_of, formula, mean_figures, read_reward, require_weights, value
from ._by_label import by_label
from ._decision import decide
from ._evaluation import Evaluation

__all__ = ["evaluate"]

CAPS = (50.0, 20.0, 10.0, 5.0, 2.0, 1.0)


def evaluate(
    reward: Any,
    w: Weights,
    *,
    outcome: tuple[Any, Any] | None = None,
    cluster: Any = None,
    by: Any = None,
    bounds: tuple[float, float] | None = None,
    kept: Weights | None = None,
) -> Evaluation:
    """Everything a log of single decisions says of another policy, with one decision: BETTER, WORSE, UNDECIDED or UNTRUSTED.

        gain = value of the target - mean reward of the log

    Parameters
    ----------
    reward : (n,) numbers in any unit, finite in every row. w : Weights of kind importance, untamed: the path shows taming.
    outcome : (q, v) as in `value`. cluster : (n,) labels of rows that belong together, such as users.
    by : (n,) labels known before the decision, such as days: the mean weight is tested, and the value shown, for each.
    bounds : (a, b), the least and the largest reward that there can be; then an interval with a proof is given too.
    kept : inclusion Weights, 1/probability that a row of the log was kept; not with `outcome`.

    Returns
    -------
    Evaluation, whose text is one screen.

    Raises
    ------
    InputError : no or tamed weights, gaps, other lengths, rewards outside the bounds. KindError : other kinds of weights.

    Costs: a decision trusts the probabilities that were logged; what the log never does it cannot see, unless the mean weight shows it.
    Source: the rules of `value`, `guarantee` and `path`.

    >>> import upweight as uw
    >>> from upweight.ope.evaluation import demo
    >>> log = demo("digits")
    >>> e = evaluate(log.reward, uw.ratio(log.target, log.logged), by=log.day, bounds=(0, 1))
    >>> e.decision, round(e.gain.value, 3)
    ('BETTER', 0.365)
    """
    w = require_weights(w, "evaluate")
    if w.tamed:
        raise InputError("evaluate takes untamed weights: give them untamed, the path shows taming. Pass w.raw.")
    r = read_reward(Weights.of(np.ones(w.n), kind="importance"), reward)  # the log's own mean needs every row
    limits = None if bounds is None else two_bounds(bounds)
    log = _Log(reward, w, outcome, cluster) if kept is None else _Thinned.of(reward, w, outcome, cluster, kept)
    verdict = w.check(by=by, cluster=cluster)
    mean, tamed = log.mean(), log.path()  # what sorts the rows comes first, and leaves no column behind
    table = {} if by is None else by_label(verdict, w, r, by)
    proven, unproven = None, ""
    if limits is not None:
        broken = mean.fails or any(label.broken for label in table.values())
        proven, unproven = _proof(log, limits, broken)
    v, logged = log.value(), log.logged()
    gain = v - logged
    return Evaluation(
        w.n,
        verdict,
        mean,
        v,
        logged,
        gain,
        log.how,
        tamed,
        proven,
        limits,
        unproven,
        table,
        _name_of(by),
        decide(verdict, mean, v, gain),
    )


class _Log(NamedTuple):
    """A log all of whose rows were kept."""

    reward: Any
    w: Weights
    outcome: Any
    cluster: Any

    @property
    def how(self) -> str:
        return formula(self.w, None, modelled=self.outcome is not None)

    @property
    def unprovable(self) -> str:
        """Why nothing can be proven of such a log; empty if something can."""
        if self.cluster is not None:
            return "the proof needs rows that are independent, and these lie in clusters"
        return "" if self.w.exact else "the proof needs weights that promise a mean of 1"

    def mean(self) -> MeanFigures:
        return mean_figures(self.w, self.cluster)

    def value(self) -> Estimate:
        return value(self.reward, self.w, outcome=self.outcome, cluster=self.cluster)

    def logged(self) -> Estimate:
        return Weights.of(np.ones(self.w.n), kind="importance").mean(self.reward, cluster=self.cluster)

    def path(self) -> Path | None:
        caps = _caps_below(self.w)
        if not caps:
            return None
        return path(self.reward, self.w, taming="clip", grid=caps, outcome=self.outcome, cluster=self.cluster)


class _Thinned(NamedTuple):
    """A log of which rows were left out at random: `kept` weights them up."""

    reward: Any
    w: Weights
    cluster: Any
    kept: Weights

    how = "self"
    unprovable = "the proof needs every row of the log, and it was thinned"

    @classmethod
    def of(cls, reward: Any, w: Weights, outcome: Any, cluster: Any, kept: Any) -> _Thinned:
        if outcome is not None:
            raise InputError(
                "`kept` and `outcome` do not go together: model the reward of the whole log, or leave the model out."
            )
        if not isinstance(kept, Weights) or kept.kind != "inclusion":
            what = f"{kept.kind} weights" if isinstance(kept, Weights) else type(kept).__name__
            raise KindError(
                f"`kept` takes inclusion weights, 1/probability; got {what}. Make them: uw.Weights.of(1/p, kind='inclusion')."
            )
        if kept.n != w.n:
            raise InputError(
                f"`kept` must have one entry a weight; got {kept.n:,} for {w.n:,} weights. Pass both of the same rows."
            )
        return cls(reward, w, cluster, kept)

    def mean(self) -> MeanFigures:
        if not self.w.exact:
            return MeanFigures(math.nan, math.nan, math.nan)
        e = self.kept.mean(np.exp(self.w.log_w), cluster=self.cluster)
        se = e.se * e.inflation
        return MeanFigures(e.value, se, (e.value - 1) / se if se > 0 else 0.0)

    def value(self) -> Estimate:
        both = self.w * self.kept
        e = both.mean(self.reward, cluster=self.cluster)
        why = doubts_of(read_reward(self.w, self.reward), both, e._terms.each[0].sample, self.mean())
        return doubted(e, why) if why and (e.ok or e._terms.each[0].doubt == e.why) else e

    def logged(self) -> Estimate:
        return self.kept.mean(self.reward, cluster=self.cluster)

    def path(self) -> Path | None:
        caps = _caps_below(self.w)
        if not caps:
            return None
        points = (math.inf, *caps)
        make = _Clipped(self, points)
        moved = [0.0, *(float(self.w.clip(at=c).trail[-1].moved) for c in caps)]
        return Path("clip", points, tuple(make(i).value for i in range(len(points))), tuple(moved), make, make.chosen)


class _Clipped(NamedTuple):
    """The values of a thinned log along caps."""

    log: _Thinned
    points: tuple[float, ...]

    def __call__(self, i: int) -> Estimate:
        w = self.log.w if i == 0 else self.log.w.clip(at=self.points[i])
        return (w * self.log.kept).mean(self.log.reward, cluster=self.log.cluster)

    def chosen(self) -> int:
        """Nothing is chosen: the untamed one."""
        return 0


def _caps_below(w: Weights) -> list[float]:
    """Those below the largest weight, on the scale on which caps see it."""
    scale = 0.0 if w.exact or w._linear else float(w.log_mean)
    top = math.exp(min(float(w.log_w.max()) - scale, 709.0))
    return [c for c in CAPS if c < top * (1 - 1e-12)]


def _proof(log: Any, bounds: tuple[float, float], broken: bool) -> tuple[tuple[float, float] | None, str]:
    """The interval with a proof, or why there is none."""
    if broken:
        return None, "no value fits a mean weight of 1"
    if log.unprovable:
        return None, log.unprovable
    try:
        return guarantee(log.reward, log.w, bounds=bounds), ""
    except VerdictError:
        mean = math.exp(float(log.w.log_mean))
        return None, f"no value fits: the mean weight is {mean:.4g}, proven not to be 1"


def _name_of(by: Any) -> str:
    name = getattr(by, "name", None)
    return name if isinstance(name, str) and name else "by"
