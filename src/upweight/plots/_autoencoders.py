"""What the weights of an autoencoder's draws say: the bound over K, who may be believed, the rows' likelihoods, and
whether the code is used.

The trouble: a mean bound hides that half of its rows rest on one draw each. Six pictures:

    curve            bound against K: has it levelled off?
    diagnosis        ESS against k-hat, a mark a row; beyond the lines nothing can be believed
    log_likelihood   histogram of log p(x) a row, those not ok marked
    collapse         the curve again, with the verdict on whether the code is used
    anomaly          score against ESS, a mark a row
    history          the objective and the held-out bound, epoch by epoch

The numbers are `Curve.ks` and `.values`; `Diagnosis.ess` and `.khat`; `LogLikelihood.value` and `.ok`; `Collapse.curve` and `.kl`;
`AnomalyScore.score` and `.ess`; `history_` of a model.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from .._errors import counted
from ..arrays import threshold
from ._canvas import BEFORE, MAIN, QUIET, axes, empty, finite, legend, title, under

if TYPE_CHECKING:
    from ..torch import AnomalyScore, Collapse
    from ..torch.iwae import Curve, Diagnosis, LogLikelihood

__all__ = ["anomaly", "collapse", "curve", "diagnosis", "history", "log_likelihood"]

BINS = 40
FLAT = 1.0  # nats that the axis of a collapse spans at least


def curve(c: Curve, *, ax: Any = None) -> Axes:
    """The mean bound against the number of draws, and the middle half of the rows' gains over the first.

    Parameters
    ----------
    c : Curve, of `uw.torch.iwae.curve`. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, its title what `repr(c)` says. The same numbers: `c.ks`, `c.means()`, `c.values`.

    Raises InputError for an `ax` that is none.

    >>> import torch
    >>> import upweight as uw
    >>> uw.torch.iwae.curve(torch.randn(50, 64, generator=torch.Generator().manual_seed(0))).plot().get_xlabel()
    'draws (K)'
    """
    ax = axes(ax)
    ax.set_xlabel("draws (K)")
    ax.set_ylabel("bound (nats)")
    title(ax, repr(c))
    means = np.array(c.means())
    if not np.isfinite(means).all():
        empty(ax, "the bound of a row is -inf")
        return ax
    gains = (c.values - c.values[..., :1]).cpu().double().numpy().reshape(-1, len(c.ks))
    low, high = np.quantile(gains, [0.25, 0.75], axis=0)
    ax.set_xscale("log", base=2)
    if len(gains) > 1:
        ax.plot(c.ks, means[0] + low, "--", color=QUIET, label="first value + gain of the middle half of rows")
        ax.plot(c.ks, means[0] + high, "--", color=QUIET)
    ax.plot(c.ks, means, "o-", color=MAIN, label="mean of the rows" if len(gains) > 1 else "this row")
    legend(ax)  # rising or flat, the curve leaves one corner free
    return ax


def collapse(c: Collapse, *, ax: Any = None) -> Axes:
    """The bound over the draws, its gain against the KL, and the verdict: flat with a small KL is a code that is not used.

    Parameters
    ----------
    c : Collapse, of `.collapse(X)` of a model. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, its title what `repr(c)` says; the bound spans a nat at least. The same numbers: `c.curve`, `c.kl`.

    Raises InputError for an `ax` that is none.

    >>> import numpy as np
    >>> import upweight as uw
    >>> X = (np.random.default_rng(0).random((200, 8)) < 0.2) * 1.0
    >>> model = uw.torch.IWAE(5, latent=2, net=uw.torch.MLP((16,)), training=uw.torch.Training(5, progress=False), rng=0).fit(X)
    >>> uw.plots.collapse(model.collapse(X, k=16)).get_ylabel()
    'bound (nats)'
    """
    ax = curve(c.curve, ax=ax)
    title(ax, repr(c))
    low, high = ax.get_ylim()
    wider = max(0.0, FLAT - (high - low)) / 2
    ax.set_ylim(low - wider, high + wider)  # what is flat must look flat
    under(ax, "a flat curve with a small KL: the code is not used" if c.verdict != "in use" else "")
    return ax


def diagnosis(d: Diagnosis, *, ax: Any = None) -> Axes:
    """Effective draws against k-hat, a mark a row; filled if below the threshold of k-hat and worth 30 draws, hollow if not.

    Parameters
    ----------
    d : Diagnosis, of `uw.torch.iwae.diagnose`. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, its title the second line of what `d` says. The same numbers: `d.ess`, `d.khat`. Rows whose k-hat was not judged or is -inf
    are counted under the axis and not drawn.

    Raises InputError for an `ax` that is none.

    >>> import torch
    >>> import upweight as uw
    >>> l = 2 * torch.randn(50, 200, generator=torch.Generator().manual_seed(0))
    >>> uw.torch.iwae.diagnose(l).plot().get_ylabel()
    'effective draws (ESS of 200)'
    """
    ax = axes(ax)
    ax.set_xlabel("tail index (k-hat)")
    ax.set_ylabel(f"effective draws (ESS of {d.k:,})")
    title(ax, str(d).splitlines()[1])
    k = d.khat.cpu().double().numpy().ravel()
    ess = d.ess.cpu().double().numpy().ravel()
    drawn = np.isfinite(k)
    if not drawn.any():
        empty(ax, "no row has a tail index: fewer than 25 draws, or no tail")
        return ax
    limit = float(threshold(d.k))
    sound = (k < limit) & (ess >= 30)
    _two_marks(ax, k, ess, drawn, sound)
    ax.axvline(limit, color=QUIET, linestyle=":")
    ax.axhline(min(30, d.k), color=QUIET, linestyle=":")
    ax.set_yscale("log")
    legend(ax)
    left = int((~drawn).sum())
    under(ax, f"not drawn: {left:,} of {counted(len(k), 'row')}, without a tail index" if left else "")
    return ax


def log_likelihood(ll: LogLikelihood, *, ax: Any = None) -> Axes:
    """Histogram of the rows' log-likelihoods, those that may be believed below, the others hatched on top of them.

    Parameters
    ----------
    ll : LogLikelihood, of `uw.torch.iwae.log_likelihood`. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, its title what `repr(ll)` says. The same numbers: `ll.value`, `ll.ok`. Rows of -inf are counted under the axis.

    Raises InputError for an `ax` that is none.

    >>> import torch
    >>> import upweight as uw
    >>> noise = torch.randn(60, 500, generator=torch.Generator().manual_seed(0))
    >>> ll = uw.torch.iwae.log_likelihood(lambda rows, first, count: noise[rows, first : first + count], 60, k=500)
    >>> ll.plot().get_xlabel()
    'log p(x) of a row (nats)'
    """
    ax = axes(ax)
    ax.set_xlabel("log p(x) of a row (nats)")
    ax.set_ylabel("rows")
    title(ax, repr(ll))
    known = finite(ll.value)
    if not len(known):
        empty(ax, "every row is -inf")
        return ax
    edges = np.histogram_bin_edges(known, bins=min(BINS, max(5, math.isqrt(len(known)))))
    bottom = np.zeros(len(edges) - 1)
    for which, color, hatch, name in (
        (ll.ok, MAIN, "", "may be believed"),
        (~ll.ok, BEFORE, "//", "not to be believed"),
    ):
        count, _ = np.histogram(ll.value[which & np.isfinite(ll.value)], edges)
        if count.any():
            ax.bar(
                edges[:-1], count, np.diff(edges), bottom, align="edge", color=color, hatch=hatch, edgecolor="white", label=name
            )  # fmt: skip
            bottom = bottom + count
    ax.margins(y=0.12)
    legend(ax)
    lost = int(np.isneginf(ll.value).sum())
    under(ax, f"not drawn: {lost:,} of {counted(ll.n, 'row')}, -inf" if lost else "")
    return ax


def anomaly(a: AnomalyScore, *, ax: Any = None) -> Axes:
    """Scores of strangeness against effective draws, a mark a row; filled if the row's own score may be believed, hollow if not.

    Parameters
    ----------
    a : AnomalyScore, of `IWAE.anomaly`. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, its title what `repr(a)` says. The same numbers: `a.score`, `a.ess`, `a.ok`. Rows of infinite score are counted under the axis.

    Raises InputError for an `ax` that is none.

    >>> import upweight as uw
    >>> score = np.array([17.0, 18.0, 40.0])
    >>> a = uw.torch.AnomalyScore(score, np.array([300.0, 250.0, 3.0]), np.array([0.3, 0.4, 0.9]), score < 30, 1000)
    >>> a.plot().get_xlabel()
    'score, -log p(x) (nats)'
    """
    ax = axes(ax)
    ax.set_xlabel("score, -log p(x) (nats)")
    ax.set_ylabel(f"effective draws (ESS of {a.k:,})")
    title(ax, repr(a))
    there = np.isfinite(a.score)
    if not there.any():
        empty(ax, "no score is finite")
        return ax
    _two_marks(ax, a.score, a.ess, there, a.ok)
    ax.set_yscale("log")
    legend(ax)
    left = int((~there).sum())
    under(ax, f"not drawn: {left:,} of {counted(len(a), 'row')}, with an infinite score" if left else "")
    return ax


def history(entries: list[dict[str, Any]], *, ax: Any = None) -> Axes:
    """What was raised and what was held out, epoch by epoch; the best epoch marked.

    Parameters
    ----------
    entries : `history_` of a model, a dict an epoch. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes. The same numbers: "value" and "held_out" of every entry.

    Raises InputError for an `ax` that is none.

    >>> history([{"epoch": 0, "value": -20.0, "held_out": -21.0}, {"epoch": 1, "value": -18.0, "held_out": -19.5}]).get_ylabel()
    'bound (nats)'
    """
    ax = axes(ax)
    ax.set_xlabel("epoch")
    ax.set_ylabel("bound (nats)")
    epochs = np.array([e["epoch"] for e in entries])
    value = np.array([e["value"] for e in entries], dtype=float)
    held_out = np.array([np.nan if e["held_out"] is None else e["held_out"] for e in entries], dtype=float)
    title(ax, f"{len(entries):,} epochs of training")
    if not len(finite(value)):
        empty(ax, "no epoch has ended")
        return ax
    ax.plot(epochs, value, "-", color=MAIN, label="in training, of its own objective")
    known = np.isfinite(held_out)
    if known.any():
        best = int(np.nanargmax(np.where(known, held_out, np.nan)))
        ax.plot(epochs[known], held_out[known], "--", color=BEFORE, label="held-out rows")
        ax.plot(epochs[best], held_out[best], "o", color=BEFORE, label=f"best, epoch {epochs[best]}")
    legend(ax, "lower right")
    return ax


def _two_marks(ax: Axes, x: np.ndarray, y: np.ndarray, drawn: np.ndarray, sound: np.ndarray) -> None:
    """Marks of rows: filled where sound, hollow squares where not."""
    for which, mark, face, name in (
        (drawn & sound, "o", MAIN, "may be believed"),
        (drawn & ~sound, "s", "none", "not to be believed"),
    ):
        if which.any():
            edge = MAIN if face == MAIN else BEFORE
            ax.plot(x[which], y[which], mark, color=edge, markerfacecolor=face, markersize=4, linestyle="", label=name)
