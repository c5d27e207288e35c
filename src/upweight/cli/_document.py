"""A result that --json wrote, read again: an object of JSON, or a reason why it is none.

What is inside: `read_document`, for every command that reads one.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from .._errors import InputError

__all__ = ["read_document"]

REMEDY = "Name a file that --json wrote."


def read_document(path: str) -> dict[str, Any]:
    """The object in the file, or on standard input where the path is `-`."""
    name = "standard input" if path == "-" else path
    try:
        text = (sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()).decode("utf-8-sig")
        document = json.loads(text, parse_constant=_refuse_constant, parse_int=_whole_number)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}). {REMEDY}") from error
    except RecursionError as error:
        raise InputError(f"{name}: not a result: its values are nested too deeply. {REMEDY}") from error
    except ValueError as error:  # JSON and UTF-8
        raise InputError(f"{name}: not JSON ({error}). {REMEDY}") from error
    if not isinstance(document, dict):
        raise InputError(f"{name}: holds a {type(document).__name__}, not a result. {REMEDY}")
    return document


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON value")


def _whole_number(text: str) -> int | float:
    """Whole numbers beyond any count as what they are nearest to; beyond that Python itself refuses to read digits."""
    if len(text) < 300:
        return int(text)
    return math.inf if not text.startswith("-") else -math.inf
