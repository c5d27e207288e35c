"""The files of the built site: every public name has its place, every link inside leads somewhere, and nothing is fetched from elsewhere."""

from __future__ import annotations

import functools
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href", "video": "src"}
NOT_FETCHED = {
    "canonical",
    "next",
    "prev",
    "index",
    "search",
    "author",
    "help",
}  # kinds of <link> that a browser only notes


class Page(HTMLParser):
    """The ids, links and fetched addresses of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.fetched = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids |= {given[k] for k in ("id", "name") if given.get(k)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if (address := given.get(FETCHED.get(tag, ""))) and not set((given.get("rel") or "").split()) & NOT_FETCHED:
            self.fetched.append(address)


@functools.cache
def read(path):
    return Page(path.read_text())


@pytest.fixture(scope="module")
def pages(site):
    return sorted(path for path in site.rglob("*.html") if path.name != "digits.html" and path.parent.name != "_static")


def test_every_public_name_is_in_the_reference(site):
    names = (ROOT / "tests" / "public_names.txt").read_text().split()
    ids = {i for path in (site / "reference").glob("*.html") for i in read(path).ids}
    inside = {name for name in names if (site / "reference" / f"{name}.html").exists()}  # a module is a page
    assert [name for name in names if name not in ids | inside] == []


def test_every_link_inside_the_site_leads_somewhere(site, pages):
    dead = []
    for path in pages:
        for link in read(path).links:
            where = urlsplit(link)
            if where.scheme or where.netloc:
                continue
            target = (path.parent / unquote(where.path)).resolve() if where.path else path
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(where.fragment)
            if not target.exists() or (anchor and target.suffix == ".html" and anchor not in read(target).ids):
                dead.append(f"{path.relative_to(site)}: {link}")
    assert dead == []


def test_nothing_is_fetched_from_elsewhere(site, pages):
    remote = [f"{p.relative_to(site)}: {a}" for p in pages for a in read(p).fetched if re.match(r"(?:\w+:)?//", a)]
    styles = [
        f"{p.relative_to(site)}: {a}"
        for p in site.rglob("*.css")
        for a in re.findall(r"(?:url\(|@import )[\"']?(https?:[^\"')]+)", p.read_text(errors="ignore"))
    ]
    assert remote + styles == []


def test_every_picture_says_what_it_shows(site, pages):
    bare = []
    for path in pages:
        body = path.read_text()
        bare += [
            f"{path.relative_to(site)}: {tag[:90]}"
            for tag in re.findall(r"<img [^>]*>", body)
            if not re.search(r'alt="[^"]+"', tag) and "_thumb." not in tag  # those stand in a link, beside its title
        ]
    assert bare == []


def test_the_site_has_the_parts_that_are_promised(site):
    for name in (
        "index",
        "start",
        "guide",
        "examples/index",
        "coming-from/index",
        "reference/index",
        "truth",
        "glossary",
        "design",
        "changelog",
    ):
        assert (site / f"{name}.html").exists(), name
    assert len(list((site / "examples").rglob("plot_*.html"))) >= 16
    assert len(list((site / "coming-from").glob("*.html"))) >= 11
    assert "slider" in (site / "digits.html").read_text()
