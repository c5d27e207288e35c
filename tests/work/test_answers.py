"""AnswerJournal: what is there is given, what is torn is dropped, what is damaged or another's is refused and left as it was."""

import subprocess
import sys

import numpy as np
import pytest

import upweight as uw
from upweight.work import AnswerJournal

U = np.arange(12.0).reshape(6, 2)
Y = np.array([1.5, -np.inf, 0.1, 4.0, 5.0, 6.0])
OWNER = {"rng": 0, "settings": {"budget": 10}}


def filled(path):
    with AnswerJournal(path, OWNER) as journal:
        journal.append(0, 0, U[:4], Y[:4])
        journal.append(0, 4, U[4:], Y[4:])
        journal.append(1, 1, U[1:3], Y[1:3])
    return path


def recalled(path, request=0, u=U):
    with AnswerJournal(path, OWNER) as journal:
        return journal.recall(request, u)


def test_answers_come_back_bit_for_bit(tmp_path):
    path = filled(tmp_path / "a.uwj")
    y, there = recalled(path)
    np.testing.assert_array_equal(y, Y)
    assert there.all()
    y, there = recalled(path, 1)
    assert there.tolist() == [False, True, True, False, False, False]
    np.testing.assert_array_equal(y[there], Y[1:3])
    assert not recalled(path, 2)[1].any()


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_torn_last_line_is_dropped_and_the_next_is_whole(tmp_path, cut):
    path = filled(tmp_path / "a.uwj")
    path.write_bytes(path.read_bytes()[:-cut])
    with AnswerJournal(path, OWNER) as journal:
        assert not journal.recall(1, U)[1].any()
        assert journal.recall(0, U)[1].all()
        journal.append(1, 1, U[1:3], Y[1:3])
    assert recalled(path, 1)[1].sum() == 2


def test_a_torn_first_line_is_ours_and_begun_again(tmp_path):
    path = filled(tmp_path / "a.uwj")
    path.write_bytes(path.read_bytes()[:20])
    assert not recalled(path)[1].any()


@pytest.mark.parametrize("text", ["my notes", "my notes\n", "a\nb\nc\n", '{"schema": "other/1"}\n', "[1]\n"])
def test_a_file_of_somebody_else_is_refused_and_left_alone(tmp_path, text):
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(uw.InputError, match=r"notes.txt', line 1"):
        AnswerJournal(path, OWNER)
    assert path.read_text() == text


def test_a_damaged_line_inside_is_refused_by_its_number(tmp_path):
    path = filled(tmp_path / "a.uwj")
    before = path.read_bytes()
    lines = before.split(b"\n")
    for bad in (lines[1][:-9], lines[1].replace(b'"first": 0', b'"first": 1'), b""):
        path.write_bytes(b"\n".join([lines[0], bad, *lines[2:]]))
        kept = path.read_bytes()
        with pytest.raises(uw.InputError, match="line 2, is damaged"):
            AnswerJournal(path, OWNER)
        assert path.read_bytes() == kept


def test_another_owner_is_refused_with_what_differs(tmp_path):
    path = filled(tmp_path / "a.uwj")
    with pytest.raises(uw.InputError, match="line 1, belongs to another run: rng 0 there, 1 here"):
        AnswerJournal(path, OWNER | {"rng": 1})
    with pytest.raises(uw.InputError, match="settings"):
        AnswerJournal(path, {"rng": 0})


def test_other_questions_are_refused_by_their_line(tmp_path):
    path = filled(tmp_path / "a.uwj")
    with pytest.raises(uw.InputError, match="line 2, answers other questions"):
        recalled(path, u=U + 1)
    with pytest.raises(uw.InputError, match="line 3, answers other questions"):
        recalled(path, u=U[:5])


def test_a_second_writer_is_refused(tmp_path):
    path = filled(tmp_path / "a.uwj")
    code = f"""
import upweight as uw
from upweight.work import AnswerJournal
try:
    AnswerJournal({str(path)!r}, {OWNER!r})
except uw.InputError as error:
    print(error)
"""
    with AnswerJournal(path, OWNER):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "cannot be used: another run writes to it" in done.stdout, done.stderr
    assert recalled(path)[1].all()


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(uw.InputError, match="cannot be used: No such file or directory"):
        AnswerJournal(tmp_path / "none" / "a.uwj", OWNER)


def test_a_full_disk_is_told_and_what_is_there_stays(tmp_path):
    path = filled(tmp_path / "a.uwj")
    size = path.stat().st_size
    code = f"""
import resource, signal
import numpy as np, upweight as uw
from upweight.work import AnswerJournal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = AnswerJournal({str(path)!r}, {OWNER!r})
resource.setrlimit(resource.RLIMIT_FSIZE, ({size + 40}, {size + 40}))
try:
    journal.append(2, 0, np.zeros((3, 2)), np.zeros(3))
except uw.InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "a.uwj' cannot be written" in done.stdout, done.stderr
    assert recalled(path)[1].all()
    assert not recalled(path, 2)[1].any()


def test_a_device_is_no_journal():
    """Read to its end, some would never end."""
    with pytest.raises(uw.InputError, match="it is no regular file"):
        AnswerJournal("/dev/full", OWNER)
