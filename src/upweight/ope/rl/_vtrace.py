"""V-trace: targets and advantages of states from the steps of another policy.

The trouble: an actor runs behind the learner, so that its steps come from a policy that is no longer the learner's. Plain ratios have no bias and
any variance; V-trace caps them, and so learns the value of a policy between the two, which rho_max decides and c_max does not.

    target_t = V_t + sum_{s>=t} gamma^(s-t) (prod_{t<=i<s} c_i) rho_s (r_s + gamma_s V'_s - V_s),   rho = min(rho_max, w), c = lam min(c_max, w)

What is inside: `vtrace` and `VTrace`. Source: Espeholt et al. (2018), IMPALA: scalable distributed deep-RL with importance weighted
actor-learner architectures, section 4.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..._errors import InputError
from ..._set_module import set_module
from ...arrays import Array
from ._recurrence import backward
from ._together import back, numbers, quiet, seen, together

__all__ = ["VTrace", "capped_ratio", "require_discount", "vtrace"]


@set_module("upweight.ope.rl")
class VTrace(NamedTuple):
    """What `vtrace` gives: both (..., T), in the unit of the rewards."""

    target: Array  # (..., T) value targets
    advantage: Array  # (..., T) advantages of the policy gradient


def vtrace(
    log_ratio: Array,
    reward: Array,
    value: Array,
    next_value: Array,
    discount: Array,
    *,
    rho_max: float = 1.0,
    c_max: float = 1.0,
    pg_max: float = 1.0,
    lam: float = 1.0,
) -> VTrace:
    """Off-policy targets of a value function and advantages of a policy gradient, ratios capped.

        delta_t = min(rho_max, rho_t)(r_t + gamma_t V'_t - V_t)
        target_t = V_t + x_t,   x_t = delta_t + gamma_t lam min(c_max, rho_t) x_{t+1}
        advantage_t = min(pg_max, rho_t)(r_t + gamma_t target_{t+1} - V_t),   target after the last step = V'_T

    Parameters
    ----------
    log_ratio : (..., T) log pi(a|s) - log mu(a|s), learner less actor, natural logs; time is the last axis
    reward, value, next_value : (..., T) r_t, V(s_t) and V(s_{t+1}), in the unit of the rewards
    discount : number or (..., T) in [0, 1]; 0 ends an episode
    rho_max, c_max, pg_max : caps > 0 of the ratios, rho_max >= c_max; math.inf for none
    lam : in [0, 1], mixes toward shorter returns, in the target alone

    Returns
    -------
    VTrace(target, advantage), (..., T) each, same library and dtype. Gradients flow through both: detach them, or do not, outside.

    Raises
    ------
    InputError : shapes that differ, rho_max below c_max, a discount outside [0, 1] where it can be seen without waiting for a device.

    Notes
    -----
    Costs: a fixed point that is the value of a policy between mu and pi; the smaller rho_max, the nearer to mu.
    `target - value` is what rlax calls the errors. Source: Espeholt et al. (2018).

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.ope.rl import vtrace
    >>> found = vtrace(np.log([0.5, 1.5, 2.0]), [1, 0, 2], [0.5, 0.2, 1], [0.2, 1, 0.4], 0.9)
    >>> found.target.round(4).tolist(), found.advantage.round(4).tolist()
    ([1.7058, 2.124, 2.36], [1.2058, 1.924, 1.36])
    """
    _refuse_caps(rho_max, c_max, pg_max, lam)
    require_discount(discount)
    given = {"log_ratio": log_ratio, "reward": reward, "value": value, "next_value": next_value, "discount": discount}
    xp, (l, r, v, v_next, gamma) = together(given, single=("discount",))
    with quiet():
        caps = {
            cap: capped_ratio(xp, l, cap) for cap in {rho_max, c_max, pg_max}
        }  # mostly one, and exp is the dearest step
        delta = caps[rho_max] * (r + gamma * v_next - v)
        trace = gamma * caps[c_max]
        target = v + backward(xp, delta, trace if lam == 1 else lam * trace)
        after = xp.concat([target[..., 1:], v_next[..., -1:]], axis=-1)
        advantage = caps[pg_max] * (r + gamma * after - v)
    return VTrace(back(xp, target, value), back(xp, advantage, value))


def capped_ratio(xp: Any, l: Array, most: float) -> Array:
    """min(most, exp(l)), never through an overflow; its gradient is that of the ratio up to and at the cap, and 0 above."""
    cap = xp.full_like(l, math.log(most))
    return xp.exp(xp.where(l > cap, cap, l))


def require_discount(discount: Array) -> None:
    """Refuse discounts outside [0, 1] that can be looked at."""
    if not seen(discount):
        return
    values = np.asarray(discount)
    if values.dtype.kind not in "fiub":
        raise InputError(f"`discount` must be a number, or one a step, in [0, 1]; got {discount!r}.")
    bad = ~((values >= 0) & (values <= 1))
    if bad.any():
        place = f" at {tuple(int(i) for i in np.argwhere(bad)[0])}" if values.ndim else ""
        raise InputError(f"`discount` must lie in [0, 1]; got {values[bad].flat[0]:g}{place}. 0 ends an episode.")


def _refuse_caps(rho_max: float, c_max: float, pg_max: float, lam: float) -> None:
    numbers(0.0, {"rho_max": rho_max, "c_max": c_max, "pg_max": pg_max, "lam": lam})
    if min(rho_max, c_max, pg_max) == 0 or lam > 1:
        raise InputError(
            f"caps must be > 0 and `lam` in [0, 1]; got rho_max={rho_max:g}, c_max={c_max:g}, pg_max={pg_max:g}, lam={lam:g}."
        )
    if rho_max < c_max:
        raise InputError(f"`rho_max` must be at least `c_max`; got {rho_max:g} and {c_max:g}. Lower c_max.")
