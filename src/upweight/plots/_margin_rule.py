"""What a margin rule asks of each class.

The trouble: factors, offsets and margins are three columns of numbers with three meanings. On the margin they have one: what is left of
the lead of a row's own logit, the other logits being alike. An offset lowers the line of a rare class, a factor tilts it.

    u_y - log sum_{c != y} exp(u_c)    at z_y = lead, z_c = 0

The numbers are those of `upweight.torch.margin`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from ._canvas import MAIN, QUIET, axes, legend, title

if TYPE_CHECKING:
    from ..training import MarginRule

__all__ = ["margin_rule"]

LEADS = np.linspace(-2.0, 10.0, 121)
MOST = 6  # classes drawn: the commonest, the rarest, and some between


def margin_rule(rule: MarginRule, *, ax: Any = None) -> Axes:
    """The margin after the rule against the lead of a row's own logit over all others, for the commonest, the rarest and some classes between.

    Parameters
    ----------
    rule : MarginRule. ax : Axes to draw on; None makes a figure.

    Returns
    -------
    Axes, the lead z_y - z_c (all other logits alike) from -2 to 10 and the margin of each drawn class; dashed, the margin without a rule.

    Raises InputError for an `ax` that is none.

    >>> from upweight.training import margin_rule as rule_of
    >>> ax = rule_of([900, 90, 10]).plot()
    >>> [line.get_label() for line in ax.lines]
    ['no rule', 'class 0, 90 %', 'class 1, 9 %', 'class 2, 1 %']
    """
    ax = axes(ax, width=6.4, height=4.2)
    ax.set_xlabel("lead of the own logit over the others")
    ax.set_ylabel("margin")
    title(ax, f"{rule.kind}: the rarer the class, the more is asked of its rows")
    ax.plot(LEADS, LEADS - np.log(rule.k - 1), color=QUIET, linestyle="--", label="no rule")
    order = np.argsort(-rule.prior, kind="stable")
    drawn = order[np.unique(np.linspace(0, rule.k - 1, min(MOST, rule.k)).round().astype(int))]
    for i, c in enumerate(drawn):
        label = f"class {c}, {100 * rule.prior[c]:.3g} %"
        faint = 1 - 0.75 * i / max(len(drawn), 2)
        ax.plot(LEADS, _margins(rule, int(c)), color=MAIN, alpha=faint, linewidth=2.2 - 0.2 * i, label=label)
    legend(ax, "upper left")
    return ax


def _margins(rule: MarginRule, y: int) -> np.ndarray:
    """(121,) margins of a row of class `y` by its lead, all other logits 0."""
    own, others = rule.delta[y], np.delete(np.arange(rule.k), y)
    if rule.k == 2:  # one margin: the own factor stretches it
        return rule.scale * (own * LEADS + rule.iota[y] - rule.iota[others[0]] - rule.margin[y])
    u = rule.scale * (own * LEADS + rule.iota[y] - rule.margin[y])
    return u - np.logaddexp.reduce(rule.scale * rule.iota[others])
