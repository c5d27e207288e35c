"""A public class says where people find it, not in which file it is written.

The trouble: `__module__` stands in tracebacks, in documentation, and in every pickle and saved model. If it names a private file, moving
that file breaks what people have saved.

Annotations are read where they were written, since `typing.get_type_hints` looks for their names in the home.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["set_module"]

Class = TypeVar("Class", bound=type)


def set_module(home: str) -> Callable[[Class], Class]:
    """A decorator that names the public home of a class: `home` is the module from which it is imported."""

    def at_home(kind: Class) -> Class:
        names = vars(sys.modules[kind.__module__])
        hints = {field: _read(hint, names) for field, hint in inspect.get_annotations(kind).items()}
        if hints:
            kind.__annotations__ = hints
        kind.__module__ = home
        return kind

    return at_home


def _read(hint: Any, names: dict[str, Any]) -> Any:
    """What an annotation in letters means; as it is if it names what only type checkers see."""
    try:
        return eval(hint, names) if isinstance(hint, str) else hint
    except (NameError, AttributeError, TypeError):
        return hint
