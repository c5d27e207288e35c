"""WeightSummary and Largest: sums of one pass against brute force, and the same from any split."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upweight import arrays
from upweight._check._largest import Largest, blocks, likely_cut
from upweight._check._summary import KEPT, WeightSummary, merge

logs = st.lists(st.one_of(st.floats(-745, 700), st.sampled_from([-math.inf, 0.0, 1.5, -2.25])), min_size=1, max_size=60)


def brute(l):
    """The attributes of a summary by plain formulas."""
    finite = l[l > -np.inf]
    peak = finite.max() if len(finite) else -np.inf
    e = np.exp(l - (peak if len(finite) else 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        elog = np.where(e > 0, e * (l - peak), 0.0).sum() if len(finite) else 0.0
    return {
        "n": len(l),
        "zeros": int((l == -np.inf).sum()),
        "peak": peak,
        "row": int(l.argmax()) if len(finite) else -1,
        "low": finite.min() if len(finite) else np.inf,
        "mean": e.mean(),
        "centred": ((e - e.mean()) ** 2).sum(),
        "elog": elog,
    }


def assert_is(summary, want):
    for name in ("n", "zeros", "peak", "row", "low"):
        assert getattr(summary, name) == want[name], name
    for name in ("mean", "centred", "elog"):
        assert getattr(summary, name) == pytest.approx(want[name], rel=1e-11, abs=1e-13), name


@given(logs)
@settings(max_examples=300, deadline=None)
def test_a_summary_is_the_plain_formulas(values):
    l = np.array(values)
    assert_is(WeightSummary.of(l), brute(l))
    assert (WeightSummary.of(l).top == np.sort(l[l > -np.inf])).all()
    found = WeightSummary.of(l).distinct
    kinds, counts = np.unique(l[l > -np.inf], return_counts=True)
    assert found == (dict(zip(kinds.tolist(), counts.tolist(), strict=True)) if len(kinds) <= 10 else None)


@given(logs, st.lists(st.integers(0, 60), max_size=4))
@settings(max_examples=300, deadline=None)
def test_any_split_adds_up_to_the_whole(values, cuts):
    l = np.array(values)
    parts = [WeightSummary.of(part) for part in np.split(l, sorted(min(c, len(l)) for c in cuts)) if len(part)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    whole = WeightSummary.of(l)
    assert_is(total, brute(l))
    assert (total.top == whole.top).all()
    assert total.distinct == whole.distinct
    assert np.array_equal(total.khat, whole.khat, equal_nan=True)


@pytest.mark.parametrize("n", [1, 65_535, 65_536, 65_537, 500_000])
@pytest.mark.parametrize("order", ["random", "ascending", "descending", "classes", "zeros"])
def test_blocks_do_not_show(n, order):
    rng = np.random.default_rng(n)
    l = {
        "random": lambda: rng.normal(size=n),
        "ascending": lambda: np.sort(rng.normal(size=n)),
        "descending": lambda: -np.sort(rng.normal(size=n)),
        "classes": lambda: rng.choice([0.0, 1.0, 2.0], size=n, p=[0.9, 0.05, 0.05]),
        "zeros": lambda: np.where(rng.random(n) < 0.5, -np.inf, rng.normal(size=n)),
    }[order]()
    summary = WeightSummary.of(l)
    assert_is(summary, brute(l))
    assert (summary.top == np.sort(l[l > -np.inf])[-KEPT:]).all()
    assert np.array_equal(summary.khat, float(arrays.khat(l)), equal_nan=True)


@pytest.mark.parametrize("order", ["random", "ascending", "classes"])
def test_a_flipped_summary_is_that_of_one_over_w(order):
    rng = np.random.default_rng(1)
    l = {"random": rng.normal(size=300_000), "ascending": np.sort(rng.normal(size=300_000))}.get(order)
    l = rng.choice([0.0, 1.0], size=300_000) if l is None else l
    flipped, plain = WeightSummary.of(l, flip=True), WeightSummary.of(-l)
    assert flipped.mean == pytest.approx(plain.mean, rel=1e-13)
    assert flipped.centred == pytest.approx(plain.centred, rel=1e-12)
    assert (flipped.top == plain.top).all()
    assert np.array_equal(flipped.khat, plain.khat, equal_nan=True)
    assert (flipped.peak, flipped.row, flipped.low) == (plain.peak, plain.row, plain.low)


def test_equal_weights_have_no_spread_and_lose_no_digit():
    assert WeightSummary.of(np.full(100_000, 3.7)).centred == 0.0
    noise = 1e-9 * np.random.default_rng(0).normal(size=200_000)
    w = np.exp(noise)
    assert WeightSummary.of(noise).se == pytest.approx(w.std(ddof=1) / math.sqrt(200_000), rel=1e-6)


def test_figures_of_900_ones_and_100_tens():
    summary = WeightSummary.of(np.log(np.repeat([1.0, 10.0], [900, 100])))
    assert summary.ess == pytest.approx(331.192661, abs=1e-6)
    assert summary.perplexity == pytest.approx(565.506774, abs=1e-6)
    assert 1 / summary.total == pytest.approx(1 / 190)
    assert summary.share_of_top(10) == pytest.approx(100 / 1900)
    assert summary.share_of_top(100) == pytest.approx(1000 / 1900)
    assert summary.log_mean == pytest.approx(math.log(1.9))


def test_own_scale_beyond_the_floats_is_infinite_or_zero_not_an_error():
    assert WeightSummary.of(np.array([800.0, 800.0])).at_own_scale(1.0) == math.inf
    assert WeightSummary.of(np.array([-800.0, -800.0])).at_own_scale(1.0) == 0.0


def test_chan_update_with_weights_as_sizes():
    rng = np.random.default_rng(0)
    w, x = rng.random(50), rng.normal(size=50) + 5
    part = lambda s: (
        w[s].sum(),
        np.average(x[s], weights=w[s]),
        (w[s] * (x[s] - np.average(x[s], weights=w[s])) ** 2).sum(),
    )
    whole, merged = part(slice(None)), merge(*part(slice(0, 20)), *part(slice(20, None)))
    assert merged == pytest.approx(whole, rel=1e-13)
    assert merge(0.0, 0.0, 0.0, *whole) == whole
    assert merge(*whole, 0.0, 0.0, 0.0) == whole


# ---- the largest ------------------------------------------------------------------------------------------------------------


def collected(l, count, likely=-np.inf):
    largest = Largest(count, likely)
    for _, block in blocks(l, flip=False):
        largest.add(block, float(block.max()))
    return largest


@pytest.mark.parametrize("count", [1, 7, 1000, 50_000])
def test_largest_keeps_exactly_the_largest(count):
    l = np.random.default_rng(2).choice(np.linspace(0, 1, 5000), size=200_000)
    for order in (l, np.sort(l), np.sort(l)[::-1].copy()):
        assert (collected(order, count).ascending() == np.sort(l)[-count:]).all()


def test_a_wrong_guess_is_noticed_and_ties_fill_up():
    l = np.repeat([0.0, 1.0, 2.0], [1000, 1000, 10])
    right = collected(l, 500, likely=1.0)
    assert not right.complete
    assert right.filled(l, flip=False)
    assert (right.ascending() == np.sort(l)[-500:]).all()
    wrong = collected(l, 1500, likely=1.0)
    assert not wrong.complete
    assert not wrong.filled(l, flip=False)


def test_the_guess_lets_enough_rows_pass_and_not_many_more():
    l = np.random.default_rng(3).normal(size=1_000_000)
    for order in (l, np.sort(l)):
        for flip in (False, True):
            cut = likely_cut(order, KEPT, flip)
            passed = np.count_nonzero((-order if flip else order) > cut)
            assert KEPT <= passed <= 2 * KEPT
    assert likely_cut(l[:1000], 500, False) == -np.inf


def test_periodic_rows_that_fool_the_guess_still_give_the_right_answer():
    l = np.zeros(600_000)
    l[:: len(l) // 10_000] = np.linspace(5, 6, len(l[:: len(l) // 10_000]))  # every row of the sample is large
    summary = WeightSummary.of(l)
    assert (summary.top == np.sort(l)[-KEPT:]).all()


def test_memory_of_a_pass_is_that_of_a_few_blocks():
    l = np.random.default_rng(0).normal(size=4_000_000)
    WeightSummary.of(l)
    tracemalloc.start()
    WeightSummary.of(l)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6_000_000
