"""The page of pictures draws every picture that it shows, and shows every one that it draws."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "pictures.md").read_text()
SHOWN = set(re.findall(r"!\[[^\]]+\]\(pictures/([\w-]+)\.png\)", PAGE))
DRAWN = set(re.findall(r"^>>> save\(.*, \"([\w-]+)\"\)", PAGE, re.M))


def test_every_picture_of_the_page_is_drawn_by_it_and_lies_beside_it():
    assert SHOWN == DRAWN
    assert {path.stem for path in (DOCS / "pictures").glob("*.png")} >= SHOWN


def test_pictures_are_whole_and_wide_enough_to_read():
    for path in (DOCS / "pictures").glob("*.png"):
        with Image.open(path) as picture:
            picture.load()
            assert picture.width >= 450


def test_every_family_of_pictures_is_on_the_page():
    from upweight import plots

    headings = " ".join(re.findall(r"^## (.*)$", PAGE, re.M)).lower()
    assert all(name.replace("_", " ").rstrip("s") in headings for name in plots.__all__)
