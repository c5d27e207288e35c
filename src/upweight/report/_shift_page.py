"""The page of a diagnosis: did the world move, where, what can weights do about it, for somebody who was not there.

It stands behind the walls of the page of a comparison (`_page`): every value is escaped, nothing is fetched, nothing runs. It computes
nothing: every number is in the `upweight.shift/1` document, or is the ratio of two that are.

    shift_page(facts) -> str      the same bytes for the same document
    write_shift(facts, path)      the same on disk, whole or not at all
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from .._errors import InputError
from ..files import write_whole
from . import _plots as plots
from . import _words as words
from ._document_kind import OBJECT, DocumentKind, Rule, short
from ._facts import COUNT, LIST, NUMBER, SCALAR, TEXT, finite
from ._page import ROOMS, policy, source

__all__ = ["SHIFT_SCHEMA", "shift_page", "write_shift"]

SHIFT_SCHEMA = "upweight.shift/1"
REMEDY = "Write the document again with `upweight shift --json`."
KIND = DocumentKind(SHIFT_SCHEMA, REMEDY)
MOST_ROWS = 300
LOVE = 240  # width of the small picture of one column
FRAME = plots.Frame(480, 420, 56, 36, 464, 366, (0.0, 0.25, 0.5, 0.75, 1.0))
HISTOGRAM = plots.Frame(480, 300, 56, 20, 464, 256, (0.0,))
TOP: dict[str, Rule] = {
    **dict.fromkeys(("data", "verdict", "tests", "ratio", "weights", "curve"), OBJECT),
    "balance": LIST,
}
DATA: dict[str, Rule] = {
    **dict.fromkeys(("source", "target", "label"), TEXT),
    **dict.fromkeys(("rows", "target_rows", "columns"), COUNT),
}
VERDICT: dict[str, Rule] = {"code": TEXT, "grade": TEXT, "reasons": LIST, "sentences": LIST}
REASON: dict[str, Rule] = {"code": TEXT, "grade": TEXT, "text": TEXT}
TEST: dict[str, Rule] = {
    **dict.fromkeys(("auc", "low", "high", "p"), NUMBER),
    "roc": OBJECT,
    "features": LIST,
    "learners": LIST,
}
FEATURE: dict[str, Rule] = {"column": SCALAR, "fall": NUMBER}
WEIGHTS: dict[str, Rule] = {
    "which": TEXT,
    "n": COUNT,
    "ess": NUMBER,
    "max_share": NUMBER,
    "edges": LIST,
    "counts": LIST,
    "zero": COUNT,
}
ROW: dict[str, Rule] = {"name": SCALAR, "flag": TEXT} | dict.fromkeys(
    ("target", "before", "after", "smd_before", "smd_after", "ratio_after"), NUMBER
)
NAMES = {"before": "Before weighting", "after": "Under the ratio's weights", "label": "Under class weights"}
WHICH = {
    "ones": "Ones: every row counts alike.",
    "label": "Class weights, which follow the label.",
    "ratio": "Weights of the density ratio.",
}
GRADES = {
    "good": "What a classifier can see is answered.",
    "usable": "Use the answer, and say what is left.",
    "unreliable": "Averages with these weights may be far off.",
    "unusable": "These rows cannot answer.",
}
GLOSSARY = (
    ("AUC", "Share of pairs in which a classifier scores the target row higher than the source row; a half where it cannot tell them apart."),
    ("SMD", "Standardised mean difference: how far a column's mean lies from the target's, in the target's standard deviations. Below 0.1 it is small."),
    ("Effective rows (ESS)", "How many rows of equal weight would know as much as the weighted ones."),
    ("Label shift", "The shares of the classes moved, and each class looks as it did."),
    ("Power of tempering", "Weights to the power: 0 are weights of one, 1 the weights themselves; between them less variance, more bias."),
)  # fmt: skip


def shift_page(facts: dict[str, Any]) -> str:
    """Render an `upweight.shift/1` document as one self-contained HTML page; it changes no estimate.

    Parameters
    ----------
    facts : dict, as `Diagnosis.to_dict` gives it; with "settings" if a command made it.

    Returns
    -------
    str, the HTML, to be encoded as UTF-8.

    Raises
    ------
    InputError : another schema, or a key that is missing or of the wrong kind; the message names it.

    Costs:  nothing is estimated here. Figures are rounded for the eye; the document keeps them whole.

    >>> import numpy as np
    >>> import upweight as uw
    >>> rng = np.random.default_rng(0)
    >>> d = uw.shift.diagnose(rng.normal(size=(90, 2)), rng.normal(size=(80, 2)), rng=0)
    >>> html = shift_page(d.to_dict())
    >>> "Keep your weights at one" in html, "<script" in html
    (True, False)
    """
    _check_shift(facts)
    style = source("report.css")
    data, verdict = facts["data"], facts["verdict"]
    love, reach = _love(facts["balance"])
    return ROOMS.get_template("shift.html.j2").render(
        facts=facts,
        names=(words.plain(data["source"], 60), words.plain(data["target"], 60)),
        tone=verdict["grade"] if verdict["grade"] in GRADES else "usable",
        meaning=GRADES.get(verdict["grade"], ""),
        lead=words.sentence(verdict["sentences"][0]),
        sentences=[words.sentence(s) for s in verdict["sentences"][1:]],
        reasons=[(words.sentence(r["text"]), words.plain(r["grade"], 40)) for r in verdict["reasons"]],
        which=WHICH.get(facts["weights"]["which"], ""),
        rocs=_rocs(facts["tests"]),
        features=[(words.plain(f["column"], 60), finite(f["fall"])) for f in _features(facts)],
        love=love,
        reach=reach,
        left_out=max(0, len(facts["balance"]) - MOST_ROWS),
        line=_place(0.1, reach),
        bars=_bars(facts["weights"]),
        ends=[finite(x) for x in (facts["weights"]["edges"][0], facts["weights"]["edges"][-1])],
        curves=_curves(facts),
        classes=_classes(facts.get("label")),
        frame=FRAME,
        histogram=HISTOGRAM,
        glossary=GLOSSARY,
        command=(facts.get("settings") or {}).get("command"),
        style=Markup(style),
        policy=policy(style, ""),
    )


def write_shift(facts: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Write the page to `path`, whole or not at all; refused before anything is written if the document is none."""
    write_whole(path, shift_page(facts).encode("utf-8"))


