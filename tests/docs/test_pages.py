"""Every example in README and docs is run: `>>>` sessions, plain Python blocks, and `$ upweight` commands.

A page is one session from top to bottom. A block that must not run is fenced as `text`, one that needs another library as `python3`, and
tests/peers/test_coming_from_*.py runs that where the library is installed; what a page needs and does not show
stands in an HTML comment that starts with `<!-- run`, anywhere, and runs first. In a console block every line
that starts with `$ upweight` runs in an empty folder and must end with exit code 0, unless the line ends in `# exits N`;
output lines shown under it must appear in its output in that order, `...` standing for anything.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "src").rglob("README.md"))]
FENCE = re.compile(r"^(?:```(\w*)[^\n]*|<!-- run)\n(.*?)^(?:```|-->)", re.M | re.S)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def blocks(page: Path):
    text = page.read_text()
    for match in sorted(FENCE.finditer(text), key=lambda m: m.group(1) is not None):
        language = "python" if match.group(1) is None else match.group(1)
        yield text[: match.start()].count("\n") + 1, language, match.group(2)


def run_session(block: str, names: dict, name: str, line: int) -> None:
    test = doctest.DocTestParser().get_doctest(block, names, name, name, line)
    out: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(test, out=out.append, clear_globs=False)
    names.update(test.globs)
    assert runner.failures == 0, "".join(out)


def run_console(block: str, folder: Path) -> None:
    command, shown = None, []

    def finish():
        if command is None:
            return
        call, _, exits = command.partition("# exits ")
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "COLUMNS": "120", "NO_COLOR": "1"}
        words = shlex.split(call)
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == int(exits or 0), f"{call}\n{done.stdout}{done.stderr}"
        seen = " ".join((done.stderr + "\n" + done.stdout).split())
        wanted = [re.escape(" ".join(s.split())).replace(r"\.\.\.", ".*?") for s in shown if s.strip()]
        assert re.search(".*?".join(wanted), seen, re.S), f"{call}\nprinted\n{done.stdout}{done.stderr}"

    for row in block.splitlines():
        if row.startswith("$ "):
            finish()
            command, shown = (row[2:], []) if row.startswith("$ upweight") else (None, [])
        else:
            shown.append(row)
    finish()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_example_runs_and_prints_what_the_page_shows(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "__page__"}
    for line, language, block in blocks(page):
        if language in ("python", "pycon", "py"):
            if ">>>" in block:
                run_session(block, names, str(page.relative_to(ROOT)), line)
            else:
                exec(compile(block, f"{page}:{line}", "exec"), names)
        elif language == "console":
            run_console(block, tmp_path)
    assert all(language for _, language, _ in blocks(page)), f"{page.name}: every fence names its language"


def test_a_wrong_example_would_be_noticed(tmp_path):
    with pytest.raises(AssertionError):
        run_session(">>> 1 + 1\n3\n", {}, "wrong", 1)
    with pytest.raises(AssertionError):
        run_console("$ upweight --version\n9.9.9\n", tmp_path)
