"""The pages of a posterior and of an integral: the answer, whether to believe it, how it was found.

They stand behind the walls of the page of a comparison (`_page`): every value is escaped, nothing is fetched, nothing runs. They compute nothing: every
figure is in the `upweight.posterior/1` or `upweight.integral/1` document, and the pictures are those figures on an axis.

    posterior_page(facts), integral_page(facts) -> str      the same bytes for the same document
    write_posterior, write_integral (facts, path)           the same on disk, whole or not at all
"""

from __future__ import annotations

import os
from typing import Any

from markupsafe import Markup

from .._errors import InputError
from ..files import write_whole
from . import _plots as plots
from . import _words as words
from ._document_kind import OBJECT, DocumentKind, Rule, short
from ._facts import COUNT, FLAG, LIST, NUMBER, TEXT, finite
from ._forest import forest_picture
from ._page import ROOMS, policy, source

__all__ = [
    "INTEGRAL_SCHEMA",
    "POSTERIOR_SCHEMA",
    "integral_page",
    "posterior_page",
    "write_integral",
    "write_posterior",
]

POSTERIOR_SCHEMA, INTEGRAL_SCHEMA = "upweight.posterior/1", "upweight.integral/1"
REMEDY = "Write the document again with the result's `to_json()`."
POSTERIOR_KIND, INTEGRAL_KIND = DocumentKind(POSTERIOR_SCHEMA, REMEDY), DocumentKind(INTEGRAL_SCHEMA, REMEDY)
FRAME = plots.Frame(480, 360, 64, 24, 464, 312, (0.0,))
MOST_COLUMNS, MOST_DRAWN = 100, 30
ENDS = ("value", "se", "low", "high")
POSTERIOR: dict[str, Rule] = {
    **{"evidence": OBJECT, "converged": FLAG, "calls": COUNT, "explorers": COUNT, "fresh": COUNT, "lone": NUMBER},
    **dict.fromkeys(("budget", "draws"), (lambda value: True, "anything")),
    **dict.fromkeys(("why", "method"), TEXT),
    **dict.fromkeys(("means", "history"), LIST),
}
INTEGRAL: dict[str, Rule] = {
    **{"ok": FLAG, "why": TEXT, "history": LIST},
    **dict.fromkeys(("repeats", "calls", "rows"), COUNT),
    **dict.fromkeys(ENDS, (lambda value: isinstance(value, list) or NUMBER[0](value), "a number, null or a list")),
}
NUMBERS: dict[str, Rule] = dict.fromkeys(ENDS, NUMBER)
METHODS = {
    "draw": "Points drawn after the proposal was frozen gave the answer.",
    "smc": "Whole runs of tempered particles gave the answer; no draw afresh was believed.",
    "recycled": "Points that shaped their own proposals gave the answer.",
}
WORDS_OF_POSTERIOR = (
    ("Log evidence", "The natural log of the integral of likelihood times prior, or of the target that was given. Differences of two are log Bayes factors."),
    ("Effective rows", "How many rows of equal weight would be worth as much."),
    ("Fresh draw", "Points drawn after the proposal was frozen; they shaped nothing."),
    ("Lone share", "Share of the answer that one explorer only had found: an estimate of what none found."),
    ("What nobody can know", "A mode that no call ever hit leaves no trace in any of these numbers."),
)  # fmt: skip
WORDS_OF_INTEGRAL = (
    ("Frozen map", "The repeats use one fixed density of points; what shaped it is in no average."),
    ("Repeat", "One unbiased estimate of the integral. The spread of the repeats is the error, without any model of it."),
    ("What nobody can know", "A peak that no call ever hit leaves no trace in any of these numbers."),
)  # fmt: skip


