"""XXH64 of many values at once, in NumPy.

A hash of each row must be the same on a laptop, on Spark (`xxhash64`) and in any later version, so it is the published one. All
arithmetic is modulo 2^64. For eight bytes v and a seed h:

    h = seed + P5 + 8;   h = rotl(h ^ rotl(v P2, 31) P1, 27) P1 + P4;   then the avalanche
    avalanche(h):  h ^= h >> 33;  h *= P2;  h ^= h >> 29;  h *= P3;  h ^= h >> 32

Values of other lengths are hashed together where their lengths agree: 32 bytes at a time in four lanes, then 8, 4 and 1.

What is inside: `hash_int64`, `hash_bytes`; each takes one seed a row, so that hashes can be chained over columns. `unit_interval`, from hashes
to draws. All go block by block: what a block needs stays in the second cache, and no array of all rows is made but the result.

Source: Collet, XXH64 (xxHash fast digest algorithm, specification 0.1.1).
"""

from __future__ import annotations

import numpy as np

__all__ = ["hash_bytes", "hash_int64", "unit_interval"]

P1, P2, P3, P4, P5 = (
    np.uint64(p)
    for p in (
        0x9E3779B185EBCA87,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0x85EBCA77C2B2AE63,
        0x27D4EB2F165667C5,
    )
)
P5_8 = np.uint64(int(P5) + 8)
LOW53 = np.uint64(2**53 - 1)
P1_P2 = np.uint64((int(P1) + int(P2)) % 2**64)
BLOCK = 1 << 14  # rows at a time: few enough for the second cache, enough that the calls of NumPy are no cost
BYTES = 1 << 22  # of strings gathered at a time


def _rotate(h: np.ndarray, bits: int, spare: np.ndarray) -> None:
    """h = rotl(h, bits), in place."""
    np.right_shift(h, np.uint64(64 - bits), out=spare)
    np.left_shift(h, np.uint64(bits), out=h)
    np.bitwise_or(h, spare, out=h)


def _round_of(v: np.ndarray, spare: np.ndarray) -> None:
    """v = rotl(v P2, 31) P1, in place."""
    np.multiply(v, P2, out=v)
    _rotate(v, 31, spare)
    np.multiply(v, P1, out=v)


def _take_word(h: np.ndarray, v: np.ndarray, spare: np.ndarray) -> None:
    """Take eight bytes `v` (changed) into the hash `h`, in place."""
    _round_of(v, spare)
    np.bitwise_xor(h, v, out=h)
    _rotate(h, 27, spare)
    np.multiply(h, P1, out=h)
    np.add(h, P4, out=h)


def _avalanche(h: np.ndarray, spare: np.ndarray) -> None:
    """The last mixing, in place."""
    for bits, prime in ((33, P2), (29, P3), (32, None)):
        np.right_shift(h, np.uint64(bits), out=spare)
        np.bitwise_xor(h, spare, out=h)
        if prime is not None:
            np.multiply(h, prime, out=h)


def hash_int64(values: np.ndarray, seeds: np.ndarray | np.uint64) -> np.ndarray:
    """(n,) uint64 hashes of int64 values (n,), eight bytes little-endian each; `seeds` (n,) or one for all.

    >>> f"{hash_int64(np.array([0]), np.uint64(0))[0]:016x}"
    '34c96acdcadb1bbb'
    """
    words = np.ascontiguousarray(values, dtype=np.int64).view(np.uint64)
    start_of = np.broadcast_to(np.asarray(seeds, np.uint64), words.shape)
    h = np.empty(len(words), np.uint64)
    spare, v = np.empty(min(BLOCK, len(h)), np.uint64), np.empty(min(BLOCK, len(h)), np.uint64)
    for start in range(0, len(h), BLOCK):
        part = h[start : start + BLOCK]
        np.add(start_of[start : start + BLOCK], P5_8, out=part)
        v[: len(part)] = words[start : start + BLOCK]
        _take_word(part, v[: len(part)], spare[: len(part)])
        _avalanche(part, spare[: len(part)])
    return h


def unit_interval(h: np.ndarray) -> np.ndarray:
    """(n,) float64 u = (h mod 2^53) 2^-53 of hashes (n,), exact; takes the place of the hashes in memory.

    >>> float(unit_interval(np.array([1 << 52], np.uint64))[0])
    0.5
    """
    u = h.view(np.float64)
    spare = np.empty(min(BLOCK, len(h)))
    for start in range(0, len(h), BLOCK):
        part = h[start : start + BLOCK]
        np.bitwise_and(part, LOW53, out=part)
        spare[: len(part)] = part.view(np.int64)
        np.multiply(spare[: len(part)], 2.0**-53, out=u[start : start + BLOCK])
    return u


