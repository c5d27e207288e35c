"""upweight impute: what was observed stays as it was written, gaps are filled in its type, and nothing is half done."""

from __future__ import annotations

import csv
import datetime
import errno
import json
import os
import signal
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight.cli import main
from upweight.torch import IWAEImputer, Training
from upweight.torch.autoencoders import _iwae

N = 80


class Short(Training):
    """Five epochs where the command would take two hundred."""

    def __init__(self):
        super().__init__(5, progress=False)


def columns(seed=0):
    """{name: values as a file spells them} with gaps in every way that a file writes one."""
    rng = np.random.default_rng(seed)
    s = rng.normal(size=N)
    made = {
        "key": [f"p{i:03}" for i in range(N)],
        "size": [f"{170 + 10 * v:.2f}0" for v in s],
        "age": [str(v) for v in rng.integers(18, 90, N)],
        "tall": ["yes" if v > 0 else "no" for v in s],
        "shirt": ["S" if v < -0.5 else "M, wide" if v < 0.5 else "L" for v in s],
        "ok": ["true" if v > 0.2 else "false" for v in s],
        "day": [f"2024-01-{1 + i % 9:02}" for i in range(N)],
    }
    for name in ("size", "age", "tall", "shirt", "ok", "day"):
        for i in np.flatnonzero(rng.random(N) < 0.2):
            made[name][i] = ["", "NA", "?"][i % 3]
    return made


def write_csv(path, made, mark=","):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, delimiter=mark, lineterminator="\n")
        writer.writerow(made)
        writer.writerows(zip(*made.values(), strict=True))


def read_csv(path, mark=","):
    with open(path, newline="") as file:
        head, *rows = csv.reader(file, delimiter=mark)
    return dict(zip(head, zip(*rows, strict=True), strict=True))


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_iwae, "Training", Short)
    write_csv("d.csv", columns())

    def call(*args):
        with pytest.raises(SystemExit) as done:
            main(["impute", *map(str, args)])
        out, err = capsys.readouterr()
        return done.value.code or 0, out, err

    return call


GAPS = {"", "NA", "?"}


def test_a_text_file_comes_back_with_every_observed_field_as_it_was_written(run):
    code, out, err = run("d.csv", "-o", "full.csv")
    assert (code, err.splitlines()[-1]) == (0, "wrote full.csv")
    before, after = columns(), read_csv("full.csv")
    assert list(after) == list(before)
    for name in before:
        for old, new in zip(before[name], after[name], strict=True):
            if old not in GAPS or name == "day":
                assert new == old
            else:
                assert new not in GAPS
    filled = [new for old, new in zip(before["age"], after["age"], strict=True) if old in GAPS]
    assert all(v.lstrip("-").isdigit() for v in filled)  # whole numbers stay whole
    assert set(after["shirt"]) == {"S", "M, wide", "L"}
    assert set(after["tall"]) == {"yes", "no"}
    assert set(after["ok"]) == {"true", "false"}
    assert "gaps filled in" in out
    assert "Carried through, not modelled: key (text of 80 values in 80 rows), day (dates or times; " in out
    assert "check: ESS " in out
    assert "missing at random" in out


