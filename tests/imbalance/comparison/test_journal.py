"""The journal: whole cells, its own data and settings only, never in the way."""

import json

import numpy as np
import pytest

from upweight import InputError
from upweight.imbalance.comparison._cells import Cell, Key
from upweight.imbalance.comparison._journal import open_journal
from upweight.imbalance.comparison._settings import Settings
from upweight.imbalance.comparison._setup import setup_comparison

X = np.random.default_rng(0).normal(size=(60, 2))
Y = np.arange(60) % 3 == 0
PLAN = setup_comparison(X, Y, Settings.read(learner="logistic", methods="weights", cv="2x1", cost=None, rng=0)).plan
KEY = Key("weights", 0, 1)
CELL = Cell(
    KEY, np.array([0.1, 0.2]), np.array([0.3, 0.4]), 0.33, "exact", 10.0, 5.0, 0.0, 1.5, warned=("UserWarning: hm",)
)


def same(a, b):
    return all(np.array_equal(getattr(a, k), getattr(b, k)) for k in vars(a))


def test_a_cell_comes_back_as_it_was(tmp_path):
    open_journal(tmp_path / "j", PLAN, "d", "s").write(KEY, CELL)
    assert same(open_journal(tmp_path / "j", PLAN, "d", "s").read(KEY), CELL)
    assert open_journal(tmp_path / "j", PLAN, "d", "s").read(Key("none", 0, 0)) is None


@pytest.mark.parametrize(
    ("data", "settings", "what"), [("d2", "s", "data: d there, d2 here"), ("d", "s2", "settings: s there, s2 here")]
)
def test_other_data_or_settings_are_refused_with_both_fingerprints(tmp_path, data, settings, what):
    open_journal(tmp_path, PLAN, "d", "s")
    with pytest.raises(InputError) as error:
        open_journal(tmp_path, PLAN, data, settings)
    assert f"belongs to other {what}. Use another folder." in str(error.value)


def test_a_folder_that_is_none_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be used: .*Use another folder"):
        open_journal(tmp_path / "file", PLAN, "d", "s")
    for content in ("{not json", "[]"):
        (tmp_path / "journal.json").write_text(content)
        with pytest.raises(InputError, match="cannot be used"):
            open_journal(tmp_path, PLAN, "d", "s")


def test_cells_whose_head_is_lost_are_not_taken_for_other_data(tmp_path):
    open_journal(tmp_path, PLAN, "d", "s").write(KEY, CELL)
    (tmp_path / "journal.json").unlink()
    assert open_journal(tmp_path, PLAN, "d2", "s").read(KEY) is None
    (tmp_path / "journal.json").unlink()
    assert same(open_journal(tmp_path, PLAN, "d", "s").read(KEY), CELL)


def test_a_damaged_cell_is_computed_again(tmp_path):
    book = open_journal(tmp_path, PLAN, "d", "s")
    book.write(KEY, CELL)
    content = book.path(KEY).read_bytes()
    for damaged in (content[: len(content) // 2], b"", b"PK"):
        book.path(KEY).write_bytes(damaged)
        assert book.read(KEY) is None


def test_a_failed_cell_is_tried_again(tmp_path):
    book = open_journal(tmp_path, PLAN, "d", "s")
    book.write(KEY, Cell(KEY, CELL.p, CELL.raw, error="no"))
    assert book.read(KEY) is None


def test_a_full_disk_is_noted_once_and_leaves_no_half_file(tmp_path, monkeypatch):
    book = open_journal(tmp_path, PLAN, "d", "s")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    book.write(KEY, CELL)
    assert "cannot be written (No space left on device); the run goes on without it" in book.trouble
    monkeypatch.undo()
    book.write(KEY, CELL)
    assert [p.name for p in tmp_path.iterdir()] == ["journal.json"]


def test_names_of_methods_cannot_leave_the_folder(tmp_path):
    book = open_journal(tmp_path, PLAN, "d", "s")
    for name in ("../../etc/passwd", "a/b", "smote+tomek", "x" * 500, "ä"):
        assert book.path(Key(name, 0, 0)).parent == tmp_path
        book.write(Key(name, 0, 0), Cell(Key(name, 0, 0), CELL.p, CELL.raw))
        assert book.read(Key(name, 0, 0)) is not None
    assert book.path(Key("a/b", 0, 0)) != book.path(Key("a.b", 0, 0))


def test_the_head_is_readable_json(tmp_path):
    open_journal(tmp_path, PLAN, "d", "s")
    assert json.loads((tmp_path / "journal.json").read_text()) == {
        "schema": "upweight.journal/1",
        "data": "d",
        "settings": "s",
    }
