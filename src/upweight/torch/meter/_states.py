"""From figures to a state: what became of the weights, the grade, and the one thing to do.

    state               when                                                 grade
    not delivered       delivery fails                                       unusable
    double counted      delivery fails, near sum w^2                         unusable
    washed out          trace fails, P < .1 and was >= 1                     unreliable
    no effect seen      trace fails otherwise                                unreliable
    settled             trace passes, P < .1                                 usable
    acting              trace passes, P >= .1, or P is not known             good; usable without P
    pushing             no trace, P >= .1                                    usable
    unknown             no trace, P < .1; nothing learned or watched         usable

The trace passes with p <= .05 and T >= 2 mean null, or P >= .1: by T alone, 40 % of runs on 150 rows with heavy weights were falsely called washed out.

What is inside: `MeterFigures`, what a meter knows; `finding`, the rules over it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._check import GRADES, Reason
from ..._html import shown
from ...training import Finding, Trace, said
from ._delivery import Delivered

__all__ = ["MeterFigures", "finding"]

ACTS, MUCH = 0.1, 1.0  # of P


@dataclass(frozen=True)
class MeterFigures:
    """What a meter knows: shares by grouping, pulls by epoch, and what went wrong."""

    delivered: Mapping[str, Delivered]  # by what rows are grouped by
    unknown: Sequence[str]  # groupings that need `index=`
    history: Sequence[Mapping[str, float]]
    epoch: float
    learned: bool
    optimizer: bool
    no_pull: str  # why there is none whatever is learned, empty if there may be one
    watched: int
    saturated: float  # share of rows
    unlike: float  # share of rows on which G and g point apart
    dropped: int
    trainings: int  # seconds are not known; this many fits a trace takes

    @property
    def pull(self) -> float:
        return self.history[-1]["pull"] if self.history else math.nan

    @property
    def other_loss(self) -> bool:
        return self.unlike > 0.5

    @property
    def failed(self) -> Delivered | None:
        """The grouping that failed, the one that is furthest off."""
        bad = [] if self.other_loss else [d for d in self.delivered.values() if d.failed.any()]
        return max(bad, key=lambda d: float(np.abs(d.delivered - d.intended)[d.failed].max()), default=None)

    @property
    def known(self) -> Delivered | None:
        """The grouping whose shares are named where none failed: the first that could be judged."""
        return next((d for d in self.delivered.values() if d.judged.any()), None)

    @property
    def last_much(self) -> float | None:
        """Epoch at which P was last 1 or more, None if it never was."""
        return next((h["epoch"] for h in reversed(self.history) if h["pull"] >= MUCH), None)


def finding(f: MeterFigures, trace: Trace | None) -> Finding:
    """The state, its reasons and its figures."""
    reasons = tuple([*delivery(f), *outcome(f, trace), *_notes(f, trace)])
    state = _state_of(f, trace)
    grade = max((r.grade for r in reasons), key=GRADES.index, default="usable")
    return Finding(grade, reasons, figures(f, trace), state)


def _passes(f: MeterFigures, trace: Trace) -> bool:
    return trace.beyond_chance and (trace.clear or f.pull >= ACTS)


def _state_of(f: MeterFigures, trace: Trace | None) -> str:
    if f.failed is not None:
        return "double counted" if f.failed.double_counted else "not delivered"
    if trace is None or not trace.known:
        return "pushing" if f.pull >= ACTS else "unknown"
    if not _passes(f, trace):
        return "washed out" if f.pull < ACTS and f.last_much is not None else "no effect seen"
    return "settled" if f.pull < ACTS else "acting"


def delivery(f: MeterFigures) -> Iterator[Reason]:
    """What arrived of what was meant."""
    d = f.failed
    if d is not None:
        code = "double_counted" if d.double_counted else "not_delivered"
        advice = (
            "Use the weights or a balanced sampler, not both."
            if d.double_counted
            else "Reduce by weighted_loss(losses, w_all[i]), which divides by the population, not by the batch."
        )
        yield Reason(code, "unusable", "delivered", shares(d), advice)
    elif f.other_loss:
        text = f"On {100 * f.unlike:.0f} % of rows the gradient does not point where the loss given to Meter says: the loss given to Meter is not the one you train"
        yield Reason(
            "other_loss", "unreliable", "delivered", text + ".", "Pass loss= the one you train, one number a row."
        )
    elif f.known is not None:
        yield Reason("delivered", "good", "delivered", shares(f.known))


def shares(d: Delivered) -> str:
    g = d.named
    name = "" if len(d.labels) == 2 and not d.failed.any() else f" ({shown(d.labels[g], most=40)})"
    return f"Delivered {said(float(d.delivered[g]))} of an intended {said(float(d.intended[g]))}{name}."


def outcome(f: MeterFigures, trace: Trace | None) -> Iterator[Reason]:
    """Pull and trace in words, and what follows from them."""
    state = _state_of(f, trace)
    pull = "" if math.isnan(f.pull) else f"Pull {said(f.pull)} an epoch"
    if trace is not None and trace.known:
        moved = f"{trace.amount(trace.value)} differ from the unweighted twin, shuffled weights alone move {trace.amount(float(trace.null.mean()))}"
        moved = (
            moved
            if trace.labels
            else f"predictions lie {trace.amount(trace.value).replace(' of the predictions', '')} from the unweighted twin's, shuffled weights alone move {trace.null.mean():.2g} sd"
        )
        pull = f"{pull}; {moved}" if pull else moved[0].upper() + moved[1:]
    pull += "." * bool(pull)
    if f.failed is not None:
        if pull:
            yield Reason("measured", "usable", "state", pull)
        return
    rule = {
        "washed out": _washed_out,
        "no effect seen": _no_effect,
        "settled": _settled,
        "acting": _acting,
        "pushing": _pushing,
        "unknown": _unknown,
    }[state]
    grade, text, advice = rule(f)
    yield Reason(state.replace(" ", "_"), grade, "state", " ".join(t for t in (pull, text) if t), advice)


def _washed_out(f: MeterFigures) -> tuple[str, str, str]:
    return (
        "unreliable",
        f"They acted until about epoch {f.last_much:.0f}.",
        'Stop there, or use kind="vs", a poly tail or L2, or subsample.',
    )


def _no_effect(f: MeterFigures) -> tuple[str, str, str]:
    if f.pull >= ACTS:
        return (
            "unreliable",
            "Shuffled weights do as much.",
            "A steadier fit: more data, L2, a lower learning rate; or w.temper(ess=0.3).",
        )
    return (
        "unreliable",
        "The weights moved the model no further than shuffled ones do.",
        'Use kind="vs", a poly tail or L2, or subsample.',
    )


def _settled(f: MeterFigures) -> tuple[str, str, str]:
    return (
        "usable",
        "They hold the model and hardly move it any more.",
        "Keep the weights: without them training goes on to undo what they did.",
    )


def _acting(f: MeterFigures) -> tuple[str, str, str]:
    if math.isnan(f.pull):
        because = f": {f.no_pull}" if f.no_pull else ""
        return "usable", f"They changed the model; whether they still push is not known{because}.", _for_pull(f)
    return "good", "", ""


def _pushing(f: MeterFigures) -> tuple[str, str, str]:
    return (
        "usable",
        "They push.",
        f"Whether they changed the model only a trace says: meter.report(trace(fit, w)), {f.trainings} trainings.",
    )


def _unknown(f: MeterFigures) -> tuple[str, str, str]:
    if f.history and not f.learned:
        return "usable", "Nothing is learned yet.", "Ask again after a few epochs."
    if f.no_pull:
        return "usable", f"Pull is not known: {f.no_pull}.", _for_pull(f)
    if not f.watched:
        return "usable", "Nothing was watched.", "Call meter.watch(logits, y) between forward and backward."
    return (
        "usable",
        "Settled or washed out, pull cannot tell.",
        f"A trace can: meter.report(trace(fit, w)), {f.trainings} trainings.",
    )


def _for_pull(f: MeterFigures) -> str:
    return "" if f.optimizer else "Pass optimizer= to Meter."


def _notes(f: MeterFigures, trace: Trace | None) -> Iterator[Reason]:
    """What could not be known, and why."""
    if f.watched and f.saturated > 0.9:
        yield Reason(
            "saturated",
            "usable",
            "note",
            f"{100 * f.saturated:.0f} % of rows have no gradient left; delivery is read from the others.",
        )
    if not f.watched and (f.history or trace is not None):
        yield Reason(
            "not_watched",
            "usable",
            "note",
            "Delivery is not known: call meter.watch(logits, y) between forward and backward.",
        )
    elif f.watched and not f.other_loss and f.known is None and f.failed is None:
        yield Reason(
            "not_judged", "usable", "note", "Delivery is not known: too few rows with a gradient in some group."
        )
    if f.unknown and f.watched:
        yield Reason(
            "needs_index",
            "usable",
            "note",
            f"Delivery by {' and by '.join(f.unknown)} is not known: pass index= to meter.watch.",
        )
    if f.dropped:
        yield Reason("dropped", "good", "note", f"{f.dropped:,} batches whose gradient was not finite were left out.")
    if trace is not None and not trace.known:
        yield Reason("trace_unknown", "usable", "note", str(trace))


def figures(f: MeterFigures, trace: Trace | None) -> dict[str, Any]:
    """Numbers by name."""
    out: dict[str, Any] = {
        "pull": f.pull,
        "epoch": f.epoch,
        "saturated": f.saturated,
        "dropped": f.dropped,
        "unlike": f.unlike,
    }
    for by, d in f.delivered.items():
        for name in ("delivered", "intended", "se", "rows"):
            out[f"{name} by {by}"] = {str(k): float(v) for k, v in zip(d.labels, getattr(d, name), strict=True)}
    if trace is not None:
        out |= {
            "trace": trace.value,
            "trace_null": float(trace.null.mean()),
            "trace_p": trace.p,
            "trace_ratio": trace.ratio,
        }
    return out
