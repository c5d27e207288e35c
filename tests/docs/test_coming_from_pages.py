"""The ten pages of docs/coming-from: each has its table, its test beside the peer, and names of ours that exist."""

from __future__ import annotations

import ast
import importlib
import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "coming-from"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page.stem != "index")
NAMES = {path.stem for path in PAGES}
OTHERS = [
    page for page in PAGES if page.stem != "imbalanced-learn"
]  # which tests/docs/test_coming_from.py reads word by word
CODE = re.compile(r"`([^`]+)`")
HOMES = {"uw": "upweight", "im": "upweight.imbalance", "sh": "upweight.shift", "training": "upweight.training"}
FOREIGN_ROOT = "uw.keras"  # needs an extra that the full environment need not have


def test_all_ten_are_there_and_start_links_to_each():
    assert len(PAGES) == 10
    start = (ROOT / "docs" / "start.md").read_text()
    assert set(re.findall(r"\]\(coming-from/([\w-]+)\.md\)", start)) == NAMES


@pytest.mark.parametrize("page", OTHERS, ids=lambda p: p.stem)
def test_every_page_has_its_table_its_version_and_its_test(page):
    text = page.read_text()
    assert text.startswith("# Coming from ")
    assert "| what you write today | what you write here | what changes, and why |" in text
    assert re.search(r"Seen with\s.*?\d\.\d", text, re.S)
    assert (ROOT / "tests" / "peers" / f"test_coming_from_{page.stem.replace('-', '_')}.py").exists()
    rows = re.findall(r"^\| .*$", text, re.M)
    assert {row.count("|") - row.count("\\|") for row in rows} == {4}, "three columns"


def chains(source):
    """Every dotted name of ours in a piece of Python, as its longest attribute chain."""
    for node in ast.walk(ast.parse(textwrap.dedent(source))):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def ours_on(text):
    for code in CODE.findall(re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)):
        try:
            found = list(chains(code.replace("...", "")))
        except SyntaxError:  # a keyword or a shell command alone
            continue
        yield from (
            name for name in found if name.split(".")[0] in HOMES and re.fullmatch(r"[\w.]+", name.split("(")[0])
        )


def missing(name):
    """Whether a dotted name of ours leads to nothing; calls in the chain end the look-up."""
    first, *rest = name.split("(")[0].split(".")
    thing = importlib.import_module(HOMES[first])
    for part in rest:
        if not hasattr(thing, part):
            return True
        thing = getattr(thing, part)
    return False


@pytest.mark.parametrize("page", OTHERS, ids=lambda p: p.stem)
def test_everything_of_ours_on_the_page_exists(page):
    names = {n for n in ours_on(page.read_text()) if not n.startswith(FOREIGN_ROOT)}
    assert len(names) > 1
    assert sorted(n for n in names if missing(n)) == []


def test_a_name_that_is_not_ours_would_be_noticed():
    assert missing("uw.Weight.of")
    assert missing("im.class_weight")
    assert not missing("uw.torch.iwae.Objective")


def test_every_keras_name_on_its_page_is_one_that_the_room_lists():
    listed = (ROOT / "src" / "upweight" / "keras" / "__init__.py").read_text().split("__all__")[1]
    named = {
        n.split("(")[0].split(".")[2]
        for n in ours_on((FOLDER / "keras.md").read_text())
        if n.startswith(FOREIGN_ROOT + ".")
    }
    assert named
    assert all(f'"{name}"' in listed for name in named)
