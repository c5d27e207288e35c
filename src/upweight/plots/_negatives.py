"""A plan and a sample of negatives as pictures: what keeping more would cost and bring; whether the pilot still tells the truth.

    forecast        variance over that of training on everything, against negatives kept a positive:  1 + 1/kappa, and where this plan stands
    keep            keep-probability against the pilot's probability, and how the kept rows spread over it
    sample_check    observed over expected positives of the pilot, in ten bins of its probability, with two standard errors

The numbers are `plan.forecast` and `check(thin).bins`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from ._canvas import AFTER, BEFORE, QUIET, axes, empty, legend, title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..negatives import Forecast, Plan, SampleCheck

__all__ = ["forecast", "keep", "sample_check"]

MOST = 2000  # rows of a picture
KAPPA = np.geomspace(0.5, 50, 100)
TICKS = (0.5, 1, 2, 5, 10, 20, 50)


def forecast(f: Forecast, *, ax: Any = None) -> Axes:
    """The price of a sample: variance factor against negatives kept for each positive.

    Parameters
    ----------
    f : Forecast of a plan. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes: the law 1 + 1/kappa of an offset with a good pilot, and the two factors of this plan. The numbers are `f.factor_offset`, `f.factor_weights`.

    Raises InputError for an `ax` that is none.

    >>> import upweight as uw
    >>> clicks = uw.negatives.demo_clicks(100_000)
    >>> f = uw.negatives.plan(clicks, label="clicked", key="impression_id").forecast
    >>> f.plot().get_xlabel()
    'negatives kept for each positive'
    """
    ax = axes(ax, width=6.4, height=4.2)
    kept = f.kept_negatives / f.positives
    title(ax, f"{100 * f.kept_share:.2f} % of the rows cost {f.factor_offset:.2f} times the variance of all of them")
    ax.plot(KAPPA, 1 + 1 / KAPPA, color=QUIET, linestyle="--", label="1 + 1/negatives a positive")
    ax.plot([kept], [f.factor_offset], "o", color=AFTER, label=f"this plan, by offset: {f.factor_offset:.2f}")
    ax.plot([kept], [f.factor_weights], "s", color=BEFORE, mfc="none", label=f"by weights: {f.factor_weights:.2f}")
    ax.set_xscale("log")
    ax.set_xticks(TICKS, [f"{t:g}" for t in TICKS])
    ax.minorticks_off()
    ax.set_ylim(1.0 - 0.05, max(3.2, 1.1 * min(f.factor_weights, 20.0)))
    ax.set_xlabel("negatives kept for each positive")
    ax.set_ylabel("variance over that of training on all rows")
    legend(ax)
    return ax


def keep(plan: Plan, rows: Any, *, ax: Any = None) -> Axes:
    """Which negatives stay: the share kept against the pilot's score.

    Parameters
    ----------
    plan : a `Plan` with a pilot. rows : a table of rows, thinned or not, with the columns that the pilot reads. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, both logarithmic: a point a row, keep-probability of a negative against the pilot's probability; lines at the floor and at the mean rate. The
    numbers are `plan.pi(rows)` and `plan.scores(rows)`.

    Raises InputError for a plan without a pilot, rows without its columns, an `ax` that is none.

    >>> import upweight as uw
    >>> clicks = uw.negatives.demo_clicks(100_000)
    >>> plan = uw.negatives.plan(clicks, label="clicked", key="impression_id")
    >>> uw.plots.keep(plan, clicks).get_ylabel()
    'share of the negatives that is kept'
    """
    ax = axes(ax, width=6.4, height=4.2)
    p, pi = plan.scores(rows), plan.pi(rows)
    shown = np.flatnonzero(np.isfinite(p))
    shown = shown[np.argsort(p[shown], kind="stable")]
    shown = shown[np.unique(np.linspace(0, len(shown) - 1, MOST).astype(int))] if len(shown) else shown
    rule = plan.design["rule"]
    rate, least = min(1.0, rule["rate"]), rule["floor"] * rule["rate"]
    title(
        ax,
        f"a negative stays in proportion to its score: {100 * rate:.2f} % of them on average, {100 * least:.2f} % at least",
    )
    ax.set_xlabel("the pilot's probability (logarithmic axis)")
    ax.set_ylabel("share of the negatives that is kept")
    if not len(shown):
        empty(ax, "no row has a score")
        return ax
    ax.plot(p[shown], pi[shown], ".", color=AFTER, markersize=3, label="rows")
    ax.axhline(rate, color=QUIET, linestyle="--", label="mean over the negatives")
    ax.axhline(least, color=QUIET, linestyle=":", label="floor")
    ax.set_xscale("log")
    ax.set_yscale("log")
    legend(ax)
    return ax


def sample_check(c: SampleCheck, *, ax: Any = None) -> Axes:
    """Does the pilot still tell the truth? Weighted positives seen over those it expects, by its probability.

    Parameters
    ----------
    c : SampleCheck. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes with a mark a bin and two standard errors; one means that as many positives came as the pilot expects. The numbers are `c.bins`.

    Raises InputError for an `ax` that is none.

    >>> from tempfile import TemporaryDirectory
    >>> import upweight as uw
    >>> clicks = uw.negatives.demo_clicks(50_000)
    >>> with TemporaryDirectory() as folder:
    ...     plan = uw.negatives.plan(clicks, label="clicked", key="impression_id")
    ...     found = uw.negatives.check(uw.negatives.sample(clicks, plan, f"{folder}/thin"))
    >>> uw.plots.sample_check(found).get_xlabel()
    "the pilot's probability (logarithmic axis)"
    """
    ax = axes(ax, width=6.4, height=4.2)
    title(ax, str(c).split("\n")[0])
    ax.set_xlabel("the pilot's probability (logarithmic axis)")
    ax.set_ylabel("observed over expected positives")
    bins = [b for b in c.bins if b.expected > 0]
    if not bins:
        empty(ax, "the pilot has no score of these rows: a uniform plan, or its columns were not kept")
        return ax
    middle, ratio, error = _marks(bins)
    ax.axhline(1.0, color=QUIET, linestyle="--")
    ax.errorbar(middle, ratio, yerr=2 * error, fmt="o", color=AFTER, capsize=2)
    ax.set_xscale("log")
    ax.set_ylim(0, max(2.0, 1.1 * float((ratio + 2 * error).max())))
    return ax


def _marks(bins: Sequence[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(middle, observed over expected, its standard error) of each bin."""
    middle = np.array([np.sqrt(max(b.low, 1e-300) * max(b.high, 1e-300)) for b in bins])
    ratio = np.array([b.observed / b.expected for b in bins])
    gap = np.array([abs(b.observed - b.expected) / max(abs(b.z), 1e-12) if b.z else b.expected for b in bins])
    return middle, ratio, gap / np.array([b.expected for b in bins])
