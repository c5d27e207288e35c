"""The page itself: the verdict first, then the table, the threshold, the probabilities, the words and the data.

A report travels: by mail, into a wiki, onto a phone, onto paper. So it is one file that asks for nothing (no font, script,
picture or style from elsewhere), reads without JavaScript, and follows the reader's light or dark setting. And it shows text
that came with the data, from people who may not be friends. Three walls stand against that text:

1. every value passes Jinja's autoescaping; only this folder's own style and script go in raw;
2. the page's own policy (CSP) lets nothing run but that style and that script, each named by its SHA-256, and lets nothing be
   fetched; `require-trusted-types-for` refuses any script that would turn text into elements;
3. the numbers for the script stand in a data block whose `<`, `>`, `&`, U+2028 and U+2029 are escaped; it holds no text of the
   data at all.

    page(facts) -> str      the same bytes for the same document

Sources: W3C, Content Security Policy Level 3; W3C, Trusted Types; HTML Living Standard, "Restrictions for contents of script
elements".
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from . import _plots as plots
from . import _words as words
from ._facts import check, finite
from ._table import columns, every_figure, rows

__all__ = ["page"]

MOST_COLUMNS = 300  # of the data, listed one by one
MOST_CLASSES = 12
MOST_DRIVERS = 12


def page(facts: dict[str, Any]) -> str:
    """Render an `upweight.compare/1` document as one self-contained HTML page; it changes no estimate.

    Parameters
    ----------
    facts : dict
        The document as `json.load` gives it: shares and probabilities in 0..1, alerts, costs and the counts of the
        `operating` curves per 1,000 rows, differences in the unit of what is compared. Numbers may be null.

    Returns
    -------
    str, the HTML, to be encoded as UTF-8. The same document gives the same bytes.

    Raises
    ------
    InputError
        The schema is another one, or a key is missing or of the wrong kind; the message names it.

    Costs:  nothing is estimated here. Figures are rounded for the eye; the document keeps them whole.

    >>> from upweight.report._facts import ROW
    >>> row = dict.fromkeys(ROW) | {"name": "threshold", "ap": 0.9137, "recall": 0.93}
    >>> facts = {"schema": "upweight.compare/1", "settings": {}, "rows": [row], "curves": {}, "complete": True,
    ...          "verdict": {"code": "move_threshold", "grade": "good", "reasons": [], "sentences": ["Move it."]},
    ...          "data": {"name": "demo:digits", "target": "eight", "positive": "<b>True", "rows": 1797, "columns": 64,
    ...                   "classes": [False, True], "counts": [1623, 174], "prevalence": 0.0968, "fingerprint": "f00",
    ...                   "preprocessing": []}, "versions": {}, "timing": {}}
    >>> html = page(facts)
    >>> "0.914" in html, "93.0" in html, "<b>True" in html
    (True, True, False)
    """
    check(facts)
    style, script = source("report.css"), source("report.js")
    view = _context(facts)
    return ROOMS.get_template("report.html.j2").render(
        view,
        style=Markup(style),
        script=Markup(script),
        policy=policy(style, script),
        embedded=embedded(view["bench"]["numbers"] if view["bench"] else None),
    )


def source(name: str) -> str:
    """A style or script of this folder, with the line ends that a browser will hash."""
    assert ROOMS.loader is not None
    return ROOMS.loader.get_source(ROOMS, name)[0].replace("\r\n", "\n")


def policy(style: str, script: str) -> str:
    """Nothing is fetched; nothing runs but this style and this script."""
    name = lambda text: "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
    return (
        f"default-src 'none'; script-src {name(script)}; style-src {name(style)}; img-src data:; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def embedded(value: Any) -> Markup:
    """JSON that cannot end its `<script>` element, nor break a line of JavaScript.

    >>> print(embedded("</script>&\\u2028"))
    "\\u003c/script\\u003e\\u0026\\u2028"
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))  # ASCII: U+2028 and U+2029 come escaped
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _with_flags(text: str) -> Markup:
    """Text, escaped, whose options of the command line do not break at a line's end: `--learner boosting` is one thing to copy.

    >>> print(_with_flags("say --cost <b>"))
    say <span class="flag">--cost</span> &lt;b&gt;
    """
    return Markup(re.sub(r"--[a-z][a-z-]*", r'<span class="flag">\g<0></span>', str(escape(text))))


