"""upweight check and cite: what is printed, written and refused, in a process of its own where it matters."""

import json
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

import upweight as uw
from upweight.cli import main
from upweight.files._parquet import BATCH


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


@pytest.fixture
def weights(tmp_path):
    """Importance weights of 5000 rows and their columns, also written in every format."""
    rng = np.random.default_rng(0)
    source = rng.uniform(0.1, 0.9, size=5000)
    target = rng.uniform(0.1, 0.9, size=5000)
    table = pa.table(
        {"w": target / source, "s": source, "t": target, "log_w": np.log(target / source), "g": ["a", "b"] * 2500}
    )
    pa_csv.write_csv(table, tmp_path / "w.csv")
    pq.write_table(table, tmp_path / "w.parquet", row_group_size=700)
    folder = tmp_path / "folder" / "day=1"
    folder.mkdir(parents=True)
    for i, start in enumerate(range(0, 5000, 1250)):
        pq.write_table(table.slice(start, 1250), folder / f"{i}.parquet")
    np.save(tmp_path / "w.npy", target / source)
    return table


def expected(table, **said):
    return str(uw.Weights.of(table["w"].to_numpy(), **said).check())


# ---- what is read -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["w.csv", "w.parquet", "folder", "w.npy"])
def test_every_format_gives_the_screen_of_check(run, weights, file):
    code, out, err = run("check", file, "--kind", "importance")
    assert (code, err) == (0, "")
    assert out.strip() == expected(weights, kind="importance")


def test_assumed_kind_is_said(run, weights):
    assert run("check", "w.csv")[1].strip() == expected(weights)


@pytest.mark.parametrize("file", ["w.csv", "w.parquet", "folder"])
def test_ratio_of_columns_and_labels(run, weights, file):
    code, out, _ = run("check", file, "--source", "s", "--target", "t", "--exact", "--by", "g")
    w = uw.ratio(weights["t"].to_numpy(), weights["s"].to_numpy())
    assert out.strip() == str(w.check(by=np.array(["a", "b"] * 2500)))
    assert code == 0


def test_target_may_be_a_number_and_logs_are_logs(run, weights):
    out = run("check", "w.csv", "--source", "s", "--target", "0.5")[1]
    assert out.strip() == str(uw.ratio(0.5, weights["s"].to_numpy(), exact=False).check())
    out = run("check", "w.parquet", "--column", "log_w", "--log", "--kind", "importance", "--exact")[1]
    assert out.strip() == str(uw.Weights.of_log(weights["log_w"].to_numpy(), kind="importance", exact=True).check())


def test_the_only_column_needs_no_name(run, tmp_path):
    (tmp_path / "x.csv").write_text("anything\n1\n2\n")
    assert run("check", "x.csv")[0] == 0


def test_gzip_semicolons_latin_1_and_byte_order_marks(run, tmp_path):
    import gzip

    with gzip.open(tmp_path / "w.csv.gz", "wt") as file:
        file.write("w\n" + "1\n2\n" * 20)
    (tmp_path / "semi.csv").write_bytes("w;g\n1;gr\xfcn\n2;rot\n".encode("latin-1"))
    (tmp_path / "bom.csv").write_bytes(b"\xef\xbb\xbfw,g\n1,a\n2,b\n")
    told = {"w.csv.gz": "", "semi.csv": "semi.csv: not UTF-8; read as Latin-1.\n", "bom.csv": ""}
    for file, notice in told.items():
        code, out, err = run("check", file)
        assert (code, err) == (0, notice), file
        assert "rows worth" in out


def test_files_longer_than_a_batch_are_one_whole(run, tmp_path):
    w = np.random.default_rng(1).exponential(size=BATCH + 1000)
    np.save(tmp_path / "w.npy", w)
    pq.write_table(pa.table({"w": w}), tmp_path / "w.parquet")
    for file in ("w.npy", "w.parquet"):
        assert run("check", file, "--kind", "importance")[1].strip() == str(uw.Weights.of(w, kind="importance").check())


@pytest.mark.parametrize(
    ("name", "grade", "line"),
    [
        ("good", "good", "worth 3,117 (78 %)"),
        ("heavy", "unreliable", "w.temper(power=0.64) takes the tail to 0.5"),
        ("class", "good", "Correction.weighted(y, w)"),
    ],
)
def test_demos(run, name, grade, line):
    code, out, _ = run("check", f"demo:{name}")
    assert code == 0
    assert out.startswith(grade)
    assert line in out


