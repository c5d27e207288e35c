"""Classes that a sampler leaves without a row: told by the sampler, refused where a model shall be trained on what is left.

The trouble: editing and Tomek links with drop="all" take out both ends of a conflict. Where every row has an equal one in the
other class nothing is left, and the learner behind says "0 samples", of a table that the user never saw.

What is inside: `notes_of_vanished`, for a `Resample`; `require_two_classes`, for whoever trains on one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._errors import InputError, counted, plain
from ._resample import Resample

__all__ = ["notes_of_vanished", "require_two_classes"]


def notes_of_vanished(classes: np.ndarray, before: np.ndarray, after: np.ndarray) -> tuple[str, ...]:
    """A note for every class that has codes `before` and none `after`; one note if nothing is left."""
    if not len(after):
        return ("no row is left",)
    return tuple(f"no row of class {plain(classes[c])!r} is left" for c in np.setdiff1d(before, after))


def require_two_classes(r: Resample, sampler: Any) -> Resample:
    """The resample as it came; InputError that names the sampler if one class or none is left to train on."""
    if (r.y[1:] != r.y[:1]).any():
        return r
    left = np.unique(r.y)
    name = name_of(sampler)
    steps = (sampler, *getattr(sampler, "steps", ()))
    smaller = any(getattr(step, "k", 1) > 1 for step in steps)
    way = "Use a smaller k or another method." if smaller else "Use another method."
    if any(getattr(step, "drop", None) == "all" for step in steps):
        way = "Say drop='majority', which keeps the minority whole."
    if not len(left):
        raise InputError(f"{name} leaves no row to train on: all {counted(len(r.removed), 'row')} went. {way}")
    raise InputError(
        f"{name} leaves one class to train on: {counted(len(r.y), 'row')} of class {plain(left[0])!r}, none of another. {way}"
    )


def name_of(sampler: Any) -> str:
    """The sampler as it was written, if that is short; of an adopted one, the class of what was adopted."""
    own = getattr(sampler, "sampler", sampler)
    text = repr(own)
    return text if len(text) <= 80 and "\n" not in text and not text.startswith("<") else type(own).__name__
