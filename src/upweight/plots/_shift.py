"""What moved between two samples, and what weights can do about it: five pictures.

    shift         love plot, ROC before and after, log weights with the rows they are worth, ESS and SMD by power of tempering
    two_sample    ROC of the classifier, averaged over folds, and the columns it needs
    label_shift   shares of the classes before and after, with intervals
    conformal     intervals along a column, or how large the sets are
    performance   what a model scores in the target, by both estimates

The numbers are those of `Diagnosis`, `TwoSample`, `LabelShift`, `Conformal` and `Performance`. ROC curves of folds are averaged at equal
false positive rates, so that the area under the drawn curve is the AUC that is printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .._errors import counted
from .._weights import rows_worth
from ._balance import balance as love_plot
from ._canvas import (
    AFTER,
    BEFORE,
    MAIN,
    QUIET,
    THIRD,
    axes,
    empty,
    finite,
    headline,
    label,
    legend,
    several,
    title,
    under,
    whole,
)

if TYPE_CHECKING:
    from ..shift import Conformal, Diagnosis, LabelShift, Performance, TwoSample

__all__ = ["conformal", "label_shift", "performance", "shift", "two_sample"]

MOST_COLUMNS = 15
MOST_CLASSES = 40
BINS = 40
POINTS = 400  # rows of an interval picture


def shift(d: Diagnosis, *, ax: Any = None) -> Figure:
    """Four panels on two samples: columns before and after, ROC, log weights, what tempering would buy.

    Parameters
    ----------
    d : Diagnosis. ax : four Axes, as ``fig.subplots(1, 4)`` gives them; None makes a figure.

    Returns
    -------
    Figure, its title the first sentence of the verdict. The same numbers: `d.balance`, `d.before`, `d.after`, `d.weights.log_w`, `d.curve`.

    Raises InputError for anything but four Axes.

    >>> import numpy as np
    >>> import upweight as uw
    >>> rng = np.random.default_rng(0)
    >>> d = uw.shift.diagnose(rng.normal(size=(200, 2)), rng.normal(0.8, 1, (200, 2)), method="linear", rng=0)
    >>> [a.get_xlabel().split(chr(10))[0] for a in d.plot().axes][1:4]
    ['source rows above the score (share)', 'log weight (mean weight = 0)', 'power of tempering']
    """
    panels = several(ax, 4, width=18.0, height=5.4)
    if d.balance is None:
        panels[0].set_xlabel("absolute standardised difference of means (sd)")
        panels[0].set_ylabel("row of the table")
        empty(panels[0], "no column has a mean to compare")
    else:
        love_plot(d.balance, ax=panels[0])
    _rocs(panels[1], d)
    _log_weights(panels[2], d)
    _tempering(panels[3], d)
    headline(panels[0], d.verdict.sentences[0])
    return whole(panels[0])


def _rocs(ax: Axes, d: Diagnosis) -> None:
    _roc_axes(ax)
    tests = [("before", d.before, BEFORE, "-"), ("under the ratio's weights", d.after, AFTER, "--")]
    tests.append(("under class weights", d.label_after, THIRD, ":"))
    for name, test, color, style in tests:
        if test is not None:
            ax.plot(*test.roc, color=color, linestyle=style, label=f"{name}: AUC {test.auc.value:.2f}")
    title(ax, "Does a classifier tell them apart?")
    legend(ax, "lower right")


def _roc_axes(ax: Axes) -> None:
    ax.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8)
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(-0.01, 1.01)
    ax.set_xlabel("source rows above the score (share)")
    ax.set_ylabel("target rows above the score (share)")


def _log_weights(ax: Axes, d: Diagnosis) -> None:
    ax.set_xlabel("log weight (mean weight = 0)")
    ax.set_ylabel("source rows")
    w = d.weights
    logs = w.log_w - float(w.log_mean)
    known = logs[np.isfinite(logs)]
    title(ax, f"{w.n:,} rows are worth {rows_worth(float(w.ess))}")
    if np.ptp(known) < 1e-9:
        empty(ax, "every weight is the same")
        return
    ax.hist(known, bins=BINS, color=MAIN, alpha=0.8)
    top = int(np.argmax(logs))
    ax.axvline(
        logs[top], color=BEFORE, linestyle=":", label=f"row {top}: {100 * float(w.max_share):.2g} % of the total"
    )
    legend(ax, "upper left")
    zeros = int(np.isneginf(logs).sum())
    under(ax, f"not drawn: {counted(zeros, 'row')} of weight zero" if zeros else "")


def _tempering(ax: Axes, d: Diagnosis) -> None:
    """Both curves as shares of what they are at power 0: one axis, and the ends in the names."""
    c = d.curve
    ax.set_xlabel("power of tempering")
    ax.set_ylabel("share of the value at power 0 (%)")
    title(ax, "What tempering would buy")
    worth = f"effective rows: {rows_worth(c.ess[0])} to {rows_worth(c.ess[-1])}"
    ax.plot(c.power, 100 * c.ess / c.ess[0], color=MAIN, label=worth)
    if np.isfinite(c.smd).any() and c.smd[0] > 0:
        far = f"mean |SMD|: {c.smd[0]:.2f} to {c.smd[-1]:.2f}"
        ax.plot(c.power, 100 * c.smd / c.smd[0], color=BEFORE, linestyle="--", label=far)
    ax.set_ylim(0, None)
    legend(ax, "lower left")


def two_sample(t: TwoSample, *, ax: Any = None) -> Axes:
    """The ROC curve of the classifier, and inset at the right the columns it needs most.

    Parameters
    ----------
    t : TwoSample. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, its title the first sentence of the test. The same numbers: `t.roc`, `t.auc`, `t.features` (fall in AUC).

    Raises InputError for an `ax` that is none.

    >>> import numpy as np
    >>> import upweight as uw
    >>> rng = np.random.default_rng(0)
    >>> t = uw.shift.two_sample_test(rng.normal(size=(99, 2)), rng.normal(1, 1, (99, 2)), learner="linear", rng=0)
    >>> t.plot().get_ylabel()
    'target rows above the score (share)'
    """
    ax = axes(ax, width=7.4, height=5.2)
    _roc_axes(ax)
    low, high = t.auc.interval()
    ax.plot(*t.roc, color=MAIN, label=f"mean over folds: AUC {t.auc.value:.3f} ({low:.3f} to {high:.3f})")
    needed = [(name, fall) for name, fall in t.features.items() if fall > 0.005][:MOST_COLUMNS]
    if needed:
        inset = ax.inset_axes((0.52, 0.16, 0.44, min(0.5, 0.08 * len(needed) + 0.06)))
        place = np.arange(len(needed))
        inset.barh(place, [fall for _, fall in needed], color=THIRD, height=0.6)
        inset.set_yticks(place, [label(name, most=18) for name, _ in needed], fontsize="small")
        inset.invert_yaxis()
        inset.tick_params(axis="x", labelsize="small")
        inset.set_title("fall in AUC without the column", loc="left", fontsize="small")
    title(ax, str(t).split("\n")[0])
    legend(ax, "upper left")
    return ax


def label_shift(s: LabelShift, *, ax: Any = None) -> Axes:
    """Shares of the classes in the source (hollow) and in the target (filled, with 95 % intervals).

    Parameters
    ----------
    s : LabelShift. Of more than 40 classes those that moved most are drawn. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, its title the first sentence. The same numbers: `s.before`, `s.prior.value`, `s.prior.interval()`.

    Raises InputError for an `ax` that is none.

    >>> import numpy as np
    >>> import upweight as uw
    >>> y = np.arange(40) % 2
    >>> s = uw.shift.label_shift(0.3 + 0.4 * y + 0.1 * (np.arange(40) % 3), y, np.linspace(0.1, 0.5, 30))
    >>> s.plot().get_ylabel()
    'share of rows'
    """
    drawn = np.arange(len(s.classes))
    if len(drawn) > MOST_CLASSES:
        drawn = np.sort(np.argsort(-np.abs(np.asarray(s.prior.value) - s.before))[:MOST_CLASSES])
    ax = axes(ax, width=max(6.4, 1.6 + 0.32 * len(drawn)))
    low, high = (np.asarray(end)[drawn] for end in s.prior.interval())
    q, x = np.asarray(s.prior.value)[drawn], np.arange(len(drawn))
    ax.vlines(x, low, high, color=AFTER, linewidth=1.5)
    ax.plot(x, s.before[drawn], "o", color=BEFORE, markerfacecolor="none", markersize=8, label="source")
    ax.plot(x, q, "s", color=AFTER, markersize=6, label="target, with 95 % interval")
    turned = len(drawn) > 12 or max(len(str(c)) for c in s.classes[drawn]) > 8
    ax.set_xticks(
        x,
        [label(c, most=18) for c in s.classes[drawn]],
        rotation=45 if turned else 0,
        ha="right" if turned else "center",
    )
    ax.set_xlabel("class")
    ax.set_ylabel("share of rows")
    ax.set_ylim(0, None)
    title(ax, str(s).split("\n")[0])
    legend(ax)
    left = len(s.classes) - len(drawn)
    under(ax, f"not drawn: {counted(left, 'class', 'classes')} that moved less" if left else "")
    return ax


def conformal(c: Conformal, X: Any, *, ax: Any = None) -> Axes:
    """Intervals of new rows along the column that the predictions follow most; of a classifier, how many classes its sets hold.

    Parameters
    ----------
    c : Conformal. X : (m, d) new rows; of more than 400 an even choice is drawn. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes. The same numbers: `c.interval(X)` or `c.sets(X)`, and `c.infinite(X)`, which is said under the axis.

    Raises InputError for an `ax` that is none.

    >>> import numpy as np
    >>> import upweight as uw
    >>> from sklearn.linear_model import LinearRegression
    >>> x = np.arange(40.0)[:, None]
    >>> c = uw.shift.conformal(LinearRegression().fit(x, x[:, 0] % 3), x, x[:, 0] % 3)
    >>> c.plot(x).get_xlabel().split(chr(10))[0]
    'column 0'
    """
    ax = axes(ax)
    title(ax, str(c).split("\n")[0])
    if c.classes is not None:
        _set_sizes(ax, c.sets(X))
    else:
        _intervals(ax, c, X)
    endless = c.infinite(X)
    under(ax, f"{100 * endless:.2g} % of these rows have no finite threshold" if endless else "")
    return ax


def _set_sizes(ax: Axes, sets: np.ndarray) -> None:
    sizes = np.bincount(sets.sum(axis=1), minlength=sets.shape[1] + 1)
    ax.bar(np.arange(len(sizes)), 100 * sizes / len(sets), color=MAIN, width=0.7)
    ax.set_xlabel("classes in the set")
    ax.set_ylabel("rows (%)")
    ax.set_xticks(np.arange(len(sizes)))


def _intervals(ax: Axes, c: Conformal, X: Any) -> None:
    low, high = c.interval(X)
    middle = np.asarray(c.model.predict(X), dtype=float).ravel()
    name, x = _column_followed(X, middle)
    order = np.argsort(x, kind="stable")
    order = order[np.linspace(0, len(order) - 1, min(POINTS, len(order))).astype(int)]
    x, low, high, middle = x[order], low[order], high[order], middle[order]
    known = np.isfinite(low)
    ax.vlines(x[known], low[known], high[known], color=MAIN, alpha=0.35, linewidth=1.2)
    ax.plot([], [], "-", color=MAIN, label=f"{100 * c.level:g} % interval")
    ax.plot(x, middle, ".", color=BEFORE, markersize=4, label="prediction")
    if not known.all() and known.any():
        bottom = np.full(int((~known).sum()), float(low[known].min()))
        ax.plot(x[~known], bottom, "x", color=QUIET, label="nothing can be promised")
    ax.set_xlabel(name)
    ax.set_ylabel("y")
    rises = middle[-1] >= middle[0]  # the corner that a rising, or a falling, prediction leaves free
    legend(ax, "upper left" if rises else "upper right")


def _column_followed(X: Any, predicted: np.ndarray) -> tuple[str, np.ndarray]:
    """The numeric column whose ranks agree most with those of the predictions; the rows' own order where there is none."""
    names, columns = _numeric_columns(X)
    ranks = np.argsort(np.argsort(predicted)).astype(float)
    best, found = -1.0, ("row", np.arange(len(predicted), dtype=float))
    for name, x in zip(names, columns, strict=True):
        if not np.isfinite(x).all() or np.ptp(x) == 0:
            continue
        own = np.argsort(np.argsort(x)).astype(float)
        agreement = abs(float(np.corrcoef(own, ranks)[0, 1])) if np.ptp(predicted) > 0 else 0.0
        if agreement > best:
            best, found = agreement, (name, x)
    return found


