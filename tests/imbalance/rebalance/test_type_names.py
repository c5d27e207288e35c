"""One table brings names of types in models of earlier versions to where the types are now."""

from __future__ import annotations

import io
import json
import zipfile
from importlib import import_module

import pytest

from upweight.imbalance.rebalance._type_names import OLD_TO_NEW, renamed, with_new_types


@pytest.mark.parametrize("new", sorted(set(OLD_TO_NEW.values())))
def test_every_new_name_is_where_the_type_is_and_says_of_itself(new):
    module, _, name = new.rpartition(".")
    kind = getattr(import_module(module), name)
    assert f"{kind.__module__}.{kind.__name__}" == new


def test_no_new_name_is_an_old_one():
    assert not set(OLD_TO_NEW) & set(OLD_TO_NEW.values())


def test_names_are_brought_up_to_date_however_deep():
    old = {"__module__": "upweight.imbalance._stumps", "__class__": "Stump", "content": [{"a": 1}]}
    node = {"x": [old, {"y": old}], "__module__": "numpy", "__class__": "ndarray"}
    new = renamed(node)
    assert new["x"][0]["__module__"] == new["x"][1]["y"]["__module__"] == "upweight.imbalance.ensembles"
    assert (new["__module__"], new["__class__"]) == ("numpy", "ndarray")
    assert old["__module__"] == "upweight.imbalance._stumps"  # what was given is as it was


def packed(schema: dict) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("schema.json", json.dumps(schema))
        file.writestr("1.npy", b"numbers")
    return out.getvalue()


def test_a_file_without_old_names_is_the_same_bytes():
    content = packed({"__module__": "numpy", "__class__": "ndarray"})
    assert with_new_types(content) == content


def test_only_the_names_of_a_file_change():
    content = packed({"__module__": "upweight.imbalance._lifted", "__class__": "Lifted"})
    with zipfile.ZipFile(io.BytesIO(with_new_types(content))) as file:
        assert json.loads(file.read("schema.json"))["__module__"] == "upweight.imbalance.errors"
        assert file.read("1.npy") == b"numbers"


def test_what_is_no_zip_is_an_error():
    with pytest.raises(zipfile.BadZipFile):
        with_new_types(b"no zip")