def test_the_same_seed_gives_the_same_file_and_another_another(run, tmp_path):
    for name, seed in (("a.csv", 0), ("b.csv", 0), ("c.csv", 1)):
        assert run("d.csv", "-o", name, "--draws", "2", "--rng", seed)[0] == 0
    a, b, c = ((tmp_path / f"{name}.csv").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_draws_stand_one_below_the_other(run):
    code, out, _ = run("d.csv", "-o", "many.csv", "--draws", "3")
    assert code == 0
    assert "3 random fillings" in out
    assert "Rubin" in out
    before, many = columns(), read_csv("many.csv")
    assert list(many) == ["draw", "row", *before]
    assert many["draw"] == tuple(str(d) for d in (1, 2, 3) for _ in range(N))
    assert many["row"] == tuple(str(i) for _ in range(3) for i in range(N))
    for i in range(3 * N):
        if before["size"][i % N] not in GAPS:
            assert many["size"][i] == before["size"][i % N]
    at = [i for i, v in enumerate(before["size"]) if v in GAPS]
    assert all(len({many["size"][d * N + i] for d in range(3)}) == 3 for i in at)


def test_the_command_is_the_function(run):
    run("d.csv", "-o", "full.csv")
    made = columns()
    numbers = {n: [None if v in GAPS else float(v) for v in made[n]] for n in ("size",)}
    numbers["age"] = pa.array([None if v in GAPS else int(v) for v in made["age"]])
    words = {n: [None if v in GAPS else v for v in made[n]] for n in ("tall", "shirt")}
    words["ok"] = [None if v in GAPS else v == "true" for v in made["ok"]]
    table = pa.table(numbers | words)
    full = IWAEImputer(rng=0).fit(table).transform(table)
    np.testing.assert_allclose(
        [float(v) for v in read_csv("full.csv")["size"]], full["size"].to_numpy(), rtol=0, atol=1e-6
    )


def test_parquet_keeps_every_type(run, tmp_path):
    rng = np.random.default_rng(0)
    hole = lambda values, kind: pa.array([None if rng.random() < 0.2 else v for v in values], kind)
    s = rng.normal(size=N)
    table = pa.table(
        {
            "f32": hole(s.tolist(), pa.float32()),
            "i8": hole([int(v) for v in np.clip(60 * s, -128, 127)], pa.int8()),
            "big": hole([2**60 + i for i in range(N)], pa.int64()),
            "dec": hole([Decimal(f"{v:.2f}") for v in s], pa.decimal128(6, 2)),
            "dict": hole(["a" if v > 0 else "b" for v in s], pa.string()).dictionary_encode(),
            "large": hole(["x", "y", "z", "x"] * 20, pa.large_string()),
            "flag": hole((s > 0).tolist(), pa.bool_()),
            "when": hole([datetime.datetime(2024, 1, 1)] * N, pa.timestamp("us")),
            "list": pa.array([[1]] * N),
            "none": pa.nulls(N),
        }
    )
    pq.write_table(table, "d.parquet")
    code, out, _ = run("d.parquet", "-o", "full.parquet")
    assert code == 0
    full = pq.read_table("full.parquet")
    assert full.schema == table.schema
    for name in table.column_names[:7]:
        old, new = table[name].to_pylist(), full[name].to_pylist()
        assert None not in new
        assert all(o is None or o == n for o, n in zip(old, new, strict=True)), name
    for name in table.column_names[7:]:
        assert full[name].equals(table[name])
    for why in ("when (dates or times; ", "list (nested values)", "none (nothing but gaps; 80 gaps stay)"):
        assert why in out
    assert run("d.parquet", "-o", "full.csv")[0] == 2  # lists have no form as text
    pq.write_table(table.drop_columns("list"), "d.parquet")
    assert run("d.parquet", "-o", "full.csv")[0] == 0
    assert read_csv("full.csv")["i8"] == tuple(str(v) for v in full["i8"].to_pylist())


def test_decimal_commas_and_semicolons_stay(run):
    made = {
        name: [v.replace(".", ",") for v in values] for name, values in columns().items() if name in ("size", "age")
    }
    write_csv("semi.csv", made, ";")
    code, _, err = run("semi.csv", "-o", "full.csv")
    assert code == 0, err
    after = read_csv("full.csv", ";")
    assert all(o in GAPS or o == n for o, n in zip(made["size"], after["size"], strict=True))
    assert all("." not in v and float(v.replace(",", ".")) > 100 for v in after["size"])


def test_the_demo_has_gaps_of_its_own(run):
    code, out, _ = run("demo:gaps", "-o", "full.csv")
    assert code == 0
    assert out.startswith("demo:gaps: ")
    after = read_csv("full.csv")
    assert len(after["cultivar"]) == 178
    assert "" not in {v for column in after.values() for v in column}
    assert run("demo:digits", "-o", "full.csv")[0] == 0  # has none


def test_json_has_the_facts(run, tmp_path):
    code, out, _ = run("d.csv", "-o", "full.csv", "--json")
    facts = json.loads(out)
    made = columns()
    count = {n: sum(v in GAPS for v in made[n]) for n in made}
    assert (code, facts["schema"], facts["rows"], facts["columns"]) == (0, "upweight.impute/1", N, 7)
    assert {f["column"]: f["gaps"] for f in facts["filled"]} == {n: c for n, c in count.items() if c and n != "day"}
    assert {f["column"]: f["gaps"] for f in facts["carried"]} == {"key": 0, "day": count["day"]}
    assert [f["kind"] for f in facts["filled"]] == ["gaussian", "gaussian", "bernoulli", "categorical", "bernoulli"]
    assert facts["weights"]["k"] == 1000
    assert 1 <= facts["weights"]["ess_least"] <= facts["weights"]["ess_median"] <= 1000
    assert run("d.csv", "-o", "full.csv", "--json", "f.json")[0] == 0
    assert json.loads((tmp_path / "f.json").read_text())["gaps"] == facts["gaps"]


def test_a_table_without_gaps_is_written_as_it_came(run, tmp_path):
    (tmp_path / "whole.csv").write_text("a,b\n" + "1.50,x\n2.0,y\n" * 10)
    code, out, _ = run("whole.csv", "-o", "full.csv")
    assert code == 0
    assert "no gap that can be filled" in out
    assert (tmp_path / "full.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_file_without_names_stays_one(run, tmp_path):
    (tmp_path / "h.csv").write_text("".join(f"{i},{i * 1.5 if i % 4 else ''}\n" for i in range(40)))
    assert run("h.csv", "-o", "full.csv")[0] == 0
    lines = (tmp_path / "full.csv").read_text().splitlines()
    assert len(lines) == 40
    assert lines[1] == "1,1.5"


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["d.csv"], "upweight impute: d.csv: missing option '-o'"),
        (["d.csv", "-o", "full.xlsx"], "upweight: -o full.xlsx: must end in .csv, .tsv or .parquet."),
        (["d.csv", "-o", "d.csv"], "upweight: -o d.csv: that is the data."),
        (["d.csv", "-o", "no/f.csv"], "upweight: -o no/f.csv: there is no folder 'no'."),
        (["d.csv", "-o", "f.csv", "--json", "f.csv"], "upweight: --json f.csv: that is the file of -o."),
        (["d.csv", "-o", "f.csv", "--draws", "0"], "upweight impute: invalid value for '--draws'"),
        (["no.csv", "-o", "f.csv"], "upweight: no.csv: "),
        (["few.csv", "-o", "f.csv"], "upweight: few.csv: `X` needs at least 10 rows; got n_samples = 3."),
        (["inf.csv", "-o", "f.csv"], "upweight: inf.csv: `X`: column 'a' must hold no infinity; first at row 3"),
        (["keys.csv", "-o", "f.csv"], "upweight: keys.csv: no column can be modelled: 'a' (text of 40 values"),
        (["twice.csv", "-o", "f.csv", "--draws", "2"], "upweight: twice.csv: the column 'draw' would stand twice"),
    ],
)
def test_bad_use_and_bad_input_are_one_line(run, tmp_path, args, line):
    (tmp_path / "few.csv").write_text("a,b\n1,2\n,3\n2,4\n")
    (tmp_path / "inf.csv").write_text("a,b\n1,2\n,3\n2,4\ninf,1\n" + "1.5,2\n" * 20)
    (tmp_path / "keys.csv").write_text("a\n" + "".join(f"k{i}\n" for i in range(40)))
    (tmp_path / "twice.csv").write_text("draw,b\n" + "1.5,2\n,3\n2,5\n" * 9)
    code, out, err = run(*args)
    assert code == 2
    assert out == ""
    assert err.splitlines()[-1].startswith(line), err
    assert len([text for text in err.splitlines() if text.startswith("upweight")]) == 1
    assert not (tmp_path / "f.csv").exists()


