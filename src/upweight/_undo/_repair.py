"""Does a probability of 0.1 mean one in ten? Judge it on held-out rows, and repair it where it does not.

The trouble: a correction by formula is believed because it is a formula. Class weights through a boosted tree, a sample that was
not as random as it was said, an overfitted model: only rows that training never saw can tell, and they can also repair.

    observed/expected = sum y / sum p,    z = (sum y - sum p)/sqrt(sum p(1-p)),    logit P(y = 1) = a + b logit p

a is the calibration intercept (fitted with b = 1), b the calibration slope; both follow the same Newton iteration, in which
K classes have K - 1 intercepts and one slope on log p. Recalibration applies the fitted a (and b); isotonic regression is there
by name. If unsure: ``method="auto"``, an intercept, and a slope only if the rows ask for it.

What is inside: `verify` (behind `Correction.verify`), `recalibrate`, and what they return, `Repair`. The figures themselves
are `Calibration`, in `_calibration.py`.

Sources: Cox, Biometrika 45 (1958); Platt (1999); Zadrozny and Elkan, KDD (2002), for isotonic regression.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError, UndoError, counted, printable, reading
from .._set_module import set_module
from ._calibration import CLIP, Calibration, HeldOut, calibration, fit_logits, is_calibrated, read_held_out
from ._documents import read_document
from ._proba import Proba, read_proba, softmax

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._correction import Correction

__all__ = ["Repair", "recalibrate", "verify"]

METHODS = ("auto", "intercept", "platt", "isotonic")
STATUSES = ("confirmed", "recalibrated", "unverified")
DID = {
    "formula": "by the formula alone", "intercept": "by an intercept", "platt": "by intercept and slope",
    "isotonic": "by isotonic steps", "constant": "by the prevalence alone", "none": "left as it was",
}  # fmt: skip
_FEW, _FEW_FOR_SLOPE = 10, 20
_LR_5_PERCENT = 3.8414588206941227  # chi-square, one degree of freedom


@set_module("upweight")
@dataclass(frozen=True, eq=False, repr=False)
class Repair:
    """What held-out rows said about some probabilities, and the repair they ask for.

    Attributes
    ----------
    before : Calibration of the probabilities as they came.
    after : Calibration of what `apply` gives, **on the same rows**: flattering if "recalibrated"; judge it on others.
    formula : Calibration after the correction's formula and before any recalibration; None without a formula.
    status : "confirmed" (the formula held), "recalibrated" or "unverified" (under 10 rows of a class: nothing was added).
    how : "formula", "intercept", "platt" (intercept and slope), "isotonic", "constant" (the prevalence, for everybody) or
        "none".
    notes : tuple of sentences, what was found on the way.

    >>> y, p = [0, 0, 0, 1] * 25, [0.5, 0.5, 0.5, 0.5] * 25
    >>> print(recalibrate(y, p))
    recalibrated by an intercept, on 100 rows, 25 and 75 of the rarest and the commonest class
      before   observed/expected 0.50 (z = -5.0), slope not judged, Brier 0.2500, log loss 0.6931
      after    observed/expected 1.00 (z = 0.0), slope not judged, Brier 0.1875, log loss 0.5623
      note     every probability is the same: no slope can be told

    >>> r = recalibrate(y, p)
    >>> Repair.from_dict(r.to_dict()).apply([0.5]).round(4).tolist()
    [0.25]
    >>> r.plot().get_xlabel()
    'promised probability (square-root axis)'
    """

    before: Calibration
    after: Calibration
    formula: Calibration | None
    status: str
    how: str
    notes: tuple[str, ...] = ()
    correction: Correction | None = None  # the `Correction` whose formula was tried; None without
    intercept: np.ndarray | None = None  # (K,), the first is zero
    slope: float = 1.0  # by which log-odds are multiplied; 1 where only the level is repaired
    steps: tuple[tuple[np.ndarray, np.ndarray], ...] = ()  # isotonic: (p, repaired p) for each class, one pair if K = 2

    def apply(self, proba: Any) -> Any:
        """Repair the model's probabilities, as they come: the formula first, then what the held-out rows added.

        proba : (n,), (n, 2) or (n, K), the model's own scale. Returns the same shape, container and float type. Where a
        recalibration was added, logits are clipped at 1e-6 as they were in the fit, so that a promise of exactly 0 is
        repaired too; isotonic steps can make probabilities equal.

        Raises UndoError if the correction is impossible and too few rows were held out to recalibrate.

        >>> recalibrate([0, 0, 0, 1] * 25, np.full(100, 0.5)).apply([0.5, 0.8]).round(4).tolist()
        [0.25, 0.5714]
        """
        given = read_proba(proba)
        return given.give(self._repaired(self._formula(given)))

    def _formula(self, given: Proba) -> np.ndarray:
        """Log-probabilities (K, n) after the correction's formula, if there is one that can be used."""
        if self.correction is None or (self.correction.status == "impossible" and self.how != "none"):
            return given.log_p
        if self.correction.status == "impossible":
            raise UndoError(
                f"{printable(self.correction.why)}: too few held-out rows to recalibrate. Hold out more of the rarest class."
            )
        return _normalised(self.correction._logits(given))

    def _repaired(self, log_p: np.ndarray) -> np.ndarray:
        if self.how in ("none", "formula"):
            return np.exp(log_p)
        if self.intercept is None:
            return _step_down(self.steps, np.exp(log_p))
        if len(self.intercept) != len(log_p):
            raise InputError(f"this repair is for {len(self.intercept)} classes; `proba` has {len(log_p)}.")
        return softmax(self.intercept[:, None] + self.slope * np.maximum(log_p, np.log(CLIP)))

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and text, for JSON."""
        return {
            "schema": "upweight.repair/1",
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "formula": None if self.formula is None else self.formula.to_dict(),
            "status": self.status,
            "how": self.how,
            "notes": list(self.notes),
            "correction": None if self.correction is None else self.correction.to_dict(),
            "intercept": None if self.intercept is None else self.intercept.tolist(),
            "slope": self.slope,
            "steps": [[x.tolist(), f.tolist()] for x, f in self.steps],
        }

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Repair:
        """What `to_dict` wrote.

        Raises InputError if the document is damaged, lacks a part, or is of another schema.
        """
        with reading("this repair", "Repair.to_dict"):
            _refuse_unknown(d["status"], d["how"])
            repair = cls(
                before=Calibration.from_dict(d["before"]),
                after=Calibration.from_dict(d["after"]),
                formula=None if d["formula"] is None else Calibration.from_dict(d["formula"]),
                status=d["status"],
                how=d["how"],
                notes=tuple(d["notes"]),
                correction=None if d["correction"] is None else read_document(d["correction"]),
                intercept=None if d["intercept"] is None else np.array(d["intercept"]),
                slope=float(d["slope"]),
                steps=tuple((np.array(x), np.array(f)) for x, f in d["steps"]),
            )
            _ = (
                str(repair),
                repair._repaired(np.log(np.full((len(repair.before.rows), 1), 1 / len(repair.before.rows)))),
            )
        return repair

    def plot(self, ax: Any = None) -> Axes:
        """What was promised and what came true, before and after, bin by bin; see `upweight.plots.reliability`."""
        from ..plots import reliability

        return reliability(self, ax=ax)

    def __str__(self) -> str:
        rows = self.before.rows
        lines = [
            f"{self.status} {DID[self.how]}, on {sum(rows):,} rows, {min(rows):,} and {max(rows):,} of the rarest and the commonest class",
            f"  before   {self.before}",
        ]
        if self.formula is not None and self.how != "formula":
            lines.append(f"  formula  {self.formula}")
        lines.append(f"  after    {self.after}")
        return "\n".join(lines + [f"  note     {printable(note)}" for note in self.notes])

    def __repr__(self) -> str:
        return f"Repair({self.status}, {self.how})"


def _refuse_unknown(status: Any, how: Any) -> None:
    """ValueError for a document whose status or way no repair has."""
    if status not in STATUSES or how not in DID:
        raise ValueError(f"status {status!r}, how {how!r}")


def recalibrate(y: Any, proba: Any, *, sample_weight: Any = None, method: str = "auto") -> Repair:
    """Learn from held-out rows what to add to the log-odds, whatever made them wrong.

        logit p' = a + b logit p           K classes: log p'_k = a_k + b log p_k + constant, K - 1 intercepts, one slope

    Parameters
    ----------
    y : (n,) labels of rows that training never saw, at the world's own prevalence.
    proba : (n,) p(last class in sorted order), (n, 2) or (n, K) probabilities for them.
    sample_weight : None, (n,) numbers >= 0 or `Weights` (importance, inclusion or frequency); weight zero is as if removed.
    method : "intercept" (b = 1); "platt" (a and b); "auto" (b only if a likelihood-ratio test at 5 % asks for it and every
        class has 20 rows); "isotonic" (steps; each class against the rest if K > 2). A slope that is not positive would
        turn the ranking round: then everybody gets the prevalence, with a warning.

    Returns
    -------
    Repair, status "recalibrated"; its `apply` takes the model's probabilities.

    Raises
    ------
    InputError : a class without a row, different lengths or indexes, NaN, probabilities outside [0, 1], unknown method.
    KindError : class or cost weights.

    Warns
    -----
    UserWarning : the fitted slope is not positive.

    Costs: the held-out rows are spent, and the error of a is about 1/sqrt(rows of the rarest class). Logits are clipped at
    1e-6, and ``before.clipped`` counts the rows; a repair learnt on one model does not fit its refit on more rows.
    Source: Cox (1958); Platt (1999); Zadrozny and Elkan (2002).

    >>> rng = np.random.default_rng(0)
    >>> logit = rng.normal(-1, 2, 20_000)
    >>> y = rng.random(20_000) < 1 / (1 + np.exp(-logit))
    >>> r = recalibrate(y, 1 / (1 + np.exp(-(2 * logit + 1))))               # too sure by 2, too high by 1
    >>> r.how, round(r.slope, 2), round(float(r.intercept[1]), 2)
    ('platt', 0.5, -0.52)
    """
    if method not in METHODS:
        raise InputError(f"`method` must be one of {', '.join(METHODS)}; got {method!r}.")
    given = read_proba(proba)
    held = read_held_out(y, given, sample_weight)
    if min(held.rows) == 0:
        raise InputError(
            f"recalibration needs rows of every class; got {' and '.join(f'{r:,}' for r in held.rows)} by class. Hold out more rows."
        )
    before = calibration(held)
    blank = Repair(before, before, None, "recalibrated", "none")
    return _recalibrated(blank, held, method)


def verify(correction: Correction, y: Any, proba: Any, *, sample_weight: Any = None) -> Repair:
    """`Correction.verify`: the formula if it holds on these rows, a recalibration on top of it if it does not."""
    given = read_proba(proba)
    held = read_held_out(y, given, sample_weight)
    before = calibration(held)
    usable = correction.status != "impossible"
    few = min(held.rows) < _FEW
    blank = Repair(before, before, None, "unverified", "formula" if usable else "none", correction=correction)
    if usable:
        held = held.of(_normalised(correction._logits(given)))
        after = calibration(held)
        blank = replace(blank, after=after, formula=after)
    if few:
        return replace(
            blank, notes=(f"{counted(min(held.rows), 'row')} of the rarest class, {_FEW} needed: nothing was judged",)
        )
    if usable and is_calibrated(blank.after):
        return replace(blank, status="confirmed")
    return _recalibrated(replace(blank, status="recalibrated"), held, "auto")


def _recalibrated(blank: Repair, held: HeldOut, method: str) -> Repair:
    """`blank` with the repair that `held` asks for, and its figures on the same rows."""
    if method == "isotonic":
        fitted = replace(blank, how="isotonic", steps=_steps(held))
    else:
        fitted = _logit_repair(blank, held, method)
    with np.errstate(divide="ignore"):
        return replace(fitted, after=calibration(held.of(np.log(fitted._repaired(held.raw)), kept=True)))


def _logit_repair(blank: Repair, held: HeldOut, method: str) -> Repair:
    level = fit_logits(held, slope=False)
    plain = replace(blank, how="intercept", intercept=level.a)
    if method == "intercept":
        return plain
    if method == "auto" and min(held.rows) < _FEW_FOR_SLOPE:
        return _noting(
            plain, f"{counted(min(held.rows), 'row')} of the rarest class, {_FEW_FOR_SLOPE} needed for a slope"
        )
    tilted = fit_logits(held, slope=True)
    if np.isnan(tilted.b):
        return _noting(plain, "every probability is the same: no slope can be told")
    if tilted.separated:
        return _noting(plain, "the probabilities separate the classes: the slope has no end, so none was fitted")
    if method == "auto" and 2 * (tilted.level - level.level) * held.scale <= _LR_5_PERCENT:
        return plain
    if tilted.b <= 0:
        return _constant(plain, held, tilted.b)
    return replace(blank, how="platt", intercept=tilted.a, slope=tilted.b)


def _constant(plain: Repair, held: HeldOut, b: float) -> Repair:
    """Everybody gets the prevalence: what is left when the slope would turn the ranking round."""
    mass = np.bincount(held.codes, held.w, held.k)
    note = f"the fitted slope is {b:.2f}: these probabilities rank the wrong way round or not at all; everybody gets the prevalence"
    warnings.warn(f"recalibrate: {note}.", UserWarning, stacklevel=5)
    return replace(_noting(plain, note), how="constant", intercept=np.log(mass / mass[0]), slope=0.0)


def _noting(r: Repair, note: str) -> Repair:
    return replace(r, notes=(*r.notes, note))


def _normalised(logits: np.ndarray) -> np.ndarray:
    top = logits.max(axis=0)
    return logits - (top + np.log(np.exp(logits - top).sum(axis=0)))


# ---- isotonic steps -------------------------------------------------------------------------------------------------


def _steps(held: HeldOut) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """The best non-decreasing function of p for each class (of the last alone if there are two), as its corners."""
    classes = (1,) if held.k == 2 else range(held.k)
    p = np.exp(held.raw)
    return tuple(_one_staircase(p[k], held.codes == k, held.w) for k in classes)


def _one_staircase(p: np.ndarray, hit: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from scipy.optimize import isotonic_regression

    x, group = np.unique(p, return_inverse=True)  # equal probabilities must stay equal
    mass = np.bincount(group, w)
    f = isotonic_regression(np.bincount(group, w * hit) / mass, weights=mass).x
    corner = np.ones(len(f), bool)
    corner[1:-1] = (np.diff(f)[:-1] != 0) | (np.diff(f)[1:] != 0)
    return x[corner], f[corner]


def _step_down(steps: tuple[tuple[np.ndarray, np.ndarray], ...], p: np.ndarray) -> np.ndarray:
    """Staircases at p (K, n), straight between corners; K > 2 shares divided by their sum, equal if all are zero."""
    if len(steps) == 1 and len(p) == 2:
        p1 = np.interp(p[1], *steps[0])
        return np.stack([1 - p1, p1])
    if len(steps) != len(p):
        raise InputError(f"this repair is for {max(2, len(steps))} classes; `proba` has {len(p)}.")
    f = np.stack([np.interp(row, *corners) for row, corners in zip(p, steps, strict=True)])
    total = f.sum(axis=0)
    return np.where(total > 0, f / np.where(total > 0, total, 1), 1 / len(p))