def _context(facts: dict[str, Any]) -> dict[str, Any]:
    data, shown = facts["data"], rows(facts)
    chosen = next((row for row in shown if row.chosen), shown[0])
    return {
        "title": title(data),
        "data": data,
        "classes": [(words.plain(c, 60), n) for c, n in zip(data["classes"], data["counts"], strict=True)],
        "most_classes": MOST_CLASSES,
        "positives": positives(data),
        "positive_class": positive_class(data),
        "verdict": verdict(facts),
        "chosen": chosen,
        "untouched": next((row for row in shown if row.name == "none" and not row.error), None),
        "rows": shown,
        "columns": columns(facts["rows"]),
        "every": every_figure(facts["rows"]),
        "reach": plots.reach(b for row in facts["rows"] for b in (finite(row["ap_low"]), finite(row["ap_high"])) if b),
        "pr": pictures(facts, shown, "pr"),
        "reliability": pictures(facts, shown, "calibration"),
        "bench": bench(facts, shown, chosen),
        "drivers": drivers(facts.get("importance") or []),
        "preparation": preparation(data["preprocessing"]),
        "settings": settings(facts["settings"]),
        "command": facts["settings"].get("command"),
        "versions": facts["versions"],
        "seconds": finite(facts["timing"].get("seconds")),
        "complete": facts["complete"],
        "glossary": words.GLOSSARY,
        "plots": plots,
    }


def title(data: dict[str, Any]) -> str:
    target = words.plain(data["target"], 60) or "the target"
    if data["positive"] is not None and len(data["classes"]) <= 2:
        target += f" = {words.plain(data['positive'], 60)}"
    place = re.split(r"[/\\]", data["name"].rstrip("/\\"))[-1] if data["name"] else ""  # of a path the last part
    return f"{target} in {words.plain(place, 60)}" if place else target


def positives(data: dict[str, Any]) -> float | None:
    """The count of the class that is looked for."""
    place = positive_class(data)
    return None if place is None else data["counts"][place]


def positive_class(data: dict[str, Any]) -> int | None:
    """Its place among the classes; None where no one class is looked for."""
    return next((i for i, c in enumerate(data["classes"]) if str(c) == str(data["positive"])), None)


def verdict(facts: dict[str, Any]) -> dict[str, Any]:
    found = facts["verdict"]
    code, grade = found["code"], found["grade"]
    stopped, sentences = words.split_banner([words.sentence(s) for s in found["sentences"]], code)
    return {
        "code": code,
        "grade": words.plain(grade, 40),
        "tone": grade if grade in words.GRADES else "usable",
        "meaning": words.grade(grade, facts["data"]["counts"], found["reasons"]),
        "stopped": stopped,
        "sentences": words.headline(sentences or [words.plain(code, 200)]),
        "reasons": [words.REASONS.get(r, (words.plain(r, 80), "")) for r in found["reasons"]],
    }


@dataclass(frozen=True)
class Driver:
    """A column, the AP lost without it with its interval, and the bar that shows it."""

    name: str
    drop: float
    low: float
    high: float
    bar: plots.IconBar


@dataclass(frozen=True)
class PagePicture:
    """One row in a picture; `index` ties it to the table and to the script."""

    index: int
    name: str
    row: Any
    curves: dict[str, Any]


def pictures(facts: dict[str, Any], shown: list[Any], key: str) -> list[PagePicture]:
    """The rows that have this curve, in the order of the table."""
    found = ((row, facts["curves"].get(row.raw["name"]) or {}) for row in shown)
    return [PagePicture(row.index, row.name, row, curves) for row, curves in found if curves.get(key)]


def bench(facts: dict[str, Any], shown: list[Any], chosen: Any) -> dict[str, Any] | None:
    """Everything the threshold bench starts from; None where no threshold exists (more than two classes)."""
    prevalence = finite(facts["data"]["prevalence"])
    able = [p for p in pictures(facts, shown, "operating") if p.curves["operating"]["threshold"]]
    if not able or prevalence is None or not 0 < prevalence < 1 or len(facts["data"]["classes"]) > 2:
        return None
    start = next((p for p in able if p.index == chosen.index), able[0])
    false_alarm, miss, given = prices(facts["settings"].get("cost"), prevalence)
    step = _first_step(start, prevalence)
    counts = plots.at(start.curves["operating"], step, prevalence)
    return {
        "rows": able,
        "start": start,
        "step": step,
        "threshold": start.curves["operating"]["threshold"][step],
        "counts": counts,
        "apart": _far_apart(counts.alerts, finite(start.row.raw["alerts"])),
        "false_alarm": false_alarm,
        "miss": miss,
        "cost_given": given,
        "icons": plots.icons(counts),
        "numbers": numbers(able, prevalence),
    }


