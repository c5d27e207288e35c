"""draw: importance sampling in its plainest form, from one proposal or from several that are pooled.

    x_i ~ q_j, n_j rows each,    w(x) = target(x) / sum_j (n_j/n) q_j(x)         balance heuristic

The trouble: with several proposals each row is often weighted by the one that drew it alone; a row that its own proposal hardly ever draws
then gets a huge weight, though another draws it all the time. Against the pooled mixture it does not.

What is inside: `draw`; `count_rows` reads n.

Source: Veach and Guibas (1995), Optimally combining sampling techniques for Monte Carlo rendering; Owen and Zhou (2000).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..._errors import InputError, require_flag, require_int
from ..._rng import as_generator
from ..._version import __version__
from ..._weights import mixture
from ..calls import Calls, Question, Run
from ..draws import Draws
from ..proposals import Proposal, as_proposal, pooled_draws

__all__ = ["TARGET", "draw", "refuse_run"]

TARGET = Question("log_target", "Where the target is zero return -inf.")


def draw(
    log_target: Callable[[Any], Any],
    proposals: Any,
    n: int | Sequence[int],
    *,
    exact: bool = False,
    run: Run | None = None,
    rng: Any = None,
) -> Draws:
    """Weighted points of a target from proposals that are given: no exploration, no fit.

        w(x) = target(x) / sum_j (n_j/n) q_j(x)

    Parameters
    ----------
    log_target : function of x (n, d) giving n natural logs of the target, normalised or not; -inf is zero.
    proposals : one or a list of them: `Proposal`s, frozen scipy.stats or torch distributions, results with a `.proposal`.
    n : rows in all, split evenly, or one count a proposal.
    exact : the target is a normalised density, so the mean weight is one, which makes `mean(how="plain")` lawful.
    run : `Run`, how log_target is called. rng : int, Generator or None.

    Returns
    -------
    Draws, whose `mean`, `integral` and `evidence` are `Estimate`s and `Evidence`.

    Raises
    ------
    InputError : a proposal without density, of another dimension, or that draws outside its own support; counts that are not one a proposal
        or 0; log_target NaN or +inf, with the row, or -inf at all rows.

    Costs: a region of the target where no proposal draws is not in the answer, and nothing shows it. Rows are fixed by count, so
    the standard error, which takes them for draws of the mixture, is a little too large for several proposals.
    Source: Veach and Guibas (1995), Optimally combining sampling techniques for Monte Carlo rendering.

    >>> from scipy import stats
    >>> d = draw(stats.norm(0, 1).logpdf, [stats.norm(-1, 1), stats.norm(1, 1)], [500, 500], exact=True, rng=0)
    >>> f = lambda x: np.exp(x[:, 0])                     # mean exp(1/2) = 1.6487, and w f lies in the span of the controls
    >>> [round(float(d.mean(f, how=how).value), 4) for how in ("plain", "control")]
    [1.6317, 1.6487]
    """
    laws = _read_proposals(proposals)
    counts = _count_rows(n, len(laws))
    exact = require_flag("exact", exact)
    refuse_run(run, rng)
    x, log_q = pooled_draws(laws, counts, as_generator(rng))
    owner = {"upweight": __version__, "function": getattr(log_target, "__qualname__", type(log_target).__name__)}
    owner |= {"rng": None if rng is None else str(rng), "settings": {"counts": [int(c) for c in counts]}}
    with Calls(log_target, TARGET, to_x=lambda points: points, budget=len(x), run=run, owner=owner) as calls:
        l = calls(x, "draw")
    if not (l > -np.inf).any():
        raise InputError(
            f"log_target is -inf on all {len(x):,} rows: no proposal visits the target. Move or widen them."
        )
    return Draws(x, mixture(l, log_q, counts, exact=exact), log_q, np.asarray(counts))


def _read_proposals(proposals: Any) -> list[Proposal]:
    """One proposal or a sequence of them."""
    if not isinstance(proposals, (list, tuple)):
        return [as_proposal(proposals, "the proposal")]
    if not proposals:
        raise InputError(
            "`proposals` must hold at least one proposal; got none. Pass scipy.stats.norm(0, 1), for example."
        )
    return [as_proposal(q, f"proposal {j}") for j, q in enumerate(proposals)]


def _count_rows(n: Any, laws: int) -> list[int]:
    """Rows of each proposal."""
    if np.ndim(n) == 0:
        require_int("n", n, laws)
        return [len(part) for part in np.array_split(np.arange(int(n)), laws)]
    counts = list(n)
    if len(counts) != laws:
        raise InputError(f"`n` must be one number, or one count a proposal; got {len(counts)} for {laws}. Count each.")
    for j, count in enumerate(counts):
        require_int(f"n[{j}]", count)
    return [int(c) for c in counts]


def refuse_run(run: Any, rng: Any) -> None:
    """Refuse what is no `Run`, and a journal without an integer seed."""
    if run is not None and not isinstance(run, Run):
        raise InputError(
            f"`run` must be a Run; got {type(run).__name__}. Write montecarlo.Run(rows=True), for example."
        )
    if (
        run is not None
        and run.journal is not None
        and (isinstance(rng, bool) or not isinstance(rng, (int, np.integer)))
    ):
        raise InputError(
            f"a journal needs an integer rng: the same points must come again; got {type(rng).__name__}. Pass rng=0."
        )
