"""upweight shift: what is said, written and refused; demos, files of every kind, labels of the target, and its page."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

import upweight as uw
from upweight.cli import main
from upweight.cli._two_tables import read_two
from upweight.report import shift_page


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run a command in an empty folder; gives (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def call(*args):
        with pytest.raises(SystemExit) as done:
            main([str(a) for a in args])
        out, err = capsys.readouterr()
        return done.value.code or 0, out, err

    return call


def rows(seed, n, by=0.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(by, 1, n)
    return pa.table(
        {
            "x": x,
            "c": rng.choice(["a", "b"], n).tolist(),
            "y": np.where(x + rng.normal(size=n) > 0, "yes", "no").tolist(),
        }
    )


@pytest.fixture
def files(tmp_path):
    """train.csv and live.csv, 80 and 70 rows, live moved by one; also as Parquet and as a folder."""
    train, live = rows(0, 80), rows(1, 70, by=1.0)
    pa_csv.write_csv(train, tmp_path / "train.csv")
    pa_csv.write_csv(live, tmp_path / "live.csv")
    pa_csv.write_csv(live.drop_columns(["y"]), tmp_path / "unlabelled.csv")
    pq.write_table(live.drop_columns(["y"]), tmp_path / "live.parquet")
    (tmp_path / "folder").mkdir()
    pq.write_table(live.slice(0, 40).drop_columns(["y"]), tmp_path / "folder" / "a.parquet")
    pq.write_table(live.slice(40).drop_columns(["y"]), tmp_path / "folder" / "b.parquet")
    return tmp_path


def test_the_answer_names_the_files_and_the_label(run, files):
    code, out, err = run("shift", "train.csv", "unlabelled.csv", "--label", "y", "--method", "linear")
    assert code == 0
    assert out.startswith("Moved: a classifier tells unlabelled from train rows, AUC 0.")
    assert "Not testable without labels from unlabelled: whether `y` still depends on the columns as it did." in out
    assert "80 source rows, 70 target rows, 2 columns" in err


def test_labels_of_the_target_are_no_column_and_are_used(run, files):
    code, out, _ = run("shift", "train.csv", "live.csv", "--label", "y", "--method", "linear", "--json")
    facts = json.loads(out)
    assert code == 0
    assert facts["data"]["columns"] == 2
    assert facts["concept"]["labels"] == 70
    assert "LABEL_IN_BOTH" in [r["code"] for r in facts["verdict"]["reasons"]]
    assert facts["settings"]["command"] == "upweight shift train.csv live.csv --label y --method linear"


@pytest.mark.parametrize("target", ["unlabelled.csv", "live.parquet", "folder"])
def test_files_of_every_kind_say_the_same(run, files, target):
    _, out, _ = run("shift", "train.csv", target, "--exclude", "y", "--method", "linear", "--json")
    one = json.loads(out)
    _, out, _ = run("shift", "train.csv", "unlabelled.csv", "--columns", "x,c", "--method", "linear", "--json")
    two = json.loads(out)
    assert one["tests"] == two["tests"]
    assert one["weights"] == two["weights"]


@pytest.mark.parametrize("name", ["w.parquet", "w.csv"])
def test_saved_weights_are_the_rows_in_order_with_mean_one(run, files, name):
    code, _, err = run("shift", "train.csv", "unlabelled.csv", "--label", "y", "--method", "linear", "--save", name)
    assert code == 0
    assert f"wrote {name}: 80 rows" in err
    saved = pq.read_table(name) if name.endswith("parquet") else pa_csv.read_csv(name)
    assert saved.column_names == ["x", "c", "y", "weight"]
    np.testing.assert_allclose(saved["x"].to_numpy(), rows(0, 80)["x"].to_numpy())
    w = saved["weight"].to_numpy()
    assert w.mean() == pytest.approx(1)
    code, screen, _ = run("check", name, "--column", "weight")
    assert f"80 rows worth {uw.Weights.of(w, kind='importance').ess:.3g}" in screen


def test_the_page_and_the_document_say_the_same(run, files):
    code, out, err = run(
        "shift",
        "train.csv",
        "unlabelled.csv",
        "--label",
        "y",
        "--method",
        "linear",
        "--report",
        "a.html",
        "--json",
        "r.json",
    )
    assert code == 0
    assert "wrote r.json" in err
    assert "wrote a.html" in err
    assert run("report", "r.json", "-o", "b.html")[0] == 0
    page = (files / "a.html").read_text()
    assert page == (files / "b.html").read_text()
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    first = json.loads((files / "r.json").read_text())["verdict"]["sentences"][0]
    assert first.split(":")[0] in page
    assert first in out


def test_hostile_names_are_text_on_the_page():
    evil = "<img src=x onerror=alert(1)>"
    rng = np.random.default_rng(0)
    import pandas as pd

    a, b = (pd.DataFrame({evil: rng.normal(by, 1, 60), "z": rng.normal(size=60)}) for by in (0, 2))
    d = uw.shift.diagnose(a, b, y=np.where(rng.random(60) < 0.5, evil, "no"), method="linear", rng=0).named(
        evil, "live"
    )
    page = shift_page(d.to_dict())
    assert "<img" not in page
    assert "&lt;img" in page


@pytest.mark.parametrize("lacking", ["verdict", "tests", "weights", "curve", "balance", "data"])
def test_a_damaged_document_makes_no_page(lacking):
    rng = np.random.default_rng(0)
    facts = uw.shift.diagnose(rng.normal(size=(30, 1)), rng.normal(size=(60, 1)), rng=0).to_dict()
    del facts[lacking]
    with pytest.raises(uw.InputError, match=f"`{lacking}` is missing"):
        shift_page(facts)


def test_strict_exits_one_where_nothing_can_be_answered(run, files):
    pa_csv.write_csv(rows(2, 30, by=9.0), files / "far.csv")
    assert run("shift", "train.csv", "far.csv", "--label", "y", "--strict")[0] == 1
    assert run("shift", "train.csv", "far.csv", "--label", "y")[0] == 0


def test_the_demos_are_the_rows_that_are_told():
    sizes = {}
    for name in ("digits", "cancer", "halves", "apart"):
        two = read_two(f"demo:{name}", None, label=None, columns=(), exclude=(), tell=lambda text: None)
        sizes[name] = two.source.num_rows, two.target.num_rows, two.label
        assert two.label not in two.source.column_names
    assert sizes == {
        "digits": (913, 530, "digit"), "cancer": (311, 258, "malignant"), "halves": (285, 284, "malignant"), "apart": (285, 284, "malignant"),
    }  # fmt: skip


@pytest.mark.slow
def test_the_verdicts_of_the_demos(run):
    """Section 9, checks 1 and 2."""
    facts = {}
    for name in ("digits", "cancer", "halves", "apart"):
        code, out, _ = run("shift", f"demo:{name}", "--rng", "0", "--json", "--strict")
        facts[name] = json.loads(out)
        assert code == (name == "apart")
    assert {k: f["verdict"]["code"] for k, f in facts.items()} == {
        "digits": "label_shift", "cancer": "partly", "halves": "no_shift", "apart": "apart",
    }  # fmt: skip
    digits = facts["digits"]
    assert abs(digits["tests"]["before"]["auc"] - 0.65) < 0.03
    assert digits["tests"]["label"]["auc"] < 0.52
    assert abs(digits["label"]["after"][9] - 0.196) < 0.02
    assert abs(digits["label"]["before"][9] - 0.083) < 0.001
    two = read_two("demo:digits", None, label=None, columns=(), exclude=(), tell=lambda text: None)
    truth = np.bincount(two.y_target) / len(two.y_target)
    inside = (np.array(digits["label"]["low"]) <= truth) & (truth <= digits["label"]["high"])
    assert inside.sum() >= 9
    assert facts["halves"]["weights"]["which"] == "ones"
    assert abs(facts["cancer"]["tests"]["before"]["auc"] - 0.74) < 0.03


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("train.csv",), "name the file of the target too"),
        (("demo:cancer", "live.csv"), "a demo has both sides; leave live.csv out"),
        (("demo:cancr",), "no demo 'cancr'. Did you mean"),
        (("train.csv", "live.csv", "--label", "z"), "no column 'z'"),
        (
            ("train.csv", "unlabelled.csv"),
            "train.csv alone has 'y'. Choose with --columns or --exclude, or say that it is the label: --label y.",
        ),
        (("train.csv", "live.csv", "--label", "y", "--columns", "x,y"), "column 'y' is the label"),
        (("train.csv", "live.csv", "--label", "y", "--exclude", "x,c"), "no column is left to compare"),
        (("train.csv", "live.csv", "--columns", "x", "--exclude", "c"), "--columns and --exclude: one says which"),
        (
            ("train.csv", "strange.csv", "--label", "y"),
            "column 'y' of TARGET must hold labels of column 'y' of SOURCE; got 'maybe', first at row 4",
        ),
        (("train.csv", "empty.csv", "--label", "y"), "empty.csv"),
        (("train.csv", "same.csv", "--label", "y"), "same.csv: all 60 rows are the same"),
        (("train.csv", "live.csv", "--label", "y", "--save", "w.txt"), "written as .parquet or .csv"),
        (("train.csv", "live.csv", "--label", "y", "--report", "train.csv"), "--report train.csv: that is the data"),
        (("train.csv", "live.csv", "--label", "y", "--method", "linaer"), "unknown method 'linaer'"),
        (("train.csv", "live.csv", "--label", "y", "--learner", "logistik"), "unknown learner 'logistik'"),
        (
            ("weighted.csv", "live.csv", "--label", "y", "--columns", "x", "--save", "w.csv"),
            "a column 'weight' already",
        ),
    ],
)
def test_what_is_refused(run, files, args, said):
    (files / "empty.csv").write_text("x,c\n")
    pa_csv.write_csv(pa.table({"x": [1.0] * 60, "c": ["a"] * 60}), files / "same.csv")
    pa_csv.write_csv(rows(1, 70).set_column(2, "y", pa.array(["no"] * 4 + ["maybe"] * 66)), files / "strange.csv")
    pa_csv.write_csv(rows(0, 80).append_column("weight", pa.array(np.ones(80))), files / "weighted.csv")
    code, out, err = run("shift", *args)
    assert code == 2
    assert said in err
    assert out == ""
    assert err.count("\n") <= 2


@pytest.mark.slow
def test_no_half_file_when_it_is_killed(files):
    """SIGKILL and Ctrl-C at ten moments: the files are whole, or not there."""
    command = [sys.executable, "-m", "upweight", "shift", "demo:cancer", "--save", "w.parquet", "--report", "r.html"]
    for i in range(10):
        process = subprocess.Popen(command, cwd=files, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.8 * (i + 1))
        process.send_signal(signal.SIGINT if i % 2 else signal.SIGKILL)
        code = process.wait()
        assert code in (0, 130, -signal.SIGKILL, -signal.SIGINT)  # the last while Python was still reading its modules
        if (files / "w.parquet").exists():
            assert pq.read_table(files / "w.parquet").num_rows == 311
        if (files / "r.html").exists():
            assert (files / "r.html").read_text().endswith("</html>")
        left = {p.name for p in files.iterdir()} - {
            "train.csv",
            "live.csv",
            "unlabelled.csv",
            "live.parquet",
            "folder",
            "w.parquet",
            "r.html",
        }
        assert not left or code == -signal.SIGKILL


def test_one_column_is_one_column(run, files):
    code, _, err = run("shift", "train.csv", "live.csv", "--label", "y", "--columns", "x", "--method", "linear")
    assert code == 0
    assert "80 source rows, 70 target rows, 1 column\n" in err
