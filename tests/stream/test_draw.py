"""The draw: the published vectors, XXH64 from scratch, and what it must not depend on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import stats

from upweight import InputError
from upweight.stream import draw, seed_of_purpose
from upweight.stream._xxh64 import hash_bytes, hash_int64

VECTORS = [  # key columns, seed, u: of the fixed form xxh64-low53/1, made by Spark's xxhash64 and by a hash from scratch
    (([123456],), 7, 0.5782091721789302),
    (([-1],), 0, 0.8773197835222211),
    ((["imp-000000000042"],), 7, 0.124417826156756),
    ((["日本語"],), 20240607, 0.5935461502356784),
    (([""],), 7, 0.0569086503860714),
    (([42], ["de"]), 7, 0.08482906927408307),
    (([42], [None]), 7, 0.4261935453495226),
    ((["00000000-0000-4000-8000-000000000001"],), 1, 0.20616766003876785),
]


@pytest.mark.parametrize(("columns", "seed", "u"), VECTORS)
def test_published_vectors(columns, seed, u):
    assert draw(*(pa.array(c) for c in columns), seed=seed)[0] == u


def test_chain_states_and_purpose():
    text = np.frombuffer(b"uw/neg/v1", np.uint8)
    assert hash_bytes(text, np.array([0, 9]), np.array([42], np.uint64))[0] == 0xD6E4EB50EFC0D752
    assert seed_of_purpose(7, "uw/neg/v1") == 0x861598DA48467ED7
    assert draw([123456], seed=7, purpose="uw/pilot/v1")[0] == 0.662174125258268


P1, P2, P3, P4, P5 = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
MASK = 2**64 - 1


def xxh64(data: bytes, seed: int) -> int:
    """Byte by byte, in Python's own numbers."""

    def rotl(x, r):
        return (x << r | x >> (64 - r)) & MASK

    def lane(acc, word):
        return rotl((acc + word * P2) & MASK, 31) * P1 & MASK

    def word(at, width):
        return int.from_bytes(data[at : at + width], "little")

    at = 0
    if len(data) >= 32:
        v = [(seed + P1 + P2) & MASK, (seed + P2) & MASK, seed, (seed - P1) & MASK]
        while at + 32 <= len(data):
            v = [lane(v[j], word(at + 8 * j, 8)) for j in range(4)]
            at += 32
        h = sum(rotl(x, r) for x, r in zip(v, (1, 7, 12, 18), strict=True)) & MASK
        for x in v:
            h = ((h ^ lane(0, x)) * P1 + P4) & MASK
    else:
        h = (seed + P5) & MASK
    h = (h + len(data)) & MASK
    while at + 8 <= len(data):
        h = (rotl(h ^ lane(0, word(at, 8)), 27) * P1 + P4) & MASK
        at += 8
    if at + 4 <= len(data):
        h = (rotl(h ^ (word(at, 4) * P1 & MASK), 23) * P2 + P3) & MASK
        at += 4
    for byte in data[at:]:
        h = rotl(h ^ (byte * P5 & MASK), 11) * P1 & MASK
    for bits, prime in ((33, P2), (29, P3), (32, 1)):
        h = (h ^ h >> bits) * prime & MASK
    return h


def test_hashes_are_xxh64_at_every_length_and_seed():
    rng = np.random.default_rng(0)
    strings = [rng.bytes(length) for length in [*range(140), 255, 1000]]
    seeds = rng.integers(0, 2**64, len(strings), dtype=np.uint64)
    offsets = np.cumsum([0, *map(len, strings)])
    data = np.frombuffer(b"".join(strings), np.uint8)
    expected = [xxh64(s, int(seed)) for s, seed in zip(strings, seeds, strict=True)]
    assert hash_bytes(data, offsets, seeds).tolist() == expected
    values = rng.integers(-(2**63), 2**63 - 1, 300)
    seeds = rng.integers(0, 2**64, 300, dtype=np.uint64)
    expected = [xxh64(int(v).to_bytes(8, "little", signed=True), int(s)) for v, s in zip(values, seeds, strict=True)]
    assert hash_int64(values, seeds).tolist() == expected


