"""The arithmetic of log-odds behind `Correction`: shift them, add them, find them from weights, put costs on them.

The trouble: one number, one a class, one a row and one a row and class all look like arrays, and NumPy broadcasts the wrong
pair as gladly as the right one. So every rule about shapes is here, once.

    by class:  ()  two classes, last against first;   (K,)  one a class, up to a constant
    by row:    (n,) two classes;                      (n, K) up to a constant a row

What is inside: `checked` brings log-odds to one of these four shapes; `shift` subtracts them from log-probabilities; `add`
adds two of them; `loss_shares` finds class shares with and without loss weights; `world_weights` goes the other way; `refuse_twice` sees that nothing is undone twice;
`require_rate` reads a keep-probability;
`cost_threshold` is Elkan's formula and `moved` takes it to the model's scale; `shown` prints.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._errors import InputError, KindError, UndoError, counted, is_number, printable
from .._frames import Container, read, require, same_rows
from .._weights import Weights
from ._proba import read_labels

NEVER = "a class without training rows cannot be given back."
_BOTH = (
    "undo it by weights or by offset, never both: use the probabilities as they are, or train without these weights."
)

__all__ = [
    "NEVER",
    "add",
    "checked",
    "classes",
    "cost_threshold",
    "loss_shares",
    "moved",
    "refuse_twice",
    "require_rate",
    "shift",
    "shown",
    "world_weights",
]


def checked(log_odds: Any, by: str, *, finite: bool) -> tuple[float | np.ndarray, str]:
    """Log-odds in one of the four shapes, read-only, and whether they are by class or by row."""
    delta = np.array(log_odds, dtype=np.float64)
    if finite:
        flat = np.atleast_1d(delta)
        require(
            np.isfinite(flat), "`log_odds`", "be finite", flat, "A row that cannot be kept has no odds to give back."
        )
    if delta.ndim == 0:
        return float(delta), "class"
    if delta.shape[-1] == 2 and (by == "class" or delta.ndim == 2):
        delta = np.asarray(delta[..., 1] - delta[..., 0])
    if delta.ndim > (1 if by == "class" else 2) or delta.size == 0:
        raise InputError(
            f"`log_odds` must be one number, (K,) by class, (n,) or (n, K) by row; got shape {delta.shape}."
        )
    if delta.ndim == 0:
        return float(delta), "class"
    if delta.shape[-1] == 1 and (delta.ndim == 2 or by == "class"):
        raise InputError(
            f"`log_odds` of one class say nothing; got shape {delta.shape}. One number a row? Pass x[:, 0]."
        )
    delta.flags.writeable = False
    return delta, by


def classes(delta: np.ndarray, by: str) -> int:
    """How many classes these log-odds are for."""
    return 2 if delta.ndim == (by == "row") else delta.shape[-1]


def shift(log_p: np.ndarray, log_odds: Any, by: str) -> np.ndarray:
    """`log_p` (K, n) less the log-odds: logits, not normalised. Log-odds of zero fit any number of classes."""
    k, n = log_p.shape
    delta = np.asarray(log_odds)
    made_for = classes(delta, by)
    if made_for != k and delta.any():
        raise InputError(
            f"this correction is for {made_for} classes and `proba` has {k}. Pass the probabilities it was made for."
        )
    if by == "row" and len(delta) != n:
        raise InputError(
            f"this correction has one offset for each of {counted(len(delta), 'row')}; `proba` has {counted(n, 'row')}."
        )
    if not delta.any():
        return log_p
    if k == 2:
        return np.stack([log_p[0], log_p[1] - delta])
    return log_p - (delta.T if by == "row" else delta[:, None])


def add(a: Any, a_by: str, b: Any, b_by: str) -> tuple[Any, str]:
    """a + b and what it is by; a plain zero fits any number of classes, nan (unknown) swallows everything."""
    x, y = np.asarray(a), np.asarray(b)
    if np.isnan(x).any() or np.isnan(y).any():
        return np.nan, "class"
    by = "row" if "row" in (a_by, b_by) else "class"
    if not x.any() and x.ndim == 0:
        return b, b_by
    if not y.any() and y.ndim == 0:
        return a, a_by
    rows = {len(d) for d, d_by in ((x, a_by), (y, b_by)) if d_by == "row"}
    if classes(x, a_by) != classes(y, b_by) or len(rows) > 1:
        raise InputError(
            f"corrections of different classes or rows cannot be added; got log-odds of shapes {x.shape} by {a_by} and "
            f"{y.shape} by {b_by}. Make both for the same classes and rows."
        )
    return x + y, by


def loss_shares(y: Any, w: Any) -> tuple[np.ndarray, np.ndarray]:
    """Class shares (K,) with the loss weights `w` and without; rows of weight zero are as if removed."""
    weights, container = _loss_weights(w)
    codes, labels, home = read_labels(y)
    if len(codes) != len(weights):
        raise InputError(f"`y` and `w` must have the same rows; got {len(codes):,} and {len(weights):,}.")
    same_rows(home, container, ("y", "w"))
    if len(labels) < 2:
        raise InputError(f"`y` must hold at least two labels; got only {printable(labels[0])}. One class has no odds.")
    mass = np.bincount(codes, weights, len(labels))
    if not mass.all():
        lost = printable(labels[int((mass == 0).argmax())])
        raise InputError(
            f"every row of label {lost} has weight zero: a class without training rows cannot be given back. "
            f"Leave that label out of `y`."
        )
    count = np.bincount(codes[weights > 0], minlength=len(labels))
    return mass / mass.sum(), count / count.sum()


def _loss_weights(w: Any) -> tuple[np.ndarray, Container]:
    if isinstance(w, Weights):
        if w.kind == "inclusion":
            raise KindError(
                "inclusion weights bring a sample back to the world: a model trained with them has nothing to undo. "
                "Use Correction.none()."
            )
        if w.ndim != 1:
            raise InputError(f"one vector of weights at a time: w.pick(i); got shape {w.shape}.")
        return np.asarray(w), w._container
    values, container = read(w, "w")
    if values.ndim != 1:
        raise InputError(f"`w` must be one weight a row, shape (n,); got shape {values.shape}.")
    require(np.isfinite(values) & (values >= 0), "`w`", "be finite and >= 0", values, "Logs? Pass np.exp(w).", "others")
    return values, container


def world_weights(y: Any, log_odds: Any) -> Any:
    """exp(-log_odds of the row's class), mean one (n,), in the container of `y`."""
    delta = np.asarray(log_odds)
    codes, _, container = read_labels(y, classes(delta, "class") if delta.any() else None)
    l = -(delta if delta.ndim else np.array([0.0, float(delta)]))
    w = np.exp(l - l.max())[codes] if delta.any() else np.ones(len(codes))
    return container.wrap(w / w.mean())


def require_rate(rate: Any, name: str) -> None:
    """A keep-probability lies in (0, 1]; what may have been meant by something that does not is said."""
    if is_number(rate) and 0 < rate <= 1:
        return
    meant = f": {NEVER}" if rate == 0 else ". Pass the share of rows that was kept."
    if is_number(rate) and rate > 1:
        meant = f". If one in {rate:g} was kept, pass 1/{rate:g}."
    raise InputError(f"`{name}` must be a keep-probability in (0, 1]; got {rate!r}{meant}")


def refuse_twice(designs: tuple[str, ...], log_odds: Any, w: Any) -> None:
    """Raise UndoError if the weights `w` that a model was trained with undo one of these designs, or these very log-odds."""
    if w is None:
        return
    if not isinstance(w, Weights):
        raise InputError(
            f"`trained_with` takes Weights, whose trail says what they undo; got {type(w).__name__}. "
            f"Pass uw.Weights.of(values, kind=..., design=...)."
        )
    both = sorted(set(designs) & w.designs)
    if both:
        raise UndoError(f"the weights the model was trained with already undo the design {both[0]!r}: {_BOTH}")
    mine = np.asarray(log_odds).tolist()
    if np.any(mine) and any(s.name == "Correction.weights" and s.params["log_odds"] == mine for s in w.trail):
        raise UndoError(f"the weights the model was trained with were made from these log-odds: {_BOTH}")


def cost_threshold(fp: float, fn: float, tp: float, tn: float) -> float:
    """(fp - tn)/(fp - tn + fn - tp): the probability at which both answers cost the same."""
    for wrong, right, names in (
        (fp, tn, ("false_positive", "true_negative")),
        (fn, tp, ("false_negative", "true_positive")),
    ):
        if not (is_number(wrong) and is_number(right) and wrong > right and np.isfinite(wrong - right)):
            raise InputError(
                f"`{names[0]}` must cost more than `{names[1]}`; got {wrong!r} and {right!r}. "
                f"These are costs: a gain is a negative cost."
            )
    return (fp - tn) / (fp - tn + fn - tp)


def moved(p: float, log_odds: Any) -> Any:
    """expit(logit p + log_odds): a probability of the world on the scale of the model."""
    t = p / (p + (1 - p) * np.exp(-np.asarray(log_odds)))
    return float(t) if t.ndim == 0 else t


def shown(log_odds: Any, by: str) -> str:
    """Log-odds for people: +2.303, or one a class, or the range of many rows."""
    delta = np.asarray(log_odds)
    if delta.ndim == 0:
        return f"log-odds {float(delta):+.3f}"
    if by == "row":
        return f"log-odds by row, {len(delta):,} rows, {delta.min():+.3f} to {delta.max():+.3f}"
    return "log-odds " + " ".join(f"{d:+.3f}" for d in delta[:10]) + (" ..." if delta.size > 10 else "")
