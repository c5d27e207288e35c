"""Logit adjustment after training: move the logits from one class prior to another, without training again.

The trouble: a network trained on 99 to 1 says the common class wherever the evidence is thin. If the target has other shares and
p(x given y) is the same, the remedy is a subtraction, and costs nothing.

    z_c - tau (log source_c - log target_c)

Source: Menon et al., Long-tail learning via logit adjustment, ICLR (2021), section 4.1.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .._errors import InputError, is_number
from .._frames import read
from ._reading import shares

__all__ = ["logit_adjust"]


def logit_adjust(logits: Any, *, source: Any, target: Any = None, tau: float = 1.0) -> Any:
    """Logits under other class shares, from logits of a network trained under `source`: fewer misses of the rare class.

        z_c' = z_c - tau (log source_c - log target_c)

    Parameters
    ----------
    logits : (..., K) natural logs up to a constant a row; for two classes also (n,) or (n, 1), z_1 - z_0. Array, list or tensor; a
        tensor stays on its device and keeps its gradient.
    source : (K,) shares or counts of the training rows, all above 0.
    target : (K,) shares or counts wanted, all above 0; None: every class alike.
    tau : 1 is the formula of Bayes; more moves further than the shares say.

    Returns
    -------
    Logits of the same kind and shape, in floating point.

    Raises
    ------
    InputError : a share of 0, `source` or `target` of another number of classes than the logits have columns.

    Warns
    -----
    UserWarning : logits that look like probabilities.

    Costs: nothing in training; softmax of the result is a probability under `target`, not in the world the rows came from. An
    uncalibrated network needs another `tau`, chosen on held-out rows.
    Source: Menon et al. (2021).

    >>> logit_adjust([[2.0, 0.0]], source=[0.9, 0.1]).round(4).tolist()
    [[1.4122, 1.6094]]
    >>> logit_adjust([-2.0], source=[900, 100]).round(4).tolist()
    [0.1972]
    """
    z = logits if hasattr(logits, "detach") else _looked_at(read(logits, "logits")[0])
    if not is_number(tau) or not np.isfinite(tau):
        raise InputError(f"`tau` must be a finite number; got {tau!r}. 1 is the formula of Bayes.")
    before = _log_shares(source, "source")
    after = np.full(len(before), -np.log(len(before))) if target is None else _log_shares(target, "target")
    if len(before) != len(after):
        raise InputError(f"`source` has {len(before)} classes and `target` {len(after)}. Give both one share a class.")
    shift = tau * (before - after)
    one_column = z.ndim == 1 or z.shape[-1] == 1
    if one_column and len(shift) == 2:
        return z - float(shift[1] - shift[0])
    if z.ndim == 0 or z.shape[-1] != len(shift):
        raise InputError(
            f"`logits` must have a column for each of {len(shift)} classes of `source`; got shape {tuple(z.shape)}. Give both alike."
        )
    return z - (shift if isinstance(z, np.ndarray) else z.new_tensor(shift, dtype=_floating(z)))


def _looked_at(z: np.ndarray) -> np.ndarray:
    """The logits, with a warning where they are probabilities; `upweight.torch` looks at tensors itself."""
    rows = z.reshape(-1, z.shape[-1]) if z.ndim > 1 and z.shape[-1] > 1 and z.size else None
    if rows is not None and rows.min() >= 0 and rows.max() <= 1 and (np.abs(rows.sum(1) - 1) < 1e-3).all():
        warnings.warn(
            "these look like probabilities; logits are wanted: leave the softmax out, or pass their logs.",
            UserWarning,
            stacklevel=3,
        )
    return z


def _floating(z: Any) -> Any:
    return z.dtype if z.is_floating_point() else z.new_tensor(0.0).float().dtype


def _log_shares(values: Any, name: str) -> np.ndarray:
    s = shares(values, name)
    if not s.all():
        raise InputError(
            f"`{name}` must be above 0 for every class; got 0 for class {int((s == 0).argmax())}. Leave that class out."
        )
    return np.log(s)
