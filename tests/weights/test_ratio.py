"""Weights from probabilities: directions, scales, pooled sources, and what is refused at the door."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import upweight as uw
from upweight import InputError


def grid(k: float, n: int):
    x = -np.log1p(-(np.arange(1, n + 1) - 0.5) / n)
    return x, np.log1p(-k) - (1 - k) * x, -x


def test_ratio_is_target_over_source_whatever_the_order_of_words():
    assert uw.ratio(target=[0.5, 0.5], source=[0.1, 0.9]).values == pytest.approx([5.0, 5 / 9])
    assert uw.ratio(source=[0.1, 0.9], target=[0.5, 0.5]).values == pytest.approx([5.0, 5 / 9])


def test_either_side_may_be_a_scalar():
    assert uw.ratio(1 / 80, [0.1, 0.0125]).values == pytest.approx([0.125, 1.0])
    assert uw.ratio([0.1, 0.2], 0.1).values == pytest.approx([1.0, 2.0])
    assert uw.log_ratio([-1.0, -2.0], -1.0).log_w.tolist() == [0.0, -1.0]


def test_logs_and_linear_numbers_agree():
    _, target, source = grid(0.55, 4000)
    a, b = uw.log_ratio(target, source), uw.ratio(np.exp(target), np.exp(source))
    assert a.khat == pytest.approx(0.545157, abs=5e-7)
    assert b.khat == pytest.approx(a.khat, abs=1e-9)
    assert a.ess == pytest.approx(1094.78, abs=5e-3)
    np.testing.assert_allclose(a.log_w, b.log_w, atol=1e-12)


def test_densities_promise_a_mean_of_one_unless_told_otherwise():
    assert uw.ratio([0.5], [0.5]).exact
    assert not uw.ratio([0.5], [0.5], exact=False).exact
    assert uw.ratio([0.5], [0.5]).kind == "importance"
    assert not uw.ratio([0.5], [0.5]).assumed


def test_a_target_of_zero_is_a_weight_of_zero():
    assert uw.ratio([0.0, 1.0], [0.5, 0.5]).log_w[0] == -np.inf
    assert uw.log_ratio([-np.inf, 0.0], [-1.0, -1.0]).log_w[0] == -np.inf


def test_densities_far_below_the_smallest_float_keep_their_ratio():
    assert uw.log_ratio([-5000.0, -5001.0], [-5002.0, -5002.0]).values == pytest.approx([np.exp(2), np.e])


def test_certain_actions_are_noted():
    assert "DETERMINISTIC" in uw.ratio([0.5, 0.5], [1.0, 1.0]).notes
    assert uw.ratio([0.5, 0.5], [1.0, 0.5]).notes == ()


@pytest.mark.parametrize(
    ("target", "source", "said"),
    [
        (
            [0.1, -0.22],
            [1, 1],
            r"`target` must be >= 0; got 1 negative, first -0\.22 at row 1\. Logs\? Use Weights\.of_log or log_ratio\.",
        ),
        ([1, 1], [0.5, -0.5], "`source` must be >= 0; got 1 negative"),
        ([1, 1], [0.5, 0.0], "row 1 has source 0: it cannot have been drawn. Drop it or mend the propensity."),
        ([1, np.nan], [0.5, 0.5], "`target` must be finite; got 1 NaN, first at row 1. Drop them first."),
        ([1, 1], [np.inf, 0.5], "`source` must be finite; got 1 infinite, first at row 0"),
        ([1, 1], [1, 1, 1], r"must have the same rows; got shapes \(2,\) and \(3,\)"),
        (0.5, 0.5, "must be a column of at least one row"),
        ([], [], "must be a column of at least one row"),
        ([1j, 1], [1, 1], "`target` must hold real numbers; got complex"),
    ],
)
def test_wrong_probabilities_are_refused(target, source, said):
    with pytest.raises(InputError, match=said):
        uw.ratio(target, source)


@pytest.mark.parametrize(
    ("target", "source", "said"),
    [
        ([-1.0, np.nan], [-1, -1], "`log_target` must not be NaN; got 1 NaN, first at row 1"),
        ([-1.0, np.inf], [-1, -1], r"`log_target` must be below \+inf; got 1 infinite"),
        ([-1.0, -1.0], [-1, -np.inf], "row 1 has source -inf: it cannot have been drawn"),
    ],
)
def test_wrong_logs_are_refused(target, source, said):
    with pytest.raises(InputError, match=said):
        uw.log_ratio(target, source)


def test_logs_that_look_like_probabilities_are_warned_of_from_25_rows_on():
    p = np.linspace(0.01, 0.99, 25)
    with pytest.warns(UserWarning, match=r"probabilities\? use ratio"):
        w = uw.log_ratio(p, p[::-1])
    assert w.notes == ("LOOKS_LINEAR",)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert uw.log_ratio(p[:24], p[:24]).notes == ()
        assert uw.log_ratio(-p, p).notes == ()


def test_two_indexes_that_differ_are_refused():
    a, b = pd.Series([0.1, 0.2], index=[0, 1]), pd.Series([0.1, 0.2], index=[1, 0])
    with pytest.raises(InputError, match="`target` and `source` have different indexes"):
        uw.ratio(a, b)
    assert list(uw.ratio(a, np.array([0.5, 0.5])).values.index) == [0, 1]
    assert isinstance(uw.ratio(np.array([0.5, 0.5]), b).values, np.ndarray)  # the container of the first argument
    assert list(uw.ratio(0.5, b).values.index) == [1, 0]


# ---- many sources -------------------------------------------------------------------------------------------------------------


def test_one_source_is_a_ratio():
    _x, target, source = grid(0.3, 100)
    np.testing.assert_allclose(
        uw.mixture(target, [source], [100]).log_w, uw.log_ratio(target, source).log_w, atol=1e-12
    )


def test_rows_of_many_sources_are_weighed_by_the_pool():
    rng = np.random.default_rng(0)
    target, sources, counts = rng.normal(size=60), rng.normal(size=(3, 60)), [10, 20, 30]
    pool = np.average(np.exp(sources), axis=0, weights=counts)
    np.testing.assert_allclose(uw.mixture(target, sources, counts).values, np.exp(target) / pool, rtol=1e-12)


def test_pooled_rows_estimate_without_bias_what_no_source_covers_alone():
    rng = np.random.default_rng(1)
    n = 40_000
    x = np.r_[rng.normal(-2, 1, n), rng.normal(2, 1, n)]
    log_normal = lambda m: -((x - m) ** 2) / 2
    w = uw.mixture(log_normal(0.0), [log_normal(-2.0), log_normal(2.0)], [n, n])
    e = w.mean(x**2)
    assert abs(e.value - 1.0) < 4 * e.se
    assert w.values.mean() == pytest.approx(1.0, abs=0.02)
    assert w.khat < 0.1  # bounded by half the sources' odds


@pytest.mark.parametrize(
    ("sources", "counts", "said"),
    [
        ([[0.0, 0.0]], [3], "`counts` must add up to the 2 pooled rows; got 3"),
        ([[0.0, 0.0], [0.0, 0.0]], [3, -1], "`counts` must be >= 0; got 1 negative, first -1 at row 1"),
        ([[0.0, -np.inf], [0.0, -np.inf]], [1, 1], "row 1 has source -inf under all sources"),
        ([[0.0, -np.inf], [0.0, 0.0]], [2, 0], "row 1 has source -inf under all sources"),
        ([0.0, 0.0], [2], r"mixture needs log_target \(n,\), log_sources \(J, n\) and counts \(J,\)"),
        ([[0.0, np.nan]], [2], "`log_sources` must not be NaN"),
    ],
)
def test_wrong_pools_are_refused(sources, counts, said):
    with pytest.raises(InputError, match=said):
        uw.mixture([0.0, 0.0], sources, counts)


def test_inputs_are_not_written():
    target, source = np.linspace(0.1, 0.9, 30), np.linspace(0.9, 0.1, 30)
    for a in (target, source):
        a.flags.writeable = False
    logs = np.log(np.stack([source, target]))
    logs.flags.writeable = False
    assert uw.ratio(target, source).n == uw.mixture(np.log(target), logs, [10, 20]).n == 30
    assert uw.log_ratio(np.log(target), np.log(source)).n == 30
