"""Models as files: settings as JSON, parameters as tensors, and nothing that runs.

The trouble: a pickled module runs whatever its author put in it, on the machine of whoever opens it. Here a file holds text and
tensors, is written whole or not at all, and is read by `torch.load(weights_only=True)`, which makes nothing else; what a model is made
of comes from its class.

    {"upweight": "torch/1", "kind": "IWAE", "document": JSON, "tensors": {name: tensor, on the CPU}}

What is inside: `write_model`, `read_model`; `packed` and `unpacked`, the same in memory.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..._errors import InputError
from ...files import write_whole

__all__ = ["as_json", "packed", "read_model", "unpacked", "write_model"]

FORMAT = "torch/1"
DAMAGED = (RuntimeError, ValueError, EOFError, LookupError, TypeError, AttributeError, OSError, pickle.UnpicklingError)


def write_model(path: Any, kind: str, document: Any, tensors: dict[str, Any]) -> None:
    """Write one model; an old file stays as it was where the disk says no (OSError).

    kind : name of the class. document : what JSON takes. tensors : by name, or nests of them.
    """
    write_whole(path, packed(kind, document, tensors))


def read_model(path: Any, kind: str) -> tuple[Any, dict[str, Any]]:
    """Document and tensors of a file of this kind; InputError for anything else, of which nothing is run."""
    shown = os.fspath(path)
    what = f"{shown!r} is not an upweight model of the kind {kind}; nothing in it was run. Pass a file that {kind}.save wrote"
    if not Path(path).is_file():
        raise InputError(f"no such file: {shown!r}. Pass one that {kind}.save wrote.")
    found = unpacked(Path(path).read_bytes(), kind, what)
    return found["document"], found["tensors"]


def as_json(document: Any) -> str:
    """Settings as text; NumPy's numbers, of which grids are made, are numbers."""
    return json.dumps(document, default=lambda v: v.item() if isinstance(v, np.generic) else _no_json(v))


def _no_json(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def packed(kind: str, document: Any, tensors: dict[str, Any]) -> bytes:
    """A file's content."""
    content = io.BytesIO()
    torch.save({"upweight": FORMAT, "kind": kind, "document": as_json(document), "tensors": tensors}, content)
    return content.getvalue()


def unpacked(content: bytes, kind: str, what: str) -> dict[str, Any]:
    """A file's document and tensors; `what` is said of another's."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old formats are warned of, and refused here anyway
            found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        known = isinstance(found, dict) and found.get("upweight") == FORMAT and found.get("kind") == kind
        known = known and isinstance(found.get("tensors"), dict)
        if not known:
            raise InputError(f"{what}.")
        return {"document": json.loads(found["document"]), "tensors": found["tensors"]}
    except InputError:
        raise
    except DAMAGED as error:
        raise InputError(f"{what} ({type(error).__name__}).") from None
