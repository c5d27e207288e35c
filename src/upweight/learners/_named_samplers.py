"""Samplers of other branches, by name: known here by their address, loaded when somebody asks.

The trouble: negative sampling is a remedy like any other and belongs into the table of remedies, but branches never import each other. A comparison
needs no more of it than `fit_resample` and `sample_indices_`, the face of every sampler; so a table of addresses on the shared floor is enough, as it is
for learners ("lightgbm:LGBMClassifier"), and a branch is loaded only by those who name what it brings.

    negatives     upweight.negatives:NegativeSampler
"""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["SAMPLERS", "named_sampler"]

SAMPLERS = {"negatives": "upweight.negatives:NegativeSampler"}


def named_sampler(name: str) -> Any:
    """The sampler of a name, with its defaults.

    >>> named_sampler("negatives")
    NegativeSampler()
    """
    module, _, made = SAMPLERS[name].partition(":")
    return getattr(importlib.import_module(module), made)()
