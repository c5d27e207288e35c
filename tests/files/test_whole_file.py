"""A file is written whole or not at all; what is no file is written into."""

import os
import stat
import threading

import pytest

from upweight.files._whole_file import is_stream, write_whole


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_is_stopped_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, step):
    path = tmp_path / "f"
    path.write_text("old")

    def killed(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, step, killed)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_mode_and_link_stay(tmp_path):
    path = tmp_path / "f"
    path.write_text("old")
    path.chmod(0o640)
    (tmp_path / "link").symlink_to("f")
    write_whole(tmp_path / "link", b"new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert (tmp_path / "link").is_symlink()


def test_a_long_name_has_room_for_the_file_beside_it(tmp_path):
    write_whole(tmp_path / ("x" * 255), b"new")
    assert [len(name) for name in os.listdir(tmp_path)] == [255]


def test_a_pipe_takes_the_content_and_stays(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_whole(pipe, b"x" * 200_000)
    reader.join(10)
    assert got == [b"x" * 200_000]
    assert is_stream(pipe)


def test_files_folders_and_nothing_are_no_streams(tmp_path):
    (tmp_path / "f").write_text("")
    assert not any(map(is_stream, (tmp_path, tmp_path / "f", tmp_path / "absent")))


def test_the_file_that_standard_output_goes_to_is_one(tmp_path):
    kept = os.dup(1)
    try:
        with open(tmp_path / "out", "wb") as file:
            os.dup2(file.fileno(), 1)
            os.write(1, b"printed, ")
            assert is_stream(tmp_path / "out")
            write_whole(tmp_path / "out", b"then written")
            os.write(1, b", then printed")
    finally:
        os.dup2(kept, 1)
        os.close(kept)
    assert (tmp_path / "out").read_text() == "printed, then written, then printed"
