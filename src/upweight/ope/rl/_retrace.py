"""Retrace: targets of action values from the steps of another policy.

The trouble: a multi-step target of Q needs the later actions to be the target's. Cut the trace where they are not (ratio near 0), and never let it
grow (ratio at most 1): safe for any pair of policies, and no shorter than it must be.

    target_t = q_t + sum_{s>=t} gamma^(s-t) (prod_{t<i<=s} c_i) (r_s + gamma_s E_pi Q(s_{s+1}, .) - q_s),   c = lam min(1, rho)

What is inside: `retrace`. Source: Munos, Stepleton, Harutyunyan and Bellemare (2016), Safe and efficient off-policy reinforcement learning.
"""

from __future__ import annotations

from ..._errors import InputError
from ...arrays import Array
from ._recurrence import backward
from ._together import back, numbers, quiet, together
from ._vtrace import capped_ratio, require_discount

__all__ = ["retrace"]


def retrace(
    log_ratio: Array,
    reward: Array,
    q: Array,
    next_v: Array,
    discount: Array,
    *,
    lam: float = 1.0,
    trace: Array | None = None,
) -> Array:
    """Off-policy targets of an action-value function; other traces make it Tree-backup, Q(lambda) or importance sampling.

        target_t = q_t + x_t,   x_t = d_t + gamma_t c_{t+1} x_{t+1},   d_t = r_t + gamma_t v'_t - q_t

    Parameters
    ----------
    log_ratio : (..., T) log pi(a|s) - log mu(a|s) of the actions taken, natural logs; time is the last axis
    reward, q, next_v : (..., T) r_t, Q(s_t, a_t) and the mean of Q(s_{t+1}, .) under the target, in the unit of the rewards
    discount : number or (..., T) in [0, 1]; 0 ends an episode
    lam : in [0, 1], shortens the trace
    trace : None for lam min(1, rho); or number or (..., T) c_t: lam pi(a|s) is Tree-backup, lam Q(lambda), lam rho importance sampling

    Returns
    -------
    (..., T) array, same library and dtype. Gradients flow; detaching is the caller's.

    Raises
    ------
    InputError : shapes that differ, `lam` or a discount outside [0, 1], the latter where it can be seen without waiting for a device.

    Notes
    -----
    Costs: none of bias once Q is right; traces that are cut learn slowly. Source: Munos et al. (2016).

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.ope.rl import retrace
    >>> l, r, q, v = np.log([0.5, 1.5, 2.0]), [1, 0, 2], [0.6, 0.1, 0.9], [0.2, 1, 0.4]
    >>> retrace(l, r, q, v, 0.9).round(4).tolist()
    [3.0826, 2.214, 2.36]
    """
    numbers(0.0, {"lam": lam})
    if lam > 1:
        raise InputError(f"`lam` must lie in [0, 1]; got {lam:g}. A trace of your own is `trace`.")
    require_discount(discount)
    given = {"log_ratio": log_ratio, "reward": reward, "q": q, "next_v": next_v, "discount": discount}
    more = {} if trace is None else {"trace": trace}
    xp, (l, r, values, v, gamma, *own) = together(given | more, single=("discount", "trace"))
    with quiet():
        c = xp.zeros_like(l) + own[0] if own else lam * capped_ratio(xp, l, 1.0)
        after = xp.concat([c[..., 1:], xp.zeros_like(c[..., :1])], axis=-1)
        target = values + backward(xp, r + gamma * v - values, gamma * after)
    return back(xp, target, q)
