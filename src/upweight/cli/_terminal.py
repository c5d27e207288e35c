"""What reaches the terminal: standard output carries the answer, standard error the notices.

The trouble: labels, names of columns and of files come from whoever made the data. An escape sequence among them could move the
cursor, hide a line or set the title of the window; a direction mark turns text around; a character that the terminal cannot encode
would end the program. So all text is made harmless here, at the last step: control characters are shown as \\u001b, line ends stay.

What is inside: `write_line`, `write_notice`; `harmless`, the text they write; `unwrapped`, a help text for terminals of any width.
"""

from __future__ import annotations

import re
import sys
from typing import TextIO

__all__ = ["harmless", "unwrapped", "write_line", "write_notice"]

UNSEEN = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)


def write_line(text: str, stream: TextIO | None = None) -> None:
    """Write to standard output, or to `stream`."""
    stream = stream or sys.stdout
    assert stream is not None  # `open_closed_outputs` has seen to it
    stream.write(harmless(text, stream.encoding) + "\n")
    stream.flush()


def write_notice(text: str) -> None:
    """One line on standard error."""
    write_line(text.replace("\n", "\\n"), sys.stderr)


def harmless(text: str, encoding: str | None = None) -> str:
    """The text with what acts, and what the encoding lacks, as \\uXXXX: JSON stays JSON, and means the same."""
    text = UNSEEN.sub(_escaped, text)
    try:
        text.encode(encoding or "utf8")
        return text
    except UnicodeEncodeError:
        return "".join(c if _encodes(c, encoding or "utf8") else _escaped(c) for c in text)


def _encodes(character: str, encoding: str) -> bool:
    return character == character.encode(encoding, "ignore").decode(encoding)


def _escaped(character: str | re.Match[str]) -> str:
    code = ord(character if isinstance(character, str) else character[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def unwrapped(text: str) -> str:
    """A help text with each paragraph on one line, for the terminal to break; what is indented, the examples, stays as it is."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(p if "\n " in f"\n{p}" else " ".join(p.split("\n")).strip() for p in paragraphs)
