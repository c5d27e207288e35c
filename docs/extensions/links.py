"""Links of pages to files beside `docs/` become links to the pages of the site that show those files.

A page is read in two places: in the checkout, where `../GLOSSARY.md` is a file, and on the site, where the glossary is a page. Pages
are written for the checkout; this turns their links when the site is built.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parents[2]
__all__ = ["links_into_the_site"]

ROOT_PAGES = {
    "GLOSSARY": "glossary",
    "CHANGELOG": "changelog",
    "CONTRIBUTING": "contributing",
    "README": "index",
}
LINK = re.compile(r"(?<=\]\()(?P<up>(?:\.\./)*)(?P<path>[\w./-]+\.md)(?P<anchor>#[\w-]+)?(?=\))")


def links_into_the_site(app: Any, *found: Any) -> None:
    """Called by Sphinx with (docname, [text]) of a page, or (file, docname, [text]) of what it includes."""
    text = found[-1]
    text[0] = LINK.sub(_to_page, text[0])


def _to_page(link: re.Match[str]) -> str:
    """The page of a file that lies outside of `docs/`; other links stay."""
    path, anchor = Path(link["path"]), link["anchor"] or ""
    if path.parts[0] == "docs":
        return f"/{'/'.join(path.parts[1:])}{anchor}"
    if path.name == "README.md" and len(path.parts) > 1 and (HOME / "papers" / path.parts[-2]).is_dir():
        return f"/papers/{path.parts[-2]}.page{anchor}"
    if link["up"] and len(path.parts) == 1 and path.stem in ROOT_PAGES:
        return f"/{ROOT_PAGES[path.stem]}.md{anchor}"
    return link[0]
