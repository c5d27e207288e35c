"""The alias table: its cells add up to the weights exactly, and its draws are independent."""

import numpy as np
import pytest

from upweight._errors import InputError
from upweight.arrays import AliasTable, alias_table

W = np.array([0.0, 0.05, 0.3, 0.0, 0.001, 0.249, 0.1, 0.3, 0.0])


def logs(w):
    with np.errstate(divide="ignore"):
        return np.log(w)


def law(table: AliasTable):
    n = len(table.keep)
    own = np.bincount(np.arange(n), table.keep, n)
    return (own + np.bincount(table.alias, 1 - table.keep, n)) / n


@pytest.mark.parametrize("shape", [0.01, 0.3, 1.0, 50.0])
@pytest.mark.parametrize("n", [1, 2, 3, 17, 1000, 100_000])
def test_the_cells_of_the_alias_table_add_up_to_the_weights(n, shape):
    w = np.random.default_rng(10).gamma(shape, size=n)
    w[: n // 3] = 0.0
    w /= w.sum()
    table = alias_table(logs(w))
    np.testing.assert_allclose(law(table), w, atol=4e-15)
    assert np.all((table.keep >= 0) & (table.keep <= 1))
    drawn = table.draw(2000, rng=1)
    assert np.all(w[drawn] > 0)


@pytest.mark.parametrize(
    "w",
    [
        [1.0],
        [1.0] * 9,
        [1.0, 1.0, 2.0, 0.0],
        [0.0, 0.0, 1.0],
        [2.0, 1.0, 1.0, 1.0, 0.0],
        [3.0, 0.0, 2.0, 0.0, 0.0],
    ],
)
def test_alias_tables_of_equal_and_of_single_weights(w):
    np.testing.assert_allclose(law(alias_table(logs(np.array(w)))), np.array(w) / sum(w), atol=1e-15)


def test_alias_draws_are_independent_with_the_right_shares():
    table = alias_table(logs(W))
    drawn = table.draw(200_000, rng=11)
    assert drawn.dtype == np.int64
    share = np.bincount(drawn, minlength=len(W)) / 200_000
    assert np.all(np.abs(share - W) <= 4.5 * np.sqrt(W * (1 - W) / 200_000))
    again = np.mean(drawn[1:] == drawn[:-1])
    p = np.sum(W**2)
    assert abs(again - p) < 4.5 * np.sqrt(p / 200_000)


def test_the_input_is_not_written():
    l = logs(W)
    l.flags.writeable = False
    alias_table(l).draw(3)
    np.testing.assert_array_equal(l, logs(W))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: alias_table([-np.inf] * 3), r"every weight is zero"),
        (lambda: alias_table([0.0, np.nan]), r"finite or -inf; got nan at row 1"),
        (lambda: alias_table(np.zeros((2, 3))), r"one vector of weights; got shape \(2, 3\)"),
        (lambda: alias_table([0.0]).draw(0), r"`m` must be at least 1; got 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, text):
    with pytest.raises(InputError, match=text):
        call()
