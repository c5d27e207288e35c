"""Where results go: never over the data, into devices and pipes instead of over them, through links; a full disk is one line."""

import errno
import json
import os
import stat
import subprocess
import sys
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight import InputError
from upweight.cli import main
from upweight.cli._outputs import check_writable, taken_by, write_text
from upweight.cli.compare import Outputs

QUICKLY = ("--methods", "threshold", "--cv", "2x1")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two Parquet files in the folder p, as the working folder's only content."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p").mkdir()
    for name in ("1", "2"):
        pq.write_table(pa.table({"x": [1.0, 2.0], "y": [0, 1], "w": [1.0, 2.0]}), f"p/{name}.parquet")
    return tmp_path


def run(*args, **more):
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "upweight", *args],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
        check=False,
        timeout=120,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more},
    )


@pytest.mark.parametrize("option", ["report", "save", "json", "journal"])
@pytest.mark.parametrize("path", ["p/1.parquet", "p/new.html", "p/../p/2.parquet", "link/1.parquet", "p/day=1/x"])
def test_no_output_lies_in_a_folder_of_data(folder, option, path):
    (folder / "link").symlink_to("p")
    (folder / "p" / "day=1").mkdir()
    with pytest.raises(InputError, match=r"that lies in the folder of the data. Name a file elsewhere."):
        Outputs.checked("p", **{"report": None, "save": None, "json": None, "journal": None, option: path})
    with pytest.raises(InputError, match=r"that lies in the folder of the data"):
        Outputs.checked("link", **{"report": None, "save": None, "json": None, "journal": None, option: path})


def test_the_folder_of_data_itself_is_no_output(folder):
    none = {"report": None, "save": None, "json": None}
    with pytest.raises(InputError, match=r"--journal p: that is the data"):
        Outputs.checked("p", **none, journal="p")
    with pytest.raises(InputError, match=r"--json p: that is a folder"):
        Outputs.checked("p", **{**none, "json": "p"}, journal=None)
    assert Outputs.checked("p", **{**none, "json": "p.json"}, journal="j").json is not None


@pytest.mark.parametrize(("data", "out"), [("w.csv", "w.csv"), ("w.csv", "link.csv"), ("p", "p/1.parquet")])
def test_the_weights_that_are_checked_are_not_written_over(folder, capsys, data, out):
    (folder / "w.csv").write_text("w\n1\n2\n")
    (folder / "link.csv").symlink_to("w.csv")
    before = (folder / out).read_bytes()
    with pytest.raises(SystemExit) as done:
        main(["check", data, "--json", out])
    assert done.value.code == 2
    assert "of the data" in capsys.readouterr().err.replace("that is the data", "of the data")
    assert (folder / out).read_bytes() == before


def test_a_pipe_is_written_into_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()), daemon=True)
    reader.start()
    target = check_writable(str(pipe), "--json", taken={})
    write_text(target, "all of it")
    reader.join(10)
    assert got == ["all of it"]
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)
    assert os.listdir(tmp_path) == ["pipe"]


def test_a_model_goes_into_a_file_only(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"--save .*pipe: that is a pipe or a device. Name a file."):
        Outputs.checked("demo:wine", report=None, save=str(tmp_path / "pipe"), json=None, journal=None)


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "r.json").write_text("old")
    for name, target in (("here", "deep/r.json"), ("new", "deep/new.json")):
        link = tmp_path / name
        link.symlink_to(target)
        write_text(check_writable(str(link), "--json", taken={}), "new")
        assert link.is_symlink()
        assert (tmp_path / target).read_text() == "new"
    (tmp_path / "lost").symlink_to("nowhere/r.json")
    with pytest.raises(InputError, match=r"--json .*lost: there is no folder .*nowhere"):
        check_writable(str(tmp_path / "lost"), "--json", taken={})


def test_links_to_one_file_are_one_output(tmp_path):
    (tmp_path / "a").symlink_to("r")
    taken = taken_by("demo:digits")
    check_writable(str(tmp_path / "r"), "--json", taken=taken)
    with pytest.raises(InputError, match=r"that is the file of --json"):
        check_writable(str(tmp_path / "a"), "--report", taken=taken)


def test_a_name_of_nothing_is_refused():
    with pytest.raises(InputError, match=r"--json must name a file; got ''"):
        check_writable("", "--json", taken={})


def test_where_standard_output_goes_the_result_follows_what_was_printed(tmp_path):
    """A link of our own to the descriptor, as /dev/stdout is one: the file is neither replaced nor overwritten."""
    (tmp_path / "out").symlink_to("/proc/self/fd/1")
    if not os.path.exists("/proc/self/fd/1"):
        pytest.skip("no /proc here")
    with open(tmp_path / "all.txt", "w") as file:
        done = run("check", "demo:good", "--json", str(tmp_path / "out"), stdout=file, stderr=subprocess.STDOUT)
    assert done.returncode == 0
    printed = (tmp_path / "all.txt").read_text()
    assert "rows worth" in printed.partition("{")[0]
    document, _, notice = printed.partition("{")[2].rpartition("wrote ")
    assert json.loads("{" + document)["data"] == "demo:good"
    assert notice == f"{tmp_path / 'out'}\n"
    assert (tmp_path / "out").is_symlink()
    piped = run("check", "demo:good", "--json", str(tmp_path / "out"))
    assert piped.stdout + piped.stderr == printed


def test_a_disk_that_is_full_is_told_in_one_line_for_every_output(tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.fsync", full)
    for option, name in (("--json", "r.json"), ("--report", "r.html"), ("--save", "m.skops")):
        (tmp_path / name).write_text("old")
        with pytest.raises(SystemExit) as done:
            main(["compare", "demo:wine", "--target", "cultivar", "--positive", "2", *QUICKLY, option, name])
        assert done.value.code == 2
        told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("upweight:")]
        assert len(told) == 1
        assert "written (No space left on device)" in told[0]
        assert (tmp_path / name).read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["m.skops", "r.html", "r.json"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
@pytest.mark.parametrize("args", [["check", "demo:good"], ["check", "demo:good", "--json"], ["compare", "--help"]])
def test_a_full_standard_output_is_one_line_and_exit_two(args):
    with open("/dev/full", "w") as full:
        done = run(*args, stdout=full)
    assert done.returncode == 2
    assert done.stderr == "upweight: standard output: No space left on device\n"


def test_a_closed_standard_output_does_not_stop_the_files(tmp_path):
    code = "import os, sys; os.close(1); os.execv(sys.executable, [sys.executable, '-m', 'upweight', *sys.argv[1:]])"
    done = subprocess.run(
        [sys.executable, "-c", code, "check", "demo:good", "--json", str(tmp_path / "r.json")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, f"wrote {tmp_path / 'r.json'}\n")
    assert json.loads((tmp_path / "r.json").read_text())["data"] == "demo:good"
