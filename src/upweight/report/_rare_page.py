"""The page of a rare event: the answer, how the search went, what each draw said, where it fails.

It stands behind the walls of the page of a comparison (`_page`): every value is escaped, nothing is fetched, nothing runs. It computes
nothing: every number is in the `upweight.rare/1` document.

    rare_page(facts) -> str      the same bytes for the same document
    write_rare(facts, path)      the same on disk, whole or not at all
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup

from .._errors import InputError
from ..files import write_whole
from . import _plots as plots
from . import _words as words
from ._document_kind import OBJECT, DocumentKind, Rule, short
from ._facts import COUNT, FLAG, LIST, NUMBER, TEXT, finite
from ._page import ROOMS, policy, source

__all__ = ["RARE_SCHEMA", "rare_page", "write_rare"]

RARE_SCHEMA = "upweight.rare/1"
REMEDY = "Write the document again with `upweight rare --json`."
KIND = DocumentKind(RARE_SCHEMA, REMEDY)
MOST_INPUTS, MOST_POINTS = 100, 1000
FRAME = plots.Frame(480, 360, 64, 24, 464, 312, (0.0,))
LARGEST = 6.0  # radius of the heaviest failure
TOP: dict[str, Rule] = {
    "converged": FLAG,
    **dict.fromkeys(("why", "method"), TEXT),
    **dict.fromkeys(("calls", "budget"), COUNT),
    **dict.fromkeys(("low", "high", "beta", "distance"), NUMBER),
    **dict.fromkeys(("screen", "history", "inputs"), LIST),
}
ROW: dict[str, Rule] = {"phase": TEXT, "calls": COUNT, "share_failing": NUMBER}
INPUT: dict[str, Rule] = {"name": TEXT, **dict.fromkeys(("sensitivity", "low", "high"), NUMBER)}
MEANINGS = {
    True: "Every rule of the judgement is kept.",
    False: "A rule of the judgement is broken: do not use the number.",
}
GLOSSARY = (
    ("beta", "The probability as a distance: how many standard deviations of a normal lie between the typical point and failure."),
    ("Level", "One step of the search. Its points shape the next proposal and are not part of the answer."),
    ("Fresh draw", "Points drawn after the proposal was frozen; the answer comes from them alone."),
    ("Lone share", "Share of the answer that one explorer only had found: an estimate of what none found."),
    ("Sensitivity", "Change of the log of the probability when the normal score of an input is shifted by one standard deviation."),
    ("What nobody can know", "A region that no call ever hit leaves no trace in any of these numbers."),
)  # fmt: skip


def rare_page(facts: dict[str, Any]) -> str:
    """Render an `upweight.rare/1` document as one self-contained HTML page; it changes no estimate.

    Parameters
    ----------
    facts : dict, as `RareEvent.to_dict` gives it; with "function", "note" and "settings" if a command made it.

    Returns
    -------
    str, the HTML, to be encoded as UTF-8.

    Raises
    ------
    InputError : another schema, or a key that is missing or of the wrong kind; the message names it.

    Costs:  nothing is estimated here. Figures are rounded for the eye; the document keeps them whole.

    >>> import upweight as uw
    >>> r = uw.montecarlo.rare(lambda x: 3 - x[:, 0], 2, rng=0)
    >>> html = rare_page(r.to_dict())
    >>> "converged" in html, "<script" in html
    (True, False)
    """
    _check_rare(facts)
    style = source("report.css")
    stages, top, calls = _stages(facts)
    return ROOMS.get_template("rare.html.j2").render(
        facts=facts,
        title=words.plain(facts.get("function") or "a rare event", 60),
        tone="good" if facts["converged"] else "unreliable",
        meaning=_meaning(facts),
        value=_value(facts),
        lead=words.sentence(facts["screen"][0]),
        lines=[words.sentence(line) for line in facts["screen"][1:]],
        note=words.sentence(facts.get("note") or None),
        walks=_walks(facts["history"]),
        most_levels=_most_levels(facts["history"]),
        stages=stages,
        top=top,
        calls=calls,
        dots=_dots(facts.get("cloud")),
        ends=_ends(facts.get("cloud")),
        inputs=[(words.plain(row["name"], 60), row) for row in facts["inputs"][:MOST_INPUTS]],
        left_out=max(0, len(facts["inputs"]) - MOST_INPUTS),
        point=[(words.plain(name, 60), x) for name, x in list((facts.get("design_point") or {}).items())[:MOST_INPUTS]],
        frame=FRAME,
        glossary=GLOSSARY,
        command=(facts.get("settings") or {}).get("command"),
        style=Markup(style),
        policy=policy(style, ""),
    )


def _value(facts: dict[str, Any]) -> float | None:
    """The probability, cut to [0, 1]; None where it is not known."""
    value = finite((facts["probability"] or {}).get("value"))
    return None if value is None else _cut(value)


def _meaning(facts: dict[str, Any]) -> str:
    """What the grade says of the number."""
    if _value(facts) is None:
        return "Nothing is known of the probability: it may be anything from 0 to 1."
    return MEANINGS[facts["converged"]]


def write_rare(facts: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Write the page to `path`, whole or not at all; refused before anything is written if the document is none."""
    write_whole(path, rare_page(facts).encode("utf-8"))


# ---- pictures ---------------------------------------------------------------------------------------------------------------


def _levels(history: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in history if finite(row.get("level")) and isinstance(row.get("explorer"), str)]


