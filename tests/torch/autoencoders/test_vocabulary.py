"""Documents as numbers: order, types, ends, unknown words."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from upweight import InputError
from upweight.torch.autoencoders._vocabulary import Vocabulary, perplexity, read_documents, unknown_line

DOCS = [["b", "a", "b"], ["c", "a"], []]


def test_tokens_are_numbered_by_count_then_by_which_came_first():
    v = Vocabulary.of(DOCS, 100)
    assert v.words == ("b", "a", "c")
    assert v.counts == (3, 0, 2, 2, 1)  # three ends, no unknown word
    assert v.numbered(DOCS).ids.tolist() == [2, 3, 2, 0, 4, 3, 0, 0]


def test_tokens_beyond_the_vocabulary_are_one_word():
    v = Vocabulary.of(DOCS, 1)
    assert v.words == ("b",)
    assert v.counts == (3, 3, 2)
    assert v.numbered([["b", "x"], ["c"]]).ids.tolist() == [2, 1, 0, 1, 0]


def test_types_are_kept_apart_and_need_no_order():
    docs = [[1, "1", 1.0, True, None, 2.5, "1"]]
    v = Vocabulary.of(docs, 100)
    assert len(v.words) == 6
    back = Vocabulary.from_dict(json.loads(json.dumps(v.to_dict())))
    assert [(type(w), w) for w in back.words] == [(type(w), w) for w in v.words]
    assert back.words_of(back.numbered(docs).ids) == docs[0]


def test_numpys_scalars_are_the_values_they_are():
    v = Vocabulary.of([np.array([3, 1, 3])], 100)
    assert [(type(w), w) for w in v.words] == [(int, 3), (int, 1)]
    assert v.numbered([[1, 3]]).ids.tolist() == [3, 2, 0]


def test_words_come_back_up_to_the_end_and_unknown_ones_by_name():
    assert Vocabulary.of(DOCS, 100).words_of([2, 1, 3, 0, 4]) == ["b", "<unk>", "a"]


def test_batches_are_the_documents_padded():
    d = Vocabulary.of(DOCS, 100).numbered(DOCS)
    ids, lengths = d.batch(np.array([2, 0]))
    assert ids.tolist() == [[0, 0, 0, 0], [2, 3, 2, 0]]
    assert lengths.tolist() == [1, 4]


def test_equal_documents_have_equal_bytes():
    d = Vocabulary.of(DOCS, 100).numbered([["a"], ["b"], ["a"]])
    a, b, c = d.row_bytes()
    assert a == c != b


def test_the_start_is_the_share_of_each_number():
    bias = Vocabulary.of(DOCS, 100).start_bias()
    assert np.allclose(np.exp(bias), np.array([3.5, 0.5, 2.5, 2.5, 1.5]) / 10.5)


def test_perplexity_of_a_unigram_by_hand():
    """Shares 1/2 (end), 1/4, 1/4: two documents of one word each, four numbers, log p = -(2 log 2 + 2 log 4)."""
    log_p = np.array([math.log(0.25 * 0.5), math.log(0.25 * 0.5)])
    assert math.isclose(perplexity(log_p, np.array([2, 2])), 8**0.5)


def test_what_is_said_of_unknown_words():
    ids = np.array([2, 1, 0, 1, 0])
    assert "2 tokens of 5 (40 %) are unknown words" in unknown_line(ids, seen=3)
    assert "none was seen in training" in unknown_line(ids, seen=0)
    assert unknown_line(np.array([2, 0]), seen=0) == ""


@pytest.mark.parametrize(
    ("docs", "said"),
    [
        ("a b c", "got str. Split text"),
        (["a b", "c"], "a document must be a list of tokens; got str at row 0"),
        ([["a"], 3], "got int at row 1"),
        ([["a"], ["b", ["c"]]], "got list at row 1, token 1"),
        ([["a", float("nan")]], "got NaN at row 0, token 1"),
        ([], "got none"),
        (3, "got int"),
        ([[("a", "b")]], r"got tuple: \('a', 'b'\)"),
    ],
)
def test_what_is_refused(docs, said):
    with pytest.raises(InputError, match=said):
        Vocabulary.of(read_documents(docs), 10)
