"""Errors: what was expected, what came, what to do.

Every message has three parts: the rule, what came instead (value, count, first row), and one remedy.
All errors of upweight descend from `UpweightError`, so one `except` catches them; each also descends from the
built-in error a caller would expect (`InputError` is a `ValueError`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from numbers import Real
from typing import Any, TypeGuard

import numpy as np

from ._set_module import set_module

__all__ = [
    "InputError",
    "KindError",
    "MissingExtra",
    "UndoError",
    "UpweightError",
    "VerdictError",
    "counted",
    "did_you_mean",
    "is_number",
    "plain",
    "printable",
    "reading",
    "require_choice",
    "require_flag",
    "require_int",
    "require_package",
]


@set_module("upweight")
class UpweightError(Exception):
    """Anything upweight refuses to do.

    >>> import upweight as uw
    >>> issubclass(uw.InputError, uw.UpweightError), issubclass(uw.InputError, ValueError)
    (True, True)
    """


@set_module("upweight")
class InputError(UpweightError, ValueError):
    """The data or an argument break a rule; the message names the value and the first row.

    >>> import upweight as uw
    >>> uw.Weights.of([1.0, -2.0], kind="importance")
    Traceback (most recent call last):
        ...
    upweight.InputError: weights must be >= 0; got 1 negative, first -2 at row 1. Logs? Use Weights.of_log or log_ratio.
    """


@set_module("upweight")
class KindError(UpweightError, TypeError):
    """The operation is not lawful for this kind of weights, or says nothing until a scale is named.

    >>> import upweight as uw
    >>> uw.Weights.of([1, 1, 10], kind="class").mean([1, 2, 3])
    Traceback (most recent call last):
        ...
    upweight.KindError: w.mean() is not for class weights: a class weight does not estimate a population mean; train with w.sample_weight. If these are p_world(y)/p_train(y), say so: w.declare(kind='importance').
    """


@set_module("upweight")
class VerdictError(UpweightError):
    """Raised by ``check(strict=True)`` when the weights are unusable; the text is the whole verdict.

    >>> import upweight as uw
    >>> try:
    ...     uw.Weights.of([1e9, 1.0, 1.0], kind="importance").check(strict=True)
    ... except uw.VerdictError as error:
    ...     print(str(error).splitlines()[0])
    unusable: importance weights, 3 rows worth 1 (33 %)
    """


@set_module("upweight")
class UndoError(UpweightError):
    """A correction that cannot, or must not, be applied.

    >>> import upweight as uw
    >>> uw.Correction.impossible("rows were chosen by their scores").apply([0.2, 0.9])
    Traceback (most recent call last):
        ...
    upweight.UndoError: rows were chosen by their scores; no formula gives the odds back: recalibrate on held-out rows, upweight.recalibrate(y, proba).
    """


@set_module("upweight")
class MissingExtra(UpweightError, ImportError):
    """A branch needs a package that is not installed; the message is the pip command."""


def did_you_mean(name: Any, known: Iterable[Any]) -> str:
    """' Did you mean ...?' with up to three near names, or the whole short list; never the name that was given.

    What is known as a number and was given as text, or the other way round, is told as such.
    """
    by_text = {str(k): plain(k) for k in known}
    twin = next((k for k in by_text.values() if _same_but_for_kind(name, k)), None)
    if twin is not None:
        return f" It has {_with_kind(twin)} ({type(twin).__name__}), not {_with_kind(name)}. Write {twin!r}."
    others = [k for k in by_text if k != str(name)]
    close = difflib.get_close_matches(str(name), others, n=3, cutoff=0.6)
    if not close:
        close = [k for k in others if k.lower().startswith(str(name).lower()[:3])][:3]
    if close:
        return " Did you mean " + " or ".join(repr(by_text[c]) for c in close) + "?"
    shown = ", ".join(map(printable, others[:12])) + (", ..." if len(others) > 12 else "")
    return f" Known: {shown}." if shown else ""


def _same_but_for_kind(a: Any, b: Any) -> bool:
    """Whether one is the text of the other: '1' and 1, 'True' and True, '1' and 1.0."""
    a, b = plain(a), plain(b)
    if isinstance(a, str) == isinstance(b, str):
        return False
    text, value = (a, b) if isinstance(a, str) else (b, a)
    if text == str(value):
        return True
    try:
        return isinstance(value, (int, float)) and float(text) == value
    except ValueError:
        return False


def _with_kind(value: Any) -> str:
    """'the number 1', 'the text '1\'', 'the boolean True'."""
    value = plain(value)
    kind = "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
    return f"the {kind} {value!r}"


def counted(n: Any, one: str, many: str = "") -> str:
    """'1 row', '2,000 rows': a count and its noun in agreement."""
    return f"{int(n):,} {one if n == 1 else many or one + 's'}"


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a setting is one real number: no bool, text, array or None."""
    return isinstance(value, Real) and not isinstance(value, bool)


def plain(value):
    """A NumPy scalar as the Python value it is."""
    return value.item() if isinstance(value, np.generic) else value


def printable(label: Any) -> str:
    """A label as a terminal may show it: control characters, such as an escape, written out (\\x1b)."""
    text = str(label)
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


@contextmanager
def reading(what: str, writer: str) -> Iterator[None]:
    """Whatever is missing from a document, or of another type than was written, is an InputError that names it."""
    try:
        yield
    except UpweightError as error:
        if error.__cause__ is not None:  # of a document inside this one, which is named already
            raise
        raise InputError(f"{what} is damaged ({str(error).rstrip('.')}). Pass what {writer} gave.") from error
    except KeyError as error:
        raise InputError(f"{what} lacks {error}. Pass what {writer} gave.") from error
    except (TypeError, ValueError, AttributeError, IndexError, OverflowError, RuntimeError) as error:
        raise InputError(f"{what} is damaged ({error}). Pass what {writer} gave.") from error


def require_choice(name: str, value: Any, allowed: tuple[Any, ...]) -> None:
    """Refuse a setting that is none of the allowed ones."""
    if not any(value is a or (type(value) is type(a) and value == a) for a in allowed):
        listed = ", ".join(repr(a) for a in allowed[:-1]) + f" or {allowed[-1]!r}"
        hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
        raise InputError(f"`{name}` must be {listed}; got {value!r}.{hint}")


def require_flag(name: str, value: Any) -> bool:
    """A setting that is True or False, as a bool; words, numbers and None are refused, for `'no'` would count as yes."""
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"`{name}` must be True or False; got {value!r}. Write {name}=True or {name}=False.")
    return bool(value)


def require_int(name: str, value: Any, least: int = 1) -> None:
    """Refuse what is not a whole number of at least `least`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"`{name}` must be a whole number, {least} or more; got {value!r}.")


def require_package(package: str, *, extra: str, room: str = "") -> None:
    """Refuse, with the pip command, what needs a package that is not installed; nothing is imported."""
    if find_spec(package) is None:
        raise MissingExtra(
            f"upweight.{room or extra} needs {package}, which is not installed: pip install 'upweight[{extra}]'"
        )
