"""Folds: the same for every row of a comparison, every class in each, groups whole.

    outer   R repeats of K stratified folds:  R = 5 below 10,000 rows, 2 below 100,000, else 1
    inner   5 folds inside a training fold, 3 from 20,000 rows

The trouble they prevent: rows of one patient in train and test, a fold without positives, and differences between methods
that are differences between splits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from .._errors import InputError, counted, plain
from .._frames import absent
from ._class_labels import Labels

__all__ = ["default_repeats", "group_codes", "inner_default", "outer_folds", "read_cv", "stratified"]


def default_repeats(rows: int) -> int:
    return 5 if rows < 10_000 else 2 if rows < 100_000 else 1


def inner_default(rows: int) -> int:
    return 5 if rows < 20_000 else 3


def read_cv(cv: Any, rows: int) -> tuple[int, int]:
    """(folds, repeats) of 5, "5" or "5x5"."""
    text = str(cv).lower().replace("×", "x").replace(" ", "")
    parts = text.split("x")
    if isinstance(cv, bool) or len(parts) > 2 or not all(p.isdigit() for p in parts):
        raise InputError(f"`cv` must be a number of folds such as 5, or folds x repeats such as '5x2'; got {cv!r}.")
    folds = int(parts[0])
    repeats = int(parts[1]) if len(parts) == 2 else default_repeats(rows)
    if folds < 2 or repeats < 1 or folds * repeats > 1000:
        raise InputError(f"`cv` needs 2 folds or more and 1 repeat or more, 1,000 fits at most; got {cv!r}.")
    return folds, repeats


def group_codes(group: Any, rows: int) -> np.ndarray | None:
    """(rows,) int64 group numbers by first appearance; gaps are refused."""
    if group is None:
        return None
    values = np.asarray(group)
    if values.shape != (rows,):
        raise InputError(f"`group` must be one label a row, shape ({rows},); got {values.shape}.")
    gaps = absent(values)
    if gaps.any():
        raise InputError(
            f"`group` has {counted(gaps.sum(), 'gap')}, first at row {int(gaps.argmax())}. Drop them first."
        )
    _, first, codes = np.unique(values.astype(str), return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[codes.reshape(-1)]


def refuse_few(labels: Labels, folds: int, group: np.ndarray | None) -> None:
    """Every fold needs a row, and with groups a group, of every class."""
    counts = labels.counts
    rare = int(counts.argmin())
    name = plain(labels.classes[rare])
    if counts[rare] < folds:
        raise InputError(
            f"{folds} folds need {folds} rows of every class; {name!r} has {counts[rare]}. "
            f"{_remedy(int(counts[rare]))}merge classes."
        )
    if group is None:
        return
    for code, label in enumerate(labels.classes):
        groups = len(np.unique(group[labels.codes == code]))
        if groups < folds:
            raise InputError(
                f"{folds} folds need {folds} groups with every class; {plain(label)!r} occurs in {groups}. "
                f"{_remedy(groups)}take finer groups."
            )


def _remedy(most: int) -> str:
    return f"Use cv={most} or " if most > 1 else "Find more of them, or "


def outer_folds(labels: Labels, cv: tuple[int, int], seed: int, group: np.ndarray | None) -> list[list[np.ndarray]]:
    """[repeat][fold] test rows, ascending."""
    folds, repeats = cv
    refuse_few(labels, folds, group)
    return [stratified(labels.codes, folds, np.random.default_rng([seed, r]), group) for r in range(repeats)]


def stratified(codes: np.ndarray, k: int, rng: np.random.Generator, group: np.ndarray | None) -> list[np.ndarray]:
    """k disjoint sets of test rows, classes in proportion, groups whole."""
    state = int(rng.integers(2**31 - 1))
    blank = np.empty((len(codes), 0))
    if group is None:
        return [test for _, test in StratifiedKFold(k, shuffle=True, random_state=state).split(blank, codes)]
    splitter = StratifiedGroupKFold(k, shuffle=True, random_state=state)
    tests = [test for _, test in splitter.split(blank, codes, group)]
    k_classes = codes.max() + 1
    if any((np.bincount(codes[t], minlength=k_classes) == 0).any() for t in tests):
        raise InputError(
            f"groups cannot be spread over {k} folds with every class in each. Use fewer folds or finer groups."
        )
    return tests
