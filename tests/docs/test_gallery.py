"""Every script of the gallery asks one question, draws, and ends in a conclusion that it has computed and asserted.

The text is looked at for all of them; then each runs, with warnings as errors, and what it drew and printed is looked at too. Those that take more than two
seconds of CPU are in the slow suite.
"""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

GALLERY = Path(__file__).resolve().parents[2] / "docs" / "gallery"
SCRIPTS = sorted(GALLERY.rglob("plot_*.py"))
FIELDS = sorted(path for path in GALLERY.iterdir() if path.is_dir() and not path.name.startswith("__"))
SLOW = {
    "autoencoders/plot_believed.py",
    "autoencoders/plot_collapse.py",
    "autoencoders/plot_missing.py",
    "negatives/plot_offset.py",
    "networks/plot_trace.py",
    "rare_class/plot_compare.py",
    "rare_class/plot_repair.py",
    "shift/plot_diagnosis.py",
    "weights/plot_coverage.py",
    "weights/plot_dependent_rows.py",
    "weights/plot_smoothing.py",
}
NETWORK = re.compile(r"\b(urllib|requests|fetch_|http)")


def name_of(path: Path) -> str:
    return str(path.relative_to(GALLERY))


def faults(text: str) -> list[str]:
    """What a script of the gallery lacks, by its text."""
    tree = ast.parse(text)
    question, underline, *introduction = (ast.get_docstring(tree) or "\n").split("\n")
    last = ast.unparse(tree.body[-1])
    lines = len(text.splitlines())
    held = {
        "a question as its title": question.endswith("?") and underline == "=" * len(question),
        "an introduction": len(" ".join(introduction).split()) >= 30,
        "30 to 80 lines": 30 <= lines <= 80,
        "a picture, begun and shown in one block": _shown_where_begun(text),
        "a conclusion that it prints last": last.startswith("print(") and "Conclusion: " in last,
        "computed figures in it": last.count("{") >= 2,
        "an assertion of what it concludes": any(isinstance(node, ast.Assert) for node in tree.body),
        "no network": not NETWORK.search(text),
        "seeds of its own": "np.random.seed" not in text and "default_rng()" not in text,
    }
    return [what for what, ok in held.items() if not ok]


def _shown_where_begun(text: str) -> bool:
    """The gallery takes what is drawn at the end of each block, so a picture that goes on in the next is shown unfinished."""
    begun, shown = (
        [what in block for block in re.split(r"(?m)^# %%$", text)] for what in ("plt.subplots(", "plt.show()")
    )
    return any(begun) and begun == shown


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_every_script_has_a_question_a_picture_and_a_conclusion(path):
    assert faults(path.read_text()) == []


def test_a_script_without_them_would_be_noticed():
    good = SCRIPTS[0].read_text()
    assert faults(good.replace("?\n", "!\n", 1)) == ["a question as its title"]
    assert faults(good.replace("plt.show()", "")) == ["a picture, begun and shown in one block"]
    assert faults(good.replace("plt.show()", "\n# %%\nplt.show()")) == ["a picture, begun and shown in one block"]
    assert faults(good + "print(1)\n") == ["a conclusion that it prints last", "computed figures in it"]
    assert faults(re.sub(r"(?m)^assert .*$", "", good)) == ["an assertion of what it concludes"]
    assert "30 to 80 lines" in faults(good + "\n" * 80)


def test_every_field_has_scripts_and_a_header_and_no_two_ask_the_same():
    assert len(SCRIPTS) >= 16
    assert {path.parent for path in SCRIPTS} == set(FIELDS)
    for folder in [GALLERY, *FIELDS]:
        title, underline, *rest = (folder / "GALLERY_HEADER.rst").read_text().splitlines()
        assert set(underline) <= {"=", "-"}
        assert len(underline) == len(title)
        assert any(rest)
    assert len({path.read_text().split("\n")[1] for path in SCRIPTS}) == len(SCRIPTS)
    assert {name_of(path) for path in SCRIPTS} >= SLOW


@pytest.fixture
def pictures(monkeypatch):
    """What a script shows is kept to be looked at, and closed afterwards."""
    plt.switch_backend("agg")
    monkeypatch.setattr(plt, "show", lambda: None)
    plt.close("all")
    yield lambda: [plt.figure(number) for number in plt.get_fignums()]
    plt.close("all")


@pytest.mark.parametrize(
    "path", [pytest.param(p, marks=[pytest.mark.slow] * (name_of(p) in SLOW)) for p in SCRIPTS], ids=name_of
)
def test_every_script_runs_draws_and_concludes(path, pictures, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path), run_name="__gallery__")
    drawn = pictures()
    assert len(drawn) in (1, 2)
    assert all(ax.has_data() for figure in drawn for ax in figure.axes)
    conclusion = capsys.readouterr().out.strip().splitlines()[-1]
    assert re.match(r"Conclusion: .*\d.*\.$", conclusion)
    assert "nan" not in conclusion
    assert list(tmp_path.iterdir()) == []
