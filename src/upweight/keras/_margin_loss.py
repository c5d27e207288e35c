"""Losses on the margin as a loss of Keras, the same to the fifth digit as those for PyTorch.

The trouble: a loss that is a closure cannot be saved with its model, and written in one library's operators it runs in one library.

    l = tail(m),    m = u_y - log sum_{c != y} exp(u_c),    u_c = scale (delta_c z_c + iota_c - 1[c = y] m_c)

The reduction stays Keras's default, a sum over the size of the batch, which delivers weights whole; "mean_with_sample_weight" divides them away.

What is inside: `MarginLoss`.
"""

from __future__ import annotations

import math
from typing import Any

import keras  # pyright: ignore[reportMissingImports]
import numpy as np
from keras import ops  # pyright: ignore[reportMissingImports]

from .._errors import InputError, is_number, require_choice
from ..training import MarginRule

__all__ = ["TAILS", "MarginLoss"]

TAILS = ("exp", "poly", "focal")
AT_ONE = math.log1p(math.exp(-1.0))
FAR = -1e30  # a logit that is not there: infinities would have no gradient
ARRAYS = ("delta", "iota", "margin", "prior")


@keras.saving.register_keras_serializable(package="upweight")
class MarginLoss(keras.losses.Loss):
    """Cross-entropy, poly or focal loss on the margin, after a rule; on logits.

        l = tail(u_y - log sum_{c != y} exp(u_c))

    Parameters
    ----------
    rule : of `margin_rule`, or None. tail : "exp" (cross-entropy), "poly" or "focal". alpha : > 0, of poly. gamma : >= 0, of focal.
    name : of the loss.

    In training y_true is (n,) or (n, 1) class numbers, y_pred (n, C) logits, for two classes also (n,) or (n, 1). `sample_weight` as ever.

    Raises
    ------
    InputError : unknown tail, alpha or gamma out of bounds, one-hot labels, another number of classes than the rule's.

    Costs: as `uw.torch.margin_loss`; poly only together with weights.
    Source: `margin_rule` names those of the rules; Wang et al., ICLR (2022) for poly; Lin et al., ICCV (2017) for focal.

    >>> loss = MarginLoss()
    >>> round(float(loss(np.array([0]), np.array([[2.0, 0.0, 0.0]]))), 4)
    0.2395
    """

    def __init__(
        self,
        rule: MarginRule | None = None,
        *,
        tail: str = "exp",
        alpha: float = 1.0,
        gamma: float = 2.0,
        name: str = "margin_loss",
    ):
        super().__init__(name=name)
        require_choice("tail", tail, TAILS)
        if not is_number(alpha) or not 0 < alpha < math.inf:
            raise InputError(f"`alpha` must be a number above 0; got {alpha!r}. 1 is usual.")
        if not is_number(gamma) or not 0 <= gamma < math.inf:
            raise InputError(f"`gamma` must be a number >= 0; got {gamma!r}. 2 is usual, 0 is cross-entropy.")
        self.rule = rule if rule is None or isinstance(rule, MarginRule) else _rule_of(rule)
        self.tail, self.alpha, self.gamma = tail, float(alpha), float(gamma)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """(n,) losses; Keras multiplies and reduces them."""
        return self._tail(self._margin(y_true, ops.cast(y_pred, "float32")))

    def _margin(self, y: Any, z: Any) -> Any:
        wide = len(z.shape) > 1 and z.shape[-1] != 1
        if wide and len(y.shape) == len(z.shape) and y.shape[-1] == z.shape[-1]:
            raise InputError("`y` must hold one class number a row; got one-hot rows. Pass y.argmax(-1).")
        k = z.shape[-1] if wide else 2
        if self.rule is not None and self.rule.k != k:
            raise InputError(
                f"the rule has {self.rule.k} classes and the logits {k} columns. Make it from the counts of these classes."
            )
        y = ops.cast(ops.reshape(y, (-1,)), "int32")
        if k == 2:
            f = z[..., 1] - z[..., 0] if wide else z
            return self._two(y, ops.reshape(f, (-1,)))
        return self._many(y, ops.reshape(z, (-1, k)), k)

    def _two(self, y: Any, f: Any) -> Any:
        sign = ops.cast(2 * y - 1, "float32")
        if self.rule is None:
            return sign * f
        delta, iota, asked = self._columns()
        lead = float(iota[1] - iota[0])
        return self.rule.scale * (ops.take(delta, y) * sign * f + sign * lead - ops.take(asked, y))

    def _many(self, y: Any, z: Any, k: int) -> Any:
        own = ops.one_hot(y, k, dtype="float32")
        scale = 1.0
        if self.rule is not None:
            delta, iota, asked = self._columns()
            scale = self.rule.scale
            factor = ops.expand_dims(ops.take(delta, y), -1) if self.rule.per_example else ops.convert_to_tensor(delta)
            z = factor * z + iota - own * asked
        u = scale * z
        others = ops.logsumexp(ops.where(own > 0, FAR, u), axis=-1)
        return ops.sum(own * u, axis=-1) - others

    def _columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        assert self.rule is not None
        return tuple(np.asarray(a, dtype=np.float32) for a in (self.rule.delta, self.rule.iota, self.rule.margin))  # pyright: ignore[reportReturnType]

    def _tail(self, m: Any) -> Any:
        plain = ops.softplus(-m)
        if self.tail == "poly":
            return ops.where(m > 1, ops.maximum(m, 1.0) ** -self.alpha, plain / AT_ONE)
        return ops.exp(-self.gamma * ops.softplus(m)) * plain if self.tail == "focal" else plain

    def get_config(self) -> dict[str, Any]:
        """What `from_config` makes the same loss of: plain numbers."""
        rule = self.rule
        kept = None
        if rule is not None:
            kept = {name: getattr(rule, name).tolist() for name in ARRAYS}
            kept |= {"kind": rule.kind, "scale": rule.scale, "per_example": rule.per_example, "tau": rule.tau}
        return {"rule": kept, "tail": self.tail, "alpha": self.alpha, "gamma": self.gamma, "name": self.name}


def _rule_of(d: dict[str, Any]) -> MarginRule:
    """The rule of a configuration."""
    if not isinstance(d, dict) or "kind" not in d:
        raise InputError(f"`rule` must be a MarginRule; got {type(d).__name__}. Make it by margin_rule(counts).")
    a = {name: np.asarray(d[name], dtype=np.float64) for name in ARRAYS}
    for column in a.values():
        column.flags.writeable = False
    acts = bool((a["delta"] != 1).any()), bool(a["iota"].any()), bool(a["margin"].any())
    return MarginRule(
        d["kind"], a["delta"], a["iota"], a["margin"], float(d["scale"]), bool(d["per_example"]), a["prior"], float(d["tau"]), acts
    )  # fmt: skip
