"""evidence: the probability of the data under a model, and posterior expectations, from points that shaped nothing.

    explore: tempered particles walk from the prior to the posterior       Z = mean of phi(u) L(x(u))/q(u) over fresh u ~ q

The trouble: evidence is computed by chains and particles that look converged; where their moves stick, eight runs agree on a number that is
too low, and their spread is printed as its error. Here they only show where to draw. If the draw cannot be believed, as from a hundred dimensions
or so on, the runs' own answer is given, and never called converged.

What is inside: `evidence`; the search stands in `_posterior_search`.

Sources: Neal (2001); Del Moral, Doucet and Jasra (2006); Dai, Heng, Jacob and Whiteley (2022); Owen and Zhou (2000).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..._errors import InputError, counted, is_number, require_int
from ..._rng import as_generator
from ..._version import __version__
from ..._weights import Weights
from ..calls import Calls, Question, Run
from ..draws import Draws, deviation, evidence_of_integral, evidence_of_repeats, unknown_evidence
from ..explorers import particle_count
from ..inputs import Inputs, as_inputs
from ..judging import Fresh
from ._draw import refuse_run
from ._posterior import Posterior, PosteriorFacts
from ._posterior_search import PosteriorSearch, explored_and_drawn, more_runs

__all__ = ["evidence"]

QUESTION = Question("log_likelihood", "Where the data are impossible return -inf.")


def evidence(
    log_likelihood: Callable[[Any], Any],
    prior: Any,
    *,
    relative_error: float = 0.02,
    budget: int = 500_000,
    run: Run | None = None,
    rng: Any = None,
) -> Posterior:
    """Log evidence and posterior expectations, from fresh draws of a proposal that tempered particles shaped, or the reason why not.

        Z = integral of L(x) dprior(x) = mean of phi(u_i) L(x(u_i))/q(u_i),   u_i ~ q fresh

    Parameters
    ----------
    log_likelihood : function of x (n, d), or of a dict {name: (n,)} if the prior is named, giving n natural logs; -inf is an impossible datum.
        All constants count.
    prior : an int (standard normals), a list or dict of frozen scipy.stats distributions, `Inputs` (with `Inputs.transform` for hierarchies), or a
        distribution of OpenTURNS.
    relative_error : standard error of Z over Z that is aimed at, in (0, 1). budget : rows given to log_likelihood at most.
    run : `Run`, how it is called. rng : int, Generator or None.

    Returns
    -------
    Posterior, method "draw", or "smc" where no draw could be believed.

    Raises
    ------
    InputError : log_likelihood NaN or +inf, with the inputs; -inf at all first draws of the prior; a budget under four rounds of particles.

    Costs: a mode that no particle found is not in the answer. Method "smc" may be too low by any amount that its runs agree on, and is never
    `converged`.
    Source: Neal (2001), Annealed importance sampling; Dai, Heng, Jacob and Whiteley (2022), An invitation to sequential Monte Carlo samplers.

    >>> from scipy import stats
    >>> post = evidence(lambda x: stats.binom(20, x["p"]).logpmf(7), {"p": stats.beta(2, 5)}, rng=0)      # exact: -2.492537
    >>> print(post.evidence, post.converged)
    -2.4966 ± 0.0070 True
    >>> round(post.draws.mean(lambda x: x["p"]).value, 2)                                                   # exact: 9/27
    0.33
    """
    known = as_inputs(prior)
    if not is_number(relative_error) or not 0 < relative_error < 1:
        raise InputError(
            f"`relative_error` is the relative error wanted, in (0, 1); got {relative_error!r}. For 2 % pass 0.02."
        )
    require_int("budget", budget)
    least = 4 * particle_count(known.d)
    if budget < least:
        raise InputError(
            f"`budget` must be at least {least:,} calls in {counted(known.d, 'dimension')}; got {budget:,}. Raise it."
        )
    refuse_run(run, rng)
    owner = {
        "upweight": __version__,
        "function": getattr(log_likelihood, "__qualname__", type(log_likelihood).__name__),
    }
    owner |= {"rng": None if rng is None else str(rng), "inputs": known.fingerprint}
    owner |= {"settings": {"relative_error": float(relative_error), "budget": int(budget)}}
    with Calls(log_likelihood, QUESTION, to_x=known.to_x, budget=int(budget), run=run, owner=owner) as calls:
        search = PosteriorSearch(calls, known.d, as_generator(rng), float(relative_error))
        fresh, why = explored_and_drawn(search)
        if why:
            more_runs(search)
    return _result(search, known, fresh, why)


def _result(s: PosteriorSearch, inputs: Inputs, fresh: Fresh | None, why: str) -> Posterior:
    """The draw if it is believed, the runs if not, nothing if the budget cut them all."""
    rest = (s.calls.calls, s.history)
    if fresh is not None and fresh.estimate is not None and not why:
        weights = Weights.of_log(fresh.weights.log_w + fresh.scale, kind="importance")
        draws = Draws(inputs.to_x(fresh.known.u), weights, fresh.log_q, fresh.counts)
        facts = PosteriorFacts("evidence", s.calls.budget, len(s.runs), fresh.known.n, fresh.lone)
        found = evidence_of_integral(fresh.estimate, fresh.scale)
        return Posterior(found, True, "", "draw", *rest, draws, fresh.proposal, facts)
    facts = PosteriorFacts("evidence", s.calls.budget, len(s.runs), 0, np.nan)
    done = [one for one in s.runs if one.finished]
    log_z = np.array([one.log_z for one in done])
    if not len(done):
        return Posterior(unknown_evidence(why), False, why, "smc", *rest, None, None, facts)
    spread = f"sd {deviation(log_z):.2g}" if len(done) > 1 else "no spread"
    runs = f"{len(done)} runs" if len(done) > 1 else "1 run"
    why = f"{why}; log Z of {runs} of particles, {spread}, and a bias that runs share is not in it"
    n = len(done[0].u)
    weights = Weights.of_log(np.repeat(log_z, n), kind="importance")
    cluster = np.repeat(np.arange(len(done)), n)
    x = inputs.to_x(np.concatenate([one.u for one in done]))
    draws = Draws(x, weights, np.empty((0, n * len(done))), np.full(len(done), n), cluster)
    return Posterior(evidence_of_repeats(log_z, why), False, why, "smc", *rest, draws, None, facts)
