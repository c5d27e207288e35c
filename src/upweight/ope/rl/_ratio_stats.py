"""What a batch of ratios says about two programs that should agree, or about a policy that has moved.

The trouble: trainers log a mean ratio and a clip fraction. The mean has an error bar, over sequences and not over tokens, and only beside it can be
told whether sampler and trainer disagree; and of the tokens beyond the clip only those count whose gradient it stops.

    mean = sum w/N,  se^2 = m/(m-1) sum_g (sum_{t in g} (w_t - mean)/N)^2,  m sequences        ess_share = (sum w)^2/(N sum w^2)
    k1 = mean(-l),  k3 = mean(w - 1 - l)   both estimate KL(source || target)               chi2 = 1/ess_share - 1

What is inside: `ratio_stats`, `RatioStats`. Sources: Schulman (2020), Approximating KL divergence; Kish (1965); Liang and Zeger (1986) for the se.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..._errors import InputError, counted, is_number
from ..._set_module import set_module
from ...arrays import Array, ess, khat, log_sum_exp
from ._together import as_mask, back, quiet, together

__all__ = ["RatioStats", "ratio_stats"]

Z_LIMIT, SMALL_BREACH = 3.29, 0.02  # as the trunk tests a promised mean of one


@set_module("upweight.ope.rl")
class RatioStats(NamedTuple):
    """Figures of a batch of ratios w = target/source, 0-d arrays of the library; `str` says them, and waits for the device.

    tokens, sequences : how many count. mean, mean_se, z : of w, its error clustered by sequence, and (mean - 1)/mean_se; nan for one sequence.
    ess_share : in (0, 1]. khat : tail index of the ratios. max : the largest. k1, k3, chi2 : divergences of the target from the source.
    clip_low, clip_high : share of tokens below and above the clip. clip_acting : share whose gradient it stops; nan without advantages.
    sequence_mean, sequence_ess_share : of the products over sequences.
    """

    tokens: Array
    sequences: Array
    mean: Array
    mean_se: Array
    z: Array
    ess_share: Array
    khat: Array
    max: Array
    k1: Array
    k3: Array
    chi2: Array
    clip_low: Array
    clip_high: Array
    clip_acting: Array
    sequence_mean: Array
    sequence_ess_share: Array

    def __str__(self) -> str:
        f = {name: float(x) for name, x in zip(self._fields, self, strict=True)}
        if f["tokens"] == 0:
            return "no tokens: the mask is empty"
        error = f"± {f['mean_se']:.2g}" if f["sequences"] > 1 else "without an error: one sequence tells none"
        counts = f"{counted(int(f['tokens']), 'token')} in {counted(int(f['sequences']), 'sequence')}"
        acting = "" if math.isnan(f["clip_acting"]) else f", {100 * f['clip_acting']:.2f} % with the gradient stopped"
        lines = [
            f"{counts}: mean ratio {f['mean']:.4g} {error}, largest {f['max']:.4g}",
            f"  worth {100 * f['ess_share']:.1f} % of the tokens, {100 * f['sequence_ess_share']:.1f} % of the sequences; {_khat_said(f['khat'])}",
            f"  KL {f['k3']:.4g} (k3; k1 {f['k1']:.4g}), chi2 {f['chi2']:.4g}; clipped low {100 * f['clip_low']:.2f} %, high {100 * f['clip_high']:.2f} %{acting}",
        ]
        if abs(f["z"]) > Z_LIMIT and abs(f["mean"] - 1) > SMALL_BREACH:
            lines.append(
                f"  mean ratio {f['mean']:.3f} ± {f['mean_se']:.3f}, promised 1 (z = {f['z']:.1f}): log_target and log_source differ in top-p, "
                f"top-k, temperature or precision"
            )
        return "\n".join(lines)


def ratio_stats(
    log_target: Array, log_source: Array, mask: Array, *, clip: Any = 0.2, advantage: Array | None = None
) -> RatioStats:
    """How far target and source are apart, whether their ratio keeps its promise of a mean of one, and what a clip does.

    Parameters
    ----------
    log_target, log_source : (..., T) natural log-probabilities of sampled tokens under the policy that learns and the one that sampled; the
        last axis is one sequence
    mask : (..., T) bool or numbers, not 0 where a token counts
    clip : number or (low, high): the ratio is clipped to [1 - low, 1 + high]
    advantage : (..., T), or (...) one a sequence; its sign says where the clip stops the gradient: above it where positive, below where negative

    Returns
    -------
    RatioStats of 0-d arrays, same library; nothing waits for the device until it is printed. No gradient flows through khat.

    Raises
    ------
    InputError : shapes that differ; a clip below 0.

    Notes
    -----
    Costs: nothing is changed. A mean of one is promised only if both logs are of the same renormalised distribution: a sampler that cuts by top-p
    and a trainer that scores with the full softmax break it, and either may be the wrong one.
    Source: Schulman (2020); Kish (1965).

    Examples
    --------
    >>> import numpy as np
    >>> from upweight.ope.rl import ratio_stats
    >>> w = np.array([[1.2, 0.9, 1.1, 1.0], [2.0, 0.5, 1.0, 1.0], [1.5, 1.5, 1.5, 1.5]])
    >>> s = ratio_stats(np.log(w), np.zeros((3, 4)), [[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]])
    >>> round(float(s.mean), 4), round(float(s.ess_share), 6), float(s.sequences)
    (1.3, 0.910233, 3.0)
    """
    low, high = _two(clip)
    xp, (target, source) = together({"log_target": log_target, "log_source": log_source})
    inside = as_mask(xp, mask, target)
    with quiet():
        l = xp.where(inside, target - source, xp.zeros_like(target))
        sign = None if advantage is None else _sign(xp, advantage, l)
        found = _stats(xp, l, inside, low, high, sign)
    return RatioStats(*(back(xp, x, log_target) for x in found))


def _stats(xp: Any, l: Array, inside: Array, low: float, high: float, sign: Array | None) -> RatioStats:
    count = xp.astype(inside, l.dtype)
    of_rows = xp.sum(count, axis=-1)
    tokens, has = xp.sum(count), xp.astype(of_rows > 0, l.dtype)
    sequences = xp.sum(has)
    never = xp.full_like(l, -math.inf)
    drawn = xp.reshape(xp.where(inside, l, never), (-1,))
    peak = xp.max(xp.where(drawn > 0, drawn, xp.zeros_like(drawn)))
    scaled = xp.where(inside, xp.exp(l - peak), xp.zeros_like(l))
    mean = xp.sum(scaled) / tokens
    far = xp.sum(xp.where(inside, scaled - mean, xp.zeros_like(l)), axis=-1) / tokens
    factor = xp.where(sequences > 1, sequences / (sequences - 1), xp.full_like(sequences, math.nan))
    se = xp.sqrt(factor * xp.sum(far * far))
    share = ess(drawn) / tokens
    products = xp.reshape(xp.where(of_rows > 0, xp.sum(l, axis=-1), never[..., 0]), (-1,))
    w = xp.exp(drawn)
    acting = xp.full_like(mean, math.nan) if sign is None else _acting(xp, l, inside, low, high, sign) / tokens
    return RatioStats(
        tokens,
        sequences,
        mean * xp.exp(peak),
        se * xp.exp(peak),
        (mean - xp.exp(-peak)) / se,
        share,
        khat(drawn),
        xp.max(w),
        -xp.sum(l) / tokens,
        xp.sum(xp.where(inside, xp.expm1(l) - l, xp.zeros_like(l))) / tokens,
        1 / share - 1,
        xp.sum(xp.where(inside & (xp.exp(l) < 1 - low), xp.ones_like(l), xp.zeros_like(l))) / tokens,
        xp.sum(xp.where(inside & (xp.exp(l) > 1 + high), xp.ones_like(l), xp.zeros_like(l))) / tokens,
        acting,
        xp.exp(log_sum_exp(products)) / sequences,
        ess(products) / sequences,
    )


def _acting(xp: Any, l: Array, inside: Array, low: float, high: float, sign: Array) -> Array:
    """How many tokens the clip takes out of the gradient."""
    w = xp.exp(l)
    stopped = ((w > 1 + high) & (sign > 0)) | ((w < 1 - low) & (sign < 0))
    return xp.sum(xp.astype(inside & stopped, l.dtype))


def _sign(xp: Any, advantage: Array, l: Array) -> Array:
    """Advantages (..., T), or (...) given to every token of a sequence."""
    if not hasattr(advantage, "shape"):
        advantage = np.asarray(advantage)
    if tuple(advantage.shape) == tuple(l.shape)[:-1]:
        _, (sign,) = together({"advantage": advantage[..., None]}) if advantage.ndim else (xp, (advantage,))
        return sign
    return together({"log_target": l, "advantage": advantage})[1][1]


def _two(clip: Any) -> tuple[float, float]:
    pair = tuple(clip) if isinstance(clip, (tuple, list)) else (clip, clip)
    if len(pair) != 2 or not all(is_number(x) and x >= 0 for x in pair):
        raise InputError(f"`clip` must be a number >= 0 or a pair (low, high) of them; got {clip!r}. PPO's is 0.2.")
    return float(pair[0]), float(pair[1])


def _khat_said(k: float) -> str:
    return "tail not judged" if math.isnan(k) else "no tail" if k == -math.inf else f"k-hat {k:.2f}"
