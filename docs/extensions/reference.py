"""The reference: one page a field, every public name on it, from its docstring by numpydoc.

The list of names is tests/public_names.txt. Nothing is written by hand but the order of the fields and a sentence for each.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from numpydoc.docscrape_sphinx import SphinxDocString

from .docstrings import as_numpydoc, inline, parts_of
from .imports import with_imports
from .papers import write_if_new
from .sources import HOME, Entry, entries

__all__ = ["FIELDS", "make_pages"]

FIELDS = {
    "upweight": (
        "Weights",
        "Make, check, tame, use and undo: the trunk that every field stands on, reached as `uw.NAME`.",
    ),
    "upweight.imbalance": ("Rare class", "Few of one kind: comparison, resamplers, ensembles, repaired classifiers."),
    "upweight.negatives": ("Too many negatives", "Keep few, choose them well, give the odds back."),
    "upweight.shift": (
        "The world moved",
        "Density ratios, balancing weights, label shift, intervals that hold on live data.",
    ),
    "upweight.ope": ("Policies", "What another policy would have earned, or why the log cannot tell."),
    "upweight.ope.rl": ("Policies: reinforcement learning", "Ratios along trajectories, in NumPy, PyTorch and JAX."),
    "upweight.montecarlo": ("Rare events and evidence", "Integrals, normalising constants and failure probabilities."),
    "upweight.torch": ("Networks (PyTorch)", "Losses, samplers, a meter, autoencoders, generators."),
    "upweight.torch.iwae": ("Networks: bounds of your own models", "Importance-weighted bounds as pure functions."),
    "upweight.torch.hf": ("Networks: transformers", "Weights in the Trainer of transformers."),
    "upweight.torch.lightning": ("Networks: Lightning", "Weights in Lightning's Trainer."),
    "upweight.keras": ("Networks (Keras)", "The same for Keras 3, smaller."),
    "upweight.plots": ("Pictures", "What `.plot()` of each result draws."),
    "upweight.arrays": ("Arrays", "Pure functions over arrays of log-weights: NumPy, PyTorch and JAX alike."),
    "upweight.stream": ("Streams", "Batches on one machine, on Spark, on Ray: for those who build on them."),
    "upweight.training": ("Training", "What the branches of PyTorch and Keras share: for those who build on them."),
}
ROLES = {
    "function": "py:function",
    "class": "py:class",
    "method": "py:method",
    "classmethod": "py:method",
    "property": "py:property",
    "field": "py:attribute",
    "data": "py:data",
}
PUBLIC = set((HOME / "tests" / "public_names.txt").read_text().split())
CONFIG = {"show_class_members": False, "attributes_as_param_list": True}


def make_pages(app: Any) -> None:
    """Called by Sphinx before it reads."""
    folder = HOME / "docs" / "reference"
    folder.mkdir(exist_ok=True)
    pages = dict(_pages())
    for old in set(folder.glob("*.rst")) - {folder / name for name in pages}:
        old.unlink()
    for name, text in pages.items():
        write_if_new(folder / name, text)


def _pages() -> Iterator[tuple[str, str]]:
    every = entries()
    homes: dict[str, list[Entry]] = {}
    owners = {e.name for e in every if e.kind == "class"}
    for entry in every:
        home = entry.name.rsplit(".", 1)[0]
        home = home.rsplit(".", 1)[0] if home in owners else home
        homes.setdefault(home, []).append(entry)
    fields = [name for name in FIELDS if name in homes] + sorted(set(homes) - set(FIELDS))
    yield "index.rst", "\n".join(_index(fields, homes))
    for name in fields:
        yield f"{name}.rst", "\n".join(_page(name, homes[name], owners))


def _title(name: str) -> tuple[str, str]:
    return FIELDS.get(name, (name, ""))


def _import(name: str) -> str:
    """What a reader types to have the names of a page."""
    return f"``import {name}{' as uw' if name == 'upweight' else ''}``"


def _index(fields: list[str], homes: dict[str, list[Entry]]) -> Iterator[str]:
    yield from ("Reference", "=" * 9, "")
    count = sum(len(found) for found in homes.values())
    yield f"Every public name, {count:,} of them, from its docstring; one page a field. Examples on these pages are run by the tests."
    yield from ("", ".. list-table::", "   :widths: 30 70", "")
    for name in fields:
        title, what = _title(name)
        yield f"   * - :doc:`{title} <{name}>`"
        yield f"     - {inline(what)} {_import(name)}"
    yield from ("", ".. toctree::", "   :hidden:", "", *(f"   {_title(n)[0]} <{n}>" for n in fields), "")


def _page(name: str, found: list[Entry], owners: set[str]) -> Iterator[str]:
    title, what = _title(name)
    yield from (title, "=" * len(title), "", f"{inline(what)} {_import(name)}", "")
    tops = [e for e in found if e.name.rsplit(".", 1)[0] not in owners]
    for kind, heading in (
        ("class", "Classes"),
        ("function", "Functions"),
        ("data", "Constants"),
        ("module", "Modules"),
    ):
        some = [e for e in tops if e.kind == kind]
        if some:
            yield from _table(heading, some)
    yield from (f".. py:module:: {name}" if name != "upweight" else ".. py:module:: upweight", "")
    for kind, heading in (("function", "The functions"), ("class", "The classes"), ("data", "The constants")):
        some = [e for e in tops if e.kind == kind]
        if some:
            yield from (heading, "-" * len(heading), "")
        for entry in some:
            yield from _full(entry, "")
            for member in (e for e in found if e.name.rsplit(".", 1)[0] == entry.name and kind == "class"):
                yield from _full(member, "   ")


def _table(heading: str, some: list[Entry]) -> Iterator[str]:
    """Names with a short signature and the first sentence."""
    yield from (heading, "-" * len(heading), "", ".. list-table::", "   :widths: 38 62", "   :class: names", "")
    for entry in some:
        target = (
            f":doc:`{entry.short} <{entry.name}>`"
            if entry.kind == "module"
            else f":py:obj:`{entry.short} <{entry.name}>`"
        )
        yield f"   * - {target}"
        yield f"     - {inline(_first_sentence(entry.doc))}"
    yield ""


def _first_sentence(doc: str) -> str:
    text = parts_of(doc).summary
    end = text.find(". ")
    return text[: end + 1] if end > 0 else text


def _full(entry: Entry, indent: str) -> Iterator[str]:
    """A directive with the docstring inside."""
    shown = f"{entry.name.removeprefix(entry.name.rsplit('.', 2 if indent else 1)[0] + '.')}{entry.signature()}"
    yield f"{indent}.. {ROLES[entry.kind]}:: {shown.split('.', 1)[1] if indent else shown}"
    if entry.kind == "classmethod":
        yield f"{indent}   :classmethod:"
    yield ""
    for line in _body(entry):
        yield f"{indent}   {line}" if line.strip() else ""
    yield ""


def _body(entry: Entry) -> list[str]:
    if entry.kind in ("field", "data"):
        return [inline(entry.doc)]
    parts = parts_of(entry.doc, class_doc=entry.kind == "class")
    parts.examples = with_imports(parts.examples, _home(entry.name), PUBLIC)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a section that numpydoc does not know ends the build
        return str(SphinxDocString("\n".join(as_numpydoc(parts)), config=CONFIG)).split("\n")


def _home(name: str) -> str:
    """The module that a public name, or a member of a public class, is imported from."""
    home = name.rsplit(".", 1)[0]
    return home.rsplit(".", 1)[0] if home in PUBLIC and home.rsplit(".", 1)[1][0].isupper() else home
