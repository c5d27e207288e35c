"""Numbers, codes and foreign text in plain English.

A page is passed to people who were not there. So figures carry their unit, a missing one is a dash and never a zero, codes of
the verdict become a sentence, and text that came with the data (column names, labels, errors) is shown as what it is:
control characters and direction overrides are spelled out, so that a name cannot turn the line around, and what is too long is
cut with its length told.

    plain(text)                      text of the data, safe to read (escaping is the template's work)
    fixed, percent, signed, count    figures; None gives an en dash
    GRADES, REASONS, STATUSES        what the codes of the document mean
    GLOSSARY                         the terms of the table, for somebody who never met them
"""

from __future__ import annotations

import unicodedata
from typing import Any

from upweight.report._facts import finite

__all__ = ["GLOSSARY", "GRADES", "NONE", "REASONS", "STATUSES", "count", "fixed", "percent", "plain", "short", "signed"]

NONE = "–"
THIN = "\u202f"  # narrow no-break space before a per cent sign
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
    return "".join(map(spelled, shown)) + tail


def spelled(char: str) -> str:
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
    return NONE if number is None else f"{fixed(100 * number, places)}{THIN}%"


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
    "good": "At least 100 positives, and average precision is known to within 0.02.",
    "usable": "The direction is clear; the size is not. Average precision is known to within 0.05 only.",
    "unreliable": "Fewer than 100 positives, or intervals wider than 0.05 on either side. Another sample may say otherwise.",
    "unusable": "These data cannot answer the question. Do not decide by this table.",
}

REASONS = {
    "harmful": (
        "Some remedies do harm",
        "At least one ranks worse than the untouched learner with its threshold moved.",
    ),
    "overpromises": (
        "Untouched probabilities are off",
        "Before repair some rows promise far more, or far fewer, positives than come: raw O/E outside 0.8 to 1.25.",
    ),
    "not_repaired": (
        "Repair did not hold everywhere",
        "At least one row stays off after repair, O/E outside 0.9 to 1.1. Do not read its probabilities as such.",
    ),
    "resolution": (
        "Small differences cannot be seen",
        "The intervals are wider than the differences. “Cannot be told apart” is not “the same”.",
    ),
    "control_explains": (
        "A gain has another cause",
        "A control without any balancing does as well: the gain is boosting or bagging, not balancing.",
    ),
    "already_balanced": (
        "The classes are nearly balanced",
        "The rarer class has over 40 % of the rows: little to remedy.",
    ),
    "leak": (
        "One column gives the target away",
        "Alone it ranks almost perfectly (AUC above 0.999). Ask whether it is known when the model has to predict.",
    ),
    "copies": (
        "Rows occur more than once",
        "Copies may lie in training and in test folds at the same time, which flatters every row of the table.",
    ),
}

STATUSES = {
    "untouched": "the learner as it comes, nothing to undo",
    "exact": "what the remedy did to the odds is known by formula and is taken back exactly",
    "approximate": "the formula holds nearly; the rest is measured out of fold",
    "impossible": "rows were chosen, cleaned or invented, so no formula takes it back; the repair is measured out of fold",
}

GLOSSARY = (
    ("Positive", "A row of the class that is looked for; here the rare one."),
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
    ("Fold", "A part of the rows kept out of training, then used to judge. Every row is judged once in each repeat."),
)  # fmt: skip
