"""Upweight what a network gets wrong, and find out on rows that nobody has touched whether that helped.

The trouble: errors are hard rows, rows of a neglected group, and mislabelled rows at once, and for the last more weight is poison. A network is always
better on the rows it was just pushed toward, so whether it helped can be asked only of other rows, and beside a control: the same weights, shuffled.

    fit part, 4/5 of the rows:  out-of-fold errors e_i at rate eps;   w_i = (1 - e_i) + f e_i,
        f = share/(1 - share) (1 - eps)/eps,   so that errors hold `share` of all weight;   ESS/n = 1/(s^2/eps + (1-s)^2/(1-eps))
    judge part, 1/5:  recovered = share of the plain model's errors that the upweighted gets right,   lost = of its right rows gets wrong

A share of one half is the step of AdaBoost; above it the errors outvote the rest, and label noise flips the model.

What is inside: `struggles`; `Struggles`, its answer. For tables and scikit-learn there is `uw.imbalance.upweight_errors`.

Source: Liu et al., Just train twice, ICML (2021), which takes in-sample errors; Freund and Schapire (1997) for the share of one half.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .. import _html as html
from .._errors import InputError, counted, is_number, require_int
from .._rng import as_generator
from .._set_module import set_module
from .._weights import Weights
from ..tables import group_codes, stratified
from ..work import Job, Journal, array_parts, run_job, terminal_watch
from ._trace import as_array

__all__ = ["Struggles", "struggles"]

JUDGES = 5  # one row in five judges
STANDARD_ERRORS = 2.0
FITS = ("plain", "upweighted", "control")

Errors = Callable[[np.ndarray], Any]
Fit = Callable[[np.ndarray, np.ndarray], Errors]


@set_module("upweight.training")
@dataclass(frozen=True, eq=False, repr=False)
class Struggles:
    """Weights that lift what a network got wrong, and whether lifting helped; made by `struggles`.

    Attributes
    ----------
    weights : `Weights` (n,), kind cost: 1 to `factor` where "helped", else all ones. factor : float >= 1, weight of an error against a right row.
    recovered, recovered_control : share of the plain model's errors that the upweighted, and the shuffled, model gets right, on the judge part.
    lost : share of its right rows that the upweighted model gets wrong. before, after : float64, accuracy of the worst group on the judge part
        (without groups: of all rows), of the plain and of the upweighted model.
    by_group : mapping of label to (rows, accuracy before, after). error : float, out-of-fold error rate of the plain fits.
    verdict : "helped", "hurts", "noise", or "nothing to lift". reason : one sentence, why.

    >>> import numpy as np
    >>> from upweight.training import struggles
    >>> rng = np.random.default_rng(0)
    >>> y = rng.random(1000) < 0.5
    >>> flipped = y ^ (rng.random(1000) < 0.15)
    >>> def fit(rows, weight):
    ...     lean = np.average(flipped[rows] == y[rows], weights=weight) > 0.5
    ...     return lambda asked: (y[asked] == lean) != flipped[asked]
    >>> s = struggles(fit, 1000)
    >>> s.verdict, s.plot().get_xlabel()
    ('noise', 'accuracy on rows no fit has seen')
    """

    weights: Weights
    factor: float
    recovered: float
    recovered_control: float
    lost: float
    before: np.float64
    after: np.float64
    by_group: Mapping[Any, tuple[int, float, float]]
    error: float
    verdict: str
    reason: str

    def plot(self, ax: Any = None) -> Any:
        """Accuracy of each group before and after; see `upweight.plots.struggles`."""
        from ..plots import struggles as picture

        return picture(self, ax=ax)

    def __str__(self) -> str:
        return f"{self.verdict}: {self.reason}"

    def __repr__(self) -> str:
        return (
            f"Struggles({self.verdict}, factor {self.factor:.3g}, recovered {self.recovered:.2f}, lost {self.lost:.2f})"
        )

    def _repr_html_(self) -> str:
        rows = [[label, f"{n:,}", f"{a:.3f}", f"{b:.3f}"] for label, (n, a, b) in self.by_group.items()]
        return html.block([str(self)], ["group", "rows", "before", "after"], rows)


def struggles(
    fit: Fit,
    n: int,
    *,
    folds: int = 5,
    share: float = 1 / 3,
    group: Any = None,
    rng: Any = 0,
    journal: str | os.PathLike[str] | None = None,
) -> Struggles:
    """Lift the rows that a model gets wrong out of fold, train again, and judge on rows it has not seen.

        w_i = (1 - e_i) + f e_i,    f = share/(1 - share) (1 - eps)/eps

    Parameters
    ----------
    fit : function (rows, weight) -> function (rows) -> errors: trains on these row numbers with these weights, (m,) float64 each, from the same seed
        every call, and gives what tells the errors in [0, 1] of any row numbers (0 right, 1 wrong, or between).
    n : rows. folds : 2 or more, for the out-of-fold errors. share : in (0, 1), of all weight that the errors hold; above one half is refused.
    group : (n,) labels, or a tuple of such columns whose combinations are the groups, or None. rng : int or Generator.
    journal : folder for finished fits, or None; the next call with the same n, folds, share, groups and rng goes on from it.

    Returns
    -------
    Struggles. "noise": recovered <= control + 2 SE. Else "helped" if the worst group got better (without groups: if no more rows are lost than
    recovered), else "hurts". "nothing to lift": no errors, or they hold that share already.

    Raises
    ------
    InputError : n, folds or share out of bounds, groups that are not one a row, errors outside [0, 1] or not one a row.
    KeyboardInterrupt : Ctrl-C; finished fits stay in the journal.

    Costs: folds + 3 trainings, one after the other in this process, and a fifth of the rows, which no fit here sees. Weights that depend on y move the
    threshold, and no formula gives the odds back.
    Source: Liu et al., ICML (2021), with out-of-fold errors, a capped share and a control.

    >>> rng = np.random.default_rng(0)
    >>> y = rng.random(4000) < 0.5
    >>> flipped = y ^ (rng.random(4000) < 0.15)
    >>> def fit(rows, weight):
    ...     lean = np.average(flipped[rows] == y[rows], weights=weight) > 0.5
    ...     return lambda asked: (y[asked] == lean) != flipped[asked]
    >>> struggles(fit, 4000).verdict
    'noise'
    """
    require_int("n", n, 20)
    require_int("folds", folds, 2)
    if not is_number(share) or not 0 < share <= 0.5:
        raise InputError(
            f"`share` must lie in (0, 1/2]; got {share!r}. Above one half mislabelled rows outvote the others: use 1/3."
        )
    labels, codes = _groups_of(group, n)
    seed = int(as_generator(rng).integers(2**31 - 1))
    judge = _split(codes, JUDGES, np.random.default_rng([seed, 0]))[0]
    part = np.setdiff1d(np.arange(n), judge)
    tests = [part[t] for t in _split(codes[part], folds, np.random.default_rng([seed, 1]))]
    settings = f"struggles {n} {folds} {share} {seed}"
    digest = hashlib.sha256(codes.tobytes()).hexdigest()[:16]
    kept = None if journal is None else Journal(journal, array_parts("fit"), data=digest, settings=settings)
    e = np.zeros(n)
    found = _finished(partial(_left_out, fit, part, tests), range(folds), "fold {}", kept)
    for i, test in enumerate(tests):
        e[test] = found[i]
    eps = float(e[part].mean())
    factor = _lift(eps, share)
    weighed = (1 - e[part]) + factor * e[part]
    if factor == 1:
        return _untouched(n, eps, share)
    given = {"plain": np.ones(len(part)), "upweighted": weighed}
    given["control"] = np.random.default_rng([seed, 2]).permutation(weighed)
    asked = _finished(partial(_judged, fit, part, judge, given), FITS, "{}", kept)
    e[judge] = asked["plain"]
    return _answer((e, eps), factor, asked, labels, codes[judge], group is not None)


def _groups_of(group: Any, n: int) -> tuple[list[Any], np.ndarray]:
    """(labels, codes (n,)) of the groups; of several columns their combinations."""
    if group is None:
        return ["all"], np.zeros(n, dtype=int)
    several = isinstance(group, (tuple, list)) and len(group) > 0 and np.ndim(group[0]) == 1
    columns = [np.asarray(c) for c in group] if several else [np.asarray(group)]
    codes = np.zeros(n, dtype=int)
    for column in columns:
        one = group_codes(column, n)
        assert one is not None
        codes = codes * (int(one.max()) + 1) + one
    _, first, codes = np.unique(codes, return_index=True, return_inverse=True)
    names = [tuple(c[i].item() if hasattr(c[i], "item") else c[i] for c in columns) for i in first]
    return [name if several else name[0] for name in names], codes


def _split(codes: np.ndarray, k: int, rng: np.random.Generator) -> list[np.ndarray]:
    """k disjoint sets of rows, groups in proportion; groups of fewer than k rows are dealt with the largest."""
    counts = np.bincount(codes)
    few = np.where(counts < k, counts.argmax(), np.arange(len(counts)))
    return stratified(np.unique(few[codes], return_inverse=True)[1], k, rng, None)


def _finished(
    run: Callable[[Any], np.ndarray], keys: Any, label: str, journal: Journal | None
) -> dict[Any, np.ndarray]:
    """{key: errors} of all fits, or KeyboardInterrupt."""
    done = run_job(Job(run, list(keys), label=label.format), journal=journal, watch=terminal_watch(), jobs=1)
    if not done.complete:
        raise KeyboardInterrupt
    return done.parts


def _left_out(fit: Fit, part: np.ndarray, tests: list[np.ndarray], i: int) -> np.ndarray:
    """Errors on fold i by a model that has not seen it."""
    train = np.setdiff1d(part, tests[i])
    return errors(fit(train, np.ones(len(train))), tests[i])


def _judged(fit: Fit, part: np.ndarray, judge: np.ndarray, given: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Errors on the judge part by a model with the weights of that name."""
    return errors(fit(part, given[name]), judge)


