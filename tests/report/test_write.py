"""Files: the new page or the old one, never half of either."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys

import pytest

from upweight import _errors
from upweight.report import _write, page, write

OLD = "<p>the page of last week</p>"


def test_the_file_is_the_page(documents, tmp_path):
    facts = documents.digits(2)
    path = write(facts, tmp_path / "out.html")
    assert path == tmp_path / "out.html"
    assert path.read_text(encoding="utf-8") == page(facts)
    assert os.listdir(tmp_path) == ["out.html"]


def test_surrogates_of_the_document_do_not_stop_the_writing(documents, tmp_path):
    facts = documents.digits(2)
    facts["data"]["target"] = "half \ud800 a pair"
    assert "half [U+D800] a pair" in write(facts, tmp_path / "out.html").read_text(encoding="utf-8")


def test_a_document_that_is_refused_leaves_the_old_page(documents, tmp_path):
    (tmp_path / "out.html").write_text(OLD)
    facts = documents.digits(2)
    del facts["verdict"]
    with pytest.raises(_errors.InputError, match="`verdict` is missing"):
        write(facts, tmp_path / "out.html")
    assert (tmp_path / "out.html").read_text() == OLD


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_page_and_no_other(documents, tmp_path, monkeypatch, step):
    (tmp_path / "out.html").write_text(OLD)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_write.os, step, full)
    with pytest.raises(OSError, match="No space left"):
        write(documents.digits(2), tmp_path / "out.html")
    assert os.listdir(tmp_path) == ["out.html"]
    assert (tmp_path / "out.html").read_text() == OLD


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_real_limit_on_file_size_leaves_the_old_page(tmp_path):
    (tmp_path / "out.html").write_text(OLD)
    code = (
        "import resource\n"
        "from pathlib import Path\n"
        "from upweight.files._whole_file import write_whole\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"write_whole(Path({str(tmp_path / 'out.html')!r}), b'x' * 100_000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert os.listdir(tmp_path) == ["out.html"]
    assert (tmp_path / "out.html").read_text() == OLD


def test_a_folder_and_a_path_without_folder_are_told(documents, tmp_path):
    facts = documents.digits(2)
    with pytest.raises(_errors.InputError, match=r"`path` must be a file; .* is a folder. Add a name"):
        write(facts, tmp_path)
    with pytest.raises(_errors.InputError, match=r"must lie in a folder that exists; .*absent' does not"):
        write(facts, tmp_path / "absent" / "out.html")


@pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX")
def test_mode_and_link_survive(documents, tmp_path):
    real = tmp_path / "real.html"
    real.write_text(OLD)
    real.chmod(0o640)
    (tmp_path / "link.html").symlink_to(real)
    assert write(documents.digits(2), tmp_path / "link.html") == real
    assert (tmp_path / "link.html").is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert "Move the threshold" in real.read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="devices are POSIX")
def test_a_device_is_written_to_and_stays_a_device(documents):
    write(documents.digits(2), "/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