def test_draws_do_not_depend_on_width_container_chunks_or_place():
    n = 20_000  # more than one block
    ids = np.arange(n)
    u = draw(ids, seed=7)
    for other in (
        ids.astype(np.int32),
        ids.astype(np.uint16) if n < 2**16 else ids,
        ids.astype(np.uint64),
        ids.tolist(),
        pd.Series(ids, index=ids[::-1]),
        pl.Series(ids.astype(np.int32)),
        pa.chunked_array([pa.array(ids[:77]), pa.array(ids[77:])]),
        pa.array(ids).dictionary_encode(),
    ):
        np.testing.assert_array_equal(draw(other, seed=7), u)
    np.testing.assert_array_equal(draw(pa.array(np.r_[-5, ids])[1:], seed=7), u)
    shuffled = np.random.default_rng(0).permutation(n)
    np.testing.assert_array_equal(draw(ids[shuffled], seed=7), u[shuffled])
    text = [f"{i:x}" * (1 + i % 9) for i in range(500)]
    u = draw(text, seed=7)
    for other in (
        np.array(text),
        pd.Series(text),
        pl.Series(text),
        pa.array(text, pa.large_string()),
        pa.array(text, pa.string_view()),
        pa.array(text).dictionary_encode(),
        pa.array([t.encode() for t in text]),
        pd.Series(text, dtype="category"),
        pa.array(["", "xyz", *text])[2:],
    ):
        np.testing.assert_array_equal(draw(other, seed=7), u)


def test_null_and_empty_text_differ_and_a_null_leaves_the_chain():
    two = draw(pa.array([1, 1, 1]), pa.array(["", None, "a"]), seed=3)
    assert len(set(two)) == 3
    assert two[1] == draw([1], seed=3)[0]
    assert draw([None, 1], [2, None], seed=3).shape == (2,)


@pytest.mark.parametrize(
    "keys",
    [np.arange(200_000), np.arange(200_000) * 1_000, 1_700_000_000_000 + np.arange(200_000) * 7],
    ids=["rows", "strided", "epoch"],
)
@pytest.mark.parametrize("seed", [0, 7])
def test_draws_are_uniform_and_unrelated_along_regular_keys(keys, seed):
    u = draw(keys, seed=seed)  # fixed keys and seeds: this is one fact and not a chance; p > .01, |r| < 3 / sqrt(n)
    assert stats.kstest(u, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 3 / np.sqrt(len(u))
    assert u.min() >= 0
    assert u.max() < 1


@pytest.mark.parametrize(
    ("columns", "given", "words"),
    [
        ((), {}, "needs a key"),
        (([1.5],), {}, "must be whole numbers, text or bytes; got double"),
        (([True],), {}, "got bool"),
        ((pa.array([1], pa.timestamp("s")),), {}, "got timestamp[s]"),
        ((pa.array([1]).cast(pa.decimal128(20, 0)),), {}, "got decimal128(20, 0)"),
        ((np.array([1, 2**63], np.uint64),), {}, "below 2^63; got 9223372036854775808 at row 1"),
        (([1, 2], ["a"]), {}, "of one length; got 2, 1"),
        (([1, None], ["a", None]), {}, "1 row has a null in every key column, first at row 1"),
        (([1],), {"seed": -1}, "`seed` must be a whole number"),
        (([1],), {"seed": True}, "`seed` must be a whole number"),
        (([1],), {"seed": 2**63}, "`seed` must be a whole number"),
        (([1, "a"],), {}, "of one type"),
    ],
)
def test_keys_that_cannot_be_hashed_alike_everywhere_are_refused(columns, given, words):
    with pytest.raises(InputError) as error:
        draw(*columns, **({"seed": 7} | given))
    assert words in str(error.value)


def test_exact_set_of_a_million_rows():
    ids = np.arange(1_000_000)
    kept = ids[(ids % 1000 != 0) & (draw(ids, seed=7) < 5000 / 999000)]
    assert (len(kept), kept[:5].tolist(), kept.sum()) == (5095, [641, 805, 1130, 1185, 1257], 2_544_069_075)
    text = np.char.add("imp-", np.char.zfill(ids.astype(str), 12))
    kept = ids[(ids % 1000 != 0) & (draw(text, seed=7) < 5000 / 999000)]
    assert (len(kept), kept[:5].tolist(), kept.sum()) == (5117, [261, 291, 528, 580, 738], 2_563_955_283)