def errors(tell: Errors, rows: np.ndarray) -> np.ndarray:
    """(m,) float64 errors in [0, 1]."""
    if not callable(tell):
        raise InputError(f"`fit` must return a function of row numbers giving errors; got {type(tell).__name__}.")
    e = np.asarray(as_array(tell(rows)), dtype=np.float64)
    if e.shape != rows.shape:
        raise InputError(f"errors must be one a row, shape {rows.shape}; got {e.shape}.")
    bad = ~((e >= 0) & (e <= 1))
    if bad.any():
        raise InputError(
            f"errors must lie in [0, 1]; got {counted(bad.sum(), 'other')}, first {e[bad][0]:g} at row {rows[bad.argmax()]}. Give 0 for right, 1 for wrong."
        )
    return e


def _lift(eps: float, share: float) -> float:
    """How much more an error weighs; 1 where there is nothing to lift."""
    return max(share / (1 - share) * (1 - eps) / eps, 1.0) if eps > 0 else 1.0


def _untouched(n: int, eps: float, share: float) -> Struggles:
    """The answer where no row is lifted: nobody was asked."""
    why = (
        "the model is wrong nowhere"
        if eps == 0
        else f"errors hold {100 * eps:.0f} % of the rows already, {100 * share:.0f} % were wanted"
    )
    nan = np.float64(np.nan)
    return Struggles(
        Weights.of(np.ones(n), kind="cost"), 1.0, np.nan, np.nan, np.nan, nan, nan, {}, eps, "nothing to lift", f"out of fold, {why}. All weights are one."
    )  # fmt: skip


