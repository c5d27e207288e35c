"""Data that is there on every machine: the tables that come with scikit-learn, as Arrow tables.

demo:digits   1,797 scanned digits, 64 grey values; targets `digit` (0 to 9) and `eight` (0 or 1)
demo:cancer   569 tumours, 30 measurements; target `malignant` (0 or 1)
demo:wine     178 wines, 13 measurements; target `cultivar` (three)
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sklearn.datasets import load_breast_cancer, load_digits, load_wine

from .._errors import InputError, did_you_mean

__all__ = ["DEMOS", "demo_table", "demo_targets"]


def digits() -> tuple[Any, list[str], dict[str, Any]]:
    bunch: Any = load_digits()
    return bunch.data, list(bunch.feature_names), {"digit": bunch.target, "eight": (bunch.target == 8).astype(int)}


def cancer() -> tuple[Any, list[str], dict[str, Any]]:
    bunch: Any = load_breast_cancer()
    return bunch.data, list(bunch.feature_names), {"malignant": 1 - bunch.target}


def wine() -> tuple[Any, list[str], dict[str, Any]]:
    bunch: Any = load_wine()
    return bunch.data, list(bunch.feature_names), {"cultivar": bunch.target}


DEMOS = {"digits": digits, "cancer": cancer, "wine": wine}


def demo_table(name: str) -> pa.Table:
    """Columns, then the targets."""
    if name not in DEMOS:
        raise InputError(f"no demo {name!r}.{did_you_mean(name, DEMOS)}")
    X, names, targets = DEMOS[name]()
    return pa.table({**{n: X[:, j] for j, n in enumerate(names)}, **targets})


def demo_targets(name: str) -> list[str]:
    """Names of the target columns; those not asked for are left out of the features."""
    return list(DEMOS[name]()[2])
