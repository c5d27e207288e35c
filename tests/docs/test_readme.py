"""The front page, in its order; what it shows is what its examples print, and its figures are those of the pages that it names."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text()
DOCS = ROOT / "docs"
PICTURE = DOCS / "pictures" / "report.png"
PARTS = ["Two commands", "A rare class", "From Python", "What is here", "How it is proved", "Where to go"]


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.M | re.S)


def test_what_a_stranger_reads_first_comes_first():
    assert TEXT.startswith("# upweight\nImportance weights you can trust")
    assert TEXT.index("![") < TEXT.index("## ")
    assert [title.split(":")[0] for title in re.findall(r"^## (.*)$", TEXT, re.M)] == PARTS
    assert "`.venv/bin/upweight`" in TEXT
    assert "`pip install .`" in TEXT


def test_six_lines_that_run_when_pasted_print_what_is_shown():
    (pasted,) = fenced("python")
    assert len([line for line in pasted.splitlines() if line]) == 6
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable], input=pasted, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout == fenced("text")[1]
    assert done.stderr == ""


def test_every_extra_is_named_with_its_purpose():
    declared = (ROOT / "pyproject.toml").read_text().split("[project.optional-dependencies]")[1].split("\n[")[0]
    extras = set(re.findall(r"^(\w+) = ", declared, re.M)) - {"dev", "docs"}
    assert extras == set(re.findall(r'"\.\[(\w+)\]"', TEXT))


def test_the_picture_is_of_the_report_and_light():
    assert PICTURE.stat().st_size < 300_000
    with Image.open(PICTURE) as picture:
        title = picture.text["Title"]
    assert title.rstrip(".").lower() in TEXT.split("](docs/pictures/report.png)")[0].lower()


@pytest.mark.slow
def test_the_picture_shows_the_heading_of_a_fresh_run(tmp_path):
    spec = importlib.util.spec_from_file_location("draw_report", ROOT / "tools" / "draw_report.py")
    draw_report = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(draw_report)
    with Image.open(PICTURE) as picture:
        assert picture.text["Title"] == draw_report.heading_of(draw_report.report_of(tmp_path).read_text())


def cells(page: str, heading: str, first: str) -> list[str]:
    """The last cells of the rows of one table that begin with `first`."""
    table = page.split(f"### {heading}\n")[1].split("\n### ")[0]
    return [row.strip("| ").split("|")[-1].strip("* ") for row in table.splitlines() if row.startswith(first)]


def test_the_coverage_is_that_of_the_tables():
    page = (DOCS / "intervals.md").read_text()
    textbook, ours = (cells(page, f"f = x: {how}", "| Pareto | 1,000 |") for how in ("sd/√ESS", "tail-adjusted"))
    assert f"hold the truth in {textbook[0]} % of the runs, ours in {ours[0]} %" in TEXT


def test_the_speed_is_that_of_its_page():
    (times,) = re.findall(r"imbalanced-learn takes \[(\d+ to \d+) times as long\]", TEXT)
    assert f"{times} times that" in (DOCS / "resampling.md").read_text()


def test_the_reproductions_are_counted():
    (count,) = re.findall(r"\[Over (\d+) reproductions\]", TEXT)
    assert len(list((ROOT / "papers").glob("*/expected.json"))) > int(count)


def test_every_link_leads_somewhere():
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", TEXT)]
    assert [link for link in links if not (ROOT / link).exists()] == []
