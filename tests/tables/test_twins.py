"""Labels that look alike are one rule in Python and on the command line."""

import unicodedata

import numpy as np
import pandas as pd
import pytest

import upweight.imbalance as im
from upweight.cli._target import spellings
from upweight.tables import Labels, same_spelling, twins_of

N = 90
X = pd.DataFrame({"a": np.arange(N) % 3 + np.random.default_rng(0).normal(size=N), "b": np.arange(N) % 7})
PAIRS = {
    "case": ("yes", "Yes"),
    "blank": ("not yet", "not\xa0yet"),
    "accent": (unicodedata.normalize("NFC", "entlassé"), unicodedata.normalize("NFD", "entlassé")),
}


def labels(pair):
    return np.array([*pair, "no"], dtype=object)[np.arange(N) % 3]


@pytest.mark.parametrize("pair", list(PAIRS))
def test_twins_are_named_by_every_door(pair):
    y = labels(PAIRS[pair])
    how = "differ only in case: if" if pair == "case" else "differ only in case, blanks or how accents are encoded: if"
    with pytest.warns(UserWarning, match=how):
        im.Rebalanced("logistic", "none", inner=2, rng=0).fit(X, y)
    for sampler in (im.RandomUnder(rng=0), im.SMOTE(rng=0)):
        with pytest.warns(UserWarning, match=how):
            sampler.fit_resample(X, y)
        with pytest.warns(UserWarning, match=how):
            sampler.fit(X, y)
    with pytest.warns(UserWarning, match=how):
        im.BalancedBagging(members=2, rng=0).fit(X.to_numpy(), y)
    c = im.compare(X, y, methods="weights,smote", cv="2x1", rng=0)
    assert any(how in s for s in c.verdict.sentences)
    assert c.warnings == ()
    assert len(spellings(np.unique(y), PAIRS[pair][0])) == 2


def test_what_is_no_twin():
    assert twins_of(Labels.of(["a", "b", "ab"])) == ()
    assert twins_of(Labels.of([1, 10, 100])) == ()
    assert same_spelling("Straße") == same_spelling("STRASSE")
    assert same_spelling("a b") != same_spelling("ab")


def test_what_cannot_be_seen_is_spelled_out():
    with pytest.warns(UserWarning, match=r"'not\\xa0yet' \(30\)"):
        im.RandomUnder(rng=0).fit(X, labels(PAIRS["blank"]))


def test_a_class_that_is_left_out_is_said_in_the_verdict():
    y = np.arange(N) % 3
    c = im.compare(X, y, methods="weights", cv="2x1", rng=0, sample_weight=np.where(y == 2, 0.0, 1.0))
    line = "Class 2 has no row of positive weight and is left out; 2 classes are left."
    assert line in c.verdict.sentences
    assert line in c.to_dict()["verdict"]["sentences"]
