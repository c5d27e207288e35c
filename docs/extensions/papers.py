"""One page a reproduction: papers/NAME/README.md as docs/papers/NAME.page, made when the site is built.

Markdown under another ending: the tests run every `.md` below docs/, and a reproduction is run by its own test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["HOME", "make_pages", "names", "write_if_new"]

HOME = Path(__file__).resolve().parents[2]
INDEX = """Papers reproduced
=================

Every family of methods is held against a published claim, the paper's figure beside ours. ``papers/NAME/run.py`` runs one; a short form
runs with the tests. Which claims hold and which do not is told on each page, and counted on :doc:`/truth`.

.. toctree::
   :maxdepth: 1

{pages}
"""


def names() -> list[str]:
    """The folders in papers/ that tell what they reproduce, by name."""
    return sorted(path.parent.name for path in (HOME / "papers").glob("*/README.md"))


def make_pages(app: Any) -> None:
    """Called by Sphinx before it reads; a page that has not changed is left alone, so that it is not read again."""
    folder = HOME / "docs" / "papers"
    folder.mkdir(exist_ok=True)
    pages = {f"{name}.page": (HOME / "papers" / name / "README.md").read_text() for name in names()}
    pages["index.rst"] = INDEX.format(pages="\n".join(f"   {name}" for name in names()))
    for old in set(folder.iterdir()) - {folder / name for name in pages}:
        old.unlink()
    for name, text in pages.items():
        write_if_new(folder / name, text)


def write_if_new(path: Path, text: str) -> None:
    """The file, written only if it says something else."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
