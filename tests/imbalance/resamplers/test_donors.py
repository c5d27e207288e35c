"""Donors of categories: a line of votes a base row says what a row number a cell would, and memory stays with what is asked for."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from upweight.imbalance import SMOTE
from upweight.imbalance.resamplers._donors import Donors

BLOCK = 16e6


def test_votes_and_owners_make_the_table_of_donors():
    d = Donors(own=np.array([4, 5, 6, 6]), voted=np.array([[1, 2], [3, 0]]), which=np.array([-1, 1, 0, 1]))
    assert d.table().tolist() == [[4, 4], [3, 0], [1, 2], [3, 0]]
    assert d.column(1).tolist() == [4, 0, 2, 0]
    assert d.rows(np.array([2, 0])).table().tolist() == [[1, 2], [4, 4]]
    assert d.columns(np.array([False, True])).table().tolist() == [[4], [0], [2], [0]]
    assert Donors.of(d.table()).table().tolist() == d.table().tolist()


@pytest.mark.parametrize("seed", range(20))
def test_donors_lead_through_an_earlier_resample(seed):
    rng = np.random.default_rng(seed)
    indices = rng.integers(0, 9, 7)
    first = Donors(indices, rng.integers(0, 9, (3, 2)), rng.integers(-1, 3, 7))
    then = Donors(rng.integers(0, 7, 5), rng.integers(0, 7, (2, 2)), rng.integers(-1, 2, 5))
    each = np.arange(2)
    assert np.array_equal(then.through(indices, first).table(), first.table()[then.table(), each])
    assert np.array_equal(then.through(indices, None).table(), indices[then.table()])


def frame(n: int, q: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    names = [f"v{i}" for i in range(20)]
    levels = {f"c{j}": pd.Categorical.from_codes(rng.integers(0, 20, n), names) for j in range(q)}
    return pd.DataFrame({f"x{j}": rng.normal(size=n) for j in range(5)} | levels)


def matrix(n: int, q: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.c_[rng.normal(size=(n, 10)), rng.integers(0, 20, (n, q))]


@pytest.mark.parametrize(("make", "n", "q"), [(frame, 100_000, 60), (matrix, 100_000, 10)])
def test_smote_nc_holds_input_output_and_one_block(make, n, q):
    X, y = make(n, q), (np.arange(n) % 40 == 0).astype(int)
    sampler = SMOTE(rng=0, categorical="auto" if isinstance(X, pd.DataFrame) else range(10, 10 + q))
    tracemalloc.start()  # the input is there already
    try:
        made, _ = sampler.fit_resample(X, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    size = [t.nbytes if isinstance(t, np.ndarray) else t.memory_usage().sum() for t in (X, made)]
    assert peak < sum(size) + BLOCK, (peak / 1e6, [s / 1e6 for s in size])