def posterior_page(facts: dict[str, Any]) -> str:
    """Render an `upweight.posterior/1` document as one self-contained HTML page; it changes no estimate.

    facts : dict, as `Posterior.to_dict` gives it.

    Raises InputError for another schema, or a key that is missing or of the wrong kind. Costs: figures are rounded for the eye.

    >>> from scipy import stats
    >>> import upweight as uw
    >>> p = uw.montecarlo.evidence(lambda x: stats.binom(20, x["p"]).logpmf(7), {"p": stats.beta(2, 5)}, rng=0)
    >>> html = posterior_page(p.to_dict())
    >>> "converged" in html, "<script" in html
    (True, False)
    """
    _check(facts, POSTERIOR_KIND, POSTERIOR)
    e = facts["evidence"]
    POSTERIOR_KIND.keys(e, dict.fromkeys(("log_value", "se", "low", "high"), NUMBER), "evidence.")
    POSTERIOR_KIND.objects(facts["means"], {"name": TEXT, **NUMBERS}, "means")
    judged = "converged" if facts["converged"] else "not converged"
    known = finite(e["log_value"]) is not None
    if facts["converged"] and not known:
        raise InputError(f"`converged` is true, but `evidence.log_value` holds no value. {REMEDY}")
    between = _between(e["low"], e["high"], words.fixed)
    rows = finite(facts["draws"].get("ess")) if isinstance(facts["draws"], dict) else None
    return _rendered(
        {
            "subject": "What the data say of the model",
            "lead": f"Log evidence {words.fixed(e['log_value'])}, {between}" if known else "Log evidence is not known",
            "judged": judged,
            "good": facts["converged"],
            "why": facts["why"],
            "meaning": METHODS.get(facts["method"], "") if known else "Nothing is known of the evidence.",
            "tiles": [
                ("Log evidence", words.fixed(e["log_value"]) if known else "not known", between if known else ""),
                ("Calls", words.count(facts["calls"]), f"{words.count(facts['fresh'])} of them fresh"),
                ("Effective rows", words.count(None if rows is None else round(rows)), ""),
                ("Lone share", words.percent(facts["lone"]), f"{words.count(facts['explorers'])} explorers"),
            ],
            "search": "Effective rows of every temperature or round, one line an explorer, against the largest.",
            "walks": _walks(facts["history"]),
            "table": "Means",
            "intro": "Weighted means of the columns, with 95 % intervals.",
            "columns": [(words.plain(row["name"], 40), *(row[k] for k in ENDS)) for row in facts["means"]],
            "glossary": WORDS_OF_POSTERIOR,
        }
    )


def integral_page(facts: dict[str, Any]) -> str:
    """Render an `upweight.integral/1` document as one self-contained HTML page; it changes no estimate.

    facts : dict, as `Integral.to_dict` gives it; of several integrands every one has its row.

    Raises InputError for another schema, or a key that is missing or of the wrong kind. Costs: figures are rounded for the eye.
    """
    _check(facts, INTEGRAL_KIND, INTEGRAL)
    columns = _integrals(facts)
    name, value, _, low, high = columns[0]
    return _rendered(
        {
            "subject": "The integral over a box",
            "lead": f"{name} {words.short(value)}, {_between(low, high, words.short)}",
            "judged": "believed" if facts["ok"] else "not believed",
            "good": facts["ok"],
            "why": facts["why"],
            "meaning": "Independent repeats with the map frozen gave the answer.",
            "tiles": [
                (name, words.short(value), _between(low, high, words.short)),
                ("Repeats", words.count(facts["repeats"]), f"{words.count(facts['rows'])} points"),
                ("Calls", words.count(facts["calls"]), ""),
            ],
            "search": "Every repeat of the first integral, in the order of the run; the lines are the mean and the ends of its 95 % interval.",
            "repeats": _repeats(facts["history"], value, low, high),
            "table": "Integrals",
            "intro": "With 95 % intervals, from the spread of the repeats.",
            "columns": columns,
            "glossary": WORDS_OF_INTEGRAL,
        }
    )


