"""Results as small pieces of HTML, for notebooks: sentences and one table.

The trouble: a notebook shows an object by its `_repr_html_`, and what stands there came with the data: a column may be called
`<script>`, a label may turn the line around. And a page of its own colours cannot be read on a dark notebook. So here every text is
escaped, characters that are not seen are spelled out, nothing is fetched, nothing runs, and no colour is named: text, background
and rules are those of the notebook.

What is inside: `block`, sentences and a table; `shown`, one text of the data as it can safely be read, escaped or not yet.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

__all__ = ["block", "shown"]

PLAIN = "tex2jax_ignore mathjax_ignore"  # a dollar in a name is a dollar, not the start of a formula
LONGEST = 600  # characters of one cell or sentence
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # categories that are not seen, or that steer the text
JOINERS = "\u200c\u200d"  # needed inside Persian, Hindi and emoji
TABLE = "border-collapse:collapse;margin:.4em 0"
HEAD = "text-align:{};vertical-align:bottom;padding:.15em .6em;border-bottom:1px solid currentColor"
CELL = "text-align:{};vertical-align:top;padding:.15em .6em"


def shown(text: Any, *, most: int = LONGEST) -> str:
    """Text of the data as it can be read: white space single, unseen characters spelled out, what is too long cut.

    >>> shown("a\\tb\\u202ec"), shown("x" * 9, most=4)
    ('a b[U+202E]c', 'xxx…')
    """
    whole = " ".join(str(text).split())
    cut = whole if len(whole) <= most else whole[: most - 1] + "…"
    return "".join(c if c in JOINERS or unicodedata.category(c) not in UNSEEN else f"[U+{ord(c):04X}]" for c in cut)


def block(
    sentences: Iterable[Any],
    head: Sequence[Any] = (),
    rows: Iterable[Sequence[Any]] = (),
    *,
    after: Iterable[Any] = (),
    left: int = 1,
) -> str:
    """Sentences, a table and more sentences, as HTML; the first sentence is strong.

    head : names of the columns, or none. rows : cells, text or anything with a text. left : columns that are words, flush left;
    the others are figures, flush right.

    >>> print(block(["a < b"], ["", "mean"], [["<b>", "1.0"]]).split("<table")[0])
    <div class="tex2jax_ignore mathjax_ignore"><p style="margin:.3em 0"><strong>a &lt; b</strong></p>
    """
    first, *rest = [escape(shown(s)) for s in sentences]
    above = [_sentence(f"<strong>{first}</strong>"), *map(_sentence, rest)]
    lines = [_row(cells, "td", CELL, left) for cells in rows]
    table = ""
    if lines:
        names = f"<thead>{_row(head, 'th', HEAD, left)}</thead>" if len(head) else ""
        table = f'<table style="{TABLE}">{names}<tbody>{"".join(lines)}</tbody></table>'
    below = [_sentence(escape(shown(s))) for s in after]
    return f'<div class="{PLAIN}">{"".join(above)}{table}{"".join(below)}</div>'


def _sentence(html: str) -> str:
    return f'<p style="margin:.3em 0">{html}</p>'


def _row(cells: Sequence[Any], tag: str, style: str, left: int) -> str:
    sides = ["left" if i < left else "right" for i in range(len(cells))]
    made = (
        f'<{tag} style="{style.format(side)}">{escape(shown(x))}</{tag}>' for side, x in zip(sides, cells, strict=True)
    )
    return f"<tr>{''.join(made)}</tr>"
