"""The pages of docs/coming-from, run whole: our blocks, and those of the other library, which tests/docs leaves alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _pages_as_tests_read_them():
    """The module tests/docs/test_pages.py: how blocks are found and run."""
    spec = importlib.util.spec_from_file_location("docs_pages", ROOT / "tests" / "docs" / "test_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def run_page(tmp_path_factory):
    """A function: name of a page -> what its blocks leave behind, each figure shown having been held against what is printed."""
    pages = _pages_as_tests_read_them()

    def run(name: str) -> dict:
        page = ROOT / "docs" / "coming-from" / f"{name}.md"
        names: dict = {"__name__": "__page__"}
        with pytest.MonkeyPatch.context() as place:
            place.chdir(tmp_path_factory.mktemp(name))
            for line, language, block in pages.blocks(page):
                if language in ("python", "python3") and ">>>" in block:
                    pages.run_session(block, names, page.name, line)
                elif language == "python":
                    exec(compile(block, f"{page}:{line}", "exec"), names)
        return names

    return run
