"""Text of a later frame, read in the form that the column had in training: one form for all of its rows.

The trouble: a model that learnt day/month/year is asked about month/day/year. Two rows in five still are dates, of other days, and the
rest looks like a few misspelt values. `1.234` after a decimal comma is a thousand times `1.234` before one.

    dates of a local form    every row fits it, or is 2021-03-04; else refused with the first that does not
    other dates and numbers  rows that do not fit are told; refused where one of them fits another form of dates, or of decimals
    all rows fit two forms   read as in training, and told

What is inside: `read_later`, the values; where it refuses and warns.
"""

from __future__ import annotations

import warnings

import numpy as np
import pyarrow as pa

from .._errors import InputError
from ._text_forms import DATES, POINTED, in_form

__all__ = ["read_later"]

OF_FORM = {"date": "2021-03-04", "time": "12:30"}


def read_later(name: str, form: str, text: pa.Array, *, dated: bool) -> np.ndarray:
    """(n,) values, NaN where a row is a gap or fits no form; `form` of training, empty for plain numbers and for days of version 0.1.0."""
    plain = "date" if dated else "number"
    form = form if form not in ("", "duration") else plain
    x, others = in_form(form, text), in_form(plain, text)
    present = text.is_valid().to_numpy(zero_copy_only=False)
    if form.startswith("decimal comma"):  # 1.234 fits both: whichever form all rows fit
        if (np.isnan(x) & present).any() and not (np.isnan(others) & present).any():
            return others
    else:
        x = np.where(np.isnan(x), others, x)
    unread = present & np.isnan(x)
    if unread.any():
        _refuse_other_form(name, form, text, unread)
    elif present.any():
        _tell_two_forms(name, form, text, x)
    return x


def _family(form: str) -> list[str]:
    """Forms that the text of one form may be mistaken for."""
    if form in DATES:
        return [other for other in DATES if other not in (form, "date")]
    if form.startswith("decimal"):
        mark, symbol = form.removeprefix("decimal ").partition(" ")[::2]
        return [f"decimal {'comma' if mark == 'point' else 'point'} {symbol}".strip()]
    return []


def _refuse_other_form(name: str, form: str, text: pa.Array, unread: np.ndarray) -> None:
    """Refuse where the rows that do not fit are written in another form; a local date must fit in every row."""
    local = form in DATES and form != "date"
    there = text.filter(pa.array(unread))
    if not local and not any((~np.isnan(in_form(other, there))).any() for other in _family(form)):
        return
    row = int(unread.argmax())
    what = "dates" if form in DATES else "numbers"
    written = OF_FORM.get(form, form if form in DATES else f"with a {form}")
    raise InputError(
        f"`X`: column {name!r} must hold {what} written {written}, as in training; got {int(unread.sum()):,} of "
        f"{len(text) - text.null_count:,} that are not, first {text[row].as_py()!r} at row {row}. Write all of them so, or pass {what}."
    )


def _tell_two_forms(name: str, form: str, text: pa.Array, x: np.ndarray) -> None:
    """Warn where every row of several different ones fits another form as well, with another value."""
    if form.endswith(tuple(POINTED)):
        return
    values = text.drop_null().unique()
    if len(values) < 2:
        return
    for other in _family(form):
        read = in_form(other, values)
        if not np.isnan(read).any() and (read != in_form(form, values)).any():
            row = int(np.flatnonzero(~np.isnan(x))[0])
            warnings.warn(
                f"`X`: column {name!r} is read as {form}, as in training, but each of its {len(values):,} different values could be "
                f"{other}, first {text[row].as_py()!r} at row {row}. Make sure that it is written as in training.",
                stacklevel=2,
            )
            return
