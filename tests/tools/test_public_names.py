"""The list of public names: complete, and no name leaves it untold."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "public_names.py"


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """The script as a module, on a list and a changelog that may be written to."""
    spec = importlib.util.spec_from_file_location("public_names", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lines = module.LIST.read_text()
    monkeypatch.setattr(module, "LIST", tmp_path / "names.txt")
    monkeypatch.setattr(module, "HOME", tmp_path)
    module.LIST.write_text(lines)
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n")
    return module


def test_no_public_name_is_gone_or_unlisted(tool, capsys):
    assert (tool.main([]), capsys.readouterr().out) == (0, "")


def test_a_name_that_is_gone_fails_until_the_changelog_tells_it_with_the_version(tool, capsys):
    renamed = "upweight.Weights.was_here"
    tool.LIST.write_text(f"{tool.LIST.read_text()}{renamed}\n")
    for argv in ([], ["--write"]):
        assert tool.main(argv) == 1
        assert f"{renamed} is gone" in capsys.readouterr().out
    assert renamed in tool.LIST.read_text()
    (tool.HOME / "CHANGELOG.md").write_text(f"- Removed `{renamed}`.\n")
    assert tool.main([]) == 1, "without a version"
    (tool.HOME / "CHANGELOG.md").write_text(f"- Removed in 0.2.0: `{renamed}`; use another.\n")
    assert tool.main(["--write"]) == 0
    assert renamed not in tool.LIST.read_text()


def test_a_new_name_fails_until_it_is_listed(tool, capsys):
    names = tool.LIST.read_text().split()
    tool.LIST.write_text("\n".join(n for n in names if n != "upweight.ratio") + "\n")
    assert tool.main([]) == 1
    assert capsys.readouterr().out == "upweight.ratio is new: python tools/public_names.py --write\n"
    assert tool.main(["--write"]) == 0
    assert tool.LIST.read_text().split() == names


def test_what_is_read_from_the_text_is_what_python_finds(tool):
    import upweight

    names = set(tool.LIST.read_text().split())
    assert {f"upweight.{n}" for n in upweight.__all__} <= names
    for kind in (upweight.Weights, upweight.Estimate, upweight.Balance):
        public = {n for n, _ in inspect.getmembers(kind) if not n.startswith("_")}
        fields = set(getattr(kind, "__dataclass_fields__", {}))
        listed = {n.rsplit(".", 1)[1] for n in names if n.startswith(f"upweight.{kind.__name__}.")}
        assert public <= listed, public - listed
        assert listed <= public | {f for f in fields if not f.startswith("_")}
    assert "upweight" in sys.modules
