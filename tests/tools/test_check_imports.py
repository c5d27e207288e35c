"""The rule of imports sees what it is there to see: each breach in a small house of its own."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def rule(monkeypatch, tmp_path):
    """The script, looking at an empty house; `write` puts files into it."""
    monkeypatch.syspath_prepend(str(TOOLS))
    module = importlib.import_module("check_imports")
    house = tmp_path / "src" / "upweight"
    house.mkdir(parents=True)
    (house / "__init__.py").write_text("")
    monkeypatch.setattr(module, "SRC", house)
    yield module
    for name in ("check_imports", "house"):
        sys.modules.pop(name, None)


def breaches(rule, files, capsys):
    for name, text in files.items():
        path = rule.SRC / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not (path.parent / "__init__.py").exists():
            (path.parent / "__init__.py").write_text("__all__ = []\n")
        path.write_text(text)
    code = rule.main()
    return code, capsys.readouterr().out


LISTED = {"tables/__init__.py": '__all__ = ["Table"]\n', "tables/_table.py": "class Table: ...\n"}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (LISTED | {"learners/_a.py": "from ..tables import Table\n"}, "imports: all go down"),
        (LISTED | {"learners/_a.py": "from ..tables._table import Table\n"}, "learners reaches into tables for"),
        (LISTED | {"learners/_a.py": "from ..tables import hidden\n"}, "which its __init__ does not list"),
        ({"tables/_a.py": "from ..learners import fit\n"}, "tables imports learners: imports go down only"),
        (
            {"tables/_a.py": "def f():\n    from ..learners import fit\n"},
            "tables imports learners: imports go down only",
        ),
        ({"imbalance/x.py": "from ..shift import ratio\n"}, "imbalance imports shift: branches never meet"),
        (
            {"imbalance/resamplers/_a.py": "from ..comparison import compare\n"},
            "imports imbalance.comparison: imports go down only, inside a branch too",
        ),
        ({"_check/_a.py": "import scipy\n"}, "the trunk (_check) imports scipy at the top"),
        ({"_check/_a.py": "def f():\n    import sklearn\n"}, "the trunk (_check) imports sklearn; it lives on NumPy"),
        ({"report/_a.py": "import matplotlib\n"}, "matplotlib is imported in report; its home is ['plots']"),
        ({"misplaced/_a.py": "x = 1\n"}, "`misplaced` has no floor"),
        ({"work/_a.py": "import upweight.tables\n"}, "imports inside the package are relative"),
        (
            {"work/_a.py": "from ._b import b\n", "work/_b.py": "def b():\n    from ._a import a\n"},
            "a circle of modules: work._a, work._b",
        ),
    ],
)
def test_each_breach_is_named(rule, files, words, capsys):
    code, out = breaches(rule, files, capsys)
    assert words in out
    assert code == (not words.startswith("imports: all"))


def test_imports_for_type_checkers_and_doors_are_free(rule, capsys):
    files = {
        "_weights/_w.py": "if TYPE_CHECKING:\n    from .._check import Verdict\n\ndef check():\n    from .._check import check\n",
        "_check/__init__.py": 'from ._c import check\n\n__all__ = ["check"]\n',
        "_check/_c.py": "from .._weights import Weights\ncheck = 1\n",
        "_weights/__init__.py": 'from ._w import Weights\n\n__all__ = ["Weights"]\n',
    }
    assert breaches(rule, files, capsys)[0] == 0


def test_a_door_is_a_listed_method_and_not_a_room(rule, capsys):
    files = {
        "_weights/_w.py": "def ess():\n    from .._check import check\n",
        "_check/__init__.py": 'from ._c import check\n\n__all__ = ["check"]\n',
        "_check/_c.py": "check = 1\n",
    }
    code, out = breaches(rule, files, capsys)
    assert code == 1
    assert "_weights imports _check: imports go down only" in out
