"""Importance weights you can trust: make them, check them, tame them, use them, undo their bias.

Names are loaded when they are first used, so that `import upweight` costs next to nothing beside NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import arrays
    from ._balance import Balance, balance, c2st
    from ._check import Tally, Verdict, check
    from ._cite import cite
    from ._errors import InputError, KindError, MissingExtra, UndoError, UpweightError, VerdictError
    from ._estimate import Estimate
    from ._undo import Correction, Repair, rare_bias, recalibrate
    from ._weights import Step, Weights, log_ratio, mixture, ratio

__version__: str

__all__ = [
    "Balance",
    "Correction",
    "Estimate",
    "InputError",
    "KindError",
    "MissingExtra",
    "Repair",
    "Step",
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

_PACKAGES = (
    "arrays",
    "imbalance",
    "montecarlo",
    "negatives",
    "ope",
    "plots",
    "shift",
    "stream",
    "keras",
    "torch",
    "training",
)
_HOME = {
    "_balance": ("Balance", "balance", "c2st"),
    "_check": ("Tally", "Verdict", "check"),
    "_cite": ("cite",),
    "_errors": ("InputError", "KindError", "MissingExtra", "UndoError", "UpweightError", "VerdictError"),
    "_estimate": ("Estimate",),
    "_version": ("__version__",),
    "_undo": ("Correction", "Repair", "rare_bias", "recalibrate"),
    "_weights": ("Step", "Weights", "log_ratio", "mixture", "ratio"),
}


def __getattr__(name: str):
    from importlib import import_module

    if name in _PACKAGES:
        return import_module(f"{__name__}.{name}")
    for home, names in _HOME.items():
        if name in names:
            found = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_PACKAGES})
