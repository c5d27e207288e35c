"""sequence: what a target policy would have earned a ranking or an episode, from those that the log saw.

The trouble: a group of decisions has one outcome, whatever its rows are, and the product of its ratios swings over orders of magnitude. Which product
a reward needs is the reader's to know (table in `_formulas`); what an interval needs is told here: the groups that an estimate is worth, and
the tail of their influences on either side.

What is inside: `sequence`.

Sources: Precup, Sutton and Singh (2000); Thomas and Brunskill (2016); Huber (1967) for influences; Vehtari et al. (2024) for tails.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ..._errors import InputError, KindError, is_number, printable, require_choice
from ..._estimate import Average, Dense, Estimate, Terms, WeightedSample, cluster_tails, estimate, kish
from ..._frames import labels, read, require, same_rows
from ..._weights import Step, Weights
from ...arrays import TOO_FEW, tail_index
from ..values import read_outcome, read_reward, require_weights
from ._doubts import broken_steps
from ._formulas import FORMULAS, SequenceFit, SequenceRows
from ._groups import GroupedRows, read_groups
from ._marginal import holds_the_past
from ._states import StateWeights
from ._trajectory import of_groups

__all__ = ["sequence"]

MODELLED = ("dr", "wdr")
PROMISED = ("step", "pdis", "is", "dr", "pi")
WHOLE = ("is", "wis")  # rest on the product over the whole group
ORDINARY = 1e-70, 1e70  # rewards whose squares, weighted, fit a float
NOISE = 1e-12  # influences below this share of the value, and their logs within it, are rounding


def sequence(
    reward: Any,
    w: Weights,
    *,
    group: Any,
    how: str | None = None,
    discount: float = 1.0,
    outcome: tuple[Any, Any] | None = None,
    cluster: Any = None,
) -> Estimate:
    """What the target would have earned a group of decisions: the slots of a ranking, the steps of an episode.

        cwpdis = sum_t g^t mean(W_t r_t)/mean W_t,   W_t = prod_{s <= t} rho_s, means over all groups, ended ones too

    Parameters
    ----------
    reward : (n,) numbers in any unit, one a row.
    w : Weights (n,) of kind importance, the ratio rho of each row: `uw.ratio(target=pi, source=p)`; or those of `marginal`.
    group : (n,) labels; the rows of a group are in order, groups may interleave and differ in length.
    how : rankings: "step" (slots independent), "pdis" (a slot depends on those above), "is", "wis" (whole rankings), "cwpdis", "dr", "pi" (additive,
        product policies). Episodes: "is", "wis", "pdis", "cwpdis", with `outcome` "dr", "wdr"; "step" for weights of `marginal`.
        None: cwpdis; with outcome wdr; for weights of `marginal` step.
    discount : g in (0, 1], of each later row.
    outcome : (q, v), columns (n,): the model's value of the logged action from here on, discounted from here, and its mean under the target.
    cluster : (n,) labels, constant in a group, of groups that belong together.

    Returns
    -------
    Estimate, whose rows are groups in order of first appearance.

    Raises
    ------
    InputError : other lengths, gaps, discount outside (0, 1], an outcome without a formula for it or the other way round, a cluster that
        changes inside a group. KindError : a formula that needs the promise of a mean of one; products of weights of `marginal`.

    Costs: "is" and "pdis" are unbiased, with a variance that grows exponentially with the length; "wis", "cwpdis" and "wdr" have a bias of order
    1/groups; "step" and "pi" are biased where rows of a group depend on each other in another way. Look at `trajectory(w, group=).check()`.
    Source: Precup, Sutton and Singh (2000); Jiang and Li (2016); Thomas and Brunskill (2016); Swaminathan et al. (2017).

    >>> import upweight as uw
    >>> w = uw.Weights.of([2, 0.5, 1.5, 1.2, 0.8, 0.5], kind="importance", exact=True)
    >>> r, episode = [1, 0, 1, 1, 0, 1], [1, 2, 2, 3, 3, 3]
    >>> [round(uw.ope.sequence(r, w, group=episode, how=how, discount=0.9).value, 6) for how in ("is", "wis", "pdis", "cwpdis")]
    [1.181267, 1.097152, 1.421267, 1.167177]
    """
    w = require_weights(w, "sequence")
    how = _formula(w, how, modelled=outcome is not None)
    if not (is_number(discount) and 0 < discount <= 1):
        raise InputError(f"`discount` must lie in (0, 1]; got {discount!r}. For undiscounted rewards leave it out.")
    groups = read_groups(w, group)
    r = read_reward(w, reward)
    if how == "pi":
        _whole_rewards(reward)
    q, v = (None, None) if outcome is None else tuple(groups.sort(x) for x in read_outcome(w, outcome))
    codes, clusters = _clusters(w, groups, group, cluster)
    unit = _unit(w, r, v)
    if unit != 1.0:
        r, q, v = r / unit, None if q is None else q / unit, None if v is None else v / unit
    of = lambda x: _of_known_states(
        x,
        FORMULAS[how](SequenceRows(groups, groups.sort(x.log_w), groups.sort(r), q, v, float(discount))),
        groups,
        r,
        discount,
    )
    used = of(w)
    raw = of(w.raw) if w.tamed else used
    found = _average(used, raw, _sample(w, groups, how, used, (codes, clusters)), _whole_khat(w, groups, how))
    if not math.isfinite(found.value * unit):
        raise InputError(f"`reward` reaches {np.abs(r).max() * unit:.3g}, more than its sum can hold. Rescale it.")
    found = found if unit == 1.0 else found.moved(unit)
    step = Step("sequence", {"how": how, "discount": discount, "groups": groups.count})
    return estimate(Terms((found,), (), groups.count), (*w.trail, step))


def _of_known_states(w: Weights, fit: SequenceFit, groups: GroupedRows, r: np.ndarray, discount: float) -> SequenceFit:
    """The fit with influences that know how weights of `marginal` were estimated; as it is for all others."""
    source = w._estimated_from
    if not (isinstance(source, StateWeights) and source.belongs_to(w.log_w, groups)):
        return fit
    return fit._replace(psi=source.influences(groups.sort(r), float(discount)))


def _formula(w: Weights, how: Any, *, modelled: bool) -> str:
    """The name of the formula, if it is lawful for these weights."""
    past = holds_the_past(w)
    if how is None:
        how = "step" if past else "wdr" if modelled else "cwpdis"
    require_choice("how", how, tuple(FORMULAS))
    if modelled != (how in MODELLED):
        said = (
            f"how={how!r} takes no outcome; use how='wdr' or 'dr'"
            if modelled
            else f"how={how!r} needs outcome=(q, v); without one use how='cwpdis'"
        )
        raise InputError(f"{said}.")
    if past and how != "step":
        raise KindError(f"how={how!r} multiplies what weights of `marginal` hold already, the past; use how='step'.")
    if how in PROMISED and not (w.exact or w.raw.exact or past):
        raise KindError(f"how={how!r} needs weights that promise a mean of one; use wis, cwpdis or wdr.")
    return how


def _unit(w: Weights, r: np.ndarray, v: np.ndarray | None) -> float:
    """A power of two by which rewards are divided whose squares would leave the floats; 1 for others."""
    top = float(np.abs(r).max(where=w.log_w > -np.inf, initial=0.0))
    top = top if v is None else max(top, float(np.abs(v).max()))
    return 1.0 if top == 0 or ORDINARY[0] < top < ORDINARY[1] else 2.0 ** max(-1020, math.frexp(top)[1] - 1)


def _whole_rewards(reward: Any) -> None:
    """The sum of all rewards of a group counts, whatever the weights of its rows."""
    x, _ = read(reward, "reward", nulls=True)
    require(np.isfinite(x), "`reward`", "be finite in every row for how='pi'", x, "Drop those groups first.")


def _clusters(w: Weights, groups: GroupedRows, group: Any, cluster: Any) -> tuple[np.ndarray | None, int]:
    """Number of each group's cluster (m,), and how many there are."""
    if cluster is None:
        return None, 0
    codes, levels, container = labels(cluster, "cluster")
    if codes.size != w.n:
        raise InputError(
            f"`cluster` must have one entry a weight; got {codes.size:,} for {w.n:,} weights. Pass both of the same rows."
        )
    same_rows(w._container, container, ("weights", "cluster"))
    rows = groups.sort(codes)
    of_groups = rows[groups.starts]
    bad = rows != np.repeat(of_groups, groups.lengths)
    if bad.any():
        row = int(np.flatnonzero(groups.unsort(bad))[0])
        here = codes[row], of_groups[np.searchsorted(groups.starts, int(bad.argmax()), side="right") - 1]
        names = [np.asarray(levels)[c] for c in here]
        raise InputError(
            f"`cluster` must be constant in a group; got {printable(names[0])} at row {row} in group {printable(np.asarray(group)[row])}, which began with {printable(names[1])}. "
            f"Name groups apart, or leave cluster out."
        )
    return of_groups, len(levels)


