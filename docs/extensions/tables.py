"""The tables of the page "Truth", made when the site is built from what lies in the repository.

    coverage   the tables of docs/intervals.md, which papers/honest-intervals prints: cells, the lowest, and every weak one
    speed      bench/measured.csv: the last run of the benches, with the peers' versions
    papers     papers/*/README.md and the claims in their expected.json

No figure is written here.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from typing import Any

from .papers import HOME, names, write_if_new

__all__ = ["make_tables"]

FOLDER = HOME / "docs" / "tables"
WEAK = 90  # percent, of a nominal 95
TABLE = re.compile(r"^### ([^\n]+): ([^\n:]+)\n\n((?:\|[^\n]*\n)+)", re.M)


def make_tables(app: Any) -> None:
    """Called by Sphinx before it reads."""
    FOLDER.mkdir(exist_ok=True)
    for name, lines in {"coverage": _coverage(), "weak": _weak(), "speed": _speed(), "papers": _papers()}.items():
        write_if_new(FOLDER / f"{name}.inc", "\n".join(lines) + "\n")


def _cells() -> Iterator[tuple[str, str, str, str, str, int]]:
    """(average, interval, family, rows, k, percent covered) of each cell in docs/intervals.md."""
    for f, how, table in TABLE.findall((HOME / "docs" / "intervals.md").read_text()):
        head, _, *rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.strip().split("\n")]
        for family, n, *covered in rows:
            for k, cell in zip(head[2:], covered, strict=True):
                if cell.strip("*").isdigit():
                    yield f, how, family, n, k, int(cell.strip("*"))


def _coverage() -> Iterator[str]:
    yield "| interval | average | cells | lowest | cells under 90 |"
    yield "|---|---|--:|--:|--:|"
    groups: dict[tuple[str, str], list[int]] = {}
    for f, how, _, _, _, covered in _cells():
        groups.setdefault((how, f), []).append(covered)
    for (how, f), found in sorted(groups.items(), key=lambda item: _order(item[0][0])):
        weak = sum(c < WEAK for c in found)
        yield f"| {how} | {f} | {len(found)} | {min(found)} % | {weak or '-'} |"


def _order(how: str) -> tuple[bool, str]:
    return how not in ("tail-adjusted", "after smooth()"), how


def _weak() -> Iterator[str]:
    yield "| interval | average | target over source | rows | tail index | covers |"
    yield "|---|---|---|--:|---|--:|"
    for f, how, family, n, k, covered in _cells():
        if covered < WEAK and not _order(how)[0]:
            yield f"| {how} | {f} | {family} | {n} | {k} | **{covered} %** |"


def _speed() -> Iterator[str]:
    yield "| what | against | times faster | wanted | bench |"
    yield "|---|---|--:|--:|---|"
    with (HOME / "bench" / "measured.csv").open() as lines:
        for row in csv.DictReader(lines):
            short = _least(row["seen"]) < _least(row["wanted"])
            seen = f"**{row['seen']}**" if short else row["seen"]
            yield f"| {row['what']} | {row['peer']} {row['version']} | {seen} | {row['wanted']} | `bench/{row['script']}` |"


def _least(text: str) -> float:
    return float(text.split(" to ")[0].replace(",", ""))


def _papers() -> Iterator[str]:
    yield "| reproduction | claims held | what falls short |"
    yield "|---|--:|---|"
    for name in names():
        text = (HOME / "papers" / name / "README.md").read_text()
        title = re.search(r"^# (.+)$", text, re.M)
        expected = HOME / "papers" / name / "expected.json"
        claims = len(json.loads(expected.read_text())) if expected.exists() else "a table"
        yield f"| [{title[1] if title else name}](papers/{name}.page) | {claims} | {_short(text)} |"


def _short(text: str) -> str:
    """What a README says falls short: its first sentence or two, up to some two hundred characters."""
    found = re.search(r"What falls short[^:]*:\s*(.+?)(?:\n\n|\Z)", text, re.S)
    if not found:
        return "-"
    sentences = re.split(r"(?<=[a-z)\d*][.;:]) ", " ".join(found[1].split()))
    out = sentences[0]
    for more in sentences[1:]:
        if len(out) + len(more) > 200:
            break
        out += " " + more
    return out.replace("|", r"\|").rstrip(";:") + ("" if out.endswith((".", "**")) else " ...")
