"""One column of any frame, read as numbers, as category codes or as words.

The trouble: a column may be numbers, text, booleans, dates, numbers written as text, an identifier, or one value all the
way down, and each needs something else; and the same file gives dates to one library and text to another. `describe` decides once, on
all rows and without looking at the labels, by what the values are and not by how a library holds them, and says what it decided;
`read_numbers` and `codes` then read any later frame the same way.

    numeric      float64, a gap is NaN; dates count days; text that is numbers or dates in one form counts as such (`_text_forms`)
    categorical  int32 codes into `categories`; -1 a gap, -2 a value never met before
    text         words: of several a row, most rows different (`_free_text`)
    dropped      one value only, nothing but gaps, an identifier, or nested values

One value beside gaps says by its gaps what it says, and so does an identifier that many rows lack: the first stays a number, the second
becomes a category with one level, "filled".

A type that is none of these is refused by name. Values that were not there in training are told with their share, and refused where
there is nothing else.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from .._errors import InputError
from ._as_text import as_text, is_gap, is_texty, one_spelling, trimmed, truths, unnested
from ._free_text import is_prose, vocabulary
from ._gaps import tell_gaps
from ._later_text import read_later
from ._text_forms import DATES, days, form_of, in_form, plain_numbers, resembles

__all__ = ["MISSING", "UNSEEN", "Column", "codes", "describe", "numbers", "numbers_rows", "read_numbers", "read_text"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

MISSING, UNSEEN = -1, -2
KEPT_CATEGORIES = 50  # categories of one column that get a column of their own in the learner's matrix
READS_AS_NUMBERS = 0.95
NO_NUMBERS = ("values that are none count as gaps", "value that is none counts as a gap")
ENOUGH = 10  # rows with and without gaps from which on a column of other use is kept for them
EXACT = 2.0**53  # whole numbers beyond it are not all doubles
FILLED = "filled"  # the form, and the one category, of a column that is kept for its gaps
AS_DAYS = "dates as days"
BOOLS = frozenset({"True", "False"})


@dataclass(frozen=True)
class Column:
    """How one column is read: `kind` numeric, categorical, text or dropped; its `categories`, or words; `note` for the reader.

    `form` says how numbers are written: a form of `_text_forms`, or "duration"; empty for plain numbers. `missing` of the `rows` it
    was described on are gaps; `rows` is 0 where that was not kept.
    """

    name: str
    kind: str
    categories: tuple[str, ...] = ()
    missing: int = 0
    note: str = ""
    form: str = ""
    rows: int = 0

    @property
    def holds_others(self) -> bool:
        """Whether it held text that is no number, which counts as gaps."""
        return any(words in self.note for words in NO_NUMBERS)

    @property
    def told(self) -> str:
        """What the reader should know of its reading; empty where the type says it."""
        plainly = self.kind == "categorical" and self.form != FILLED and "; " not in self.note
        return "" if self.kind == "dropped" or plainly else self.note

    @property
    def dated(self) -> bool:
        """Whether its numbers are days; version 0.1.0 kept no form, but a note."""
        return self.form in (*DATES, "time", "duration") or (not self.form and self.note == AS_DAYS)

    def mark(self) -> str:
        """What a fingerprint is made of; as 0.1.0 printed a column, so that its journals go on."""
        kept = {
            "name": self.name,
            "kind": self.kind,
            "levels": self.categories,
            "missing": self.missing,
            "note": self.note,
        }
        return f"Column({', '.join(f'{key}={value!r}' for key, value in kept.items())})"


def describe(name: str, values: pa.Array) -> Column:
    """Decide how a column is read."""
    return replace(_described(name, values), rows=len(values))


def _described(name: str, values: pa.Array) -> Column:
    _refuse_unknown(name, values.type)
    flat = unnested(values)
    if flat is None:
        return Column(name, "dropped", note="nested values")
    if _is_numeric(flat.type):
        dated = pa.types.is_temporal(flat.type)
        form = _temporal_form(flat.type) if dated else ""
        x = numbers(name, flat)
        return describe_numbers(name, x, AS_DAYS if dated else _run_together(flat, x), form)
    declared = pa.types.is_dictionary(values.type)
    return _describe_text(name, one_spelling(as_text(flat, name)), declared=declared)


def _refuse_unknown(name: str, kind: pa.DataType) -> None:
    """Types that are neither numbers, dates, text nor true and false are never guessed at."""
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    t = pa.types
    known = t.is_null(inner) or t.is_boolean(inner) or t.is_nested(inner) or _is_numeric(inner) or is_texty(inner)
    if not known or isinstance(inner, pa.BaseExtensionType):
        raise InputError(
            f"`X`: column {name!r} must hold numbers, dates, text or true and false; got {inner}. Convert it, or leave it out."
        )


def describe_numbers(name: str, x: np.ndarray, note: str = "", form: str = "") -> Column:
    gaps = int(np.isnan(x).sum())
    present = x[~np.isnan(x)] if gaps else x
    if not len(present):
        return Column(name, "dropped", missing=gaps, note="nothing but gaps")
    if present.min() == present.max():
        only = _one_value(float(present[0]), note)
        return Column(
            name, "numeric" if gaps else "dropped", missing=gaps, note=f"{only}, or a gap" if gaps else only, form=form
        )
    if numbers_rows(name, present, gaps):
        return Column(name, "dropped", note="numbers the rows: an identifier")
    return Column(name, "numeric", missing=gaps, note=note, form=form)


def _one_value(value: float, note: str) -> str:
    """What to say of a column of one number; large ones may be one as doubles only."""
    if " as doubles" in note:
        return f"{note}, {value:g}; as text they would be told apart"
    return f"one value only{' as a double' if abs(value) >= EXACT else ''}: {value:g}"


def _run_together(values: pa.Array, x: np.ndarray) -> str:
    """How many different whole numbers become how many doubles; empty where none meet."""
    if not len(x) or not np.nanmax(np.abs(x), initial=0) >= EXACT or pa.types.is_floating(values.type):
        return ""
    if is_texty(values.type):
        values = values.filter(pc.match_substring_regex(pc.fill_null(values, ""), r"^[+-]?[1-9]\d{15,}$"))
        x = plain_numbers(values)
    before, after = len(values.drop_null().unique()), len(np.unique(x[~np.isnan(x)]))
    return f"{before:,} different whole numbers are {after:,} as doubles" if after < before else ""


def _describe_text(name: str, text: pa.Array, *, declared: bool = False) -> Column:
    """A column of text; `declared` categories are never read as numbers or dates where they are few."""
    gaps = text.null_count
    form = None if declared else form_of(text)
    if form is not None:
        x = finite(name, in_form(form, text))
        note = _run_together(text, x) if form == "number" else _form_note(form, text)
        return describe_numbers(name, x, note, form.removeprefix("number"))
    categories = pc.unique(text.drop_null())
    k, n = len(categories), len(text) - gaps
    if not n:
        return Column(name, "dropped", missing=gaps, note="nothing but gaps")
    if k == 1 and not gaps:
        return Column(name, "dropped", note=f"one value only: {categories[0].as_py()!r}")
    if k > 20 and (column := _mostly_numbers(name, text)) is not None:
        return column
    hint = resembles(categories)
    if k > max(20, n / 2):
        return _many_values(name, text, hint or f"an identifier: {k:,} different values in {n:,} rows", prose=not hint)
    note = (
        f"{k:,} levels: the {KEPT_CATEGORIES} most frequent kept, the rest as one"
        if k > KEPT_CATEGORIES
        else f"{k} level{'s' * (k > 1)}"
    )
    note += f"; {hint}" if hint else ""
    return Column(name, "categorical", tuple(sorted(categories.to_pylist())), gaps, note)


def _mostly_numbers(name: str, text: pa.Array) -> Column | None:
    """The column, if nearly all of its values are plain numbers."""
    x = plain_numbers(text)
    unread = int(np.isnan(x).sum()) - text.null_count
    if unread > (1 - READS_AS_NUMBERS) * (len(text) - text.null_count):
        return None
    note = "text read as numbers"
    if unread:
        row = int((np.isnan(x) & text.is_valid().to_numpy(zero_copy_only=False)).argmax())
        note += f"; {unread:,} {NO_NUMBERS[unread == 1]}, first {text[row].as_py()!r} at row {row}"
    return replace(describe_numbers(name, x, note), missing=text.null_count)


def _many_values(name: str, text: pa.Array, note: str, *, prose: bool) -> Column:
    """A column most of whose values are different: words, if they are sentences; else nothing to learn from."""
    words = vocabulary(text) if prose and is_prose(text) else ()
    if words:
        return Column(name, "text", words, text.null_count, "text: TF-IDF of its words")
    if min(text.null_count, len(text) - text.null_count) >= ENOUGH:
        return Column(name, "categorical", (FILLED,), text.null_count, f"{note}; kept for its gaps", FILLED)
    return Column(name, "dropped", missing=text.null_count, note=note)


def _form_note(form: str, text: pa.Array) -> str:
    """What the reader should know of a column of text that is read as numbers; a plain number needs no word."""
    if form == "number":
        return ""
    if form in ("date", "time"):
        return AS_DAYS
    present = text.drop_null()
    if form in DATES:
        return f"dates as days; written as {form}, first {present[0].as_py()!r}"
    other = np.isnan(plain_numbers(present))
    row = int(other.argmax())
    return f"text read as numbers; first {present[row].as_py()!r} as {in_form(form, present[row : row + 1])[0]:.15g}"


def numbers_rows(name: str, present: np.ndarray, gaps: int = 0) -> bool:
    """Whether a column is called like a running number and is one: 0, 1, 2, ... from any start, in any order."""
    return bool(name) and _is_counter(present, gaps) and _looks_like_counter(name)


def _is_counter(present: np.ndarray, gaps: int) -> bool:
    """Whole numbers, every one different, none left out."""
    n = len(present)
    if gaps or n < 3 or np.abs(present).max() >= EXACT or present.max() - present.min() != n - 1:
        return False
    return len(np.unique(present)) == n


def _looks_like_counter(name: str) -> bool:
    low = name.strip().lower()
    return low in ("", "index", "row", "nr", "no", "level_0") or low.startswith("unnamed") or low.endswith("id")


# ---- numbers ----------------------------------------------------------------------------------------------------------------


def numbers(name: str, values: pa.Array) -> np.ndarray:
    """(n,) float64 of numbers, dates, booleans and plain numbers as text, gaps NaN; infinities are refused with their row."""
    values = _plain_values(name, values, "numbers", "one number")
    if pa.types.is_temporal(values.type):
        return days(values)
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    return finite(name, _arrow_floats(values) if _is_numeric(values.type) else plain_numbers(as_text(values, name)))


def finite(name: str, x: np.ndarray) -> np.ndarray:
    endless = np.isinf(x)
    if endless.any():
        row = int(endless.argmax())
        raise InputError(
            f"`X` must hold no infinity: column {name!r} has {int(endless.sum()):,}, first {x[row]} at row {row}. "
            "Write them as missing, or drop those rows."
        )
    return x


def read_numbers(column: Column, values: pa.Array) -> np.ndarray:
    """Numbers of a later frame, in the form of the column: a column whose text is no number at all is refused, single such values are told.

    Of a column that held such values when it was described, they are expected up to the share that was allowed then. Gaps are told
    where there were none.
    """
    flat = _plain_values(column.name, values, "dates" if column.dated else "numbers", "one number")
    if not is_texty(flat.type):
        _refuse_other_kind(column, flat)
        x = numbers(column.name, flat)
        tell_number_gaps(column, np.isnan(x))
        return x
    text = as_text(flat, column.name)
    tell_number_gaps(column, text.is_null().to_numpy(zero_copy_only=False))
    x = read_later(column.name, column.form, text, dated=column.dated)
    _tell_unread(column, text, np.isnan(x))
    return finite(column.name, x)


def tell_number_gaps(column: Column, gaps: np.ndarray) -> None:
    """Say which gaps of a later frame training did not have."""
    known = column.missing + column.holds_others
    tell_gaps(column.name, gaps, known=known, rows=column.rows, scored="by the median of training")


def _refuse_other_kind(column: Column, values: pa.Array) -> None:
    """Days are no numbers of another kind, and the other way round."""
    if values.null_count == len(values) or pa.types.is_boolean(values.type):
        return
    came, plain = pa.types.is_temporal(values.type), not _is_numeric(values.type)
    same = not came or not column.form or (column.form in DATES) == (_temporal_form(values.type) in DATES)
    if plain or (came == column.dated and same) or np.isnan(numbers(column.name, values)).all():
        return
    what = "dates" if column.dated else "numbers"
    remedy = "Write 2021-03-04, or pass dates." if column.dated else "Pass numbers, as in training."
    raise InputError(f"`X`: column {column.name!r} must hold {what}; got {values.type}. {remedy}")


def _tell_unread(column: Column, text: pa.Array, gaps: np.ndarray) -> None:
    """Refuse text none of which could be read, warn of single values."""
    unread = text.is_valid().to_numpy(zero_copy_only=False) & gaps
    bad, n = int(unread.sum()), len(text) - text.null_count
    known = column.holds_others
    if not bad or (known and bad <= (1 - READS_AS_NUMBERS) * n):
        return
    row = int(unread.argmax())
    what = "dates" if column.dated else "numbers"
    came = f"column {column.name!r} {{}} {bad:,} of {n:,} values {{}}, first {text[row].as_py()!r} at row {row}"
    if bad == n and not known:
        write = "Write 2021-03-04, or pass dates." if column.dated else "Write 1234.5, or pass numbers."
        raise InputError(f"`X`: {came.format(f'must hold {what}; got', 'that are none')}. {write}")
    mend = f"`X`: {came.format(f'holds {what}, but', 'are none')}; they count as missing. Mend them, or pass {what}."
    warnings.warn(mend, stacklevel=2)


# ---- categories and words ---------------------------------------------------------------------------------------------------


def codes(column: Column, values: pa.Array) -> np.ndarray:
    """(n,) int32 codes into `column.categories`; MISSING for a gap, UNSEEN for a value that was not there, which is told.

    A word for a gap is a gap, but where it is a category itself, as in models of version 0.1.0.
    """
    flat = _plain_values(column.name, values, "one value a row", "text or numbers")
    text = trimmed(flat, column.name)
    if column.form == FILLED:
        empty = as_text(flat, column.name).is_null().to_numpy(zero_copy_only=False)
        tell_gaps(column.name, empty, known=column.missing, rows=column.rows, scored="as gaps")
        return np.where(empty, MISSING, 0).astype(np.int32)
    if BOOLS.issuperset(column.categories):
        text = pc.coalesce(truths(text), text)
    found = pc.index_in(text, pa.array(column.categories, pa.string()))
    code = pc.fill_null(found, UNSEEN).to_numpy(zero_copy_only=False).astype(np.int32)
    absent = pc.or_kleene(text.is_null(), is_gap(text)).to_numpy(zero_copy_only=False)
    code[absent & (code == UNSEEN)] = MISSING
    tell_gaps(column.name, code == MISSING, known=column.missing, rows=column.rows, scored="as unknown")
    _tell_unseen(column, text, code)
    return code


def _tell_unseen(column: Column, text: pa.Array, code: np.ndarray) -> None:
    """Warn of values that training did not have; refuse several of which training had none, unless it had very many."""
    unseen = code == UNSEEN
    bad, n = int(unseen.sum()), int((code != MISSING).sum())
    if not bad:
        return
    row = int(unseen.argmax())
    known = ", ".join(map(repr, column.categories[:4])) + (", ..." if len(column.categories) > 4 else "")
    came = f"`X`: column {column.name!r} has {bad:,} of {n:,} values ({100 * bad / n:.0f} %) that were not there in training"
    came += f", first {text[row].as_py()!r} at row {row}; known are {known}."
    if bad == n > 1 and len(column.categories) <= KEPT_CATEGORIES:
        raise InputError(f"{came} Write them as in training.")
    warnings.warn(f"{came} Mend what is misspelt; the rest is scored as unknown.", stacklevel=2)


def read_text(column: Column, values: pa.Array) -> pa.Array:
    """(n,) text of a later frame, gaps null."""
    text = as_text(_plain_values(column.name, values, "one value a row", "text"), column.name)
    empty = text.is_null().to_numpy(zero_copy_only=False)
    tell_gaps(column.name, empty, known=column.missing, rows=column.rows, scored="as having no words")
    return text


# ---- types ------------------------------------------------------------------------------------------------------------------


def _plain_values(name: str, values: pa.Array, what: str, give: str) -> pa.Array:
    """A plain array of a known type; nested and unknown ones are refused."""
    _refuse_unknown(name, values.type)
    flat = unnested(values)
    if flat is None:
        each = "" if give.startswith("one") else " a row"
        raise InputError(f"`X`: column {name!r} must hold {what}; got nested values. Give {give}{each or ' a row'}.")
    return flat


def _is_numeric(kind: pa.DataType) -> bool:
    """Whether its values are numbers, dates, times or durations."""
    t = pa.types
    temporal = t.is_date(kind) or t.is_time(kind) or t.is_timestamp(kind) or t.is_duration(kind)
    return t.is_integer(kind) or t.is_floating(kind) or t.is_decimal(kind) or temporal


def _temporal_form(kind: pa.DataType) -> str:
    return "time" if pa.types.is_time(kind) else "duration" if pa.types.is_duration(kind) else "date"


def _arrow_floats(values: pa.Array) -> np.ndarray:
    """The nearest doubles; of decimals by their text, as Arrow's own way misses the last digit of one in ten."""
    if pa.types.is_decimal(values.type):
        values = values.cast(pa.string())
    x = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(x, dtype=np.float64)
