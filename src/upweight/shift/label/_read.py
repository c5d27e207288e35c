"""What comes into `label_shift`: probabilities of two samples and labels of one, read together.

The trouble: labels of the target are paired with probabilities of the source, a model of five classes meets labels of four, logits
come for probabilities, hard labels for likelihoods. Each is met here, once, in words.

What is inside: `Answers`, what was read; `read_answers`; `codes_of`, labels as numbers of known classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._errors import InputError, counted, did_you_mean, plain, printable
from ..._frames import Container, same_rows
from ..._undo import Proba, read_labels, read_proba
from ...tables import column_names, is_frame

__all__ = ["Answers", "codes_of", "read_answers"]


@dataclass(frozen=True, eq=False)
class Answers:
    """What the model says of labelled source rows, (K, n), their class numbers and labels, and of target rows, (K, m)."""

    source: np.ndarray
    codes: np.ndarray
    classes: np.ndarray
    target: np.ndarray

    @property
    def hard(self) -> bool:
        """Whether every probability is 0 or 1."""
        return all(bool(((p == 0) | (p == 1)).all()) for p in (self.source, self.target))


def read_answers(proba: Any, y: Any, target_proba: Any) -> Answers:
    """Checked probabilities and labels; the errors name the first row, or the class."""
    source, target = read_proba(proba), read_proba(target_proba, "target_proba")
    codes, classes, home = read_labels(y)
    _refuse_lengths(source, len(codes), target)
    same_rows(home, source.container, ("y", "proba"))
    if source.k != target.k:
        raise InputError(
            f"`proba` and `target_proba` must speak of the same classes; got {source.k} and {counted(target.k, 'column')}. Pass both of one model."
        )
    _refuse_classes(source.k, classes)
    for x, name in ((proba, "proba"), (target_proba, "target_proba")):
        _refuse_order(x, name, classes)
    return Answers(source.p, codes, classes, target.p)


def _refuse_lengths(source: Proba, labels: int, target: Proba) -> None:
    if labels == source.n:
        return
    if labels == target.n:
        raise InputError(f"`y` belongs to the source rows; got the target's {target.n:,}. Swap?")
    raise InputError(
        f"`y` and `proba` must have the same rows; got {labels:,} and {source.n:,}. Pass both of the same rows."
    )


def _refuse_classes(k: int, classes: np.ndarray) -> None:
    """One column a class, one class at least one labelled row."""
    shown = ", ".join(printable(c) for c in classes[:5].tolist()) + (", ..." if len(classes) > 5 else "")
    if len(classes) > k:
        raise InputError(
            f"`y` holds {len(classes)} classes ({shown}) and `proba` {counted(k, 'column')}. Pass one column for each class, in sorted order."
        )
    if len(classes) == k:
        return
    absent = [c for c in range(k) if c not in classes] if classes.dtype.kind in "biu" else []
    which = f"class {absent[0]} has none" if absent and np.isin(classes, np.arange(k)).all() else f"`y` holds {shown}"
    raise InputError(
        f"a class without labelled rows cannot be calibrated: `proba` has {k} columns and {which}. Label rows of every class, or "
        "fit the model without it."
    )


def _refuse_order(proba: Any, name: str, classes: np.ndarray) -> None:
    """A frame whose columns are called as the classes must have them in their order."""
    columns = [plain(c) for c in column_names(proba)] if is_frame(proba) else []
    wanted = [plain(c) for c in classes.tolist()]
    if columns != wanted and len({*columns}) == len(wanted) and {*columns} == {*wanted}:
        shown = ", ".join(map(printable, wanted[:5])) + (", ..." if len(wanted) > 5 else "")
        raise InputError(
            f"the columns of `{name}` must be in sorted order of the classes; got {printable(columns[0])} first. Pass them as {shown}."
        )


def codes_of(y: Any, classes: np.ndarray) -> tuple[np.ndarray, Container]:
    """Class numbers (n,) of labels that are among `classes`, and their container."""
    codes, labels, home = read_labels(y)
    try:
        place = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
        known = classes[place] == labels
    except TypeError:
        known = np.zeros(len(labels), dtype=bool)
        place = known.astype(np.intp)
    if not np.all(known):
        label = plain(labels[int(np.argmin(known))])
        row = int(np.argmax(codes == int(np.argmin(known))))
        raise InputError(
            f"`y` must hold the classes of the labelled rows; got {label!r}, first at row {row}.{did_you_mean(label, classes.tolist())}"
        )
    return place[codes], home
