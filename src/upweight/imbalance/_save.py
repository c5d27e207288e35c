"""Save the chosen model so that it can be inspected before it is loaded, and load it again.

The trouble: a pickle runs whatever it was told to run. A skops file lists its types first; `load` gives back a file whose
types are those that skops knows to be safe and those listed here, and refuses any other, naming it.

Two of scikit-learn's types are listed although skops leaves them to the caller: trees. They hold arrays of child numbers that
compiled code follows without looking, so a forged tree could read memory it should not. After loading, every tree is walked
and refused if a child or a column lies outside.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import InputError
from ._journal import write_atomic
from ._rebalanced import Rebalanced, method_name

__all__ = ["OWN_TYPES", "load", "save_model"]

TREE = "sklearn.tree._tree.Tree"
BOOSTED_TREE = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
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
        "imbalance._prepare.Preparation",
        "imbalance._rebalanced.Rebalanced",
        "imbalance._table.Schema",
    )
)


def save_model(model: Rebalanced, path: Path) -> None:
    """Write beside the name and rename: a failed save leaves the old file.

    Predicting does not need the method, so one that is no name (a function, a sampler) is saved by what it is called.
    """
    import skops.io  # seconds to import, and only saving and loading need it

    light = copy.copy(model)
    light.method = model.method if isinstance(model.method, str) else method_name(model.method)
    try:
        write_atomic(path, skops.io.dumps(light))
    except OSError as error:
        raise InputError(
            f"{path}: the model cannot be written ({error.strerror}). What was there is as it was."
        ) from error


def load(path: str | os.PathLike[str], *, trusted: Iterable[str] = ()) -> Rebalanced:
    """The model that `Comparison.save` or `upweight compare --save` wrote: it predicts on frames like the one it saw.

        load(path).predict_proba(X) equals the saved model's, to the bit

    Parameters
    ----------
    path : the file. trusted : full names of further types to allow, for learners that are not scikit-learn's; read their
        source before you name them.

    Raises
    ------
    InputError : no such file; not a saved model; types that are not known to be safe; a forged tree.

    Costs: another version of scikit-learn may predict otherwise, and warns of it.
    Source: skops.io.

    >>> load("nowhere.skops")
    Traceback (most recent call last):
    ...
    upweight._errors.InputError: no such file: 'nowhere.skops'. Save a model first: comparison.save(path).
    """
    import skops.io

    content, found = read_types(path)
    strange = sorted(found - OWN_TYPES - {TREE, BOOSTED_TREE} - set(trusted))
    if strange:
        raise InputError(
            f"{str(path)!r} holds types that are not known to be safe: {', '.join(strange)}. If you trust whoever made it, "
            f"load(path, trusted={strange!r})."
        )
    model: Any = skops.io.loads(content, trusted=sorted(found))
    if not isinstance(model, Rebalanced):
        raise InputError(f"{str(path)!r} holds a {type(model).__name__}, not a model saved by upweight.")
    for tree, columns in trees(model, set()):
        refuse_forged(tree, columns, str(path))
    return model


def read_types(path: str | os.PathLike[str]) -> tuple[bytes, set[str]]:
    """Content of the file, and the types in it that skops leaves to us."""
    import skops.io

    try:
        content = Path(path).read_bytes()
    except OSError as error:
        why = "no such file" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise InputError(f"{why}: {str(path)!r}. Save a model first: comparison.save(path).") from error
    try:
        return content, set(skops.io.get_untrusted_types(data=content))
    except Exception as error:  # a file that is no skops file fails in many ways
        raise InputError(
            f"{str(path)!r} is not a saved model ({type(error).__name__}). Save one: comparison.save(path)."
        ) from error


def trees(thing: Any, met: set[int], columns: int = 1 << 24) -> Iterator[tuple[Any, int]]:
    """Every tree inside an object, however deep, with the least number of columns its owners were fitted on."""
    if id(thing) in met or thing is None or isinstance(thing, (str, bytes, int, float, type)):
        return
    met.add(id(thing))
    kind = type(thing)
    if f"{kind.__module__}.{kind.__name__}" in (TREE, BOOSTED_TREE):
        yield thing, columns
        return
    if type(thing).__name__ != "Rebalanced":  # its columns are those before preparation
        columns = min(columns, int(getattr(thing, "n_features_in_", columns)))
    if isinstance(thing, np.ndarray):
        inside: Iterable[Any] = thing.ravel().tolist() if thing.dtype == object else ()
    elif isinstance(thing, dict):
        inside = thing.values()
    elif isinstance(thing, (list, tuple, set, frozenset)):
        inside = thing
    else:
        inside = getattr(thing, "__dict__", {}).values()
    for one in list(inside):
        yield from trees(one, met, columns)


def refuse_forged(tree: Any, columns: int, path: str) -> None:
    """Children must come after their parent and exist, columns must exist: then every walk ends inside the arrays."""
    if type(tree).__name__ == "Tree":
        left, right, column, leaf = tree.children_left, tree.children_right, tree.feature, tree.children_left == -1
    else:
        nodes = tree.nodes
        left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
        column, leaf = nodes["feature_idx"], nodes["is_leaf"].astype(bool)
        bits = nodes["bitset_idx"][nodes["is_categorical"].astype(bool) & ~leaf]
        if len(bits) and bits.max() >= len(tree.raw_left_cat_bitsets):
            raise InputError(f"{path!r} holds a tree whose categories lie outside it. It is damaged or forged.")
    at = np.arange(len(left))
    inside = (left > at) & (right > at) & (left < len(at)) & (right < len(at)) & (column >= 0) & (column < columns)
    if not len(at) or not (inside | leaf).all():
        raise InputError(f"{path!r} holds a tree whose branches lie outside it. It is damaged or forged.")
