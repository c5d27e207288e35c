"""upweight rare: what is said, written and refused; literals only, demos, journal, and its page."""

import json
import re

import pytest

from upweight.cli import main
from upweight.report import rare_page

BEAM = ("--input", "R=lognorm(0.1, scale=300)", "--input", "S=gumbel_r(150, 12)")


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run a command in a folder that holds beam.py; gives (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "beam.py").write_text('def g(x):\n    return x["R"] - x["S"]\n\n\nlimit = 3\n')

    def call(*args):
        with pytest.raises(SystemExit) as done:
            main([str(a) for a in args])
        out, err = capsys.readouterr()
        return done.value.code or 0, out, err

    return call


def test_a_demo_answers_and_its_document_becomes_a_page(run, tmp_path):
    code, out, err = run("rare", "demo:four-branch", "--rng", "0", "--json", "out.json")
    assert code == 0
    assert out.startswith("converged: P(g <= 0) = 0.002")
    assert "The truth, by quadrature, is 0.002222795." in out
    assert err == "wrote out.json\n"
    assert run("report", "out.json", "-o", "p.html")[0] == 0
    page = (tmp_path / "p.html").read_text()
    assert "The search" in page
    assert "failing points, axes from" in page
    assert page == rare_page(json.loads((tmp_path / "out.json").read_text()))


def test_the_needle_names_the_limit(run):
    code, out, _ = run("rare", "demo:needle", "--strict", "--budget", "12000")
    assert code in (0, 1)
    assert code == (0 if out.startswith("converged") else 1)
    assert "A region that no call ever hit leaves no trace" in out


def test_a_function_of_a_module_in_the_folder(run):
    code, out, _ = run("rare", "beam:g", *BEAM)
    assert code == 0
    assert "nearest    R = 2" in out
    code, rows, _ = run("rare", "beam:g", *BEAM, "--rows", "--journal", "run.uwj", "--json")
    facts = json.loads(rows)
    assert code == 0
    assert "\n".join(facts["screen"]) == out.rstrip("\n")
    assert facts["settings"]["rng"] == 0
    assert run("rare", "beam:g", *BEAM, "--journal", "run.uwj")[1] == out
    code, _, err = run("rare", "beam:g", *BEAM, "--journal", "run.uwj", "--rng", "1")
    assert code == 2
    assert "rng '0' there, '1' here" in err


def test_correlations_come_from_a_file(run, tmp_path):
    normal = ("--input", "R=norm(4, 1)", "--input", "S=norm(2, 1)")
    (tmp_path / "c.csv").write_text("1, 0.5\n0.5, 1\n")
    _, out, _ = run("rare", "beam:g", *normal, "--correlation", "c.csv")
    assert "beta 2.0" in out or "beta 1.9" in out
    for text, said in (
        ("1,x\nx,1\n", "numbers only"),
        ("1,0\n", "as many columns as rows"),
        ("1,2\n2,1", "between -1 and 1"),
    ):
        (tmp_path / "c.csv").write_text(text)
        code, _, err = run("rare", "beam:g", *normal, "--correlation", "c.csv")
        assert code == 2
        assert said in err
    assert run("rare", "beam:g", *normal, "--correlation", "none.csv")[0] == 2


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("beam:g", "--input", "R=nrom(0,1)"), "no distribution 'nrom'. Did you mean norm"),
        (("beam:g", "--input", "R=norm(__import__('os'))"), "is no number"),
        (("beam:g", "--input", "R=norm('a')"), "'a' is no number"),
        (("beam:g", "--input", "R=norm(*[1])"), "is no number"),
        (("beam:g", "--input", "R=norm(**{})"), "'**' stands for nothing"),
        (("beam:g", "--input", "R=norm"), "no distribution with its numbers"),
        (("beam:g", "--input", "R=stats.norm(1)"), "no distribution with its numbers"),
        (("beam:g", "--input", "R=norm(1"), "is no distribution"),
        (("beam:g", "--input", "norm(1)"), "no name before '='"),
        (("beam:g", "--input", "R=norm(1, 2, 3, 4)"), "Look at the parameters of scipy.stats.norm"),
        (("beam:g", "--input", "R=norm(0, -1)"), "finite parameters"),
        (("beam:g", "--input", "R=norm()", "--input", "R=norm()"), "R is given twice"),
        (("beam:g",), "no input is random"),
        (("beam", "--input", "R=norm()"), "Write MODULE:FUNCTION"),
        (("baem:g", "--input", "R=norm()"), "there is no module 'baem'. Did you mean 'beam'?"),
        (("beam:limit", "--input", "R=norm()"), "beam has no function 'limit'. Known: g."),
        (("demo:beem",), "no demo 'beem'. Did you mean 'beam'?"),
        (("demo:beam", "--input", "R=norm()"), "has inputs of its own"),
        (("demo:beam", "--budget", "10"), "at least 2,000 calls for 2 inputs; got 10"),
        (("demo:beam", "--json", "no/out.json"), "there is no folder 'no'"),
        (("demo:beam", "--journal", "a", "--json", "a"), "that is the journal"),
    ],
)
def test_what_cannot_be_is_told_on_one_line(run, args, said):
    code, out, err = run("rare", *args)
    assert code == 2
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


SOLVER = """
import numpy as np

def g(x):
    if np.any(x["R"] > 330):
        raise RuntimeError("mesh failed\\nat a corner")
    return x["R"] - x["S"]
"""


def test_what_the_function_raises_is_one_line_with_its_inputs_and_what_is_kept(run, tmp_path):
    """It was a traceback of sixty lines, and exit code 1, that of --strict."""
    (tmp_path / "solver.py").write_text(SOLVER)
    code, out, err = run("rare", "solver:g", *BEAM)
    assert (code, out) == (2, "")
    assert err.startswith(
        "upweight: solver:g raised RuntimeError: mesh failed at a corner; in g (solver.py, line 6), by g on 500 rows, the first: R="
    )
    assert err.endswith("no call is kept: --journal FILE keeps them. Mend it and run again.\n")
    code, _, err = run("rare", "solver:g", *BEAM, "--rows", "--journal", "run.uwj")
    assert code == 2
    assert "in g (solver.py, line 6), at row 4: R=342.116, S=153.463; 4 calls kept in the journal. Mend it" in err
    assert err.count("\n") == 1


def test_what_we_raise_ourselves_keeps_its_traceback(run, monkeypatch):
    monkeypatch.setattr("upweight.montecarlo.rare", lambda *args, **how: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["rare", "demo:beam"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1 / 0\n", r"beem cannot be imported \(ZeroDivisionError: division by zero, beem.py line 1\). Mend it."),
        ("def g(:\n", r"beem cannot be imported \(SyntaxError: invalid syntax \(beem.py, line 1\)\). Mend it."),
    ],
)
def test_a_module_that_cannot_be_imported_is_one_line(run, tmp_path, text, said):
    (tmp_path / "beem.py").write_text(text)
    code, _, err = run("rare", "beem:g", *BEAM)
    assert code == 2
    assert re.search(said, err)
    assert err.count("\n") == 1
