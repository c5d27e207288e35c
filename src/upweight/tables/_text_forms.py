"""Numbers and dates written as text: in which form a whole column is written, and its values in that form.

The trouble: `$1,234.50`, `3,5`, `12 %`, `2021-03-04` and `04/03/2021` are numbers to people and text to readers of files. A column is
read only if every value of it fits one form, and one only: `1,234` may be a thousand or one and a bit, `03/04/2021` is a day in March or
in April, and a guess would be right for half of the users and silently wrong for the others.

    number     1234.5  -2  +4  1e3
    date       2021-03-04, 2021-03-04 12:30[:15[.5]][Z|+02:00]                     days since 1970
    time       12:30[:15[.5]]                                                      a part of a day
    day/month/year, month/day/year, year/month/day; with - and . likewise          where only one of them fits all
    decimal point, decimal comma; with one of $ € £ ¥ or %                         1,234.50  1.234,50  $5  12 %

What is inside: `form_of`, the form of a column; `in_form`, its values; `resembles`, what a column that fits none looks like.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

__all__ = ["DATES", "days", "form_of", "in_form", "plain_numbers", "resembles"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

A_DAY = {"s": 86_400, "ms": 86_400 * 10**3, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}
CLOCK = r"\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
ZONE = r"(Z|[+-]\d{2}:?\d{2}|[+-]\d{2})"
ISO = rf"^\d{{4}}-\d{{2}}-\d{{2}}([ T]{CLOCK})?$"
ISO_ZONED = rf"^\d{{4}}-\d{{2}}-\d{{2}}[ T]{CLOCK}{ZONE}$"
LOCAL = r"^(?P<a>\d{1,4})[MARK](?P<b>\d{1,2})[MARK](?P<c>\d{1,4})(?P<t>(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?)$"
ORDERS = {"day{0}month{0}year": "cba", "month{0}day{0}year": "cab", "year{0}month{0}day": "abc"}
SYMBOLS = "$€£¥%"
POINT = r"((\d+|[1-9]\d{0,2}([,' ]\d{3})+)(\.\d+)?|\.\d+)"
COMMA = r"(\d+|[1-9]\d{0,2}([.' ]\d{3})+)(,\d+)?"
POINTED = "$£¥"  # where these are money, a comma never starts the decimals
GLANCE = 100  # values that show most columns not to fit a form
MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
CODE = "(USD|EUR|GBP|JPY|CHF|CNY|INR|CAD|AUD|BRL|SEK|NOK|DKK|PLN)"
LOOKS = {
    "dates": r"(?i)^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/]\d{1,2}[-/](\d{4}|\d{2})|\d{1,2}\.\d{1,2}\.\d{4}|\d{2}\.\d{2}\.\d{2})([ T]|$)"
    rf"|^\d{{1,2}}[. -]{{1,2}}{MONTH}\b|^{MONTH}\.? \d{{1,2}}\b",
    "numbers": rf"^[(+-]?\s?([$€£¥]|{CODE})?\s?[+-]?(\d{{1,3}}([.,' ]\d{{3}})*|\d+)([.,]\d+)?\s?([$€£¥%]|{CODE})?\)?$",
}
REMEDIES = {"dates": "write 2021-03-04", "numbers": "write 1234.5"}


def form_of(text: pa.Array) -> str | None:
    """The form that every value fits, gaps (null) aside; None if none does, or two do that read them differently."""
    present = text.drop_null()
    if not len(present):
        return None
    for form in ("number", "date", "time"):
        if fits(form, present):
            return form
    written = "".join(s for s in SYMBOLS if s in (present[0].as_py() or ""))
    points = [f"decimal {mark} {written}".strip() for mark in ("point", "comma")] if len(written) < 2 else []
    fitting = [form for form in (*LOCAL_DATES, *points) if fits(form, present)]
    if fitting == points and written and written in POINTED:
        return points[0]
    read = [in_form(form, present) for form in fitting]
    return fitting[0] if read and all(np.array_equal(read[0], other) for other in read[1:]) else None


def fits(form: str, present: pa.Array) -> bool:
    head = in_form(form, present[:GLANCE])
    return not np.isnan(head).any() and (len(present) <= GLANCE or not np.isnan(in_form(form, present)).any())


def in_form(form: str, text: pa.Array) -> np.ndarray:
    """(n,) float64; what does not fit the form is NaN."""
    return FORMS[form](text)


def resembles(text: pa.Array) -> str:
    """What a column of text that fits no form looks like, in words, with its first such value; empty if like nothing."""
    present = text.drop_null()
    for what, pattern in LOOKS.items():
        like = pc.match_substring_regex(present, pattern)
        if len(present) and 2 * (pc.sum(like).as_py() or 0) > len(present):
            first = present.filter(like)[0].as_py()
            return (
                f"looks like {what}, first {first!r}, but can be read in more than one way or in none; {REMEDIES[what]}"
            )
    return ""


# ---- numbers ----------------------------------------------------------------------------------------------------------------


def plain_numbers(text: pa.Array) -> np.ndarray:
    return _floats(only(text, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"))


def _dressed(mark: str, symbol: str) -> Callable[[pa.Array], np.ndarray]:
    """A reader of numbers with thousands marks, and with one symbol before or after them."""
    number, thousands = (POINT, ",") if mark == "point" else (COMMA, ".")
    escaped = f"[{symbol}]"
    if symbol == "%":
        pattern = rf"^[+-]?{number}\s?%$"
    elif symbol:
        pattern = rf"^([+-]?\s?{escaped}\s?[+-]?{number}|[+-]?{number}\s?{escaped})$"
    else:
        pattern = rf"^[+-]?{number}$"

    def read(text: pa.Array) -> np.ndarray:
        text = pc.replace_substring_regex(only(text, pattern), rf"[{thousands}' {symbol}]", "")
        return _floats(text if mark == "point" else pc.replace_substring(text, ",", "."))

    return read


def only(text: pa.Array, pattern: str) -> pa.Array:
    """The texts that match; others are null."""
    return pc.if_else(pc.match_substring_regex(text, pattern), text, pa.scalar(None, pa.string()))


def _floats(text: pa.Array) -> np.ndarray:
    values = pc.utf8_ltrim(text, "+").cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.asarray(values, dtype=np.float64)


# ---- dates ------------------------------------------------------------------------------------------------------------------


def days(values: pa.Array) -> np.ndarray:
    """(n,) dates, times and durations as float days, the same whatever their unit; nanoseconds would end in the year 2262."""
    kind = values.type
    if pa.types.is_date32(kind):
        return np.asarray(values.cast(pa.int32()).cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    whole = values.cast(pa.int32()).cast(pa.int64()) if pa.types.is_time32(kind) else values.cast(pa.int64())
    gaps = whole.is_null().to_numpy(zero_copy_only=False)
    count = np.asarray(pc.fill_null(whole, 0).to_numpy(zero_copy_only=False))
    size = A_DAY["ms" if pa.types.is_date64(kind) else kind.unit]
    return np.where(gaps, np.nan, count // size + (count % size) / size)


def _iso_dates(text: pa.Array) -> np.ndarray:
    """Dates with or without a time of day; either all times name their zone or none does."""
    bare = days(_parsed(only(text, ISO), pa.timestamp("us")))
    if not np.isnan(bare).all():
        return bare
    return days(_parsed(only(text, ISO_ZONED), pa.timestamp("us", "UTC")))


def _clock_times(text: pa.Array) -> np.ndarray:
    stamps = pc.binary_join_element_wise("1970-01-01", only(text, rf"^{CLOCK}$"), " ")
    return days(_parsed(stamps, pa.timestamp("us")))


def _local_dates(order: str, mark: str) -> Callable[[pa.Array], np.ndarray]:
    """A reader of dates whose parts stand in another order than year, month, day; a time of day may follow."""
    pattern = LOCAL.replace("MARK", mark)

    def read(text: pa.Array) -> np.ndarray:
        parts = pc.extract_regex(text, pattern)
        year, month, day, clock = (pc.struct_field(parts, part) for part in (*order, "t"))
        right = pc.and_(pc.equal(pc.utf8_length(year), 4), pc.less_equal(pc.utf8_length(day), 2))
        date = pc.binary_join_element_wise(year, pc.utf8_lpad(month, 2, "0"), pc.utf8_lpad(day, 2, "0"), "-")
        clock = pc.replace_substring_regex(clock, r"^[ T](\d):", r" 0\1:")
        stamps = pc.binary_join_element_wise(date, clock, "")
        return days(_parsed(pc.if_else(right, stamps, pa.scalar(None, pa.string())), pa.timestamp("us")))

    return read


def _parsed(text: pa.Array, kind: pa.DataType) -> pa.Array:
    """Timestamps of texts that look like dates; the 30th of February and its like are null."""
    try:
        return text.cast(kind)
    except pa.ArrowInvalid:
        distinct = text.drop_null().unique()
        dates = pa.array([v for v in distinct.to_pylist() if is_date(v, kind)], pa.string())
        return pc.if_else(pc.is_in(text, dates), text, pa.scalar(None, pa.string())).cast(kind)


def is_date(value: str, kind: pa.DataType) -> bool:
    try:
        pa.scalar(value).cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


LOCAL_DATES = {
    form.format(mark): _local_dates(order, mark)
    for form, order in ORDERS.items()
    for mark in "/-."
    if (order, mark) != ("cab", ".")  # nobody writes month.day.year
}
DATES = ("date", *LOCAL_DATES)
FORMS: dict[str, Callable[[pa.Array], np.ndarray]] = {
    "number": plain_numbers,
    "date": _iso_dates,
    "time": _clock_times,
    **LOCAL_DATES,
    **{f"decimal {mark} {s}".strip(): _dressed(mark, s) for mark in ("point", "comma") for s in ("", *SYMBOLS)},
}
