"""Draw the pictures of the pages anew, by running every page that saves some in a folder of its own.

    python tools/draw_pictures.py                # writes docs/pictures/*.png
    python tools/draw_pictures.py policies.md    # those of one page

Run it when a picture changes; the tests run the page as well, but leave its pictures in an empty folder.
"""

from __future__ import annotations

import contextlib
import doctest
import re
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [page for page in sorted((ROOT / "docs").glob("*.md")) if re.search(r'savefig\(f?"pictures/', page.read_text())]
PICTURES = ROOT / "docs" / "pictures"
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def main(asked: list[str]) -> int:
    failures = sum(failures_of(page) for page in PAGES if not asked or page.name in asked)
    print(f"{len(list(PICTURES.glob('*.png')))} pictures in docs/pictures")
    return bool(failures)


def failures_of(page: Path) -> int:
    """Run a page in an empty folder, and take the pictures that it drew there."""
    text = page.read_text()
    names: dict = {"__name__": "__page__"}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for hidden in re.findall(r"^<!-- run\n(.*?)^-->", text, re.M | re.S):
            exec(hidden, names)
        session = "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S))
        test = doctest.DocTestParser().get_doctest(session, names, page.name, str(page), 0)
        failures = doctest.DocTestRunner(optionflags=FLAGS).run(test).failed
        for picture in Path("pictures").glob("*.png"):
            shutil.copy(picture, PICTURES)
    return failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
