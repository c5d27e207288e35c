"""Trees from a file, walked before they are believed.

The trouble: a fitted tree holds arrays of child numbers that compiled code follows without looking. A forged file could send it
out of its arrays, to read memory it should not. So every tree of a loaded model is checked: children exist and come after
their parent, columns exist. Then every walk ends inside the arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .._errors import InputError

__all__ = ["BOOSTED_TREE", "TREE", "refuse_forged", "trees"]

TREE = "sklearn.tree._tree.Tree"
BOOSTED_TREE = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"


def trees(thing: Any, met: set[int], columns: int = 1 << 24) -> Iterator[tuple[Any, int]]:
    """Every tree inside an object, however deep, with the least number of columns its owners were fitted on."""
    if id(thing) in met or thing is None or isinstance(thing, (str, bytes, int, float, type)):
        return
    met.add(id(thing))
    kind = type(thing)
    if f"{kind.__module__}.{kind.__name__}" in (TREE, BOOSTED_TREE):
        yield thing, columns
        return
    columns = min(columns, int(getattr(thing, "n_features_in_", None) or columns))  # CatBoost's is None
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
