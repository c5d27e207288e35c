"""What weights are for, what each kind may do, and the steps that made them.

The trouble: an importance weight (target over source), an inverse inclusion probability, a count of copies, a class weight
and a cost look alike as arrays and mean different things. A class weight estimates no population mean; copies have another
standard error than importance weights; and nobody can tell afterwards what was done to a vector of numbers.

What is inside: `LAWFUL`, the table of which verb each kind may do; `product_kind`, the kind of a product; `Step`, one entry
of a trail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._errors import InputError, KindError
from .._frames import require
from .._set_module import set_module

__all__ = [
    "KINDS",
    "LAWFUL",
    "Step",
    "forbid",
    "known",
    "product_kind",
    "refuse_shape",
    "refuse_wrong_kind",
    "require_linear",
    "require_logs",
    "rows_worth",
]

KINDS = ("inclusion", "importance", "class", "cost", "frequency")

# verb -> the kinds that may do it; verbs that are not listed are open to all
LAWFUL = {
    "mean": ("importance", "inclusion", "frequency"),
    "quantile": ("importance", "inclusion", "frequency"),
    "cdf": ("importance", "inclusion", "frequency"),
    "var": ("importance", "inclusion", "frequency"),
    "std": ("importance", "inclusion", "frequency"),
    "cov": ("importance", "inclusion", "frequency"),
    "corr": ("importance", "inclusion", "frequency"),
    "smooth": ("importance", "inclusion"),
    "truncate": ("importance", "inclusion"),
    "shrink": ("importance",),
    "drop": ("importance",),
    "clip": ("importance", "inclusion", "class", "cost"),
    "temper": ("importance", "inclusion", "class", "cost"),
}

_WHY = {
    "class": "a class weight does not estimate a population mean; train with w.sample_weight. If these are "
    "p_world(y)/p_train(y), say so: w.declare(kind='importance')",
    "cost": "a cost weight says what an error costs, not how common a row is; train with w.sample_weight. If these are "
    "target/source ratios, say so: w.declare(kind='importance')",
    "frequency": "frequency weights count copies of rows: there is no tail to tame. If these are ratios, say so: "
    "w.declare(kind='importance')",
    "inclusion": "an inclusion weight is 1/probability and lowering it toward zero breaks the design; use clip, truncate or smooth, or say "
    "w.declare(kind='importance')",
}
_TAMING_A_CLASS = "{kind} weights have no target distribution whose tail could be smoothed or cut; lower them with w.clip(at=) or w.temper(power=)"


@set_module("upweight")
@dataclass(frozen=True)
class Step:
    """One thing that was done to some weights, and what it cost.

    ``ess_before`` and ``ess_after`` are effective sample sizes in rows (arrays for batches, None where nothing was tamed);
    ``moved`` is half the summed change of the normalised weights, so the average of any f in [0, 1] moved by at most that.

    >>> from upweight import Weights
    >>> step = Weights.of([[1.0, 1.0, 98.0], [1.0, 2.0, 3.0]], kind="importance").clip(at=2.0).trail[-1]
    >>> step.name, step.params, step.moved.round(3).tolist(), round(float(step.pick(0).moved), 3)
    ('clip', {'at': 2.0, 'scale': 'own'}, [0.48, 0.1], 0.48)
    """

    name: str  # the verb: of, ratio, clip, smooth ...
    params: Mapping[str, Any] = field(default_factory=dict)  # what it was given
    ess_before: Any = None  # effective sample size in rows before
    ess_after: Any = None  # effective sample size in rows after
    moved: Any = None  # half the summed change of the normalised weights, in [0, 1]

    def pick(self, which: tuple[int, ...]) -> Step:
        """The same step for one vector of a batch."""
        figures = self.ess_before, self.ess_after, self.moved
        return Step(self.name, self.params, *(x[which] if np.ndim(x) else x for x in figures))


def known(kind: str | None) -> str:
    """The kind to use; None is importance (assumed). Unknown kinds are refused with the list of kinds."""
    if kind is None:
        return "importance"
    if kind not in KINDS:
        raise InputError(f"`kind` must be one of {', '.join(KINDS)}; got {kind!r}.")
    return kind


def forbid(kind: str, verb: str) -> None:
    """Raise KindError unless `kind` may do `verb`."""
    if kind in LAWFUL.get(verb, KINDS):
        return
    if verb in ("smooth", "truncate", "shrink", "drop") and kind in ("class", "cost"):
        why = _TAMING_A_CLASS.format(kind=kind)
    else:
        why = _WHY[kind]
    raise KindError(f"w.{verb}() is not for {kind} weights: {why}.")


def product_kind(a: str, b: str) -> str:
    """The kind of a product: it may do only what both factors may do."""
    if a == b:
        return a
    if "frequency" in (a, b):
        raise KindError(
            f"frequency weights cannot be multiplied by {b if a == 'frequency' else a} weights: repeat the rows first "
            f"(X[np.repeat(rows, copies)]), because copies and weights have different standard errors."
        )
    return max(a, b, key=KINDS.index)


def refuse_shape(a: np.ndarray) -> None:
    """Weights are at least one axis long and hold at least one row."""
    if a.ndim == 0 or a.size == 0:
        what = "a single number" if a.ndim == 0 else "no rows"
        raise InputError(f"weights must be a column of at least one row; got {what}. Pass one number a row.")
    if a.ndim > 1 and a.shape[-1] == 1 and a.size > 1:
        raise InputError(
            f"the last axis of weights is the row; got shape {a.shape}, {a.size:,} vectors of one row each. "
            f"A column of a table? Pass x[:, 0], or df['w'] of a frame."
        )


def require_linear(v: np.ndarray, name: str) -> None:
    """What every maker of weights asks of linear numbers: finite and not negative, told one after the other."""
    if v.size and v.min() >= 0 and v.max() < np.inf:  # NaN is neither
        return
    require(~np.isnan(v), name, "be finite", v, "Drop them first.", "NaN")
    require(v >= 0, name, "be >= 0", v, "Logs? Use Weights.of_log or log_ratio.", "negative")
    require(np.isfinite(v), name, "be finite", v, "Cap or drop them first.", "infinite")


def require_logs(l: np.ndarray, name: str) -> None:
    """What every maker of weights asks of logs: no NaN and no +inf; -inf is a weight of zero."""
    require(~np.isnan(l), name, "not be NaN", l, "Drop them first.", "NaN")
    require(l < np.inf, name, "be below +inf", l, "Cap or drop them first.", "infinite")


def refuse_wrong_kind(v: np.ndarray, kind: str) -> None:
    """Frequencies are whole numbers; inclusion weights are 1/probability, not probabilities."""
    if kind == "frequency":
        whole = np.abs(v - np.rint(v)) <= 1e-9 * np.maximum(1.0, v)
        remedy = "They count copies of a row; use kind='importance' for ratios."
        require(whole, "frequency weights", "be whole numbers", v, remedy, "not whole")
    if kind == "inclusion" and v.max() <= 1 and v.min() > 0 and not (v == 1).all():
        raise InputError(
            f"inclusion weights must be at least 1; got values in [{v.min():.3g}, {v.max():.3g}]: these look like "
            f"probabilities; inclusion weights are 1/probability. Pass 1/p, or use upweight.ratio(1, p)."
        )


def rows_worth(x: float) -> str:
    """An effective sample size for people: 3,117 or 11.2."""
    return "not known" if x != x else f"{x:,.0f}" if x >= 100 or x == 0 else f"{x:.3g}"
