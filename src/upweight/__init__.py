"""Importance weights you can trust: make them, check them, tame them, use them, undo their bias."""

from __future__ import annotations

from . import arrays
from ._balance import balance, c2st
from ._check import Tally, Verdict, check
from ._cite import cite
from ._errors import InputError, KindError, MissingExtra, UndoError, UpweightError, VerdictError
from ._estimate import Estimate
from ._ratio import log_ratio, mixture, ratio
from ._undo import Correction, rare_bias, recalibrate
from ._weights import Weights

__version__ = "0.1.0"

__all__ = [
    "Correction",
    "Estimate",
    "InputError",
    "KindError",
    "MissingExtra",
    "Tally",
    "UndoError",
    "UpweightError",
    "Verdict",
    "VerdictError",
    "Weights",
    "arrays",
    "balance",
    "c2st",
    "check",
    "cite",
    "log_ratio",
    "mixture",
    "rare_bias",
    "ratio",
    "recalibrate",
]

_BRANCHES = ("imbalance",)


def __getattr__(name: str):
    if name in _BRANCHES:
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_BRANCHES])
