"""Draw the pictures of docs/pictures.md anew, by running the page where it lies.

    python tools/draw_pictures.py        # writes docs/pictures/*.png

Run it when a picture changes; the tests run the page as well, but leave its pictures in an empty folder.
"""

from __future__ import annotations

import contextlib
import doctest
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "pictures.md"
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def main() -> int:
    text, names = PAGE.read_text(), {}
    with contextlib.chdir(PAGE.parent):
        for hidden in re.findall(r"^<!-- run\n(.*?)^-->", text, re.M | re.S):
            exec(hidden, names)
        session = "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S))
        test = doctest.DocTestParser().get_doctest(session, names, PAGE.name, str(PAGE), 0)
        failures = doctest.DocTestRunner(optionflags=FLAGS).run(test).failed
    print(f"{len(list((PAGE.parent / 'pictures').glob('*.png')))} pictures in docs/pictures")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
