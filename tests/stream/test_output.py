"""A folder in which a file is there whole or not at all."""

from __future__ import annotations

import json

import pytest
from pyarrow import fs

from upweight import InputError
from upweight.stream import Output, canonical


@pytest.fixture(params=["local", "mock", "memory"])
def place(request, tmp_path):
    if request.param == "local":
        yield Output(str(tmp_path / "out"))
    elif request.param == "mock":
        yield Output("bucket/out", fs._MockFileSystem())
    else:
        import fsspec

        yield Output("memory://bucket/out")
        fsspec.filesystem("memory").rm("/bucket", recursive=True)


def test_canonical_text_is_sorted_ascii_and_shortest():
    assert canonical({"b": [0.1, 1e-300], "a": "é"}) == '{"a":"\\u00e9","b":[0.1,1e-300]}'
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": float("nan")})


def test_documents_come_back_and_half_a_document_is_none(place):
    assert place.names() == place.entries() == []
    assert place.read("a.json") is None
    place.make("data")
    place.write_json("a.json", {"x": 1})
    assert place.read("a.json") == b'{"x":1}\n'
    assert place.read_json("a.json") == {"x": 1}
    assert place.entries() == ["a.json", "data"]
    with place.beside("b.json") as path:
        path.write_text('{"x":')
    assert place.read_json("b.json") is None
    place.remove("a.json")
    place.remove("a.json")
    assert place.names() == ["b.json"]
    place.remove_folder("data")
    place.remove_folder("data")
    assert place.entries() == ["b.json"]


def test_what_goes_wrong_leaves_no_name(place):
    place.make("data")
    with pytest.raises(ZeroDivisionError), place.beside("data/a.parquet") as path:
        path.write_bytes(bytes(1 // 0))
    assert place.names("data") == []


def test_sweep_takes_away_what_was_left_half_written(tmp_path):
    place = Output(str(tmp_path))
    place.make("data")
    for name in ("data/.part-1.ab.tmp", "data/part-1.parquet", ".part-run.json.cd.tmp"):
        (tmp_path / name).write_text("x")
    place.sweep("", "data")
    assert place.names("data") == ["part-1.parquet"]
    assert place.names() == []


def test_a_document_is_replaced_in_one_go(tmp_path):
    place = Output(str(tmp_path))
    place.write_json("a.json", [1])
    place.write_json("a.json", [2])
    assert json.loads((tmp_path / "a.json").read_text()) == [2]


def test_one_run_at_a_time_holds_a_local_folder(tmp_path):
    one, two = Output(str(tmp_path)), Output(str(tmp_path))
    with one.held(), pytest.raises(InputError, match="is being written by another run"), two.held():
        pass
    with two.held():
        assert two.entries() == [".lock"]