def _whole_khat(w: Weights, groups: GroupedRows, how: str) -> float:
    """Tail of the products over whole groups, where a formula rests on them; no tail of weights for the others."""
    return of_groups(w.raw, groups).khat if how in WHOLE else -math.inf


def _sample(
    w: Weights, groups: GroupedRows, how: str, used: SequenceFit, cluster: tuple[np.ndarray | None, int]
) -> WeightedSample:
    """Sizes and doubts of an estimate over groups."""
    codes, count = cluster
    m = groups.count
    drawn, worth = m, used.ess
    if codes is not None:
        drawn, worth = count, used.ess / m * kish(np.bincount(codes, minlength=count).astype(float))
    factor = drawn / (drawn - 1) if drawn > 1 else math.inf
    doubt = broken_steps(w, groups, whole=how in WHOLE)
    return WeightedSample(
        n=m,
        support=m,
        size=m,
        factor=factor,
        ess=used.ess,
        worth=worth,
        khat=-math.inf,
        equal=False,
        codes=codes,
        groups=count,
        doubt=doubt,
        rows="groups",
        own_sides=True,
    )


def _average(used: SequenceFit, raw: SequenceFit, sample: WeightedSample, whole: float) -> Average:
    """The average of a fit, judged by either side of the influences before taming, each side with a tail size of its own."""
    psi, before = (_without_noise(fit) / sample.size for fit in (used, raw))
    judged = _sides(before, sample)
    constant = not before.any()
    khat = whole if judged or constant or math.isnan(whole) else math.nan
    norm = math.sqrt(float(np.square(sample.sums(psi)).sum()))
    line = Dense(psi)
    sample = replace(sample, khat=khat)
    return Average(used.value, sample, line, line if raw is used else Dense(before), norm, judged)


def _sides(psi: np.ndarray, sample: WeightedSample) -> tuple[float, ...]:
    """k-hat of either side of the influences, or of their sums by cluster, that was judged."""
    if sample.codes is not None:
        found = cluster_tails(Dense(psi), sample.sums(psi), sample.codes, own=True)
    else:
        found = [tail_index(_joined(np.log(x))) for x in (psi[psi > 0], -psi[psi < 0]) if x.size >= TOO_FEW]
    return tuple(k for k in found if not math.isnan(k))


def _joined(l: np.ndarray) -> np.ndarray:
    """Logs (m,) of which those next to each other by no more than rounding are equal: sums of the same logs in another order are."""
    l = np.sort(l)
    new = np.diff(l, prepend=-np.inf) > NOISE * np.maximum(1.0, np.abs(l))
    return l[np.flatnonzero(new)][np.cumsum(new) - 1]


def _without_noise(fit: SequenceFit) -> np.ndarray:
    return np.where(np.abs(fit.psi) <= NOISE * abs(fit.value), 0.0, fit.psi)
