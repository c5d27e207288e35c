"""upweight ope: demos whose screens are known, files with their columns, decision logs, and what is refused with its row."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import upweight as uw
from upweight.cli import main


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*args):
        with pytest.raises(SystemExit) as done:
            main([str(a) for a in args])
        out, err = capsys.readouterr()
        return done.value.code or 0, out, err

    return call


def columns(n=400, seed=0):
    g = np.random.default_rng(seed)
    a = g.integers(2, size=n)
    r = (g.random(n) < np.where(a == 0, 0.7, 0.4)).astype(float)
    return {
        "r": r,
        "p": np.full(n, 0.5),
        "pi": np.where(a == 0, 0.9, 0.1),
        "user": np.arange(n) // 2,
        "day": np.arange(n) % 4,
    }


def write(name, table):
    if name.endswith(".parquet"):
        pq.write_table(pa.table(table), name)
    else:
        rows = zip(*(np.asarray(x).tolist() for x in table.values()), strict=True)
        text = "\n".join([",".join(table), *(",".join(map(str, row)) for row in rows)])
        with open(name, "w") as f:
            f.write(text + "\n")


def test_the_demos_print_their_screens(run):
    code, out, err = run("ope", "demo:digits")
    assert (code, err) == (0, "")
    lines = out.split("\n")
    assert lines[0] == "better: 10,000 decisions; the target earns 0.797 each, the logged policy 0.432  [demo:digits]"
    assert lines[1].endswith("day: 10 segments, none breaks the promise")
    assert lines[-2] == "  truth    0.798 and 0.429: this demo knows them"
    code, out, _ = run("ope", "demo:wrong", "--strict")
    assert code == 1
    assert "day: 5 of 10 segments break the promise: 8, 6, 7, 5, 9" in out
    assert "truth" not in out
    assert run("ope", "demo:wrong")[0] == 0
    assert "untrusted: 10,000 decisions worth 117  [demo:thin]" in run("ope", "demo:thin")[1]


@pytest.mark.parametrize("name", ["log.csv", "log.parquet"])
def test_a_file_gives_what_evaluate_gives(run, name):
    c = columns()
    write(name, c)
    code, out, err = run(
        "ope", name, "--reward", "r", "--logged", "p", "--target", "pi", "--by", "day", "--cluster", "user", "--json"
    )
    d = json.loads(out)
    e = uw.ope.evaluate(c["r"], uw.ratio(c["pi"], c["p"]), by=c["day"], cluster=c["user"])
    assert (code, err) == (0, "")
    assert d["value"]["value"] == pytest.approx(e.value.value, rel=1e-12)
    assert d["gain"]["se"] == pytest.approx(e.gain.se, rel=1e-12)
    assert (d["decision"], d["by"]["name"], d["data"]) == (e.decision, "day", name)


def test_numbers_and_logs_stand_for_columns(run):
    c = columns()
    write("log.csv", c | {"lpi": np.log(c["pi"]), "lp": np.log(c["p"])})
    args = ("--reward", "r", "--bounds", "0,1")
    as_column = run("ope", "log.csv", *args, "--logged", "p", "--target", "pi")[1]
    assert run("ope", "log.csv", *args, "--logged", "0.5", "--target", "pi")[1] == as_column
    assert run("ope", "log.csv", *args, "--logged", "lp", "--target", "lpi", "--log")[1] == as_column
    assert "certain" in as_column


def test_report_json_and_the_page_of_a_document(run, tmp_path):
    code, _, err = run("ope", "demo:digits", "--report", "a.html", "--json", "v.json")
    assert (code, err) == (0, "wrote v.json\nwrote a.html\n")
    assert run("report", "v.json", "-o", "b.html") == (0, "", "wrote b.html\n")
    page = (tmp_path / "a.html").read_text()
    assert page == (tmp_path / "b.html").read_text()
    assert "BETTER" in page
    assert page.count("<svg") == 3
    assert "<script" not in page
    assert json.loads((tmp_path / "v.json").read_text())["truth"] == pytest.approx([0.798, 0.429], abs=1e-3)


DECISIONS = [
    {"_label_cost": -1, "_label_probability": 0.8, "_label_Action": 2},
    {"_label_cost": 0, "_label_probability": 0.1, "_label_Action": 1},
    {"_label_cost": -0.5, "_label_probability": 0.1, "_label_Action": 3, "pdrop": 0.5},
    {"_label_cost": 0, "_label_probability": 0.1, "_label_Action": 3, "_skipLearn": True},
    {"_label_cost": 0, "_label_probability": 0.8, "_label_Action": 2},
]


def decisions(name, broken=None):
    lines = [
        json.dumps(d | {"EventId": str(i), "Timestamp": "2026-01-01T00:00:00Z", "a": [2, 1, 3], "p": [0.8, 0.1, 0.1]})
        for i, d in enumerate(DECISIONS)
    ]
    if broken is not None:
        lines[broken - 1] = "{broken"
    with open(name, "w") as f:
        f.write("\n".join(lines) + "\n")


def test_a_decision_log(run):
    decisions("events.dsjson")
    code, out, err = run("ope", "events.dsjson", "--target", "uniform", "--json")
    d = json.loads(out)
    assert (code, err) == (0, "left out: 1 line marked _skipLearn\n")
    assert d["logged"]["value"] == pytest.approx(0.4)
    w, k, r = np.array([0.416667, 3.333333, 3.333333, 0.416667]), np.array([1, 1, 2, 1]), np.array([1, 0, 0.5, 0])
    assert d["value"]["value"] == pytest.approx(np.average(r, weights=w * k), abs=1e-6)
    assert d["value"]["value"] == pytest.approx(0.346154, abs=1e-6)
    assert json.loads(run("ope", "events.dsjson", "--target", "greedy", "--json")[1])["value"][
        "value"
    ] == pytest.approx(0.5)


def test_a_broken_line_is_named(run):
    decisions("events.dsjson", broken=3)
    code, out, err = run("ope", "events.dsjson")
    assert (code, out) == (2, "")
    assert "events.dsjson: line 3" in err


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("log.csv",), "say --reward and --logged and --target"),
        (("log.csv", "--reward", "x", "--logged", "p", "--target", "pi"), "x"),
        (("log.csv", "--reward", "bad", "--logged", "p", "--target", "pi"), "row 1"),
        (
            ("log.csv", "--reward", "r", "--logged", "zero", "--target", "pi"),
            "column 'zero': probabilities must be > 0 and at most 1; got 0 at row 1",
        ),
        (
            ("log.csv", "--reward", "r", "--logged", "p", "--target", "pi", "--bounds", "0,.5"),
            "column 'r': reward 1 at row 0 lies outside 0 to 0.5: say --bounds",
        ),
        (
            ("log.csv", "--reward", "r", "--logged", "p", "--target", "pi", "--bounds", "1,0"),
            "--bounds 1,0 must be two finite numbers, the lower one first",
        ),
        (
            ("log.csv", "--reward", "r", "--logged", "p", "--target", "pi", "--bounds", "wide"),
            "--bounds wide must be two numbers",
        ),
        (
            ("log.csv", "--reward", "r", "--logged", "p", "--target", "1.5"),
            "--target 1.5: probabilities must be >= 0 and at most 1; got 1.5.",
        ),
        (
            ("log.csv", "--reward", "r", "--logged", "0", "--target", "pi"),
            "--logged 0: probabilities must be > 0 and at most 1; got 0.",
        ),
        (
            ("log.csv", "--reward", "r", "--logged", "p", "--target", "r", "--log"),
            "logs of probabilities must be <= 0 and above -inf; got 0.5 at row 0. Probabilities? Leave --log out",
        ),
        (
            ("log.csv", "--reward", "p", "--logged", "big", "--target", "pi"),
            "column 'big': probabilities must be > 0 and at most 1; got 58 at row 0. Percent? Divide by 100.",
        ),
        (("log.csv", "--reward", "r", "--logged", "inf", "--target", "pi"), "--logged inf must be a finite number"),
        (("demo:digit",), "no demo 'digit'. Did you mean 'digits'?"),
        (("demo:digits", "--reward", "r"), "demo:digits knows its columns. Leave --reward out"),
        (("none.csv", "--reward", "r", "--logged", "p", "--target", "pi"), "none.csv"),
        (("events.dsjson", "--target", "best"), "must be 'uniform', 'baseline' or 'greedy'"),
        (("events.dsjson", "--reward", "r"), "Leave --reward, --logged and --log out"),
        (("events.dsjson", "--by", "week"), "--by week: a decision log has the columns"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_line(run, args, text):
    write(
        "log.csv",
        {
            "r": [1, 0, 1],
            "p": [0.5] * 3,
            "pi": [0.9, 0.1, 0.9],
            "bad": [1, "", 2],
            "zero": [0.5, 0, 0.5],
            "big": [58, 40, 40],
        },
    )
    decisions("events.dsjson")
    code, out, err = run("ope", *args)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert text in err
