"""A folder of finished parts: what was written comes back, what is damaged is made again, what is another's is refused."""

from __future__ import annotations

import numpy as np
import pytest

from upweight._errors import InputError
from upweight.work import Journal, array_parts, pack_arrays, unpack_arrays

PARTS = {
    "array": np.arange(6.0).reshape(2, 3),
    "numbers and text": {"p": np.array([0.5, np.nan]), "name": np.array(["é", "b"])},
    "empty": np.empty((0, 3), np.float32),
    "scalar": np.int64(3),
}


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "j", array_parts(), data="d", settings="s")


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_arrays_come_back(journal, part):
    journal.write(("k", 1), part)
    back = journal.read(("k", 1))
    for name in part if isinstance(part, dict) else [None]:
        a, b = (part, back) if name is None else (part[name], back[name])
        np.testing.assert_array_equal(a, b)
        assert np.asarray(a).dtype == b.dtype
    assert journal.read(("k", 2)) is None


def test_keys_do_not_meet(journal):
    for key in ("1", 1, (1,), ("1",), 1.5):
        assert journal.read(key) is None
        journal.write(key, np.array([len(repr(key))]))
    assert len(list(journal.folder.glob("part-*.npz"))) == 5


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_damaged_part_is_made_again(journal, cut):
    journal.write(1, np.arange(100.0))
    path = journal.path(1)
    path.write_bytes(path.read_bytes()[:cut])
    assert journal.read(1) is None


def test_objects_are_refused_by_name(journal):
    with pytest.raises(InputError, match="array 'odd' of a part holds objects"):
        journal.write(1, {"odd": np.array([{}, 1], dtype=object)})


def test_a_folder_of_other_data_or_settings_is_refused(journal):
    with pytest.raises(InputError, match="belongs to other settings: s there, t here"):
        Journal(journal.folder, array_parts(), data="d", settings="t")
    with pytest.raises(InputError, match="belongs to other data"):
        Journal(journal.folder, array_parts(), data="e", settings="s")


def test_a_full_disk_does_not_end_the_run(journal, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("upweight.work._journal.write_whole", full)
    journal.write(1, np.arange(3))
    assert "No space left" in journal.trouble
    journal.write(2, np.arange(3))
    assert journal.read(2) is None


def test_packed_facts_are_plain():
    arrays, facts = unpack_arrays(pack_arrays({"a": np.arange(2)}, {"n": 1, "said": ["x"]}))
    assert (arrays["a"].tolist(), facts) == ([0, 1], {"n": 1, "said": ["x"]})
