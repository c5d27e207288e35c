"""The built site in a headless browser: `make look` builds it and runs these, with UPWEIGHT_SITE naming the folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

collect_ignore_glob = [] if os.environ.get("UPWEIGHT_SITE") else ["*.py"]
SITE = Path(os.environ.get("UPWEIGHT_SITE", ".")).resolve()
QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")


@pytest.fixture(scope="session")
def site():
    """The folder of the built site."""
    assert (SITE / "index.html").exists(), f"{SITE} holds no site: make docs"
    return SITE


@pytest.fixture(scope="module")
def browser():
    from playwright import sync_api

    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "no chromium, chromium-browser or google-chrome on PATH"
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=found, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, site):
    """visit(page, width=, scheme=) opens a page of the site; afterwards nothing may have been complained of or fetched from elsewhere."""
    contexts, heard = [], []

    def open_page(name, width=1280, scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: heard.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(("file:", "data:", "blob:")) else heard.append(asked.url),
        )
        page.goto((site / name).as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert heard == []
