"""Draw the picture of the front page: the head of the report that `upweight compare` writes, as Chromium shows it.

    python tools/draw_report.py        # writes docs/pictures/report.png

Needs playwright and a chromium on PATH. The picture carries the report's heading as its PNG title, so that a test can hold it against a fresh run.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, PngImagePlugin
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "pictures" / "report.png"
COMMAND = [
    "compare",
    "demo:digits",
    "--target",
    "eight",
    "--methods",
    "threshold,weights,random_under,smote",
    "--cv",
    "5x1",
    "--rng",
    "0",
]
SIZE = {"width": 1000, "height": 850}
MOST = 300_000  # bytes: a front page is read on a phone


def report_of(folder: Path) -> Path:
    """The page that the command writes."""
    page = folder / "report.html"
    subprocess.run([sys.executable, "-m", "upweight", *COMMAND, "--report", str(page)], check=True, capture_output=True)
    return page


def heading_of(page: str) -> str:
    """The text of its heading, which is the verdict."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
    return " ".join(re.sub(r"<[^>]+>", "", found.group(1)).split()) if found else ""


def shown(page: Path) -> bytes:
    """Its head as Chromium draws it, in light."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        tab = chromium.new_page(viewport=SIZE, color_scheme="light")
        tab.goto(page.as_uri())
        picture = tab.screenshot()
        chromium.close()
    return picture


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        page = report_of(Path(folder))
        title = PngImagePlugin.PngInfo()
        title.add_text("Title", heading_of(page.read_text()))
        Image.open(io.BytesIO(shown(page))).convert("RGB").save(PICTURE, pnginfo=title, optimize=True)
    size = PICTURE.stat().st_size
    print(f"{PICTURE.relative_to(ROOT)}: {size:,} bytes")
    return size > MOST


if __name__ == "__main__":
    sys.exit(main())
