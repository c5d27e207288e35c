"""The docstrings of the house, read into their parts, and written as numpydoc wants them.

A docstring here is read in a terminal first: a first paragraph that says what is done to an estimate, the equation, parameters as
`name : what it is`, sometimes several a line and sometimes without a heading, Raises, Costs, Source, and an example. Sphinx reads
reStructuredText, in which half of the mathematics would be markup. So a docstring is taken apart (`parts_of`) and written anew
(`as_numpydoc`), every character that is no markup escaped; `tests/docs/test_docstrings.py` holds docstrings to the same parts.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Parts", "as_numpydoc", "inline", "parts_of"]

SECTIONS = ("Parameters", "Attributes", "Returns", "Yields", "Raises", "Warns", "Notes", "Examples", "See Also")
NAMED = ("Parameters", "Attributes", "Raises", "Warns")  # sections of entries `name : text`
NAME = r"(?:\*{0,2}[A-Za-z_]\w*(?:\(\w*\))?)"
ENTRY = re.compile(rf"^({NAME}(?:, {NAME})*) : (.*)$", re.S)
NEXT = re.compile(rf"(?<=[.;)]) (?={NAME}(?:, {NAME})* : )")
LABEL = re.compile(r"(?:^|(?<=[.;:)]) )(Costs|Source|Sources): ")
CODE = re.compile(r"``.+?``|`[^`]+`")
MATHS = re.compile(r" = |∝|<=>|=>|~ |->")


@dataclass
class Parts:
    """A docstring taken apart: prose as paragraphs, entries as (names, text), equations and examples as lines."""

    summary: str = ""
    body: list[str] = field(default_factory=list)  # paragraphs; an equation begins with a blank
    entries: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    returns: list[str] = field(default_factory=list)
    costs: list[str] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    def of(self, section: str) -> dict[str, str]:
        """Each name of a section, those that share a line apart, with its text."""
        found = {}
        for names, text in self.entries.get(section, []):
            found |= {name.strip(" *").split("(")[0]: text for name in names.split(",")}
        return found


def parts_of(doc: str | None, *, class_doc: bool = False) -> Parts:
    """A docstring as `inspect.getdoc` or the syntax tree gives it, taken apart."""
    parts = Parts()
    section = ""
    for block in _blocks(inspect.cleandoc(doc or "")):
        heading = re.match(rf"^({'|'.join(SECTIONS)})\n-+\n?", block)
        if heading:
            section, block = heading[1], block[heading.end() :]
        if block.strip():
            section = _sort(parts, block, section, class_doc)
    return parts


def _blocks(doc: str) -> list[str]:
    """Paragraphs; an example goes on over empty lines until prose comes."""
    return [block for block in re.split(r"\n[ \t]*\n", doc) if block.strip()]


def _sort(parts: Parts, block: str, section: str, class_doc: bool) -> str:
    """Put a block where it belongs; gives the section that the next block is in."""
    if block.lstrip().startswith(">>>"):
        parts.examples.append(block)
        return ""
    if not parts.summary:
        parts.summary = _joined(block)
        return ""
    if section in NAMED:
        parts.entries.setdefault(section, []).extend(_entries(block))
        return ""
    if section in ("Returns", "Yields"):
        parts.returns.append(_joined(block))
        return ""
    if _is_equation(block):
        parts.body.append(" " + block)
    elif ENTRY.match(block.split("\n")[0]):
        parts.entries.setdefault("Attributes" if class_doc else "Parameters", []).extend(_entries(block))
    else:
        _sort_prose(parts, _joined(block))
    return ""


def _sort_prose(parts: Parts, text: str) -> None:
    """Prose by its labels: Costs, Source, Raises, Returns, and what is left."""
    pieces = LABEL.split(text)
    rest = pieces[0].strip()
    if match := re.match(r"Raises ((?:\w+Error|KindError|MissingExtra|Infeasible|UpweightError)\b.*)$", rest):
        parts.entries.setdefault("Raises", []).extend(_raised(match[1]))
    elif rest.startswith("Returns "):
        parts.returns.append(rest.removeprefix("Returns "))
    elif rest:
        parts.body.append(rest)
    for label, what in zip(pieces[1::2], pieces[2::2], strict=True):
        (parts.costs if label == "Costs" else parts.source).append(what.strip())


def _raised(text: str) -> list[tuple[str, str]]:
    """`InputError if ..., KindError for ...` by exception."""
    found = re.split(r"[,;.] (?:and )?(?=(?:[A-Z]\w+Error|MissingExtra|Infeasible)\b)", text)
    split = [piece.partition(" ") for piece in found]
    return [(name.rstrip(",.:"), text) for name, _, text in split]


def _entries(block: str) -> list[tuple[str, str]]:
    """Entries of a block: a new one at each line that is not indented, and after a full stop within a line."""
    lines, found = block.split("\n"), []
    for line in lines:
        if line[:1].isspace() and found:
            found[-1] += " " + line.strip()
        elif ENTRY.match(line) or not found:
            found.append(line.strip())
        else:
            found[-1] += " " + line.strip()
    out = []
    for one in found:
        for piece in NEXT.split(one):
            match = ENTRY.match(piece)
            out.append((match[1], match[2].strip()) if match else ("", piece.strip()))
    return out


def _is_equation(block: str) -> bool:
    """Whether a block is mathematics: indented, or with a sign and without a full stop at the end."""
    lines = block.split("\n")
    if all(line.startswith("  ") for line in lines):
        return True
    ends = lines[-1].rstrip().endswith((".", ":")) or LABEL.match(block) or ENTRY.match(lines[0])
    return bool(MATHS.search(block)) and not ends and len(lines) <= 4


def _joined(block: str) -> str:
    return " ".join(line.strip() for line in block.split("\n"))


# ---- written for Sphinx ---------------------------------------------------------------------------------------------------


def inline(text: str) -> str:
    """Prose with code between backticks as literals and everything else that would be markup escaped."""
    out, last = [], 0
    for code in CODE.finditer(text):
        out += [_escaped(text[last : code.start()]), f"``{code[0].strip('`')}``"]
        last = code.end()
        if text[last : last + 1].isalnum():
            out.append("\\ ")
    return "".join([*out, _escaped(text[last:])])


def _escaped(text: str) -> str:
    return re.sub(r"([\\*|`_])", r"\\\1", text)


def as_numpydoc(parts: Parts, *, attributes: bool = False) -> list[str]:
    """Lines that numpydoc reads; attributes only where asked, since a class has an entry for each."""
    out = [inline(parts.summary), ""]
    for block in parts.body:
        out += _literal(block[1:]) if block.startswith(" ") else [inline(block), ""]
    for section in ("Parameters", "Attributes", "Returns", "Raises", "Warns"):
        if section == "Returns" and parts.returns:
            out += ["Returns", "-------", *_paragraphs(parts.returns)]
        elif section in parts.entries and (section != "Attributes" or attributes):
            out += [section, "-" * len(section), *_named(parts.entries[section])]
    if parts.costs:
        out += ["Notes", "-----", "**Costs:** " + inline(" ".join(parts.costs)), ""]
    if parts.source:
        out += ["References", "----------", inline(" ".join(parts.source)), ""]
    if parts.examples:
        out += ["Examples", "--------"]
        for example in parts.examples:
            out += [*inspect.cleandoc(example).split("\n"), ""]
    return out


def _literal(block: str) -> list[str]:
    return ["::", "", *("    " + line for line in inspect.cleandoc("\n" + block).split("\n")), ""]


def _named(entries: list[tuple[str, str]]) -> Iterator[str]:
    for names, text in entries:
        yield names.replace("*", r"\*") or "-"
        yield "    " + inline(text)
    yield ""


def _paragraphs(texts: list[str]) -> Iterator[str]:
    for text in texts:
        yield inline(text)  # numpydoc takes a line without an indented one for the type, and prints it as it is
    yield ""
