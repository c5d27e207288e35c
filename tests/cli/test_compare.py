"""upweight compare and report: what is printed, written, refused; exit codes; interruption in a process of its own."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight.cli import main
from upweight.cli._command_line import with_bare_json
from upweight.imbalance import load

QUICKLY = ("--methods", "weights,random_under", "--cv", "2x1")


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run a command in an empty folder; gives (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def call(*args):
        monkeypatch.setattr(sys, "argv", ["upweight", *map(str, args)])
        with pytest.raises(SystemExit) as done:
            main()
        out, err = capsys.readouterr()
        return done.value.code or 0, out, err

    return call


@pytest.fixture
def churn(tmp_path):
    """600 rows with numbers, text, gaps and a rare 'yes', as CSV and Parquet."""
    rng = np.random.default_rng(0)
    y = rng.random(600) < 0.1
    frame = pd.DataFrame(
        {
            "age": (40 + 10 * rng.normal(size=600) + 15 * y).round(1),
            "city": np.array(["Ulm", "Rom", "Bonn"])[rng.integers(0, 3, 600)],
            "w": rng.integers(1, 4, 600),
            "who": rng.integers(0, 200, 600),
            "churned": np.where(y, "yes", "no"),
        }
    )
    frame.loc[::10, "age"] = np.nan
    frame.to_csv(tmp_path / "churn.csv", index=False, na_rep="NA")
    frame.to_parquet(tmp_path / "churn.parquet")
    (tmp_path / "parts").mkdir()
    for i in range(3):
        pq.write_table(pa.Table.from_pandas(frame[i * 200 : (i + 1) * 200]), tmp_path / "parts" / f"{i}.parquet")
    return frame


# ---- the main job -----------------------------------------------------------------------------------------------------------


def test_the_answer_is_on_standard_output_and_progress_beside_it(run):
    code, out, err = run("compare", "demo:digits", "--target", "eight", *QUICKLY)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "1,797 rows, 64 columns, 174 positives (eight = 1; 9.7 %), 2 folds x 1 repeat."
    assert lines[1].startswith("61 numeric columns; dropped pixel_0_0 (one value only: 0)")
    assert lines[3].split()[:2] == ["status", "AP"]
    assert [line.split()[0] for line in lines[4:8]] == ["none", "threshold", "weights", "random_under"]
    assert lines[9].startswith("Move the threshold; change nothing else.")
    assert "8 fits, about" in err
    assert max(map(len, lines[3:8])) <= 120


@pytest.mark.parametrize(
    "written",
    [
        ["--json", "r.json"],
        ["--json=r.json", "--strict"],
        ["--report", "a b.html", "--json", "--journal=j"],
        ["--json"],
    ],
)
def test_the_command_in_the_answer_is_what_main_was_given_less_where_it_is_written(
    churn, capsys, monkeypatch, tmp_path, written
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["a program", "of its own"])
    asked = ["compare", "churn.csv", "--target", "churned", *QUICKLY]
    with pytest.raises(SystemExit) as done:
        main([*asked, *written, "--rng", "0"])
    assert done.value.code == int("--strict" in written)  # two folds of it are too few to be good
    out = capsys.readouterr().out
    document = out if out.startswith("{") else (tmp_path / "r.json").read_text()
    assert json.loads(document)["settings"]["command"] == shlex.join(["upweight", *asked, "--rng", "0"])


def test_everything_asked_for_is_written_whole(run, churn, tmp_path):
    args = ("--report", "r.html", "--save", "m.skops", "--json", "r.json", "--cost", 20)
    code, _out, err = run("compare", "churn.csv", "--target", "churned", *args, *QUICKLY)
    assert code == 0, err
    facts = json.loads((tmp_path / "r.json").read_text())
    assert facts["settings"]["command"].startswith("upweight compare churn.csv --target churned --cost 20 --")
    assert facts["data"]["name"] == "churn.csv"
    assert (facts["data"]["target"], facts["data"]["positive"]) == ("churned", "yes")
    assert "churn.csv" in (tmp_path / "r.html").read_text()
    model = load(tmp_path / "m.skops")
    assert set(model.predict(churn.drop(columns="churned"))) == {"yes", "no"}
    assert model.threshold_ == pytest.approx(1 / 21)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
    assert all(f"wrote {name}" in err for name in ("r.html", "m.skops", "r.json"))


def test_json_alone_is_all_of_standard_output(run):
    code, out, err = run("compare", "demo:cancer", "--target", "malignant", *QUICKLY, "--json")
    assert code == 0
    assert json.loads(out)["schema"] == "upweight.compare/1"
    assert "569 rows" in err


@pytest.mark.parametrize("data", ["churn.parquet", "parts"])
def test_parquet_and_folders_of_it_give_what_csv_gives(run, churn, data):
    figures = []
    for name in ("churn.csv", data):
        code, out, _ = run("compare", name, "--target", "churned", *QUICKLY, "--json")
        assert code == 0
        figures.append([r["ap"] for r in json.loads(out)["rows"]])
    assert figures[0] == figures[1]


def test_columns_can_be_weights_groups_or_left_out(run, churn):
    more = ("--weights", "w", "--group", "who", "--exclude", "city")
    code, out, err = run("compare", "churn.csv", "--target", "churned", *more, *QUICKLY, "--json")
    assert code == 0, err
    facts = json.loads(out)
    assert [p["column"] for p in facts["data"]["preprocessing"]] == ["age"]
    share = churn.loc[churn.churned == "yes", "w"].sum() / churn.w.sum()
    assert facts["data"]["prevalence"] == pytest.approx(share)


@pytest.mark.parametrize(("label", "shown"), [("8", ["not 8", "8"]), ("0", ["not 0", "0"])])
def test_one_class_against_the_rest(run, label, shown):
    code, out, err = run("compare", "demo:digits", "--target", "digit", "--positive", label, *QUICKLY, "--json")
    assert code == 0, err
    facts = json.loads(out)
    assert facts["data"]["classes"] == shown
    assert facts["data"]["positive"] == label
    assert "eight" not in [p["column"] for p in facts["data"]["preprocessing"]]


@pytest.mark.parametrize(("positive", "expected"), [("no", "no"), ("YES", "yes"), ("yes", "yes")])
def test_positive_names_the_class_in_question(run, churn, positive, expected):
    code, out, err = run("compare", "churn.csv", "--target", "churned", "--positive", positive, *QUICKLY, "--json")
    assert code == 0, err
    facts = json.loads(out)["data"]
    assert facts["positive"] == expected
    assert facts["counts"][facts["classes"].index(expected)] == (churn.churned == expected).sum()


def test_labels_of_one_and_two_and_of_booleans(run, churn, tmp_path):
    for labels in ([1, 2], [1.0, 2.0], [False, True], ["false", "true"]):
        churn.assign(churned=np.array(labels)[(churn.churned == "yes").astype(int)]).to_csv("l.csv", index=False)
        code, out, err = run("compare", "l.csv", "--target", "churned", *QUICKLY, "--json")
        assert code == 0, err
        facts = json.loads(out)["data"]
        assert facts["counts"][facts["classes"].index(facts["positive"])] == (churn.churned == "yes").sum()


def test_a_file_without_header_is_read_and_told(run, churn, tmp_path):
    churn.to_csv("h.csv", index=False, header=False)
    for target in ("c4", "4"):
        code, out, err = run("compare", "h.csv", "--target", target, *QUICKLY)
        assert code == 0, err
        assert "h.csv: no header line; columns are named c0 to c4." in err
        assert out.startswith("600 rows, 4 columns")
    code, _, err = run("compare", "h.csv", "--target", "churned")
    assert code == 2
    assert "h.csv: no column 'churned' for --target. The file has no header line; its columns are c0 to c4." in err


def test_a_report_is_made_from_a_result(run, churn, tmp_path):
    run("compare", "churn.csv", "--target", "churned", *QUICKLY, "--json", "r.json")
    code, _, err = run("report", "r.json", "-o", "page.html")
    assert (code, err) == (0, "wrote page.html\n")
    assert "<html" in (tmp_path / "page.html").read_text()


def test_strict_turns_unusable_into_one(run, tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=400), "y": np.arange(400) % 5 == 0})
    frame.to_csv("noise.csv", index=False)
    code, out, _ = run("compare", "noise.csv", "--target", "y", "--methods", "threshold", "--cv", "5x5")
    assert code == 0
    assert "ranks no better than chance" in out
    assert run("compare", "noise.csv", "--target", "y", *QUICKLY, "--strict")[0] == 1
    frame.assign(y=np.arange(400) < 12, x=frame.x + 2 * (np.arange(400) < 12)).to_csv("few.csv", index=False)
    code, out, _ = run("compare", "few.csv", "--target", "y", *QUICKLY, "--strict")
    assert code == 1
    assert "Too few to compare: 12 rows of the rarest class" in out


# ---- refused ----------------------------------------------------------------------------------------------------------------


def csv(tmp_path, text, name="d.csv"):
    (tmp_path / name).write_text(text)


ROWS = "".join(f"{i},{i % 7},{'yes' if i % 4 == 0 else 'no'}\n" for i in range(40))
GOOD = "a,b,y\n" + ROWS


@pytest.mark.parametrize(
    ("text", "args", "message"),
    [
        (GOOD, ("--target", "z"), "d.csv: no column 'z' for --target. Known: a, b, y."),
        (GOOD, ("--target", "y", "--group", "bb"), "d.csv: no column 'bb' for --group. Did you mean 'b'?"),
        (GOOD, ("--target", "y", "--exclude", "a,q"), "d.csv: no column 'q' for --exclude."),
        (GOOD, ("--target", "y", "--exclude", "a,b"), "d.csv: no column is left to predict 'y' from"),
        (GOOD, ("--target", "y", "--weights", "y"), "column 'y' is the target; it cannot be weights"),
        (
            GOOD,
            ("--target", "y", "--positive", "maybe"),
            "d.csv: column 'y' has no class 'maybe' for --positive. It has no (30), yes (10).",
        ),
        (
            GOOD,
            ("--target", "y", "--cost", "-3"),
            "`cost` must be a number > 0, the false alarms that one miss is worth; got -3.0",
        ),
        (GOOD, ("--target", "y", "--methods", "wieghts"), "unknown method 'wieghts'. Did you mean 'weights'?"),
        (GOOD, ("--target", "y", "--learner", "logstic"), "unknown learner 'logstic'. Did you mean 'logistic'?"),
        (GOOD, ("--target", "y", "--learner", "nowhere:Thing"), "no module 'nowhere' here"),
        (GOOD, ("--target", "y", "--cv", "five"), "`cv` must be a number of folds such as 5"),
        (
            GOOD,
            ("--target", "y", "--cv", "20"),
            "d.csv: 20 folds need 20 rows of every class; 'yes' has 10. Use cv=10 or merge classes.",
        ),
        (
            GOOD,
            ("--target", "b"),
            "d.csv: column 'b' has 7 classes: 0 (6), 1 (6), 2 (6), 3 (6), 4 (6), 5 (5), 6 (5). More than two",
        ),
        (GOOD, ("--target", "y", "--save", "no/m.skops"), "--save no/m.skops: there is no folder 'no'. Make it first."),
        (GOOD, ("--target", "y", "--json", "d.csv"), "--json d.csv: that is the data. Name another file."),
        (GOOD, ("--target", "y", "--json", "r", "--save", "r"), "--json r: that is the file of --save."),
        (GOOD, ("--target", "y", "--report", "."), "--report .: that is a folder. Name a file in it."),
        (
            GOOD.replace("no", "yes"),
            ("--target", "y"),
            "d.csv: column 'y' needs two classes; got only 'yes' in 40 rows.",
        ),
        (
            GOOD.replace("3,3,no", "3,3,").replace("9,2,no", "9,2,?"),
            ("--target", "y"),
            "d.csv: column 'y', the target, has 2 missing values, first at row 3 (line 5). Drop those rows first.",
        ),
        (
            GOOD.replace("a,b,y", "a,a,y"),
            ("--target", "y"),
            "d.csv: column 'a' stands 2 times, at 1, 2. Rename or drop one.",
        ),
        (
            GOOD.replace("7,0,no", "7,inf,no"),
            ("--target", "y"),
            "d.csv: `X` must hold no infinity: column 'b' has 1, first inf at row 7 (line 9).",
        ),
        (
            GOOD.replace("7,0,no", "7,0,no,4"),
            ("--target", "y"),
            "d.csv: line 9 has 4 fields, the first line 3. Mend the line",
        ),
        (
            GOOD.replace("7,0,no\n", "7,0\n").replace("9,2,no\n", "9\n"),
            ("--target", "y"),
            "d.csv: line 9 has 2 fields, the first line 3; 2 such lines.",
        ),
        (
            "a,b,y\n" + "1,1,no\n" * 20 + "1,1,yes\n" * 20,
            ("--target", "y"),
            "d.csv: `X` needs a column that varies; dropped all 2: 'a': one value only: 1",
        ),
        ("", ("--target", "y"), "d.csv: the file is empty (0 bytes)."),
        ("a,b,y\n", ("--target", "y"), "d.csv: holds no rows, only the column names."),
        (
            "a,y\n" + "".join(f"{i},{i * 1.37}\n" for i in range(90)),
            ("--target", "y"),
            "d.csv: column 'y' has 90 different values, so it looks like a number",
        ),
        (
            "w,a,y\n" + "".join(f"{1 - i},{i * i},{i % 2}\n" for i in range(40)),
            ("--target", "y", "--weights", "w"),
            "d.csv: column 'w': weights must be finite and >= 0; got 38 others, first -1 at row 2 (line 4).",
        ),
        (
            "g,a,y\n" + "".join(f"{i if i != 5 else ''},{i * i},{i % 2}\n" for i in range(40)),
            ("--target", "y", "--group", "g"),
            "d.csv: column 'g', the group, has 1 missing value, first at row 5 (line 7).",
        ),
    ],
)
def test_bad_input_is_refused_with_file_column_row_and_remedy(run, tmp_path, text, args, message):
    csv(tmp_path, text)
    before = sorted(p.name for p in tmp_path.iterdir())
    code, out, err = run("compare", "d.csv", *args)
    assert code == 2
    assert err.startswith("upweight: ")
    assert message in err
    assert "Traceback" not in err
    assert out == ""
    assert sorted(p.name for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"PAR1\x00\x00", "d.csv", "d.csv: not text but Parquet, whatever its name says"),
        (b"PK\x03\x04\x14", "d.csv", "not text but a zip or Excel file"),
        (b"a,b\n1,\x002\n", "d.csv", "d.csv: not text: a zero byte at position 6"),
        (b"PAR1 and then nothing", "d.parquet", "d.parquet: cannot be read: "),
        (b"a,b\n1,2\n", "d.parquet", "d.parquet: cannot be read: "),
        ("a,b\n1,ü\n".encode("utf-16"), "d.csv", "d.csv: UTF-16 text. Save it as UTF-8."),
    ],
)
def test_files_that_are_not_what_they_say_are_refused(run, tmp_path, content, name, message):
    (tmp_path / name).write_bytes(content)
    code, _, err = run("compare", name, "--target", "b")
    assert code == 2
    assert message in err


def test_no_such_file_tells_the_nearest_and_an_empty_folder_what_is_missing(run, churn, tmp_path):
    code, _, err = run("compare", "chrn.csv", "--target", "churned")
    assert code == 2
    assert "chrn.csv: no such file. Did you mean 'churn.csv'" in err
    (tmp_path / "void").mkdir()
    assert "void: a folder without .parquet files" in run("compare", "void", "--target", "x")[2]
    assert "no demo 'digts'. Did you mean 'digits'?" in run("compare", "demo:digts", "--target", "eight")[2]


def test_an_identifier_is_dropped_and_shown(run, churn, tmp_path):
    churn.assign(mail=[f"user{i}@mail" for i in range(600)], one=7).to_csv("id.csv", index=False)
    code, out, _ = run("compare", "id.csv", "--target", "churned", *QUICKLY)
    assert code == 0
    assert (
        "dropped mail (an identifier: 600 different values in 600 rows), one (one value only: 7)" in out.splitlines()[1]
    )


def test_a_journal_of_other_settings_is_refused(run, churn):
    assert run("compare", "churn.csv", "--target", "churned", *QUICKLY, "--journal", "j")[0] == 0
    code, _, err = run("compare", "churn.csv", "--target", "churned", *QUICKLY, "--journal", "j", "--rng", 1)
    assert code == 2
    assert "churn.csv" in err or "journal 'j' belongs to other settings" in err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ('{"schema": "other/1"}', "schema 'other/1'; a report is made from 'upweight.compare/1'"),
        ("[]", "holds a list, not a result"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_a_report_of_something_else_is_refused(run, tmp_path, content, message):
    if content is not None:
        (tmp_path / "r.json").write_text(content)
    code, _, err = run("report", "r.json", "-o", "page.html")
    assert code == 2
    assert message in err
    assert not (tmp_path / "page.html").exists()


def test_missing_options_and_unknown_commands_exit_two(run):
    assert run("compare", "demo:digits")[0] == 2
    assert run("compre")[0] == 2
    assert run("compare", "demo:digits", "--target", "eight", "--rng", "-1")[0] == 2


def test_help_teaches_with_examples(run):
    code, out, _ = run("compare", "--help")
    assert code == 0
    assert "upweight compare demo:digits --target eight --report out.html" in out
    assert "Exit codes" in out
    assert "compare" in run("--help")[1]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--json"], ["--json", "-"]),
        (["--json", "--strict"], ["--json", "-", "--strict"]),
        (["--json", "r.json"], ["--json", "r.json"]),
        (["--json=r.json"], ["--json=r.json"]),
    ],
)
def test_a_bare_json_is_standard_output(args, expected):
    assert with_bare_json(args) == expected


# ---- stopped from outside ---------------------------------------------------------------------------------------------------

COMMAND = [
    sys.executable,
    "-m",
    "upweight",
    "compare",
    "demo:digits",
    "--target",
    "eight",
    "--methods",
    "weights,random_under,random_over",
    "--cv",
    "5x1",
    "--journal",
    "j",
    "--json",
    "r.json",
]


def start(folder):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "LOKY_MAX_CPU_COUNT": "2"}
    return subprocess.Popen(
        COMMAND,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def after_some_cells(folder, process):
    until = time.monotonic() + 120
    while len(list(folder.glob("j/*.npz"))) < 6 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)


def document(folder):
    facts = json.loads((folder / "r.json").read_text())
    del facts["timing"]
    return facts


def test_an_interrupted_run_exits_130_with_a_table_and_goes_on_from_the_journal(tmp_path):
    first = start(tmp_path)
    after_some_cells(tmp_path, first)
    os.killpg(first.pid, signal.SIGINT)  # as a terminal does: workers get it too
    out, err = first.communicate(timeout=60)
    assert first.returncode == 130, err
    assert "Stopped early: " in out
    assert "threshold" in out
    assert "Traceback" not in err
    assert "interrupted: no file was written. The same call goes on from the journal." in err
    assert not (tmp_path / "r.json").exists()
    second = start(tmp_path)
    after_some_cells(tmp_path, second)
    second.kill()  # SIGKILL: no chance to tidy up
    second.communicate(timeout=60)
    assert not [p for p in tmp_path.glob("j/*.npz") if p.stat().st_size == 0]
    third = start(tmp_path)
    assert third.communicate(timeout=120)[1] is not None
    assert third.returncode == 0
    resumed = document(tmp_path)
    for path in tmp_path.glob("j/*"):
        path.unlink()
    whole = start(tmp_path)
    whole.communicate(timeout=120)
    assert document(tmp_path) == resumed
