"""Save the chosen model so that it can be inspected before it is loaded, and load it again.

The trouble: a pickle runs whatever it was told to run. A skops file lists its types first; `load` gives back a file whose
types are scikit-learn's, NumPy's, SciPy's and those listed here, and refuses any other, naming it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .._errors import InputError
from ._journal import write_atomic
from ._rebalanced import Rebalanced

__all__ = ["OWN_TYPES", "load", "save_model"]

OWN_TYPES = frozenset(
    f"upweight.{name}"
    for name in (
        "_calibration.Calibration",
        "_kinds.Step",
        "_prior.Prior",
        "_repair.Repair",
        "_undo.Correction",
        "imbalance._bagging.BalancedBagging",
        "imbalance._bagging.PlainBagging",
        "imbalance._boosting.Boosted",
        "imbalance._flat_tree.FlatTree",
        "imbalance._boosting.Votes",
        "imbalance._cascade.BalanceCascade",
        "imbalance._lifted.Lifted",
        "imbalance._rusboost.RUSBoost",
        "imbalance._stumps.Stump",
        "imbalance._columns.Column",
        "imbalance._learners.Prepared",
        "imbalance._members.Fitted",
        "imbalance._members.Member",
        "imbalance._methods.balanced",
        "imbalance._prepare.Preparation",
        "imbalance._random.RandomOver",
        "imbalance._random.RandomUnder",
        "imbalance._rebalanced.Rebalanced",
        "imbalance._table.Schema",
    )
)


def save_model(model: Rebalanced, path: Path) -> None:
    """Write beside the name and rename: a failed save leaves the old file."""
    import skops.io  # seconds to import, and only saving and loading need it

    write_atomic(path, skops.io.dumps(model))


def load(path: str | os.PathLike[str], *, trusted: Iterable[str] = ()) -> Rebalanced:
    """The model that `Comparison.save` or `upweight compare --save` wrote.

    path : the file. trusted : full names of further types to allow, for learners that are not scikit-learn's; read their
    source before you name them.

    Raises InputError if there is no such file, it is not a saved model, or holds types that are not known to be safe.
    """
    import skops.io

    try:
        content = Path(path).read_bytes()
        found = set(skops.io.get_untrusted_types(data=content))
    except FileNotFoundError as error:
        raise InputError(f"no such file: {str(path)!r}. Save a model first: comparison.save(path).") from error
    except Exception as error:
        raise InputError(f"{str(path)!r} is not a saved model ({type(error).__name__}: {error}).") from error
    strange = sorted(found - OWN_TYPES - set(trusted))
    if strange:
        raise InputError(
            f"{str(path)!r} holds types that are not known to be safe: {', '.join(strange)}. If you trust whoever made it, "
            f"load(path, trusted={strange!r})."
        )
    model: Any = skops.io.loads(content, trusted=sorted(found))
    if not isinstance(model, Rebalanced):
        raise InputError(f"{str(path)!r} holds a {type(model).__name__}, not a model saved by upweight.")
    return model
