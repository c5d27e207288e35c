"""upweight negatives: plan, sample, check and explain, as people type them."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest
import typer

import upweight
from upweight.cli import app, main
from upweight.negatives import Plan, Sample, demo_clicks

CLICKS = demo_clicks(120_000)
HOW = ["--label", "clicked", "--key", "impression_id", "--rng", 7, "-o", "plan.json"]


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run a command in a folder with data/ (eight files); gives (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for k in range(8):
        pq.write_table(CLICKS.slice(15_000 * k, 15_000), tmp_path / "data" / f"{k}.parquet", row_group_size=4000)

    def call(*args):
        with pytest.raises(SystemExit) as done:
            main(["negatives", *(str(a) for a in args)])
        out, err = capsys.readouterr()
        return done.value.code or 0, out, err

    return call


def prints(folder):
    files = [Path(folder) / "manifest.json", *sorted((Path(folder) / "data").iterdir())]
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_plan_sample_check_explain(run, tmp_path):
    code, out, err = run("plan", "data", *HOW)
    assert code == 0
    assert "data: 120,000 rows in 8 files, " in err
    assert re.search(r"scoring costs [\d.]+ times reading, [\d,]+ ns a row \(measured on [\d,]+\)", err)
    assert f"120,000 rows, {pa.compute.sum(CLICKS['clicked']).as_py()} positives" in out
    assert "pilot: log-odds move by x" in out
    assert "wrote plan.json" in out
    code, out, err = run("sample", "data", "--plan", "plan.json", "-o", "thin", "--jobs", 1)
    assert code == 0
    assert "foreseen: 120,000 rows" in err
    assert "data: 120,000 rows in 8 files, " in err
    assert "times reading" in err
    assert "train with _uw_offset" in out
    code, out, _ = run("check", "thin", "--data", "data", "--strict")
    assert code == 0
    assert out.startswith(("good", "usable"))
    kept = Sample.open("thin").table(["impression_id"])["impression_id"].to_pylist()
    assert kept == Plan.load("plan.json").apply(CLICKS)["impression_id"].to_pylist()
    code, out, _ = run("explain", "--plan", "plan.json", "--key", kept[0], "--data", "data")
    assert (code, "kept: a" in out) == (0, True)


def test_the_same_bytes_from_any_number_of_processes_and_after_a_resume(run):
    run("plan", "data", *HOW)
    for out, jobs in (("a", 1), ("b", 2)):
        assert run("sample", "data", "--plan", "plan.json", "-o", out, "--jobs", jobs)[0] == 0
    assert prints("a") == prints("b")
    assert run("sample", "data", "--plan", "plan.json", "-o", "a", "--resume")[0] == 0
    assert prints("a") == prints("b")


def test_json_for_machines(run, tmp_path):
    for name, args in (
        ("design", ("plan", "data", *HOW)),
        ("kept_negatives", ("sample", "data", "--plan", "plan.json", "-o", "thin")),
        ("grade", ("check", "thin")),
        ("u", ("explain", "--plan", "plan.json", "--key", 5)),
    ):
        code, out, _ = run(*args, "--json")
        assert code == 0
        assert name in json.loads(out)
    run("check", "thin", "--json", "c.json")
    assert json.loads((tmp_path / "c.json").read_text())["schema"] == "upweight.sample-check/1"


def test_bad_use_is_one_line_and_code_2(run, tmp_path):
    run("plan", "data", *HOW)
    pq.write_table(CLICKS.slice(0, 5000), tmp_path / "half.parquet")
    whole = (tmp_path / "half.parquet").read_bytes()
    (tmp_path / "half.parquet").write_bytes(whole[: len(whole) // 2])
    for args, words in (
        (("plan", "none", *HOW), "no such file or folder: 'none'"),
        (("plan", "demo:digits", *HOW), "no demo 'demo:digits' here"),
        (("plan", "half.parquet", *HOW), "half.parquet: not a whole Parquet file"),
        (("plan", "data", "--label", "x0", *HOW[2:]), "--positive VALUE"),
        (("plan", "data", *HOW, "--positive", "yes"), "'yes' is no value of label 'clicked', which is int8"),
        (("plan", "data", *HOW, "--features", "x0,"), "--features must be names"),
        (
            ("plan", "data", *HOW, "--features", "x0", "--pilot", "column:x1"),
            "--features belong to a linear pilot or a model",
        ),
        (("plan", "data", *HOW[:-1], "data/p.json"), "lies in the folder of the data"),
        (("sample", "data", "--plan", "none.json", "-o", "thin"), "the plan cannot be read"),
        (("sample", "data", "--plan", "plan.json", "-o", "data/thin"), "lies inside the data"),
        (("check", "data"), "holds no finished sample"),
        (("explain", "--plan", "plan.json", "--key", "five"), "'five' is not"),
    ):
        code, _, err = run(*args)
        assert code == 2, args
        assert words in err
        assert sum(line.startswith("upweight: ") for line in err.splitlines()) == 1


def test_positive_and_features_and_position(run):
    code, _, _ = run(
        "plan", "data", *HOW, "--positive", "1", "--features", "x0,x1", "--rule", "local", "--floor", "0.2"
    )
    made = Plan.load("plan.json")
    assert code == 0
    assert made.reads == ("x0", "x1")
    assert (made.design["rule"]["score"], made.design["rule"]["floor"]) == ("local", 0.2)
    run("plan", "data", "--label", "clicked", "--key", "position", "--rule", "uniform", "-o", "plan.json")
    assert Plan.load("plan.json").design["key"] == "position"


def test_new_files_are_told_on_a_line_and_refused_under_strict(run, tmp_path):
    run("plan", "data/0.parquet", *HOW[:-2], "--rule", "uniform", "-o", "plan.json")
    code, _, err = run("sample", "data", "--plan", "plan.json", "-o", "thin", "--strict")
    assert (code, "7 new, first 1.parquet. Plan again" in err) == (2, True)
    code, _, err = run("sample", "data", "--plan", "plan.json", "-o", "thin")
    assert (code, "upweight: files since the plan was made: 7 new" in err) == (0, True)


def test_damage_is_unusable_under_strict(run):
    run("plan", "data", *HOW)
    run("sample", "data", "--plan", "plan.json", "-o", "thin")
    part = next(Path("thin/data").iterdir())
    part.write_bytes(part.read_bytes()[:-1])
    assert run("check", "thin")[0] == 0
    code, out, _ = run("check", "thin", "--strict")
    assert (code, out.startswith("unusable")) == (1, True)


def test_ctrl_c_is_130_and_resume_writes_the_same_bytes(run, tmp_path):
    """The driver is slowed so that the signal meets it between two tasks."""
    run("plan", "data", *HOW)
    src = str(Path(upweight.__file__).parents[1])
    code = (
        f"import sys, time; sys.path.insert(0, {src!r})\n"
        "from upweight.stream import _source, _run\n"
        "_source.LEAST_BYTES = 100_000\n"
        "commit = _run.TaskWork.commit\n"
        "def slow(self, part):\n    commit(self, part); print('done', flush=True); time.sleep(0.2)\n"
        "_run.TaskWork.commit = slow\n"
        "from upweight.cli import main\n"
        "main(['negatives', 'sample', 'data', '--plan', 'plan.json', '-o', 'thin', '--jobs', '1', *sys.argv[1:]])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert err.endswith("upweight: interrupted\n")
    assert not Path("thin/manifest.json").exists()
    done = subprocess.run([sys.executable, "-c", code, "--resume"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    plain = subprocess.run([sys.executable, "-c", code.replace("'thin'", "'plain'")], capture_output=True, text=True)
    assert plain.returncode == 0
    assert prints("thin") == prints("plain")


@pytest.mark.parametrize("name", ["plan", "sample", "check", "explain"])
def test_help_teaches(name, capsys):
    command = typer.main.get_command(app()).commands["negatives"].commands[name]
    with pytest.raises(SystemExit):
        main(["negatives", name, "--help"])
    shown = capsys.readouterr().out
    assert "Example" in shown
    assert "Exit codes" in shown
    assert all(p.help for p in command.params if p.name != "help")


def test_the_demo_is_a_million_impressions():
    clicks = demo_clicks()
    assert pa.compute.sum(clicks["clicked"]).as_py() == 2257
    assert len(clicks) == 1_000_000
