"""docs/coming-from-imbalanced-learn.md against the installed package: nothing of theirs is missing, and what is ours exists.

A row of a table whose first cell names a class or function must name each of its arguments in code marks, unless the table of
shared arguments does. Every `im.` in code marks or in a code block is looked up, and its keywords are those of the signature.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from pathlib import Path

import pytest

import upweight as uw
import upweight.imbalance as im

PAGE = Path(__file__).resolve().parents[2] / "docs" / "coming-from-imbalanced-learn.md"
TEXT = PAGE.read_text()
ROOMS = (
    "over_sampling", "under_sampling", "combine", "ensemble", "pipeline", "metrics", "metrics.pairwise", "tensorflow", "keras",
    "datasets", "model_selection", "utils", "exceptions", "base",
)  # fmt: skip
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("|---")]
CODE = re.compile(r"`([^`]+)`")


def theirs():
    """(name, object) of every public class and function of imbalanced-learn."""
    found = {"FunctionSampler": importlib.import_module("imblearn").FunctionSampler}
    for room in ROOMS:
        module = importlib.import_module(f"imblearn.{room}")
        names = getattr(module, "__all__", [n for n in dir(module) if not n.startswith("_")])
        inside = "imblearn" if hasattr(module, "__all__") else module.__name__
        for name in names:
            thing = getattr(module, name)
            if callable(thing) and thing.__module__.startswith(inside):
                found[name] = thing
    return sorted(found.items())


def row_of(name):
    """The table row whose first cell has the name in code marks."""
    rows = [row for row in ROWS if name in CODE.findall(row.split("|")[1])]
    assert len(rows) == 1, f"{name}: {len(rows)} rows of the page's tables begin with it"
    return rows[0]


def shared_arguments():
    table = TEXT.split("## Arguments that many classes share")[1].split("\n\n| `sampling_strategy=`")[0]
    return {name for row in table.splitlines() if row.startswith("| `") for name in CODE.findall(row.split("|")[1])}


def arguments(thing):
    kinds = (inspect.Parameter.VAR_KEYWORD,)
    return [n for n, p in inspect.signature(thing).parameters.items() if p.kind not in kinds and n != "self"]


def test_the_package_is_the_one_the_page_names():
    version = importlib.import_module("imblearn").__version__
    assert f"imbalanced-learn {'.'.join(version.split('.')[:2])}" in TEXT
    assert len(theirs()) > 45


@pytest.mark.parametrize(("name", "thing"), theirs(), ids=[name for name, _ in theirs()])
def test_every_class_and_every_argument_is_on_the_page(name, thing):
    named = {word for code in CODE.findall(row_of(name)) for word in re.findall(r"\w+", code)}
    missing = set(arguments(thing)) - named - shared_arguments()
    assert not missing, f"{name}: {sorted(missing)}"


def calls_of_ours():
    """Every piece of Python on the page that mentions `im.` or `uw.`: in code marks, and in blocks."""
    blocks = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)
    sources = [
        re.sub(r"^(>>>|\.\.\.) ?", "", "\n".join(x for x in b.splitlines() if x[:3] in (">>>", "...")), flags=re.M)
        for b in blocks
    ]
    return sources + [
        code
        for code in CODE.findall(re.sub(r"^```.*?^```", "", TEXT, flags=re.M | re.S))
        if "im." in code or "uw." in code
    ]


def looked_up(tree):
    """(name, keywords) of every attribute of `im` or `uw`, keywords where it is called."""
    called = {id(n.func): [k.arg for k in n.keywords] for n in ast.walk(tree) if isinstance(n, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("im", "uw"):
            yield node.value.id, node.attr, called.get(id(node), [])


def breaches(source):
    found = []
    for home, name, keywords in looked_up(ast.parse(textwrap.dedent(source))):
        thing = getattr({"im": im, "uw": uw}[home], name, None)
        if thing is None:
            found.append(f"{home}.{name} does not exist")
        elif strange := set(keywords) - set(inspect.signature(thing).parameters) if keywords else set():
            found.append(f"{home}.{name} takes no {sorted(strange)}")
    return found


def test_everything_of_ours_on_the_page_exists():
    sources = calls_of_ours()
    assert len(sources) > 50
    assert [b for source in sources for b in breaches(source)] == []


def test_a_name_or_keyword_that_is_not_ours_would_be_noticed():
    assert breaches("im.Smoat(k=5)") == ["im.Smoat does not exist"]
    assert breaches("im.SMOTE(neighbors=5)") == ["im.SMOTE takes no ['neighbors']"]


def test_every_public_name_of_ours_that_resamples_or_bags_is_on_the_page():
    ours = [n for n in im.__all__ if hasattr(getattr(im, n), "resample") or hasattr(getattr(im, n), "fit")]
    named = {name for source in calls_of_ours() for _, name, _ in looked_up(ast.parse(textwrap.dedent(source)))}
    assert set(ours) - named - {"Adopted"} == set()


def test_every_figure_in_brackets_leads_to_a_section():
    asked = {int(n) for row in ROWS for n in re.findall(r"\[(\d+)\](?!\()", row)}
    assert asked
    assert asked <= {int(n) for n in re.findall(r"^\*\*\[(\d+)\]\*\*", TEXT, re.M)}