def test_without_torch_one_line_says_what_to_install(run, monkeypatch):
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name == "torch" else found(name, *a))
    code, out, err = run("d.csv", "-o", "full.csv")
    assert (code, out) == (2, "")
    assert err == "upweight: upweight impute needs torch, which is not installed: pip install 'upweight[torch]'\n"


def test_help_and_the_other_commands_load_no_torch():
    code = "import sys; from upweight.cli import main\ntry:\n main(sys.argv[1:])\nfinally:\n assert 'torch' not in sys.modules"
    for args in (["impute", "--help"], ["check", "demo:good"]):
        done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_a_full_disk_is_one_line_and_leaves_the_old_file(run, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "full.csv").write_text("old")
    monkeypatch.setattr("os.fsync", full)
    code, _, err = run("d.csv", "-o", "full.csv")
    assert code == 2
    assert err.splitlines()[-1] == (
        "upweight: full.csv: cannot be written (No space left on device). Nothing was changed there."
    )
    assert (tmp_path / "full.csv").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["d.csv", "full.csv"]


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_killed_run_leaves_the_old_file_whole(tmp_path, sign, code):
    """Stopped in training: the old file stays, nothing lies beside it."""
    write_csv(tmp_path / "d.csv", columns())
    (tmp_path / "full.csv").write_text("old")
    script = (
        "import sys; from upweight.torch.autoencoders import _iwae; from upweight.torch import Training\n"
        "class Long(Training):\n"
        "    def __init__(self): super().__init__(10**6, patience=10**6, progress=False)\n"
        "    def lr_of(self, epoch): print('epoch', epoch, flush=True); return super().lr_of(epoch)\n"
        "_iwae.Training = Long\n"
        "from upweight.cli import main; main(['impute', 'd.csv', '-o', 'full.csv'])"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    while child.stdout.readline().strip() != "epoch 3":
        assert child.poll() is None, child.stderr and child.stderr.read()
    child.send_signal(sign)
    _, err = child.communicate(timeout=60)
    assert child.returncode == code, err
    assert (tmp_path / "full.csv").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["d.csv", "full.csv"]
    if sign == signal.SIGINT:
        assert err.splitlines()[-1] == "upweight: interrupted"