def test_labels_of_parquet_keep_their_type_and_gaps(run, tmp_path):
    table = pa.table(
        {
            "w": np.tile([1.0, 1.1], 60),
            "g": pa.array([1, None, 2] * 40),
            "c": pa.array(["x", "y"] * 60).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "w.parquet")
    d = json.loads(run("check", "w.parquet", "--by", "g", "--json")[1])
    assert [s["label"] for s in d["by"]] == [1.0, 2.0, "missing"]
    d = json.loads(run("check", "w.parquet", "--by", "c", "--json")[1])
    assert [s["label"] for s in d["by"]] == ["x", "y"]


# ---- what is written --------------------------------------------------------------------------------------------------------


def test_json_to_standard_output_or_a_file(run, weights, tmp_path):
    code, out, _ = run("check", "w.csv", "--json")
    d = json.loads(out)
    assert code == 0
    assert d["schema"] == "upweight.verdict/1"
    assert d["data"] == "w.csv"
    assert d["n"] == 5000
    _, out, _ = run("check", "w.csv", "--json", "v.json")
    assert out.strip() == expected(weights)
    assert json.loads((tmp_path / "v.json").read_text()) == d


def test_strict_exits_one_for_the_unusable_and_shows_the_screen(run, tmp_path):
    np.save(tmp_path / "zeros.npy", np.zeros(100))
    code, out, err = run("check", "zeros.npy", "--strict")
    assert code == 1
    assert out.startswith("unusable")
    assert err == ""
    assert run("check", "zeros.npy")[0] == 0
    assert run("check", "demo:heavy", "--strict")[0] == 0


def test_labels_that_the_terminal_cannot_show_are_escaped(tmp_path):
    rows = "".join(f"{1.5 + (i % 7) / 50},\u0141\u00f3d\u017a\n{0.5 + (i % 5) / 50},a\n" for i in range(60))
    (tmp_path / "w.csv").write_text("w,g\n" + rows, encoding="utf8")
    code = "from upweight.cli import main; main(['check', 'w.csv', '--by', 'g', '--exact'])"
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=tmp_path, env=env)
    assert done.returncode == 0
    assert b"\\u0141\xf3d\\u017a: mean" in done.stdout


def test_cite_reads_what_json_wrote(run, weights):
    run("check", "w.csv", "--json", "v.json")
    code, out, _ = run("cite", "v.json")
    assert code == 0
    assert out.strip() == uw.cite(uw.Weights.of([1.0, 2.0]).check())


# ---- what is refused --------------------------------------------------------------------------------------------------------

VALUES = ["1.0", "2.0", "0.5"] * 20


def lines(tmp_path, name, values, head="w"):
    (tmp_path / name).write_text("\n".join([head, *values]) + "\n")


def with_bad(value, row=17):
    return [*VALUES[:row], value, *VALUES[row + 1 :]]


