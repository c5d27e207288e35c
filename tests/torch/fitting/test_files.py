"""Files of models: text and tensors go in and come out, and nothing in them runs."""

from __future__ import annotations

import os
import pickle

import pytest
import torch

import upweight as uw
from upweight.torch.fitting import read_model, write_model


class Hostile:
    """Runs a command when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_document_and_tensors_come_back_in_every_bit(tmp_path):
    tensors = {"a": torch.randn(3), "nest": {"b": [torch.zeros(2)]}}
    write_model(tmp_path / "m", "IWAE", {"k": 5, "lr": 0.1, "worst": float("-inf")}, tensors)
    document, found = read_model(tmp_path / "m", "IWAE")
    assert document == {"k": 5, "lr": 0.1, "worst": float("-inf")}
    assert torch.equal(found["a"], tensors["a"])
    assert torch.equal(found["nest"]["b"][0], torch.zeros(2))


def test_a_hostile_pickle_is_refused_and_nothing_ran(tmp_path):
    path, ran = tmp_path / "x", tmp_path / "ran"
    torch.save(Hostile(ran), path)
    with pytest.raises(uw.InputError, match="not an upweight model of the kind IWAE; nothing in it was run"):
        read_model(path, "IWAE")
    torch.save({"upweight": "torch/1", "kind": "IWAE", "document": "{}", "tensors": Hostile(ran)}, path)
    with pytest.raises(uw.InputError, match="not an upweight model"):
        read_model(path, "IWAE")
    path.write_bytes(pickle.dumps(Hostile(ran)))
    with pytest.raises(uw.InputError, match="not an upweight model"):
        read_model(path, "IWAE")
    assert not ran.exists()
    pickle.loads(path.read_bytes())
    assert ran.exists()  # the trap works


def test_another_kind_a_truncated_file_and_plain_text_are_refused(tmp_path):
    path = tmp_path / "m"
    write_model(path, "WeightedGAN", {}, {})
    with pytest.raises(uw.InputError, match="of the kind IWAE"):
        read_model(path, "IWAE")
    write_model(path, "IWAE", {}, {"a": torch.zeros(1000)})
    content = path.read_bytes()
    for wrong in (content[: len(content) // 2], b"", b"a,b\n1,2\n"):
        path.write_bytes(wrong)
        with pytest.raises(uw.InputError, match="not an upweight model"):
            read_model(path, "IWAE")


def test_a_file_that_is_not_there_is_told_by_its_name(tmp_path):
    for path in (tmp_path / "none.iwae", tmp_path):
        with pytest.raises(uw.InputError, match=rf"no such file: '{path}'. Pass one that IWAE.save wrote"):
            read_model(path, "IWAE")
