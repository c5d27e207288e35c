"""Blocks of code lose the blank line at their end.

A session in a page ends with a blank line, so that doctest does not take the fence for what the last line prints. On the site that
line would be an empty stripe under every block.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["without_last_blank_lines"]

BLOCK = re.compile(r"^(```\w+[^\n]*\n.*?\n)\n*^```$", re.M | re.S)


def without_last_blank_lines(app: Any, docname: str, found: list[str]) -> None:
    """Called by Sphinx with the text of a page."""
    found[0] = BLOCK.sub(lambda block: f"{block[1].rstrip()}\n```", found[0])
