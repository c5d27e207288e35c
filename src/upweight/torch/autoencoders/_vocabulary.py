"""Documents as numbers: a vocabulary, the end of a document, and one word for all unknown ones.

The trouble: tokens may be words, codes or both, so that they neither sort nor mix (1, 1.0 and True are one key of a dict); a string is
a list of letters to whoever iterates over it; and a small vocabulary makes every model look good, since all it has lost is one word.

    number 0   <eos>, which ends each document and stands before its first token
    number 1   <unk>, whatever is not in the vocabulary
    then       tokens by how often they came, then by which came first; `max_vocab` of them at most

What is inside: `read_documents`, the door; `Vocabulary`, made by `Vocabulary.of`; `Documents`, numbered documents, of which batches are
taken; `perplexity`, and `unknown_line`, what must be said beside it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from ..._errors import InputError, counted

__all__ = ["END", "UNKNOWN", "Documents", "Vocabulary", "perplexity", "read_documents", "unknown_line"]

END, UNKNOWN = 0, 1
SPECIAL = 2
Document = Sequence[Hashable]
KEPT = (str, bool, int, float, type(None))  # types that a file gives back as they were


@dataclass(frozen=True, eq=False)
class Documents:
    """Numbered documents end to end: ids (N,) int64, each document closed by 0, and where each begins, starts (n + 1,)."""

    ids: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each document, its end among them."""
        return np.diff(self.starts)

    def batch(self, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """ids (B, T) padded with 0 and lengths (B,) of some documents."""
        lengths = self.lengths[rows]
        at = self.starts[:-1][rows, None] + np.arange(lengths.max())
        real = np.arange(lengths.max()) < lengths[:, None]
        ids = np.where(real, self.ids[np.where(real, at, 0)], END)
        return torch.from_numpy(ids), torch.from_numpy(lengths)

    def some(self, rows: np.ndarray) -> Documents:
        """Some of the documents, in the order of `rows`."""
        parts = [self.ids[self.starts[i] : self.starts[i + 1]] for i in rows]
        starts = np.concatenate([[0], np.cumsum(self.lengths[rows])]).astype(np.int64)
        return Documents(np.concatenate([self.ids[:0], *parts]), starts)

    def row_bytes(self) -> list[bytes]:
        """The content of each document, to key its noise by."""
        return [self.ids[a:b].tobytes() for a, b in zip(self.starts[:-1], self.starts[1:], strict=True)]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Tokens and how often each number came in the training documents: words (V - 2,), counts (V,)."""

    words: tuple[Hashable, ...]
    counts: tuple[int, ...]

    @staticmethod
    def of(docs: list[Document], max_vocab: int) -> Vocabulary:
        """The most frequent tokens, ties by which came first."""
        found: Counter[tuple[type, Hashable]] = Counter()
        for doc in docs:
            found.update(_typed(token) for token in doc)
        _refuse_unkept(found)
        kept = found.most_common(max_vocab)  # stable: of equal counts the first seen comes first
        lost = sum(found.values()) - sum(count for _, count in kept)
        return Vocabulary(tuple(word for (_, word), _ in kept), (len(docs), lost, *(count for _, count in kept)))

    def __len__(self) -> int:
        return len(self.words) + SPECIAL

    @cached_property
    def _number(self) -> dict[tuple[type, Hashable], int]:
        return {_typed(word): i for i, word in enumerate(self.words, SPECIAL)}

    def numbered(self, docs: list[Document]) -> Documents:
        """Documents as numbers; tokens that are not known become 1."""
        ids: list[int] = []
        starts = [0]
        for doc in docs:
            ids.extend(self._number.get(_typed(token), UNKNOWN) for token in doc)
            ids.append(END)
            starts.append(len(ids))
        return Documents(np.array(ids, np.int64), np.array(starts, np.int64))

    def words_of(self, ids: Iterable[int]) -> list[Hashable]:
        """Tokens of some numbers up to the end; '<unk>' where a word was not known."""
        doc: list[Hashable] = []
        for i in ids:
            if i == END:
                break
            doc.append("<unk>" if i == UNKNOWN else self.words[i - SPECIAL])
        return doc

    def start_bias(self) -> np.ndarray:
        """log of each number's share in the training documents, half a count added; float32 (V,)."""
        counts = np.array(self.counts) + 0.5
        return np.log(counts / counts.sum()).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: every word with its type."""
        return {"words": [[type(w).__name__, _spelled(w)] for w in self.words], "counts": list(self.counts)}

    @staticmethod
    def from_dict(d: dict[str, Any]) -> Vocabulary:
        return Vocabulary(tuple(_unspelled(kind, text) for kind, text in d["words"]), tuple(d["counts"]))


def _typed(token: Hashable) -> tuple[type, Hashable]:
    """A key that keeps 1, 1.0 and True apart; NumPy's scalars are the Python values they are."""
    value = token.item() if isinstance(token, np.generic) else token
    return type(value), value


def read_documents(docs: Any) -> list[Document]:
    """Documents at the door, each looked at."""
    if isinstance(docs, (str, bytes)) or not isinstance(docs, Iterable):
        raise InputError(
            f"documents must be a list of lists of tokens; got {type(docs).__name__}. Split text: [doc.split() for doc in texts]."
        )
    found = list(docs)
    if not found:
        raise InputError("documents: got none. Give a list of lists of tokens.")
    for row, doc in enumerate(found):
        if (
            isinstance(doc, (str, bytes))
            or not isinstance(doc, (Sequence, np.ndarray))
            or (isinstance(doc, np.ndarray) and doc.ndim != 1)
        ):
            raise InputError(
                f"a document must be a list of tokens; got {type(doc).__name__} at row {row}. Split text: doc.split()."
            )
        for at, token in enumerate(doc):
            if not isinstance(token, Hashable) or token != token:
                what = "NaN" if isinstance(token, Hashable) else type(token).__name__
                raise InputError(
                    f"tokens must be hashable, no NaN; got {what} at row {row}, token {at}. Drop it first."
                )
    return found


def _refuse_unkept(found: Iterable[tuple[type, Hashable]]) -> None:
    for kind, word in found:
        if kind not in KEPT:
            raise InputError(
                f"tokens must be text, numbers, booleans or None; got {kind.__name__}: {word!r}. Write it as text: str(token)."
            )


def _spelled(word: Any) -> Any:
    return repr(word) if isinstance(word, float) else word


def _unspelled(kind: str, text: Any) -> Hashable:
    return {"str": str, "int": int, "float": float, "bool": bool, "NoneType": lambda _: None}[kind](text)


def unknown_line(ids: np.ndarray, seen: int) -> str:
    """What must be said of a perplexity where words were unknown; empty if none was."""
    n = int((ids == UNKNOWN).sum())
    if not n:
        return ""
    are, their = ("is an unknown word", "its") if n == 1 else ("are unknown words", "their")
    share = f"perplexity: {counted(n, 'token')} of {len(ids):,} ({100 * n / len(ids):.2g} %) {are}"
    if not seen:
        return f"{share}, and none was seen in training, so that {their} log p is noise. Lower max_vocab, or leave those documents out."
    return (
        f"{share}; all unknown words are one, <unk>, which is easy to foretell. Compare only models of one vocabulary."
    )


def perplexity(log_p: np.ndarray, n_tokens: np.ndarray) -> float:
    """exp(-sum log p / sum N), N with the end of each document."""
    return math.exp(-float(np.sum(log_p)) / float(np.sum(n_tokens)))
