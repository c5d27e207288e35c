"""Every byte of a text file, looked at once: is a quote left open, is there a zero byte, is it UTF-8?

The trouble: parsers of CSV are lenient. A quote that nobody closes makes the rest of the file one field, and the rows in it are
gone without a word; a stray one that meets the next quoted field swallows the lines between. So the file is scanned before it is
parsed, by the rules of the parser:

    a quote opens a field only at its beginning: after a delimiter, a line end, or at the start of the file
    inside, two quotes stand for one; a single one closes the field; what follows up to the delimiter is text as it stands

Of a run of L quotes only the parity counts: an even one changes nothing; an odd one closes what is open, and otherwise opens if it
may (c = 1). With s the state after the k-th odd run, s(k) = c(k) and not s(k-1): between the runs that may not open, it alternates.

What is inside: `scan`, from bytes to a `TextScan` or a refusal; `QuoteScan`, the state from piece to piece; `line_at`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import IO, NamedTuple

import numpy as np

from .._errors import InputError

__all__ = ["BOM", "LONG", "LongField", "TextScan", "line_at", "scan"]

BOM = codecs.BOM_UTF8
LONG = 100  # lines that a quoted field may span before it is told
PIECE = 1 << 22  # bytes at a time
QUOTE, ENDS = ord('"'), b"\r\n"
BLANK = re.compile(rb"(?>\r\n|\n|\r)((?:\r\n|\n|\r)+)[^\r\n]")
Opener = Callable[[], AbstractContextManager[IO[bytes]]]


class LongField(NamedTuple):
    """A quoted field that spans many lines: the line it opens on, and how many line ends it holds."""

    line: int
    lines: int


@dataclass(frozen=True)
class TextScan:
    """What is true of the whole file: all of it UTF-8? Quoted fields over `LONG` lines; the first blank line between others."""

    utf8: bool
    long_fields: tuple[LongField, ...]
    blank: int | None


def scan(opener: Opener, name: str, mark: str, *, blanks: bool = True) -> TextScan:
    """Look at every byte; refuse what would lose rows: an open quote, a field that ends inside another, a zero byte.

    Parameters
    ----------
    opener : gives the unpacked bytes of the file, from the start, whenever it is called
    name : what to call the file
    mark : the delimiter, one character
    blanks : whether to look for blank lines, which mean something in a file of one column only
    """
    quotes, utf8, offset = QuoteScan(mark, blanks=blanks), True, 0
    decoder = codecs.getincrementaldecoder("utf8")()
    for piece in pieces(opener):
        zero = piece.find(0)
        if zero >= 0:
            line = line_at(opener, offset + zero)
            raise InputError(f"{name}: not text: a zero byte on line {line}. Write the file again, as UTF-8.")
        utf8 = utf8 and _decodes(decoder, piece)
        quotes.feed(piece)
        offset += len(piece)
    utf8 = utf8 and _decodes(decoder, b"", final=True)
    quotes.finish()
    _refuse_swallowed(quotes, opener, name)
    long_fields = tuple(LongField(line_at(opener, at), lines) for at, lines in quotes.long[:3])
    rest = tuple(LongField(0, lines) for _, lines in quotes.long[3:])
    return TextScan(utf8, long_fields + rest, None if quotes.blank is None else line_at(opener, quotes.blank))


def _refuse_swallowed(quotes: QuoteScan, opener: Opener, name: str) -> None:
    """Refuse quotes by which lines become part of a field that nobody meant."""
    remedy = "Close it there, take it away, or write two quotes for one inside quotes."
    if quotes.mixed is not None:
        start, end = (line_at(opener, at) for at in quotes.mixed)
        raise InputError(
            f"{name}: the quote opened on line {start} ends inside another field, on line {end}; the lines between would be lost. {remedy}"
        )
    if quotes.opened is not None:
        raise InputError(f"{name}: the quote opened on line {line_at(opener, quotes.opened)} is never closed. {remedy}")


def pieces(opener: Opener) -> Iterator[bytes]:
    with opener() as file:
        while piece := file.read(PIECE):
            yield piece


def _decodes(decoder: codecs.IncrementalDecoder, piece: bytes, *, final: bool = False) -> bool:
    if piece.isascii() and not decoder.getstate()[0]:
        return True
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError:
        return False
    return True


def _line_ends(text: bytes, start: int = 0, end: int | None = None) -> int:
    r"""How many lines end there; \n, \r\n and a lone \r end one."""
    end = len(text) if end is None else end
    count = text.count(b"\n", start, end)
    if text.find(b"\r", start, end) < 0:
        return count
    return count + text.count(b"\r", start, end) - text.count(b"\r\n", start, end)


def line_at(opener: Opener, offset: int) -> int:
    """The number, from 1, of the line on which a byte stands."""
    line, position, last = 1, 0, b""
    for piece in pieces(opener):
        part = last + piece[: offset - position]
        last = b"\r" if part.endswith(b"\r") else b""  # its \n may begin the next piece
        line += _line_ends(part) - len(last)
        position += len(piece)
        if position >= offset:
            break
    return line + len(last)


@dataclass
class QuoteScan:
    """Where a quoted field is open, from piece to piece; `finish` looks at what was held back.

    Positions are those of bytes in the file. `opened` is where the open field began; `mixed` is (where it began, where it
    closed) of the first field that spans lines and has text after its closing quote; `long` lists (position, line ends).
    """

    mark: str
    blanks: bool = True
    opened: int | None = None
    mixed: tuple[int, int] | None = None
    long: list[tuple[int, int]] = field(default_factory=list)
    blank: int | None = None
    offset: int = 0  # of the first byte not yet looked at
    before: int = ENDS[0]  # the byte before it; the start of a file is like a line end
    pending: bytes = b""
    lines: int = 0  # line ends in the open field so far

    def __post_init__(self) -> None:
        self.openers = np.zeros(256, dtype=bool)
        self.openers[[ord(self.mark), *ENDS]] = True

    def feed(self, piece: bytes) -> None:
        """Look at a piece; a run of quotes or line ends at its end waits for the next one."""
        text = self.pending + piece
        if self.offset == 0 and len(text) >= len(BOM):
            text = self.skip(text, len(BOM) if text.startswith(BOM) else 0)
            text = self.skip(text, len(text) - len(text.lstrip(ENDS)))
        whole = len(text.rstrip(b'"' + ENDS))
        self.pending = text[whole:]
        self.examine(text[:whole])

    def skip(self, text: bytes, count: int) -> bytes:
        self.offset += count
        return text[count:]

    def finish(self) -> None:
        self.examine(self.pending + b"\n", at_end=True)

    def examine(self, text: bytes, *, at_end: bool = False) -> None:
        if not text:
            return
        none = np.empty(0, np.int64)
        first, last = self.odd_runs(text) if b'"' in text else (none, none)
        states = self.states(text, first)
        if self.blanks and self.blank is None and not at_end:
            self.note_blank(text, first, states)
        self.note_fields(text, first, last, states)
        self.offset += len(text)
        self.before = text[-1]

    @staticmethod
    def odd_runs(text: bytes) -> tuple[np.ndarray, np.ndarray]:
        """(first, last) position of every run of an odd number of quotes."""
        quotes = np.flatnonzero(np.frombuffer(text, np.uint8) == QUOTE)
        breaks = np.flatnonzero(np.diff(quotes) != 1)
        first, last = quotes[np.append(0, breaks + 1)], quotes[np.append(breaks, len(quotes) - 1)]
        odd = (last - first) % 2 == 0
        return first[odd], last[odd]

    def states(self, text: bytes, first: np.ndarray) -> np.ndarray:
        """Whether a field is open after each run."""
        if not len(first):
            return np.empty(0, bool)
        values = np.frombuffer(text, np.uint8)
        before = np.where(first > 0, values[first - 1], self.before)
        k = np.arange(1, len(first) + 1)
        resets = np.where(self.openers[before], int(self.opened is not None), k)
        return (k - np.maximum.accumulate(resets)) % 2 == 1

    def note_blank(self, text: bytes, first: np.ndarray, states: np.ndarray) -> None:
        """The first blank line that other lines follow; those inside quotes are none."""
        if b"\n\n" not in text and (b"\r" not in text or (b"\n\r" not in text and b"\r\r" not in text)):
            return
        for match in BLANK.finditer(text):
            k = int(np.searchsorted(first, match.start()))
            if not (states[k - 1] if k else self.opened is not None):
                self.blank = self.offset + match.start(1)
                return

    def note_fields(self, text: bytes, first: np.ndarray, last: np.ndarray, states: np.ndarray) -> None:
        """Go through the fields that close here, and remember the one that stays open."""
        if self.opened is not None:
            end = int(last[0]) if len(first) else len(text)
            self.lines += _line_ends(text, 0, end)
            if len(first):
                self.close(self.opened, text, end, self.lines)
        starts = np.flatnonzero(states)
        done = starts[starts + 1 < len(first)]
        opens, closes = first[done], last[done + 1]
        after = np.append(np.frombuffer(text, np.uint8), ENDS[0])[closes + 1] if len(done) else closes
        for i in np.flatnonzero((closes - opens > LONG) | ~self.openers[after]).tolist():
            self.close(
                self.offset + int(opens[i]),
                text,
                int(closes[i]),
                _line_ends(text, int(opens[i]), int(closes[i])),
            )
        if len(states):
            self.opened = self.offset + int(first[-1]) if states[-1] else None
            self.lines = _line_ends(text, int(first[-1])) if states[-1] else 0

    def close(self, start: int, text: bytes, end: int, lines: int) -> None:
        """A field from `start`, in the file, to `end`, in this text."""
        if lines > LONG:
            self.long.append((start, lines))
        follows = text[end + 1 : end + 2]
        if lines and follows and not self.openers[follows[0]] and self.mixed is None:
            self.mixed = (start, self.offset + end)
