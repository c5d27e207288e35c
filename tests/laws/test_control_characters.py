"""Names and labels from data stand in sentences, tables and errors with their control characters written out, so that no terminal obeys them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import upweight as uw
from upweight import Correction, Repair, Tally, UpweightError, Weights

BAD = "\x1b[31mx\x07"
N = 400
RNG = np.random.default_rng(0)
GAMMA = RNG.gamma(2, 0.5, N)
W = Weights.of(GAMMA, kind="importance", exact=True, design=BAD)
BROKEN = Weights.of(np.where(np.arange(N) < 200, 5.0, 0.2) * GAMMA, kind="importance", exact=True)
BY = np.where(np.arange(N) < 200, BAD, "q")
FRAME = pd.DataFrame({BAD: RNG.normal(size=N), "k": np.where(RNG.random(N) < 0.5, BAD, "b")})
BALANCE = uw.balance(FRAME, FRAME.assign(**{BAD: FRAME[BAD] + 1}), weights=W)
THINNED = Correction.kept(negatives=0.1, design=BAD)


def tally():
    return Tally.of(BROKEN, f=FRAME[[BAD]], by=BY)


def repair_with_a_note():
    return Repair.from_dict(uw.recalibrate([0, 0, 0, 1] * 25, np.full(100, 0.5)).to_dict() | {"notes": [BAD]})


SPOKEN = {
    "balance": lambda: str(BALANCE),
    "balance in a notebook": BALANCE._repr_html_,
    "balance row": lambda: BALANCE["zz"],
    "verdict": lambda: str(BROKEN.check(by=BY)),
    "advice": lambda: BROKEN.check(by=BY).advice,
    "verdict with balance": lambda: str(W.check(balance=BALANCE)) + W.check(balance=BALANCE).advice,
    "tally": lambda: repr(tally()) + str(tally().result()) + str(tally().mean()) + tally().mean().why,
    "estimate": lambda: str(W.mean(FRAME[[BAD]])) + repr(W.mean(FRAME[[BAD]])) + W.mean(FRAME[[BAD]])._repr_html_(),
    "estimate row": lambda: W.mean(FRAME[[BAD]])["zz"],
    "weights": lambda: repr(W) + repr(W.trail),
    "kind": lambda: Weights.of([1.0], kind=BAD),
    "formula": lambda: W.mean(np.ones(N), how=BAD),
    "lost label": lambda: Correction.weighted(np.repeat([BAD, "b"], 200), np.where(np.arange(N) < 200, 0.0, 1.0)),
    "one label": lambda: Correction.weighted(np.repeat([BAD], N), np.ones(N)),
    "labels": lambda: uw.recalibrate(np.repeat([BAD, "b", "c"], 100), np.full(300, 0.5)),
    "why": lambda: repr(Correction.impossible(BAD)),
    "why refused": lambda: Correction.impossible(BAD).apply([0.5]),
    "remedy": lambda: Correction.impossible("why", remedy=BAD).apply([0.5]),
    "too few to recalibrate": lambda: Correction.impossible(BAD).verify([0, 1], [0.5, 0.5]).apply([0.5]),
    "design and weights": lambda: THINNED.apply([0.5], trained_with=W),
    "design twice": lambda: THINNED + Correction.kept(negatives=0.1, design=BAD),
    "repair": lambda: str(repair_with_a_note()),
    "column of text": lambda: W.mean(pd.DataFrame({BAD: ["a"] * N})),
    "frame for a column": lambda: Weights.of(FRAME[[BAD]]),
    "missing column": lambda: uw.balance(FRAME, FRAME, columns=[BAD, "zz"]),
    "share of a level": lambda: uw.balance(FRAME, {"k": {BAD + "2": 0.5, "b": 0.5}}),
    "doubled column": lambda: uw.balance(pd.DataFrame(np.ones((4, 2)), columns=[BAD, BAD]), FRAME),
    "citation": lambda: str(uw.cite(W, THINNED)),
    "near names": lambda: uw._errors.did_you_mean("q", [BAD, "zz"]),
}


@pytest.mark.parametrize("say", SPOKEN.values(), ids=SPOKEN)
def test_control_characters_are_written_out(say):
    try:
        text = say()
    except UpweightError as error:
        text = str(error)
    assert isinstance(text, str)
    assert not {"\x1b", "\x07"} & {*text}
