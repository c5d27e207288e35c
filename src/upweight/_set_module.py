"""A public class says where people find it, not in which file it is written.

The trouble: `__module__` stands in tracebacks, in documentation, and in every pickle and saved model. If it names a private file, moving
that file breaks what people have saved.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

__all__ = ["set_module"]

Class = TypeVar("Class", bound=type)


def set_module(home: str) -> Callable[[Class], Class]:
    """A decorator that names the public home of a class: `home` is the module from which it is imported."""

    def at_home(kind: Class) -> Class:
        kind.__module__ = home
        return kind

    return at_home
