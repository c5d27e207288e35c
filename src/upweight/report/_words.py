"""Numbers, codes and foreign text in plain English.

A page is passed to people who were not there. So figures carry their unit, a missing one is a dash and never a zero, codes of
the verdict become a sentence, and text that came with the data (column names, labels, errors) is shown as what it is:
control characters and direction overrides are spelled out, so that a name cannot turn the line around, and what is too long is
cut with its length told.

    plain(text)                      text of the data, safe to read (escaping is the template's work)
    fixed, percent, signed, count    figures; None gives an en dash
    sentence(text)                   the same for a sentence of the verdict, its figures written as everywhere on the page
    headline(sentences)              what is set large, apart from its figures and from the rest
    grade(code, counts)              what a grade means for these data
    GRADES, REASONS, STATUSES, SETTINGS    what the codes of the document mean
    GLOSSARY                         the terms of the table, for somebody who never met them
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from ._facts import finite

__all__ = [
    "GLOSSARY",
    "GRADES",
    "NONE",
    "REASONS",
    "SETTINGS",
    "STATUSES",
    "count",
    "fixed",
    "grade",
    "headline",
    "percent",
    "plain",
    "sentence",
    "short",
    "signed",
    "split_banner",
]

NONE = "–"
NARROW = "\u202f"  # no-break space before a per cent sign
FIXED = "\u00a0"  # no-break space
SPELLED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # Unicode categories that are not seen, or that steer the text
JOINERS = {"\u200c", "\u200d"}  # needed inside Persian, Hindi and emoji; they turn nothing around


def plain(text: Any, limit: int = 80) -> str:
    """Text of the data as it can safely be read: unseen characters spelled out, long text cut.

    >>> plain("abc\\u202etxt.exe"), plain("tab\\there"), plain("x" * 500, limit=4)
    ('abc[U+202E]txt.exe', 'tab here', 'xxxx… (500 characters)')
    """
    if text is None:
        return ""
    whole = str(text)
    shown = " ".join(whole[:limit].split()) or "(blank)"
    tail = f"… ({len(whole):,} characters)" if len(whole) > limit else ""
    return "".join(map(_spelled, shown)) + tail


def sentence(text: str | None, limit: int = 600) -> str:
    """A sentence of the verdict: figures with their zero and a true minus, as in the table; they do not break apart.

    >>> sentence("best tomek, AP +.002 [-.004, +.008]: 93 %").replace(NARROW, "~").replace(FIXED, "_")
    'best tomek, AP_+0.002_[−0.004,_+0.008]: 93~%'
    """
    shown = re.sub(r"(?<![\w.,])([+-]?)\.(?=\d)", r"\g<1>0.", plain(text, limit))
    shown = re.sub(r"(?<=[\s\[(])-(?=\d)", "−", shown)
    shown = re.sub(r"(?<=\d) ?%", f"{NARROW}%", shown)
    shown = re.sub(r"(?<=AP|UC) (?=[+−\d])|(?<=\d) (?=\[[+−\d])", FIXED, shown)
    return re.sub(r"\[[^\[\]]{1,40}\]", lambda found: found[0].replace(" ", FIXED), shown)


def split_banner(sentences: list[str], code: str) -> tuple[str, list[str]]:
    """That the run was stopped belongs to the banner, unless nothing else can be said."""
    if code != "incomplete" and len(sentences) > 1 and sentences[0].startswith("Stopped early: "):
        return sentences[0], sentences[1:]
    return "", sentences


def headline(sentences: list[str]) -> list[str]:
    """The first sentence alone, and without its figures: the one is set large, what follows in the same breath is not.

    >>> headline(["Move it. No remedy is better: AP .1 [.0, .2].", "At 0.5 it finds half."])
    ['Move it.', 'No remedy is better: AP .1 [.0, .2].', 'At 0.5 it finds half.']
    >>> headline(["smote ranks better than moving the threshold: AP +0.03 [+0.01, +0.05]."])
    ['smote ranks better than moving the threshold.', 'AP +0.03 [+0.01, +0.05].']
    """
    first, *rest = [*re.split(r"(?<=[.?]) (?=[A-Z])", sentences[0], maxsplit=1), *sentences[1:]]
    figures = re.fullmatch(r"([^:]{8,}): ((?:AP|AUC)?\W{0,2}\d.*)", first, re.S)
    return [f"{figures[1]}.", figures[2], *rest] if figures else [first, *rest]


def _spelled(char: str) -> str:
    seen = unicodedata.category(char) not in SPELLED or char in JOINERS
    return char if seen else f"[U+{ord(char):04X}]"


def fixed(value: Any, places: int = 3) -> str:
    """A figure with fixed places and thousands separated: 0.914, 1,204.0.

    >>> fixed(0.9137), fixed(None), fixed(-0.25, 2)
    ('0.914', '–', '−0.25')
    """
    number = finite(value)
    if number is None:
        return NONE
    if abs(number) >= 1e9:
        return f"{number:.2e}"
    text = f"{number:,.{places}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text.replace("-", "−")


def signed(value: Any, places: int = 3) -> str:
    """A difference: its sign is always there.

    >>> signed(0.004), signed(-0.35), signed(0.0)
    ('+0.004', '−0.350', '0.000')
    """
    text = fixed(value, places)
    number = finite(value)
    return f"+{text}" if number is not None and number > 0 and text.strip("0.,") else text


def percent(value: Any, places: int = 1) -> str:
    """A share as a percentage.

    >>> percent(0.0968)
    '9.7\\u202f%'
    """
    number = finite(value)
    return NONE if number is None else f"{fixed(100 * number, places)}{NARROW}%"


def short(value: Any) -> str:
    """Three figures that matter, as for thresholds: 0.0968, 0.500."""
    number = finite(value)
    if number is None:
        return NONE
    return f"{number:#.3g}".rstrip(".").replace("-", "−")


def count(value: Any) -> str:
    """A whole count with thousands separated; weighted counts keep one place."""
    number = finite(value)
    return NONE if number is None else fixed(number, 0 if number == round(number) else 1)


GRADES = {
    "good": "At least 100 rows of every class, and for most remedies average precision is known to within 0.02.",
    "usable": "The direction is clear; the size is not. For most remedies average precision is known to within 0.05 only.",
    "unreliable": "For most remedies average precision is not even known to within 0.05. Another sample may say otherwise.",
    "unusable": "These data cannot answer the question. Do not decide by this table.",
}

ENOUGH = 100  # rows of the rarest class
TOO_GOOD = "A column may give the label away. Unless it is known before the fact, no figure here will hold."


def grade(code: str, counts: Sequence[Any], reasons: Sequence[str] = ()) -> str:
    """What a grade means; of its causes, “unreliable” tells the first that holds.

    >>> grade("unreliable", [1433, 51])
    'Only 51 rows of the rarest class, where 100 are wanted. Another sample may say otherwise.'
    """
    fewest = min((n for n in map(finite, counts) if n is not None), default=0.0)
    if code != "unreliable":
        return GRADES.get(code, "")
    if "leak" in reasons:
        return TOO_GOOD
    if fewest < ENOUGH:
        return f"Only {count(fewest)} row{'s' * (fewest != 1)} of the rarest class, where {ENOUGH} are wanted. Another sample may say otherwise."
    return GRADES[code]


SETTINGS = {"inner": "folds of the repair", "cost": "cost of a miss in false alarms", "rng": "seed"}

REASONS = {
    "another_learner": (
        "Another learner ranks better",
        "A control, with nothing balanced, ranks better than this learner by more than 0.01. Try that before any remedy.",
    ),
    "harmful": (
        "Some remedies do harm",
        "At least one ranks worse than the learner with nothing but its threshold moved.",
    ),
    "overpromises": (
        "Before repair probabilities are off",
        "Before repair some methods promise far more, or far fewer, positives than come: raw O/E outside 0.8 to 1.25.",
    ),
    "not_repaired": (
        "Repair did not hold everywhere",
        "At least one method stays off after repair, O/E outside 0.9 to 1.1. Do not read its probabilities as such.",
    ),
    "resolution": (
        "Small differences cannot be seen",
        "For some remedies the interval is wider than 0.02 to either side. “Cannot be told apart” is not “the same”.",
    ),
    "control_explains": (
        "A gain has another cause",
        "A remedy gains, and is not shown to gain more than its control, which balances nothing.",
    ),
    "already_balanced": (
        "The classes are nearly balanced",
        "The rarer class has over 40 % of the rows: little to remedy.",
    ),
    "leak": (
        "One column gives the target away",
        "Its values or its gaps alone tell the classes apart. Ask whether it is known when the model has to predict.",
    ),
    "copies": (
        "Rows occur more than once",
        "Copies may lie in training and in test folds at the same time, which flatters flexible learners.",
    ),
}

STATUSES = {
    "untouched": "the learner as it comes, nothing to undo",
    "exact": "what the remedy did to the odds is known by formula and is taken back exactly",
    "approximate": "the formula holds nearly; the rest is measured out of fold",
    "impossible": "rows were chosen, cleaned or invented, so no formula takes it back; the repair is measured out of fold",
}

GLOSSARY = (
    ("Positive", "A row of the class that is looked for, as a rule the rare one."),
    ("Recall", "Of all positives, the share that is found (raises an alert). Also called sensitivity."),
    ("Precision", "Of all alerts, the share that is a positive."),
    ("Specificity", "Of all other rows, the share that raises no alert."),
    ("Threshold", "A row raises an alert if its probability is at least this. Moving it needs no new training."),
    ("Alerts", "Rows at or above the threshold, per 1,000 rows: found positives and false alarms together."),
    (
        "AP (average precision)",
        "How well the rows are ranked, over all thresholds: the mean precision while going down the list. 1 is perfect; "
        "chance is the share of positives. The difference column compares with “threshold”, the untouched learner.",
    ),
    (
        "AUC (area under the ROC curve)",
        "How often a positive ranks above a row that is none. 0.5 is a coin toss, 1 is perfect.",
    ),
    (
        "Interval",
        "The range of differences that the folds agree with, at 95 %. Wholly within 0.01 of zero: no difference. “Better” and “worse” hold after allowing for how many rows were looked at; else these data cannot tell.",
    ),
    (
        "O/E (observed over expected)",
        "Positives that came, divided by those the probabilities promised. 1 is right; 0.5 means twice too many promised.",
    ),
    (
        "Repaired",
        "Most remedies distort the probabilities. Repair learns from rows that the model has not seen how to map them back, "
        "so that 10 % again means one in ten. “Raw” is before repair, with the alert at 0.5.",
    ),
    ("Log-loss", "The price of wrong probabilities; confident errors cost most. Lower is better."),
    ("Brier score", "The mean squared gap between probability (0 to 1) and outcome (0 or 1). Lower is better."),
    ("Slope", "1: differences in probability are as large as they should be. Below 1: too extreme; above: too timid."),
    ("Cost", "False alarms and misses per 1,000 rows, each times its price."),
    (
        "Status",
        "Whether a formula can undo what the remedy did to the probabilities: " + "; ".join(
            f"{name}: {text}" for name, text in STATUSES.items()
        ) + ".",
    ),
    (
        "AP lost",
        "What average precision falls by, on rows that the model has not seen, when one column is shuffled among them. Columns that "
        "say the same stand in for each other, so each of them may seem to matter little.",
    ),
    ("Fold", "A part of the rows kept out of training, then used to judge. Every row is judged once in each repeat."),
)  # fmt: skip
