"""Text of several words a row: which words there are, how often each row has them, and how much a word weighs.

The trouble: a review, a diagnosis or a ticket is a different value in every row, so as a category it is an identifier and is thrown away
with all it says. Its words are few and come again.

    tf-idf of row i, word t    count_it * (1 + log((1 + W) / (1 + W_t))),    rows brought to length one
    W the weight of the training rows, W_t of those that have the word

Which words there are is known of all rows, as it is of categories; which of them count, and how much, is learnt in the training fold
(`_prepare`): those of WORDS rows or more, the MOST of them that stand in most rows.

Source: Salton and Buckley (1988), Term-weighting approaches in automatic text retrieval.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

__all__ = ["count_words", "frequent_words", "is_prose", "tf_idf", "vocabulary"]

pc: Any = compute  # its functions are made at run time, where type checkers do not look

PROSE = 3.0  # words a value, on average, from which on a column is text and no identifier
FEWEST = 10  # rows of the training fold below which a word is left out
MOST = 200  # words of one column


def is_prose(text: pa.Array) -> bool:
    """Whether values have several words each: three or more on average."""
    words = pc.count_substring_regex(text.drop_null(), r"[\pL\pN_]{2,}")
    return float(pc.mean(words).as_py() or 0.0) >= PROSE


def vocabulary(text: pa.Array) -> tuple[str, ...]:
    """The words that stand in two rows or more, sorted."""
    rows = text.drop_null().to_pylist()
    reader = CountVectorizer(binary=True)
    try:
        there: Any = reader.fit_transform(rows)
    except ValueError:  # not one word
        return ()
    counts = np.asarray(there.sum(axis=0)).reshape(-1)
    return tuple(word for word, column in sorted(reader.vocabulary_.items()) if counts[column] > 1)


def count_words(text: pa.Array, words: tuple[str, ...]) -> sparse.csr_array:
    """(n, len(words)) how often each row has each word; a gap has none."""
    reader = CountVectorizer(vocabulary={word: j for j, word in enumerate(words)})
    return sparse.csr_array(reader.transform(pc.fill_null(text, "").to_pylist()), dtype=np.float64)


def frequent_words(counts: Any, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(k,) columns of the words that count, ascending, and their idf; `counts` (n, V) of the training rows, weights (n,)."""
    there = sparse.csr_array((counts > 0).astype(np.float64))
    rows, mass = np.asarray(there.sum(axis=0)).reshape(-1), np.asarray(w @ there).reshape(-1)
    top = np.argsort(-mass, kind="stable")[:MOST]
    top = np.sort(top[rows[top] >= min(FEWEST, max(2, counts.shape[0] // 20))])
    return top, 1 + np.log((1 + w.sum()) / (1 + mass[top]))


def tf_idf(counts: Any, chosen: np.ndarray, idf: np.ndarray) -> sparse.csr_array:
    """(n, k) weighted counts of the chosen words, every row of length one or zero."""
    values = sparse.csr_array(counts[:, chosen] @ sparse.diags_array(idf))
    length = np.sqrt(np.asarray(values.multiply(values).sum(axis=1)).reshape(-1))
    return sparse.csr_array(sparse.diags_array(1 / np.where(length > 0, length, 1.0)) @ values)