def hash_bytes(data: np.ndarray, offsets: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """(n,) uint64 hashes of the byte strings data[offsets[i]:offsets[i+1]].

    data : (m,) uint8. offsets : (n + 1,) integers, ascending. seeds : (n,) uint64. Costs: a sort of the lengths, where they differ.

    >>> f"{hash_bytes(np.frombuffer(b'abc', np.uint8), np.array([0, 3]), np.zeros(1, np.uint64))[0]:016x}"
    '44bc2cf5ad770999'
    """
    offsets = np.asarray(offsets, dtype=np.int64)
    lengths = np.diff(offsets)
    h = np.empty(len(lengths), np.uint64)
    if not len(h):
        return h
    first = int(lengths[0])
    if (lengths == first).all():
        groups = [(first, slice(None))]
    else:
        order = np.argsort(lengths, kind="stable")
        there, starts = np.unique(lengths[order], return_index=True)
        groups = list(zip(there.tolist(), np.split(order, starts[1:]), strict=True))
    for length, rows in groups:
        h[rows] = _of_one_length(data, offsets[:-1][rows], length, np.asarray(seeds)[rows])
    return h


def _of_one_length(data: np.ndarray, at: np.ndarray, length: int, seeds: np.ndarray) -> np.ndarray:
    """Hashes of byte strings of one length that start at `at`."""
    h = np.empty(len(at), np.uint64)
    block = max(64, min(BLOCK, BYTES // max(length, 1)))
    for start in range(0, len(at), block):
        part = slice(start, start + block)
        h[part] = _block_of_one_length(_rows_of(data, at[part], length), seeds[part])
    return h


def _rows_of(data: np.ndarray, at: np.ndarray, length: int) -> np.ndarray:
    """(k, length) uint8, the bytes of k strings; a view where they lie one after the other."""
    if not length or not len(at):
        return np.empty((len(at), length), np.uint8)
    if int(at[-1]) - int(at[0]) == (len(at) - 1) * length:
        return data[int(at[0]) : int(at[0]) + len(at) * length].reshape(len(at), length)
    return np.lib.stride_tricks.sliding_window_view(data, length)[at]


def _words_of(rows: np.ndarray, start: int, count: int, dtype: str) -> list[np.ndarray]:
    """`count` little-endian words of each row from byte `start`, each (k,) uint64, a copy."""
    width = np.dtype(dtype).itemsize
    return [_word_of(rows, start + j * width, dtype) for j in range(count)]


def _word_of(rows: np.ndarray, start: int, dtype: str) -> np.ndarray:
    """The word at byte `start` of each row; it is read where it lies, aligned or not."""
    return rows[:, start : start + np.dtype(dtype).itemsize].view(dtype)[:, 0].astype(np.uint64)


def _block_of_one_length(rows: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """XXH64 of each row of bytes."""
    k, length = rows.shape
    spare = np.empty(k, np.uint64)
    h, at = _four_lanes(rows, seeds, spare) if length >= 32 else (seeds + P5, 0)
    np.add(h, np.uint64(length), out=h)
    words = (length - at) // 8
    for word in _words_of(rows, at, words, "<u8"):
        _take_word(h, word, spare)
    at += 8 * words
    if length - at >= 4:
        np.bitwise_xor(h, _words_of(rows, at, 1, "<u4")[0] * P1, out=h)
        _rotate(h, 23, spare)
        np.multiply(h, P2, out=h)
        np.add(h, P3, out=h)
        at += 4
    for j in range(at, length):
        np.bitwise_xor(h, rows[:, j].astype(np.uint64) * P5, out=h)
        _rotate(h, 11, spare)
        np.multiply(h, P1, out=h)
    _avalanche(h, spare)
    return h


def _four_lanes(rows: np.ndarray, seeds: np.ndarray, spare: np.ndarray) -> tuple[np.ndarray, int]:
    """(hash so far, bytes taken): all whole stripes of 32 bytes in four lanes, which are then merged."""
    lanes = [seeds + P1_P2, seeds + P2, seeds.copy(), seeds - P1]
    stripes = rows.shape[1] // 32
    for stripe in range(stripes):
        for lane, word in zip(lanes, _words_of(rows, 32 * stripe, 4, "<u8"), strict=True):
            np.multiply(word, P2, out=word)
            np.add(lane, word, out=lane)
            _rotate(lane, 31, spare)
            np.multiply(lane, P1, out=lane)
    h = np.zeros(len(rows), np.uint64)
    for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True):
        turned = lane.copy()
        _rotate(turned, bits, spare)
        np.add(h, turned, out=h)
    for lane in lanes:
        _round_of(lane, spare)
        np.bitwise_xor(h, lane, out=h)
        np.multiply(h, P1, out=h)
        np.add(h, P4, out=h)
    return h, 32 * stripes