def _numeric_columns(X: Any) -> tuple[list[str], list[np.ndarray]]:
    if hasattr(type(X), "columns") and not isinstance(X, np.ndarray):
        import narwhals as nw

        frame = nw.from_native(X, eager_only=True)
        kept = [n for n in frame.columns if frame[n].dtype.is_numeric()]
        return [label(n) for n in kept], [np.asarray(frame[n].to_numpy(), dtype=float) for n in kept]
    matrix: Any = X
    dense = matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix, dtype=float)
    return [f"column {j}" for j in range(dense.shape[1])], list(dense.T)


def performance(p: Performance, *, ax: Any = None) -> Axes:
    """What a model scores in the target: expected (filled) and weighted (hollow), metric by metric, with 95 % intervals.

    Parameters
    ----------
    p : Performance. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, its title whether both agree. The same numbers: `p.expected`, `p.weighted`; what has no interval is drawn as a point.

    Raises InputError for an `ax` that is none.

    >>> import numpy as np
    >>> import upweight as uw
    >>> rng = np.random.default_rng(0)
    >>> p = rng.random(300)
    >>> w = uw.Weights.of(np.ones(300), kind="importance")
    >>> uw.shift.performance(rng.random(300) < p, p, rng.random(90), weights=w).plot().get_xlabel()
    'score in the target'
    """
    ax = axes(ax, height=1.4 + 0.42 * len(p.expected))
    place = np.arange(len(p.expected), dtype=float)
    for by, (name, found) in zip((-0.12, 0.12), (("expected", p.expected), ("weighted", p.weighted)), strict=True):
        color, mark = (AFTER, "s") if name == "expected" else (BEFORE, "o")
        ends = np.array([e.interval() for e in found.values()])
        ends = np.where(np.isfinite(ends), ends, np.array([[e.value] for e in found.values()]))
        ax.hlines(place + by, ends[:, 0], ends[:, 1], color=color, linewidth=1.5)
        face = color if name == "expected" else "none"
        ax.plot([e.value for e in found.values()], place + by, mark, color=color, markerfacecolor=face, label=name)
    ax.set_yticks(place, list(p.expected))
    ax.invert_yaxis()
    ax.set_xlabel("score in the target")
    ax.set_ylabel("metric")
    ax.grid(axis="x", color=QUIET, alpha=0.25, linewidth=0.6)
    most = max(finite([e.value for e in (*p.expected.values(), *p.weighted.values())]), default=1.0)
    ax.set_xlim(0, max(1.0, 1.05 * most))
    title(ax, p.disagree or "Both estimates agree, to within two joint standard errors.")
    legend(ax)
    return ax
