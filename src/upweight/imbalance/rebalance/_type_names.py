"""Types in saved models: what they are called now, and what earlier versions called them.

The trouble: a saved model names the types of what it holds by module and class, and modules move. So types are saved under the room that
lists them, which stays, and this table, the only one, brings names of earlier versions to where the types are now.

    0.1.0   private files, upweight.imbalance._bagging.BalancedBagging      now   upweight.imbalance.BalancedBagging
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

__all__ = ["OLD_TO_NEW", "with_new_types"]

ENSEMBLES = "upweight.imbalance.ensembles"
OLD_TO_NEW = {
    "upweight._kinds.Step": "upweight.Step",
    "upweight._undo._correction.Correction": "upweight.Correction",
    "upweight._weights.Step": "upweight.Step",
    "upweight.imbalance._bagging.BalancedBagging": "upweight.imbalance.BalancedBagging",
    "upweight.imbalance._bagging.PlainBagging": f"{ENSEMBLES}.PlainBagging",
    "upweight.imbalance._boosting.Boosted": f"{ENSEMBLES}.Boosted",
    "upweight.imbalance._boosting.Votes": f"{ENSEMBLES}.Votes",
    "upweight.imbalance._cascade.BalanceCascade": "upweight.imbalance.BalanceCascade",
    "upweight.imbalance._flat_tree.FlatTree": f"{ENSEMBLES}.FlatTree",
    "upweight.imbalance._lifted.Lifted": "upweight.imbalance.errors.Lifted",
    "upweight.imbalance._rusboost.RUSBoost": "upweight.imbalance.RUSBoost",
    "upweight.imbalance._stumps.Stump": f"{ENSEMBLES}.Stump",
}
SCHEMA_FILE = "schema.json"  # where skops keeps the names of types


def with_new_types(content: bytes) -> bytes:
    """A skops file with the names that its types have now; the same bytes if it holds no old name.

    Raises zipfile.BadZipFile, KeyError or ValueError for what is no skops file.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        text = file.read(SCHEMA_FILE).decode()
        if not any(old.rpartition(".")[0] in text for old in OLD_TO_NEW):
            return content
        parts = {name: file.read(name) for name in file.namelist()}
    parts[SCHEMA_FILE] = json.dumps(renamed(json.loads(text))).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return out.getvalue()


def renamed(node: Any) -> Any:
    """The schema with every pair of `__module__` and `__class__` brought up to date."""
    if isinstance(node, list):
        return [renamed(one) for one in node]
    if not isinstance(node, dict):
        return node
    node = {key: renamed(value) for key, value in node.items()}
    new = OLD_TO_NEW.get(f"{node.get('__module__')}.{node.get('__class__')}")
    if new is not None:
        node["__module__"], _, node["__class__"] = new.rpartition(".")
    return node
