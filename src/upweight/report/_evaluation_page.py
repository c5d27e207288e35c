"""The page of an evaluation: what another policy would have earned, and whether this log can tell.

It stands behind the same walls as the page of a verdict: every value is escaped, nothing is fetched, nothing runs. It computes nothing: every figure
is in the `upweight.evaluation/1` document, and the pictures are those figures on an axis.

    evaluation_page(facts) -> str      the same bytes for the same document
    write_evaluation(facts, path)      the same on disk, whole or not at all
"""

from __future__ import annotations

import os
from typing import Any

from markupsafe import Markup

from .._errors import InputError
from ..files import write_whole
from . import _words as words
from ._document_kind import OBJECT, DocumentKind, Rule, short
from ._facts import COUNT, LIST, MAYBE_TEXT, TEXT, finite
from ._forest import forest_picture
from ._page import ROOMS, policy, source
from ._verdict_page import FIGURE

__all__ = ["EVALUATION_SCHEMA", "evaluation_page", "write_evaluation"]

EVALUATION_SCHEMA = "upweight.evaluation/1"
REMEDY = "Write the document again with `upweight ope --json`."
KIND = DocumentKind(EVALUATION_SCHEMA, REMEDY)
MOST_LABELS = 300
TOP: dict[str, Rule] = {
    **dict.fromkeys(("decision", "advice", "how"), TEXT),
    "n": COUNT,
    **dict.fromkeys(("value", "logged", "gain", "mean_weight", "by", "verdict"), OBJECT),
    **dict.fromkeys(("path", "largest"), LIST),
}
TONES = {"BETTER": "good", "WORSE": "good", "UNDECIDED": "usable", "UNTRUSTED": "unusable"}
MEANING = {
    "BETTER": "The target earns more than the logged policy: the interval of the gain lies above 0.",
    "WORSE": "The target earns less than the logged policy: the interval of the gain lies below 0.",
    "UNDECIDED": "The interval of the gain holds 0: this log does not tell which earns more.",
    "UNTRUSTED": "This log cannot tell.",
}


def evaluation_page(facts: dict[str, Any]) -> str:
    """Render an `upweight.evaluation/1` document as one self-contained HTML page; it changes no estimate.

    facts : dict, as `Evaluation.to_dict` gives it, with the name of the "data" if it came from a file.

    Raises InputError for another schema, or a key that is missing or of the wrong kind. Costs: figures are rounded for the eye.
    """
    _check(facts)
    style = source("report.css")
    bars = [
        ("logged policy", facts["logged"]["value"], facts["logged"]["low"], facts["logged"]["high"]),
        ("target", facts["value"]["value"], facts["value"]["low"], facts["value"]["high"]),
    ]
    if facts.get("guarantee"):
        bars.append(("proven", None, *facts["guarantee"]))
    labels = facts["by"].get("labels", [])
    weights = [(words.plain(x["label"], 30), x["mean"], *_around(x["mean"], x["mean_se"])) for x in labels[:30]]
    caps = [
        (f"clipped at {x['clip']:g}", x["value"], x["value"], x["value"])
        for x in facts["path"]
        if finite(x["value"]) is not None
    ]
    return ROOMS.get_template("evaluation.html.j2").render(
        facts=facts,
        title=words.plain(facts.get("data") or "decisions", 60),
        tone=TONES.get(facts["decision"], "usable"),
        meaning=MEANING.get(facts["decision"], ""),
        why=words.sentence(facts.get("why") or None),
        advice=words.sentence(facts["advice"]),
        said=words.plain(facts["by"].get("name") or "label", 40),
        labels=labels[:MOST_LABELS],
        left_out=max(0, len(labels) - MOST_LABELS),
        forest=forest_picture(bars),
        means=forest_picture(weights, mark=1.0),
        caps=forest_picture([("as logged", facts["value"]["value"], *_ends(facts["value"])), *caps]) if caps else "",
        style=Markup(style),
        policy=policy(style, ""),
    )


def write_evaluation(facts: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Write the page to `path`, whole or not at all; refused before anything is written if the document is none."""
    write_whole(path, evaluation_page(facts).encode("utf-8"))


def _check(facts: Any) -> None:
    schema = facts.get("schema") if isinstance(facts, dict) else None
    if schema != EVALUATION_SCHEMA:
        raise InputError(f"`schema` must be {EVALUATION_SCHEMA!r}; got {short(schema)}. {REMEDY}")
    KIND.keys(facts, TOP)
    KIND.value(facts.get("data"), MAYBE_TEXT, "data")
    for name in ("value", "logged", "gain"):
        KIND.keys(facts[name], dict.fromkeys(("value", "low", "high"), FIGURE), f"{name}.")


def _ends(e: dict[str, Any]) -> tuple[Any, Any]:
    return e["low"], e["high"]


def _around(mean: Any, se: Any) -> tuple[Any, Any]:
    """1.96 standard errors about a mean; the mean alone where no error is known."""
    if finite(mean) is None or finite(se) is None:
        return mean, mean
    return mean - 1.96 * se, mean + 1.96 * se