# ---- pictures ---------------------------------------------------------------------------------------------------------------


def _rocs(tests: dict[str, Any]) -> list[tuple[str, dict[str, Any], str]]:
    """(name, test, path) of the tests that were made."""
    made = [(NAMES[name], tests[name]) for name in NAMES if tests.get(name)]
    return [
        (name, test, FRAME.line(zip(test["roc"]["source"], test["roc"]["target"], strict=True))) for name, test in made
    ]


def _features(facts: dict[str, Any]) -> Sequence[dict[str, Any]]:
    return [f for f in facts["tests"]["before"]["features"] if (finite(f["fall"]) or 0) > 0.005][:12]


def _love(rows: Sequence[dict[str, Any]]) -> tuple[list[tuple[str, dict[str, Any], float | None, float | None]], float]:
    """(name, row, place before, place after), the largest difference after weighting first; and the end of the axis."""
    size = lambda row: -abs(finite(row["smd_after"]) or 0.0)
    shown = sorted(rows, key=size)[:MOST_ROWS]
    known = [abs(x) for row in rows for x in (finite(row["smd_before"]), finite(row["smd_after"])) if x is not None]
    reach = max([0.3, *known])
    place = lambda x: None if x is None else _place(abs(x), reach)
    return [
        (words.plain(row["name"], 60), row, place(finite(row["smd_before"])), place(finite(row["smd_after"])))
        for row in shown
    ], reach


def _place(x: float, reach: float) -> float:
    return round(6 + (LOVE - 12) * x / reach, 1)


def _bars(weights: dict[str, Any]) -> list[tuple[float, float, float, float]]:
    """(x, y, width, height) of the bars of the histogram of log weights."""
    edges, counts = weights["edges"], weights["counts"]
    low, wide, most = edges[0], (edges[-1] - edges[0]) or 1.0, max([1, *counts])
    bars = []
    for a, b, count in zip(edges[:-1], edges[1:], counts, strict=True):
        left, right, top = HISTOGRAM.x((a - low) / wide), HISTOGRAM.x((b - low) / wide), HISTOGRAM.y(count / most)
        bars.append((left, top, round(right - left, 1), round(HISTOGRAM.bottom - top, 1)))
    return bars


