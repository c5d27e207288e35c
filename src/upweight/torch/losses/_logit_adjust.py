"""`logit_adjust` of tensors, looked at first: shares subtracted from probabilities instead of logits give numbers that mean nothing, without an error."""

from __future__ import annotations

from functools import wraps
from typing import Any

from torch import Tensor

from ...training import logit_adjust as of_any_array
from ._looks import not_probabilities

__all__ = ["logit_adjust"]


@wraps(of_any_array)
def logit_adjust(logits: Any, *, source: Any, target: Any = None, tau: float = 1.0) -> Any:
    if isinstance(logits, Tensor):
        not_probabilities(logits, stacklevel=3)
    return of_any_array(logits, source=source, target=target, tau=tau)