BAD_ROWS = {
    "negative": (with_bad("-0.22"), "weights must be >= 0; got -0.22 at row 17. Logs? Use --log."),
    "text": (with_bad("abc"), "must hold numbers; got 'abc' at row 17."),
    "gap": (with_bad("NA"), "a value is missing, first at row 17."),
    "infinite": (with_bad("inf"), "weights must be finite; got inf at row 17."),
    "many": ([*with_bad("-1"), "-2"], "got -1 at row 17"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_bad_values_name_file_column_and_row_and_write_nothing(run, tmp_path, name):
    values, message = BAD_ROWS[name]
    lines(tmp_path, "w.csv", values)
    code, out, err = run("check", "w.csv", "--json", "v.json")
    assert (code, out) == (2, "")
    assert err.startswith("upweight: w.csv: column 'w'")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "v.json").exists()


def test_rows_are_counted_across_batches_and_within_their_file(run, tmp_path):
    values = np.ones(BATCH + 50)
    values[BATCH + 7] = -3.0
    np.save(tmp_path / "w.npy", values)
    assert f"got -3 at row {BATCH + 7}." in run("check", "w.npy")[2]
    pq.write_table(pa.table({"w": values}), tmp_path / "w.parquet")
    assert f"w.parquet: column 'w': weights must be >= 0; got -3 at row {BATCH + 7}." in run("check", "w.parquet")[2]
    long = ["1.000000"] * 1_000_000  # text is read in pieces of 8 MB
    lines(tmp_path, "long.csv", [*long, "-3"])
    assert "got -3 at row 1000000." in run("check", "long.csv")[2]
    lines(tmp_path, "text.csv", [*long, "x"])
    assert "got 'x' at row 1000000." in run("check", "text.csv")[2]
    (tmp_path / "f").mkdir()
    pq.write_table(pa.table({"w": np.ones(100)}), tmp_path / "f" / "a.parquet")
    pq.write_table(pa.table({"w": [1.0, np.nan]}), tmp_path / "f" / "b.parquet")
    assert "f/b.parquet: column 'w': weights must be finite; got nan at row 1." in run("check", "f")[2]


def test_sources_must_be_positive_and_logs_below_infinity(run, tmp_path):
    lines(tmp_path, "r.csv", ["0.5,0.5", "0.5,0"], head="t,s")
    err = run("check", "r.csv", "--source", "s", "--target", "t")[2]
    assert "column 's': the source must be > 0; got 0 at row 1. Such a row cannot have been drawn" in err
    lines(tmp_path, "l.csv", ["1", "inf"])
    assert "logs must be below +inf; got inf at row 1" in run("check", "l.csv", "--log")[2]
    lines(tmp_path, "c.csv", ["1", "2.5"])
    assert "frequencies must be whole numbers; got 2.5 at row 1" in run("check", "c.csv", "--kind", "frequency")[2]


def broken(tmp_path):
    """File name -> what must be said of it."""
    lines(tmp_path, "ragged.csv", with_bad("1,2"))
    lines(tmp_path, "header.csv", [], head="w")
    lines(tmp_path, "twice.csv", ["1,2"], head="w,w")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "w.parquet").read_bytes()[:-30])
    (tmp_path / "no").mkdir()
    np.save(tmp_path / "matrix.npy", np.eye(3))
    np.save(tmp_path / "object.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "junk.npy").write_bytes(b"not numpy at all")
    return {
        "ragged.csv": "line 19 has 2 fields, the first line 1",
        "header.csv": "holds no rows",
        "twice.csv": "column 'w' stands 2 times",
        "empty.csv": "the file is empty (0 bytes)",
        "binary.csv": "not text: a zero byte at position 0",
        "cut.parquet": "cannot be read: Parquet magic bytes not found in footer",
        "no": "a folder without .parquet files",
        "matrix.npy": "no column 'w' for --column. Known: c0, c1, c2",
        "object.npy": "not a .npy file of numbers",
        "junk.npy": "not a .npy file of numbers",
        "w.parq": "no such file. Did you mean 'w.parquet'",
    }


def test_files_that_are_not_what_they_seem_are_refused_on_one_line(run, weights, tmp_path):
    for file, message in broken(tmp_path).items():
        code, out, err = run("check", file)
        assert (code, out) == (2, ""), file
        assert message in err, (file, err)
        assert err.startswith(f"upweight: {file}: "), (file, err)
        assert err.count("\n") == 1, (file, err)


def test_columns_that_are_not_there_name_the_nearest(run, weights):
    assert "no column 'logw' for --column. Did you mean 'log_w'?" in run("check", "w.csv", "--column", "logw")[2]
    assert (
        "no column 'q' for --source. Known: w, s, t, log_w, g"
        in run("check", "w.csv", "--source", "q", "--target", "t")[2]
    )
    assert "no column 'G2' for --by" in run("check", "w.csv", "--by", "G2")[2]
    assert (
        "column 'g' must hold numbers; got string, first 'a' at row 0" in run("check", "w.parquet", "--column", "g")[2]
    )


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["w.csv", "--source", "s"], "--source needs --target"),
        (["w.csv", "--target", "t"], "--target needs --source"),
        (["w.csv", "--source", "s", "--target", "t", "--column", "w"], "Say one of the two"),
        (["w.csv", "--source", "s", "--target", "t", "--kind", "class"], "whose ratio is an importance weight"),
        (["w.csv", "--source", "s", "--target", "inf"], "must be a finite number"),
        (["w.csv", "--source", "s", "--target", "-0.5"], "`target` must be >= 0"),
        (["w.csv", "--kind", "klass"], "must be one of inclusion, importance, class, cost, frequency; got 'klass'"),
        (["demo:nothing"], "Name demo:good, demo:heavy or demo:class"),
        (["demo:good", "--column", "w"], "demo:good has no columns"),
        (["w.csv", "--json", "nowhere/v.json"], "there is no folder 'nowhere'"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_reading(run, weights, args, message):
    code, out, err = run("check", *args)
    assert (code, out) == (2, "")
    assert message in err


def test_cite_refuses_what_is_no_result(run, tmp_path):
    (tmp_path / "text.json").write_text("nothing")
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "other.json").write_text('{"schema": "other/1"}')
    for file, message in {
        "text.json": "not JSON",
        "list.json": "holds a list",
        "other.json": "schema 'other/1'",
        "none.json": "cannot be read",
    }.items():
        code, out, err = run("cite", file)
        assert (code, out) == (2, "")
        assert err.startswith(f"upweight: {file}: ")
        assert message in err


