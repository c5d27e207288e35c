"""Densities in float32, whatever mode the caller is in.

The trouble: in a block of `torch.autocast` every product of matrices is done in half precision, a row's log-density among them, whose
sum of hundreds of terms is then off by nats; and inside `torch.inference_mode` nothing can be trained. A model's figures may depend on
neither.

What is inside: `in_float32`, for what scores; `trainable`, for what trains; both are blocks, and decorators when called.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["in_float32", "trainable"]


@contextmanager
def in_float32() -> Iterator[None]:
    """Outside of every `torch.autocast`."""
    with torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
        yield


@contextmanager
def trainable() -> Iterator[None]:
    """Outside of every `torch.autocast` and of `torch.inference_mode`."""
    with torch.inference_mode(False), in_float32():
        yield
