"""What rows, products and pickles keep: exact copies, read-only logs, the index of a mask."""

import copy
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

from upweight import InputError, Weights

HUGE = np.array([1e15, 1e15 + 1, 3.0, 2.0**53 - 1])


def indexed():
    return Weights.of(pd.Series([1.0, 2.0, 3.0], index=list("abc"), name="w"), kind="importance")


def test_copies_come_back_to_the_last_one():
    w = Weights.of(HUGE, kind="frequency")
    assert w.values.tolist() == HUGE.tolist()
    assert w.ess == HUGE.sum()
    assert w[[1, 0]].values.tolist() == [1e15 + 1, 1e15]
    assert pickle.loads(pickle.dumps(w)).values.tolist() == HUGE.tolist()
    assert w.declare(exact=False).values.tolist() == HUGE.tolist()
    assert (w * Weights.of([1.0, 3.0, 1.0, 1.0], kind="frequency")).values.tolist()[1] == 3e15 + 3
    assert (w * 3).values.tolist()[1] == 3e15 + 3
    assert Weights.of([HUGE, HUGE], kind="frequency").pick(1).values.tolist() == HUGE.tolist()
    assert Weights.of(HUGE, kind="frequency").declare(kind="importance")._counts is None


def test_copies_that_the_logs_can_tell_are_kept_once():
    assert Weights.of([1.0, 1e12], kind="frequency")._counts is None


@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, lambda w: pickle.loads(pickle.dumps(w))])
def test_a_copy_is_as_read_only_as_its_original(twin):
    w = indexed().clip(at=2.0)
    assert not twin(w).log_w.flags.writeable
    assert not twin(w).raw.log_w.flags.writeable


def test_a_mask_of_other_rows_is_refused():
    mask = pd.Series([True, False, False], index=list("cba"))
    with pytest.raises(InputError, match="`weights` and `rows` have different indexes"):
        _ = indexed()[mask]
    assert indexed()[mask.to_numpy()].values.round(12).tolist() == [1]
    assert indexed()[mask.reindex(list("abc"))].values.round(12).tolist() == [3]


def test_row_numbers_point_and_pair_with_nothing():
    assert indexed()[pd.Series([2, 0], index=[7, 8])].values.round(12).tolist() == [3, 1]
    plain = Weights.of([1.0, 2.0, 3.0], kind="importance")
    assert plain[pd.Series([True, False, True], index=list("cba"))].n == 2
    assert indexed()[pl.Series([True, False, True])].n == 2


@pytest.mark.parametrize("name", [None, 0, "w", ("a", 1)])
def test_the_name_of_a_series_comes_back(name):
    w = Weights.of(pd.Series([1.0, 2.0], name=name), kind="importance")
    assert w.sample_weight.name == name
    assert w[[0]].values.name == name


@pytest.mark.parametrize("level", [0.0, -1e12, 1e12])
def test_shares_add_up_at_any_level(level):
    l = np.log(np.random.default_rng(0).exponential(size=1000)) + level
    w = Weights.of_log(l, kind="importance")
    assert abs(w.probabilities.sum() - 1) < 1e-14
    assert abs(w.sample_weight.mean() - 1) < 1e-14
    assert abs(np.asarray(w).mean() - 1) < 1e-14
    assert w.max_share == pytest.approx(w.probabilities.max(), rel=1e-14)
    assert w.temper(power=0.5).trail[-1].moved == pytest.approx(
        Weights.of_log(l - level, kind="importance").temper(power=0.5).trail[-1].moved, rel=1e-12
    )


@pytest.mark.parametrize("shape", [(5, 1), (2, 3, 1)])
def test_a_column_of_a_table_is_not_many_vectors(shape):
    for make in (Weights.of, Weights.of_log):
        with pytest.raises(InputError, match=r"vectors of one row each\. A column of a table\? Pass x\[:, 0\]"):
            make(np.ones(shape))
    assert Weights.of(np.ones((1, 1))).shape == (1, 1)
    assert Weights.of(np.ones((1, 5))).shape == (1, 5)