def test_help_teaches_with_examples_that_run(run):
    code, out, _ = run("check", "--help")
    assert code == 0
    for word in (
        "upweight check demo:heavy",
        "--source",
        "COL|NUMBER",
        "Exit codes",
        "[default: w, or the",
    ):
        assert word in out
    assert run("cite", "--help")[0] == 0


@pytest.mark.data
def test_the_bandit_log(run, data_folder):
    code, out, _ = run(
        "check",
        data_folder / "bandit/obd/bts/all.csv",
        "--source",
        "propensity_score",
        "--target",
        "0.0125",
        "--exact",
        "--by",
        "position",
    )
    assert code == 0
    assert out.startswith("usable: importance weights, 10,000 rows worth 340 (3.4 %)\n  tail     k-hat 0.66 ")
    assert "row 8321 holds 2.7 %" in out
    assert "3 segments, means 0.917 to 1.187: none breaks the promise" in out


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads peak memory from /proc")
def test_twenty_million_rows_of_parquet_stay_under_400_mb(tmp_path):
    rng, rows = np.random.default_rng(0), 1_000_000
    schema = pa.schema([("w", pa.float64()), ("day", pa.string())])
    with pq.ParquetWriter(tmp_path / "w.parquet", schema) as file:
        for _ in range(20):
            days = np.array(["mon", "tue", "wed"])[rng.integers(0, 3, rows)]
            file.write_table(pa.table({"w": np.exp(rng.normal(-0.5, 1, rows)), "day": days}))
    code = (  # VmHWM, since ru_maxrss begins with the memory of whoever started the process
        "import re, sys\nfrom upweight.cli import main\n"
        "try:\n    main(['check', 'w.parquet', '--exact', '--by', 'day'])\n"
        "finally:\n    print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1], file=sys.stderr)"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=env)
    assert done.returncode == 0
    assert done.stdout.startswith("good: importance weights (assumed), 20,000,000 rows")
    assert int(done.stderr.split()[-1]) / 1024 < 400


def test_labels_with_a_late_byte_and_broken_archives(run, tmp_path):
    import gzip

    many = b"w,g\n" + b"1,plain\n" * 20_000
    (tmp_path / "late.csv").write_bytes(many + "3,grün\n".encode("latin-1"))
    code, out, err = run("check", "late.csv", "--by", "g", "--exact")
    assert (code, err) == (0, "late.csv: not UTF-8; read as Latin-1.\n")
    assert "20,001 rows" in out
    whole = gzip.compress(b"w\n" + b"".join(b"%d\n" % (i * i % 9973) for i in range(300_000)))
    for name, content in {"t.csv.gz": whole[:-5000], "c.csv.gz": whole[:99_000] + bytes(50) + whole[99_050:]}.items():
        (tmp_path / name).write_bytes(content)
        code, _, err = run("check", name)
        assert code == 2
        assert err.startswith(f"upweight: {name}: ")
        assert err.count("\n") == 1
    assert "WEIGHTS must name a file" in run("check", "")[2]


def test_a_quoted_label_may_span_lines_and_blocks(run, tmp_path):
    label = "long text\n" * 300
    (tmp_path / "nl.csv").write_text(f'w,t\n1,"{label}"\n' + '1,"b\n3,c\n4,d"\n' * 700_000)
    code, out, _ = run("check", "nl.csv", "--column", "w")
    assert code == 0
    assert "700,001 rows" in out
    (tmp_path / "r.csv").write_text('w,t\n1,"a\nb"\n\n2\n')
    assert "r.csv: line 5 has 1 field, the first line 2. Mend" in run("check", "r.csv")[2]


@pytest.mark.parametrize(
    ("args", "where"),
    [
        (("check", "w.csv"), "upweight.cli._weights_file.Tally.of"),
        (("compare", "w.csv", "--target", "w"), "upweight.files.read_source"),
    ],
)
def test_an_interruption_while_reading_ends_in_one_line_and_130(run, tmp_path, monkeypatch, args, where):
    def stop(*_, **__):
        raise KeyboardInterrupt

    (tmp_path / "w.csv").write_text("w,x\n" + "1,2\n2,1\n" * 20)
    monkeypatch.setattr(where, stop)
    assert run(*args) == (130, "", "upweight: interrupted\n")