def write_posterior(facts: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Write the page to `path`, whole or not at all; refused before anything is written if the document is none."""
    write_whole(path, posterior_page(facts).encode("utf-8"))


def write_integral(facts: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Write the page to `path`, whole or not at all; refused before anything is written if the document is none."""
    write_whole(path, integral_page(facts).encode("utf-8"))


# ---- pictures ---------------------------------------------------------------------------------------------------------------


def _rendered(said: dict[str, Any]) -> str:
    """The template with what both pages have: judgement, a table of figures and its picture, words."""
    style, columns = source("report.css"), said["columns"]
    shown = columns[:MOST_COLUMNS]
    return ROOMS.get_template("simulation.html.j2").render(
        said={"walks": None, "repeats": None} | said,
        tone="good" if said["good"] else "unreliable",
        why=words.sentence(said["why"] or None),
        columns=shown,
        left_out=len(columns) - len(shown),
        forest=forest_picture([(name, value, low, high) for name, value, _, low, high in shown[:MOST_DRAWN]]),
        frame=FRAME,
        style=Markup(style),
        policy=policy(style, ""),
    )


def _walks(history: list[dict[str, Any]]) -> dict[str, Any]:
    """Paths of effective rows over the largest, by step of each explorer; the height of the fresh draw's mark or None."""
    steps = [row for row in history if isinstance(row.get("explorer"), str) and finite(row.get("ess")) is not None]
    fresh = [row["ess"] for row in history if row.get("phase") == "fresh draw" and finite(row.get("ess")) is not None]
    by = {
        name: [row["ess"] for row in steps if row["explorer"] == name]
        for name in dict.fromkeys(r["explorer"] for r in steps)
    }
    most = max([1, *map(len, by.values())])
    top = max([1e-300, *(x for ess in by.values() for x in ess), *fresh])
    lines = [FRAME.line(((i + 1) / (most + 1), x / top) for i, x in enumerate(ess)) for ess in by.values()]
    return {"lines": lines, "steps": most, "top": top, "fresh": FRAME.y(fresh[-1] / top) if fresh else None}


def _repeats(history: list[dict[str, Any]], mean: Any, low: Any, high: Any) -> dict[str, Any] | None:
    """Places of the repeats of the first integral and of the lines; None if nothing is finite."""
    values = [
        row["value"][0]
        for row in history
        if row.get("phase") == "frozen" and isinstance(row.get("value"), list) and row["value"]
    ]
    known = [x for x in map(finite, [*values, mean, low, high]) if x is not None]
    if not known:
        return None
    start, end = min(known), max(known)
    span = (end - start) or max(abs(end), 1e-300)
    place = lambda x: None if finite(x) is None else FRAME.y((x - start + 0.05 * span) / (1.1 * span))
    dots = [(FRAME.x((i + 0.5) / len(values)), place(x)) for i, x in enumerate(values) if finite(x) is not None]
    return {
        "dots": dots,
        "mean": place(mean),
        "low": place(low),
        "high": place(high),
        "ends": (start, end),
        "y": (place(start), place(end)),
    }


def _integrals(facts: dict[str, Any]) -> list[tuple[Any, ...]]:
    """(name, value, se, low, high) of every integrand."""
    figures = [facts[key] if isinstance(facts[key], list) else [facts[key]] for key in ENDS]
    if len({len(column) for column in figures}) != 1 or not figures[0]:
        raise InputError(f"`value`, `se`, `low` and `high` must be of one length, at least one. {REMEDY}")
    for key, column in zip(ENDS, figures, strict=True):
        INTEGRAL_KIND.items(column, NUMBER, key)
    names = ["Integral"] if len(figures[0]) == 1 else [f"Integral {j}" for j in range(len(figures[0]))]
    return [(name, *row) for name, row in zip(names, zip(*figures, strict=True), strict=True)]


def _between(low: Any, high: Any, said: Any) -> str:
    """'-31.33 to -31.29'; an end that is no number is open."""
    ends = (
        "no lower end" if finite(low) is None else said(low),
        "no upper end" if finite(high) is None else said(high),
    )
    return " to ".join(ends)


# ---- the door ---------------------------------------------------------------------------------------------------------------


def _check(facts: Any, kind: DocumentKind, rules: dict[str, Rule]) -> None:
    """Raise `InputError` naming the first key that is absent or of the wrong kind."""
    found = facts.get("schema") if isinstance(facts, dict) else None
    if found != kind.schema:
        raise InputError(f"`schema` must be {kind.schema!r}; got {short(found)}. {kind.remedy}")
    kind.keys(facts, rules)
    kind.objects(facts["history"], {"phase": TEXT}, "history")
