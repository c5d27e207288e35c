"""rare: the probability that something with random inputs fails.

The trouble: an answer by simulation looks finished when it is wrong: a mode was never found, the proposal was fitted to the points that
gave the number, the calls that were counted are not all that were made.

    p = P(g(X) <= 0) = E[ 1{g(x) <= 0} phi(u)/q(u) ]  over fresh u from a proposal q that was frozen before

What is inside: `rare`. The roads are `_failure_search`, the result `_rare_event`.

Sources: Papaioannou, Geyer and Straub (2019); Au and Beck (2001); El Masri, Morio and Simatos (2021); Owen and Zhou (2000).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..._errors import InputError, is_number, require_choice, require_int
from ..._estimate import Estimate
from ..._rng import as_generator
from ..._version import __version__
from ..._weights import Weights
from ..calls import Calls, Question, Run
from ..draws import Draws
from ..explorers import level_size
from ..inputs import Inputs, as_inputs
from ..judging import Fresh
from ._failure_search import FailureSearch, SearchResult, by_cross_entropy, by_subset
from ._rare_event import RareEvent, RareFacts

__all__ = ["rare"]

FAMILIES = ("auto", "mixture", "projected", "vmfn", "subset")
QUESTION = Question("g", "If a crash is a failure return -1, if not 1.", "True is failure? return 1 - 2*failed.")


def rare(
    g: Callable[[Any], Any],
    inputs: Any,
    *,
    relative_error: float = 0.05,
    budget: int = 50_000,
    family: str = "auto",
    run: Run | None = None,
    rng: Any = None,
) -> RareEvent:
    """The probability that g(X) <= 0, from points that shaped nothing, or the reason why it is not known.

        p = mean of 1{g(x_i) <= 0} phi(u_i)/q(u_i),   u_i ~ q fresh,   x_i = x(u_i)

    Parameters
    ----------
    g : function of x (n, d), or of a dict {name: (n,)} if the inputs are named, giving n numbers; g <= 0 is failure, -inf too.
    inputs : an int (standard normals), a list or dict of frozen scipy.stats distributions, `Inputs`, or a distribution of OpenTURNS.
    relative_error : standard error over p that is aimed at, in (0, 1). budget : rows given to g at most, all phases together.
    family : of the proposals: "auto", "mixture" (Gaussians), "projected", "vmfn", or "subset" for subset simulation at once.
    run : `Run`, how g is called: by rows, in processes, with a journal. rng : int, Generator or None.

    Returns
    -------
    RareEvent: `probability`, `interval`, `converged`, `why`, `draws` of the failures, `design_point`, `sensitivity`, `calls`.

    Raises
    ------
    InputError : g gives NaN, +inf, text, True or another length, with the inputs; inputs that are no distributions; a budget under four
        levels; a journal without an integer seed or of another run. What g raises itself, with the inputs.

    Costs: a region that no call ever hit leaves no trace: a flat island far from where g slopes to can be missed, and then p is too
    low and looks right. p of a fresh draw is unbiased; to believe only what converged leaves out runs that saw something new, and that
    biases downward, by what nobody saw.
    Source: Papaioannou, Geyer and Straub (2019), Improved cross entropy-based importance sampling with a flexible mixture model.

    >>> r = rare(lambda x: 3.5 - x.sum(axis=1) / 2, 4, rng=0)                    # Phi(-3.5) = 0.000233
    >>> r.converged, round(r.probability.value, 6), r.calls
    (True, 0.000233, 6500)
    """
    known = as_inputs(inputs)
    _refuse_settings(known, relative_error, budget, family, run, rng)
    owner = {
        "upweight": __version__, "function": getattr(g, "__qualname__", type(g).__name__), "rng": None if rng is None else str(rng),
        "settings": {"relative_error": float(relative_error), "budget": int(budget), "family": family}, "inputs": known.fingerprint,
    }  # fmt: skip
    with Calls(g, QUESTION, to_x=known.to_x, budget=int(budget), run=run, owner=owner) as calls:
        search = FailureSearch(
            calls, known.d, as_generator(rng), float(relative_error), family.replace("subset", "auto")
        )
        end = None if family == "subset" else by_cross_entropy(search)
        method = "cross-entropy"
        if end is None or end.why:
            first, end = end, by_subset(search)
            method = "subset+draw" if not end.why and end.fresh is not None else "subset"
            if end.probability is None and first is not None and first.fresh is not None:
                end, method = first, "cross-entropy"
    return _result(search, end, method, known)


def _refuse_settings(inputs: Inputs, relative_error: Any, budget: Any, family: Any, run: Any, rng: Any) -> None:
    if not is_number(relative_error) or not 0 < relative_error < 1:
        raise InputError(
            f"`relative_error` is the relative error wanted, in (0, 1); got {relative_error!r}. For 5 % pass 0.05."
        )
    require_choice("family", family, FAMILIES)
    if inputs.d == 1 and family in ("vmfn", "projected"):
        raise InputError(f"family={family!r} needs 2 inputs; got one. Leave it at 'auto'.")
    require_int("budget", budget)
    least = 4 * level_size(inputs.d)
    if budget < least:
        what = "1 input" if inputs.d == 1 else f"{inputs.d} inputs"
        raise InputError(f"`budget` must be at least {least:,} calls for {what}; got {budget:,}. Raise it.")
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


# ---- the result -------------------------------------------------------------------------------------------------------------


def _result(s: FailureSearch, end: SearchResult, method: str, inputs: Inputs) -> RareEvent:
    u, weights, log_q, counts, cluster = _failures(end, method)
    draws = sensitivity = None
    if len(u):
        draws = Draws(inputs.to_x(u), weights, log_q, counts, cluster=cluster, failures=True)
        sensitivity = _sensitivity(inputs, u, weights, cluster)
    nearest = s.nearest
    point = None if nearest is None else _one(inputs.to_x(nearest[None]))
    fresh = end.fresh
    told = RareFacts(
        inputs.labels, s.g.budget, s.relative_error, len(s.found), sum(e.reached for e in s.found),
        tuple(len(e.known) for e in s.found), np.nan if fresh is None else fresh.lone, 0 if fresh is None else fresh.known.n,
        float(weights.ess) if len(u) else 0.0, tuple(r.p for r in s.repeats), np.nan if nearest is None else float(np.linalg.norm(nearest)), u,
    )  # fmt: skip
    why = end.why
    p = end.probability if len(u) else None
    proposal = None if fresh is None or method == "subset" else fresh.proposal
    return RareEvent(p, not why, why, method, s.g.calls, s.history, draws, proposal, point, sensitivity, told)


def _failures(end: SearchResult, method: str) -> tuple[np.ndarray, Any, np.ndarray, np.ndarray, np.ndarray | None]:
    """(u, weights, log_q, counts, cluster) of the failures that the answer rests on."""
    if method == "subset" or end.fresh is None:
        runs = [r for r in end.repeats if len(r.failures)]
        if not runs:
            return np.empty((0, 1)), None, np.empty((0, 0)), np.empty(0, dtype=np.int64), None
        sizes = np.array([len(r.failures) for r in runs])
        log_w = np.repeat(np.log([r.p / len(r.failures) for r in runs]), sizes)
        u = np.concatenate([r.failures for r in runs])
        cluster = np.repeat(np.arange(len(runs)), sizes)
        return u, Weights.of_log(log_w, kind="importance"), np.empty((0, len(u))), sizes, cluster
    fresh: Fresh = end.fresh
    live = np.isfinite(fresh.known.log_f)
    if not live.any():
        return np.empty((0, 1)), None, np.empty((0, 0)), fresh.counts, None
    weights = Weights.of_log(fresh.weights.log_w[live], kind="importance")
    return fresh.known.u[live], weights, fresh.log_q[:, live], fresh.counts, None


def _sensitivity(inputs: Inputs, u: np.ndarray, weights: Weights, cluster: np.ndarray | None) -> Estimate:
    """d log p / d shift of each normal score: the mean of u L^-1 over the failures."""
    return weights.mean(inputs.scores(u), cluster=cluster)


def _one(x: Any) -> Any:
    """The one row of points."""
    return {k: float(v[0]) for k, v in x.items()} if isinstance(x, dict) else x[0]