def _answer(
    out_of_fold: tuple[np.ndarray, float],
    factor: float,
    asked: dict[str, np.ndarray],
    labels: list[Any],
    codes: np.ndarray,
    grouped: bool,
) -> Struggles:
    """The verdict on the judge part."""
    e, rate = out_of_fold
    plain, up, control = (asked[name] for name in FITS)
    wrong, right = plain.sum(), (1 - plain).sum()
    recovered, by_control = (float((plain * (1 - x)).sum() / wrong) if wrong else 0.0 for x in (up, control))
    lost = float(((1 - plain) * up).sum() / right) if right else 0.0
    gained = plain * (control - up)
    se = float(np.sqrt(((gained - plain * (recovered - by_control)) ** 2).sum()) / wrong) if wrong else 0.0
    sizes = np.bincount(codes, minlength=len(labels))
    there = [g for g in range(len(labels)) if sizes[g]]
    by_group = {
        labels[g]: (int(sizes[g]), 1 - float(plain[codes == g].mean()), 1 - float(up[codes == g].mean())) for g in there
    }
    before, after = (min(row[i] for row in by_group.values()) for i in (1, 2))
    figures = f"recovered {recovered:.2f} of the errors, control {by_control:.2f}, SE {se:.2f}"
    if recovered <= by_control + STANDARD_ERRORS * se:
        verdict, why = "noise", f"{figures}: no more than chance. Check the labels of the rows it gets wrong."
    elif (after > before) if grouped else (lost * right <= recovered * wrong):
        verdict, why = "helped", f"{figures}; {_outcome(grouped, before, after, lost * right, recovered * wrong)}."
    else:
        verdict, why = "hurts", f"{figures}; but {_outcome(grouped, before, after, lost * right, recovered * wrong)}."
    w = (1 - e) + factor * e if verdict == "helped" else np.ones(len(e))
    why += "" if verdict == "helped" else " All weights are one."
    return Struggles(
        Weights.of(w, kind="cost"), factor, recovered, by_control, lost, np.float64(before), np.float64(after), by_group, rate, verdict, why
    )  # fmt: skip


def _outcome(grouped: bool, before: float, after: float, lost: float, recovered: float) -> str:
    if grouped:
        return f"accuracy of the worst group went from {before:.2f} to {after:.2f}"
    return f"rows lost on the judge part: {lost:.0f}; recovered: {recovered:.0f}"