def _curves(facts: dict[str, Any]) -> dict[str, str]:
    """Effective rows over rows, and mean |SMD| over that at power 0, along the power."""
    curve, n = facts["curve"], facts["weights"]["n"] or 1
    first = finite(curve["smd"][0]) if curve["smd"] else None
    ess = [(p, None if x is None else x / n) for p, x in zip(curve["power"], curve["ess"], strict=True)]
    smd = [
        (p, x / first if first and x is not None else None) for p, x in zip(curve["power"], curve["smd"], strict=True)
    ]
    return {"ess": FRAME.line(ess), "smd": FRAME.line(smd)}


def _classes(
    label: dict[str, Any] | None,
) -> list[tuple[str, float | None, float | None, float | None, float | None, Any]]:
    """(class, share before, share after, low, high, bar) of every class."""
    if not label:
        return []
    most = max([0.01, *(x for x in label["high"] if x is not None), *(x for x in label["before"] if x is not None)])
    out = []
    for name, before, after, low, high in zip(
        *(label[k] for k in ("classes", "before", "after", "low", "high")), strict=True
    ):
        drawn = (
            None
            if None in (before, after, low, high)
            else (plots.bar(after, low, high, most), plots.bar(before, 0, 0, most).length)
        )
        out.append((words.plain(name, 60), before, after, low, high, drawn))
    return out[:MOST_ROWS]


# ---- the door ---------------------------------------------------------------------------------------------------------------


def _check_shift(facts: Any) -> None:
    """Raise `InputError` naming the first key that is absent or of the wrong kind."""
    schema = facts.get("schema") if isinstance(facts, dict) else None
    if schema != SHIFT_SCHEMA:
        raise InputError(f"`schema` must be {SHIFT_SCHEMA!r}; got {short(schema)}. {REMEDY}")
    KIND.keys(facts, TOP, "")
    KIND.keys(facts["data"], DATA, "data.")
    KIND.keys(facts["verdict"], VERDICT, "verdict.")
    KIND.items(facts["verdict"]["sentences"], TEXT, "verdict.sentences")
    if not facts["verdict"]["sentences"]:
        raise InputError(f"`verdict.sentences` must hold at least one sentence. {REMEDY}")
    KIND.objects(facts["verdict"]["reasons"], REASON, "verdict.reasons")
    KIND.objects(facts["balance"], ROW, "balance")
    KIND.keys(facts["weights"], WEIGHTS, "weights.")
    _same_lengths(facts["weights"], ("counts",), "weights", len(facts["weights"]["edges"]) - 1)
    KIND.items(facts["weights"]["edges"], FINITE, "weights.edges")
    KIND.items(facts["weights"]["counts"], COUNT, "weights.counts")
    _same_lengths(facts["curve"], ("power", "ess", "smd"), "curve")
    for name in NAMES:
        _check_test(facts["tests"].get(name), f"tests.{name}", needed=name == "before")
    if facts.get("label") is not None:
        KIND.value(facts["label"], OBJECT, "label")
        _same_lengths(
            facts["label"], ("before", "after", "low", "high"), "label", len(facts["label"].get("classes") or ())
        )
        KIND.items(facts["label"]["classes"], SCALAR, "label.classes")


FINITE: Rule = (lambda value: finite(value) is not None, "a number")


def _check_test(found: Any, path: str, *, needed: bool) -> None:
    if found is None and not needed:
        return
    KIND.value(found, OBJECT, path)
    test: Any = found
    KIND.keys(test, TEST, f"{path}.")
    KIND.objects(test["features"], FEATURE, f"{path}.features")
    _same_lengths(test["roc"], ("source", "target"), f"{path}.roc")


def _same_lengths(found: dict[str, Any], names: tuple[str, ...], path: str, length: int | None = None) -> None:
    """The named lists exist, hold numbers or nulls, and are of one length."""
    for name in names:
        KIND.value(found.get(name), LIST, f"{path}.{name}")
        KIND.items(found[name], NUMBER, f"{path}.{name}")
        wanted = len(found[names[0]]) if length is None else length
        if len(found[name]) != wanted:
            raise InputError(f"`{path}.{name}` must hold {wanted} numbers; got {len(found[name])}. {REMEDY}")
