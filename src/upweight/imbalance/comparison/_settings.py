"""What a comparison is asked to do, read once: learner, methods, folds, cost, seed.

The trouble: settings come as words, numbers and objects, from a command line or from Python, and a wrong one must be refused before a
large file is read, let alone before the first fit. `Settings.read` looks at everything that can be judged without the data.

    cv      5 or "5": five folds, once.  "5x2": five folds, twice.  None: five folds, repeated 5 times below 10,000 rows, twice below
            100,000, else once
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._errors import InputError
from ..._rng import as_generator
from ...learners import Prepared, as_learner, learner_name, refuse_double_count
from ...tables import read_cv
from ..rebalance import read_cost
from ._methods import Method, methods_for

__all__ = ["FOLDS", "Settings"]

FOLDS = 5  # where nothing is said


@dataclass(frozen=True)
class Settings:
    """Settings that make sense by themselves.

    learner : unfitted, `Prepared` unless it is a pipeline; named : what it is called. folds : number; repeats : number, or None where
    nothing was said and the number of rows decides.
    """

    learner: Any
    named: str
    methods: tuple[Method, ...]
    folds: int
    repeats: int | None
    cost: float | None
    seed: int

    @classmethod
    def read(cls, *, learner: Any, methods: Any, cv: Any, cost: Any, rng: Any) -> Settings:
        """Read and refuse."""
        _refuse_no_methods(methods)
        chosen = methods_for(methods)
        made = as_learner(learner)
        made = made if isinstance(made, Prepared) or hasattr(made, "steps") else Prepared(made)
        remedies = [m for m in chosen if not m.always]
        if remedies:
            refuse_double_count(made, remedies[0].name)
        folds, repeats = (FOLDS, None) if cv is None else _typed_folds(cv)
        cost = read_cost(cost)
        drawn = as_generator(rng)
        seed = int(rng) if isinstance(rng, (int, np.integer)) else int(drawn.integers(2**31 - 1))
        return cls(made, learner_name(learner), tuple(chosen), folds, repeats, cost, seed)

    def cv(self, rows: int) -> tuple[int, int]:
        """(folds, repeats) for so many rows."""
        return (self.folds, self.repeats) if self.repeats is not None else read_cv(self.folds, rows)

    def written(self, cv: tuple[int, int], inner: int) -> dict[str, Any]:
        """As they stand in the document."""
        return {
            "learner": self.named,
            "cv": f"{cv[0]}x{cv[1]}",
            "folds": cv[0],
            "repeats": cv[1],
            "inner": inner,
            "cost": self.cost,
            "rng": self.seed,
            "methods": [m.name for m in self.methods],
        }


def _typed_folds(cv: Any) -> tuple[int, int]:
    """(folds, repeats) of what somebody typed: a number alone is that many folds, once."""
    folds, repeats = read_cv(cv, 0)
    return folds, repeats if "x" in str(cv).lower().replace("×", "x") else 1


def _refuse_no_methods(methods: Any) -> None:
    """`methods` is a set, names, or {label: object}; an object alone has no label."""
    if isinstance(methods, (str, Mapping, list, tuple)):
        return
    mine = (
        f"{{'mine': {type(methods).__name__}(...)}}" if hasattr(methods, "fit") or hasattr(methods, "resample") else ""
    )
    raise InputError(
        "`methods` must be 'quick', 'standard', 'survey', 'all', names such as 'weights,smote', or {label: object}; got "
        f"{methods!r} ({type(methods).__name__}). {f'Say methods={mine}.' if mine else 'Leave it out for standard.'}"
    )
