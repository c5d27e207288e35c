"""The page of a verdict: what some weights are worth, why, and the one thing to do, for somebody who was not there.

It stands behind the same walls as the page of a comparison (`_page`): every value is escaped, nothing is fetched, and here nothing
runs at all. It computes nothing: every figure is in the `upweight.verdict/1` document.

    verdict_page(facts) -> str      the same bytes for the same document
    write_verdict(facts, path)      the same on disk, whole or not at all
"""

from __future__ import annotations

import os
from typing import Any

from markupsafe import Markup

from .._errors import InputError
from ..files import write_whole
from . import _words as words
from ._document_kind import OBJECT, DocumentKind, Rule, short
from ._facts import COUNT, FLAG, LIST, MAYBE_TEXT, SCALAR, TEXT, finite
from ._page import ROOMS, policy, source

__all__ = ["VERDICT_SCHEMA", "verdict_page", "write_verdict"]

VERDICT_SCHEMA = "upweight.verdict/1"
REMEDY = "Write the document again with `upweight check --json`."
KIND = DocumentKind(VERDICT_SCHEMA, REMEDY)
MOST_SEGMENTS = 300  # listed one by one
FIGURE: Rule = (
    lambda value: value is None or value in ("inf", "-inf") or finite(value) is not None,
    "a number or null",
)
TOP: dict[str, Rule] = {
    **dict.fromkeys(("grade", "advice", "kind"), TEXT),
    **dict.fromkeys(("n", "n_zero"), COUNT),
    **dict.fromkeys(("assumed", "exact"), FLAG),
    **dict.fromkeys(("reasons", "by", "trail", "notes"), LIST),
    **dict.fromkeys(
        ("ess", "ess_share", "khat", "threshold", "widening", "design_effect", "max_share", "max_row", "top_share"),
        FIGURE,
    ),
    **dict.fromkeys(("mean", "mean_se", "mean_z"), FIGURE),
}
REASON: dict[str, Rule] = {"code": TEXT, "grade": TEXT, "text": TEXT}
SEGMENT: dict[str, Rule] = {"label": SCALAR, "n": COUNT, **dict.fromkeys(("ess", "mean", "mean_se", "z"), FIGURE)}
STEP: dict[str, Rule] = {"name": TEXT, "params": OBJECT, "ess_before": FIGURE, "ess_after": FIGURE}

GRADES = {
    "good": "Averages with these weights can be believed.",
    "usable": "Averages will do, with the widened intervals that their tail asks for.",
    "unreliable": "Averages with these weights may be far off, and their errors would not show it.",
    "unusable": "These weights cannot answer. Do not average with them.",
}
GLOSSARY = (
    ("Effective rows (ESS)", "How many rows of equal weight would know as much: the squared sum of the weights over the sum of their squares."),
    ("k-hat", "The index of the weights' upper tail. Below 0.5 averages behave; from 0.7 on no number of rows in reach rescues them."),
    ("Mean weight", "Where a mean of 1 is promised, the mean is a test: away from 1, numerator and denominator do not belong together."),
    ("z", "How many standard errors, widened for the tail, a mean lies from 1."),
    ("Design effect", "Rows over effective rows: by how much the weights inflate the variance of an average."),
)  # fmt: skip


def verdict_page(facts: dict[str, Any]) -> str:
    """Render an `upweight.verdict/1` document as one self-contained HTML page; it changes no estimate.

    Parameters
    ----------
    facts : dict, as `Verdict.to_dict` gives it, with the name of the "data" if it came from a file.

    Returns
    -------
    str, the HTML, to be encoded as UTF-8.

    Raises
    ------
    InputError : another schema, or a key that is missing or of the wrong kind; the message names it.

    Costs:  nothing is estimated here. Figures are rounded for the eye; the document keeps them whole.

    >>> from upweight import Weights
    >>> html = verdict_page(Weights.of([1.0, 1.0, 98.0], kind="importance").check().to_dict())
    >>> "98.0\\u202f%" in html, "<script" in html
    (True, False)
    """
    _check_verdict(facts)
    style = source("report.css")
    return ROOMS.get_template("verdict.html.j2").render(
        facts=facts,
        title=words.plain(facts.get("data") or "weights", 60),
        kind=words.plain(facts["kind"], 40),
        tone=facts["grade"] if facts["grade"] in GRADES else "usable",
        meaning=GRADES.get(facts["grade"], ""),
        reasons=[(words.sentence(r["text"]), words.plain(r["grade"], 40)) for r in facts["reasons"]],
        advice=words.sentence(facts["advice"]),
        notes=[words.sentence(note) for note in facts["notes"]],
        segments=facts["by"][:MOST_SEGMENTS],
        left_out=max(0, len(facts["by"]) - MOST_SEGMENTS),
        steps=[(words.plain(step["name"], 40), settings(step["params"]), step) for step in facts["trail"]],
        glossary=GLOSSARY,
        style=Markup(style),
        policy=policy(style, ""),
    )


def write_verdict(facts: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Write the page to `path`, whole or not at all; refused before anything is written if the document is none."""
    write_whole(path, verdict_page(facts).encode("utf-8"))


def _check_verdict(facts: Any) -> None:
    """Raise `InputError` naming the first key that is absent or of the wrong kind."""
    schema = facts.get("schema") if isinstance(facts, dict) else None
    if schema != VERDICT_SCHEMA:
        raise InputError(f"`schema` must be {VERDICT_SCHEMA!r}; got {short(schema)}. {REMEDY}")
    KIND.keys(facts, TOP)
    KIND.value(facts.get("data"), MAYBE_TEXT, "data")
    KIND.objects(facts["reasons"], REASON, "reasons")
    KIND.objects(facts["by"], SEGMENT, "by")
    KIND.objects(facts["trail"], STEP, "trail")
    KIND.items(facts["notes"], TEXT, "notes")


def settings(params: dict[str, Any]) -> str:
    return ", ".join(
        f"{words.plain(name, 40)} {words.plain(value, 60)}" for name, value in params.items() if value is not None
    )
