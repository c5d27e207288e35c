"""Errors: what was expected, what came, what to do.

Every message has three parts: the rule, what came instead (value, count, first row), and one remedy.
All errors of upweight descend from `UpweightError`, so one `except` catches them; each also descends from the
built-in error a caller would expect (`InputError` is a `ValueError`).
"""

from __future__ import annotations

__all__ = ["InputError", "KindError", "MissingExtra", "UndoError", "UpweightError", "VerdictError"]


class UpweightError(Exception):
    """Anything upweight refuses to do."""


class InputError(UpweightError, ValueError):
    """The data or an argument break a rule; the message names the value and the first row."""


class KindError(UpweightError, TypeError):
    """The operation is not lawful for this kind of weights."""


class VerdictError(UpweightError):
    """Raised by ``check(strict=True)`` when the weights are unusable; the text is the whole verdict."""


class UndoError(UpweightError):
    """A correction that cannot, or must not, be applied."""


class MissingExtra(UpweightError, ImportError):
    """A branch needs a package that is not installed; the message is the pip command."""