def prices(cost: Any, prevalence: float) -> tuple[float, float, bool]:
    """(a false alarm, a miss, was a cost given?). None given: the odds at which the share of positives is the threshold."""
    given = finite(cost)
    if given is not None and given > 0:
        return 1.0, given, True
    return 1.0, float(f"{(1 - prevalence) / prevalence:.3g}"), False


def _far_apart(here: float, table: float | None) -> bool:
    """Whether the alerts of the bench and of the table differ by more than folds and rounding explain."""
    return table is not None and abs(here - table) > max(2.0, 0.2 * max(here, table))


def _first_step(picture: PagePicture, prevalence: float) -> int:
    wanted = finite(picture.row.raw["threshold"])
    return plots.nearest(picture.curves["operating"]["threshold"], prevalence if wanted is None else wanted)


def numbers(able: list[PagePicture], prevalence: float) -> dict[str, Any]:
    """What the script needs, and no more: seven figures each, and not one word."""
    cut = lambda values: [float(f"{v:.7g}") for v in values]
    table = {}
    for picture in able:
        curve = picture.curves["operating"]
        table[str(picture.index)] = {
            "threshold": cut(curve["threshold"]),
            "caught": cut(curve["true_positives"]),
            "false": cut(curve["false_positives"]),
            "start": _first_step(picture, prevalence),
        }
    frame = plots.PR
    area = [frame.left, frame.top, frame.right, frame.bottom]
    return {"prevalence": prevalence, "rows": table, "area": area, "shapes": plots.SHAPES, "columns": plots.COLUMNS}


def drivers(found: list[dict[str, Any]]) -> list[Driver]:
    """The columns that matter most, each with its bar."""
    told = [(c, finite(c["ap_drop"]), finite(c["low"]), finite(c["high"])) for c in found]
    known = [(c, d, low, high) for c, d, low, high in told if d is not None and low is not None and high is not None]
    most = max((max(d, high) for _, d, _, high in known), default=0.0)
    if most <= 0:
        return []
    return [
        Driver(words.plain(c["column"], 60), d, low, high, plots.bar(d, low, high, most))
        for c, d, low, high in known[:MOST_DRIVERS]
    ]


def preparation(found: list[dict[str, Any]]) -> dict[str, Any]:
    """What happened to the columns, those worth a look first if there are too many to list."""
    told = [c for c in found if c["kind"] == "dropped" or finite(c["missing"]) or c["note"]]
    plainly = [c for c in found if c not in told] if len(found) > MOST_COLUMNS else []
    listed = (told + plainly)[:MOST_COLUMNS] if len(found) > MOST_COLUMNS else found
    kinds = sorted({c["kind"] for c in found})
    return {
        "listed": listed,
        "left_out": len(found) - len(listed),
        "kinds": [(words.plain(k, 40), sum(c["kind"] == k for c in found)) for k in kinds],
        "missing": sum(1 for c in found if finite(c["missing"])),
        "ours": any(c["kind"] != "as given" for c in found),
    }


def settings(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Settings as words; the methods are the table itself, the command has its own place."""
    told = {k: v for k, v in found.items() if k not in {"command", "methods", "cv"} and v is not None}
    return [(words.SETTINGS.get(k) or words.plain(k, 40), words.plain(_setting(v), 200)) for k, v in told.items()]


def _setting(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)


ROOMS = Environment(
    loader=PackageLoader("upweight.report", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ROOMS.filters |= {
    "flags": _with_flags,
    "plain": words.plain,
    "fixed": words.fixed,
    "signed": words.signed,
    "percent": words.percent,
    "figure": words.short,
    "count": words.count,
    "sortable": lambda value: "" if finite(value) is None else repr(finite(value)),
}
