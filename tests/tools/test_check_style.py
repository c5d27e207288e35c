"""The counts of the house style see what they are there to see."""

import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def style(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    yield importlib.import_module("check_style")
    sys.modules.pop("check_style", None)


def at(name):
    return ROOT / "src" / "upweight" / name


def test_two_classes_of_one_name_are_named_with_their_files(style):
    texts = {
        at("a.py"): "class Tally: ...\n",
        at("b.py"): "class Tally: ...\nclass Scores: ...\n",
        at("c.py"): "class Scores: ...\n",
    }
    assert style.named_twice(texts) == ["Tally: a class in src/upweight/a.py and in src/upweight/b.py"]


def test_a_function_that_only_its_file_names_is_private(style):
    texts = {at("a.py"): "def alone_in_here():\n    return 1\n\ndef shared_with_b():\n    return alone_in_here()\n"}
    texts[at("b.py")] = "from ._a import shared_with_b, _hidden\n"
    assert [line.split(": ", 2)[2] for line in style.misnamed(texts)] == [
        "nothing but this file names alone_in_here: begin it with an underscore",
        "_hidden is private to its file",
    ]


def test_what_templates_name_is_public(style):
    drawn = "pr_curve"
    assert list(style.misnamed({at("report/_plots.py"): f"def {drawn}():\n    return 1\n"})) == []