def _most_levels(history: Sequence[dict[str, Any]]) -> int:
    return max([1, *(int(row["level"]) for row in _levels(history))])


def _walks(history: Sequence[dict[str, Any]]) -> list[tuple[bool, str]]:
    """(whether it is an explorer, path) of every walk: share failing by level."""
    rows, most = _levels(history), _most_levels(history)
    names = dict.fromkeys(row["explorer"] for row in rows)
    return [
        (
            name.startswith("explorer"),
            FRAME.line((row["level"] / most, finite(row["share_failing"])) for row in rows if row["explorer"] == name),
        )
        for name in names
    ]


def _stages(facts: dict[str, Any]) -> tuple[list[tuple[str, float, float, float, float]], float, int]:
    """((kind, x, y, y of the low end, y of the high end) of every draw, the top of the axis, all calls)."""
    rows, calls = [], 0
    for row in facts["history"]:
        calls += row["calls"]
        p, se = finite(row.get("p")), finite(row.get("se")) or 0.0
        if p and row["phase"] != "fresh draw":
            rows.append((row["phase"], calls, p, p - 1.96 * se, p + 1.96 * se))
    answer = facts.get("probability")
    if answer is not None:
        rows.append(("answer", facts["calls"], finite(answer["value"]), finite(facts["low"]), finite(facts["high"])))
    known = [
        (kind, at, _cut(p), _cut(low), _cut(high)) for kind, at, p, low, high in rows if None not in (p, low, high)
    ]
    top = max([1e-300, *(row[4] for row in known)])
    places = lambda p: FRAME.y(p / top)
    end = max(calls, facts["calls"], 1)
    return (
        [(kind, FRAME.x(at / end), places(p), places(low), places(high)) for kind, at, p, low, high in known],
        top,
        end,
    )


def _cut(p: float) -> float:
    """A probability, or an end of its interval, as one can be: in [0, 1]."""
    return min(max(p, 0.0), 1.0)


def _dots(cloud: Any) -> list[tuple[float, float, float]]:
    """(x, y, radius) of the failures; area by weight."""
    if not cloud:
        return []
    low, high = _ends(cloud)
    most = max([1e-300, *cloud["weights"][:MOST_POINTS]])
    place = lambda v, i: (v[i] - low) / (high - low) if i < len(v) else -low / (high - low)
    return [
        (FRAME.x(place(v, 0)), FRAME.y(place(v, 1)), round(max(0.5, LARGEST * (w / most) ** 0.5), 1))
        for v, w in zip(cloud["u"][:MOST_POINTS], cloud["weights"][:MOST_POINTS], strict=True)
    ]


def _ends(cloud: Any) -> tuple[float, float]:
    """The ends of both axes of the cloud, the origin inside."""
    values = [x for v in cloud["u"] for x in v] if cloud else []
    reach = max([1.0, *(abs(x) for x in values)])
    return -1.05 * reach, 1.05 * reach


# ---- the door ---------------------------------------------------------------------------------------------------------------


def _check_rare(facts: Any) -> None:
    """Raise `InputError` naming the first key that is absent or of the wrong kind."""
    schema = facts.get("schema") if isinstance(facts, dict) else None
    if schema != RARE_SCHEMA:
        raise InputError(f"`schema` must be {RARE_SCHEMA!r}; got {short(schema)}. {REMEDY}")
    KIND.keys(facts, TOP, "")
    KIND.items(facts["screen"], TEXT, "screen")
    if not facts["screen"]:
        raise InputError(f"`screen` must hold at least one line. {REMEDY}")
    KIND.objects(facts["history"], ROW, "history")
    KIND.objects(facts["inputs"], INPUT, "inputs")
    for key in ("probability", "design_point", "cloud", "settings"):
        if facts.get(key) is not None:
            KIND.value(facts[key], OBJECT, key)
    _check_probability(facts)
    if facts.get("cloud") is not None:
        _check_cloud(facts["cloud"])


def _check_probability(facts: dict[str, Any]) -> None:
    """A probability that is not known has converged to nothing, and its document says so in its first line."""
    if "probability" not in facts:
        raise InputError(f"`probability` is missing; an {RARE_SCHEMA} document has it, or null. {REMEDY}")
    if facts["probability"] is not None:
        KIND.keys(facts["probability"], {"value": NUMBER}, "probability.")
    if _value(facts) is not None:
        return
    if facts["converged"] or "not known" not in facts["screen"][0]:
        raise InputError(f"`probability` holds no value, but `converged` or `screen` tell of one. {REMEDY}")


def _check_cloud(cloud: dict[str, Any]) -> None:
    KIND.keys(cloud, dict.fromkeys(("labels", "u", "weights"), LIST), "cloud.")
    KIND.items(cloud["labels"], TEXT, "cloud.labels")
    KIND.items(cloud["weights"], FINITE, "cloud.weights")
    KIND.items(cloud["u"], LIST, "cloud.u")
    if not cloud["labels"] or len(cloud["u"]) != len(cloud["weights"]):
        raise InputError(f"`cloud` must hold a weight for every point, and labels. {REMEDY}")
    for i, v in enumerate(cloud["u"]):
        KIND.items(v, FINITE, f"cloud.u.{i}")
        if len(v) != len(cloud["labels"]):
            raise InputError(f"`cloud.u.{i}` must hold {len(cloud['labels'])} numbers; got {len(v)}. {REMEDY}")


FINITE: Rule = (lambda value: finite(value) is not None, "a number")
