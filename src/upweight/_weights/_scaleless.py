"""Arithmetic that has no answer until somebody says on which scale.

The trouble: `w + 1`, `np.log(w)` and `1 - w` would each have to guess whether the weights sum to one, have mean one, or stand on
their own scale, and a wrong guess is a silent bug. And some questions are asked in arithmetic that have a name of their own: a sum
of weights is a mixture of sources, a quotient is a ratio, a power is tempering. Every refusal says which.

What is inside: `Scaleless`, the refusals of `Weights`; products with weights and numbers, which are lawful, are defined there.
"""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["SCALES", "Scaleless"]

SCALES = "w.values (own scale), w.sample_weight (mean one), w.probabilities (sum one) or w.log_w"


class Scaleless:
    """Arithmetic refused with the scale, or the verb, to ask for instead; a part of `Weights` alone."""

    __array_ufunc__ = None
    __iter__ = None

    def _no_sum(self, other: Any) -> NoReturn:
        if isinstance(other, Scaleless):
            raise TypeError(
                "adding weights is a mixture of sources: use upweight.mixture(log_target, log_sources, counts)."
            )
        raise TypeError(f"which scale? Take {SCALES}, then add.")

    def _no_quotient(self, other: Any) -> NoReturn:
        if isinstance(other, Scaleless):
            raise TypeError("dividing weights is a ratio: use upweight.ratio(target, source) or log_ratio.")
        raise TypeError(f"which scale? Take {SCALES}, then divide.")

    def _no_order(self, other: Any) -> NoReturn:
        raise TypeError(f"which scale? Take {SCALES}, then compare.")

    def _no_sign(self) -> NoReturn:
        raise TypeError(f"which scale? Weights have no sign: take {SCALES}.")

    __add__ = __radd__ = __sub__ = __rsub__ = _no_sum
    __truediv__ = __rtruediv__ = _no_quotient
    __lt__ = __le__ = __gt__ = __ge__ = _no_order
    __neg__ = __abs__ = _no_sign

    def __pow__(self, power: Any) -> NoReturn:
        raise TypeError("raising weights to a power is tempering: use w.temper(power=), which records its price.")

    def __float__(self) -> float:
        raise TypeError(f"which scale? Weights are not one number: take {SCALES}.")

    def __int__(self) -> int:
        raise TypeError(f"which scale? Weights are not one number: take {SCALES}.")
