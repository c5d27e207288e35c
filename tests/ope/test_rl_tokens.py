"""Weights of tokens, their means and what a batch of ratios shows: hand tables, exact expectations, and what must not enter."""

import itertools
from typing import Any

import numpy as np
import pytest

from upweight import InputError
from upweight.ope.rl import masked_mean, policy_weights, ratio_stats

RATIOS = np.array([[1.2, 0.9, 1.1, 9.0], [2.0, 0.5, 9.0, 9.0], [1.5, 1.5, 1.5, 1.5]])
MASK = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]])
NOTHING = np.zeros((3, 4))

MU = np.array([0.4, 0.25, 0.15, 0.1, 0.06, 0.04])  # six tokens: sampler and target, and what is averaged
PI = np.array([0.35, 0.3, 0.1, 0.15, 0.05, 0.05])
X = np.array([1.0, 0, 0, 1, 0, 1])


def exactly(counts):
    """Token numbers in the proportion of probabilities that are multiples of 1/100."""
    return np.repeat(np.arange(6), np.rint(100 * counts).astype(int))


def test_ratios_by_level():
    of = lambda level: policy_weights(np.log(RATIOS), NOTHING, MASK, level=level, how="none")
    np.testing.assert_allclose(of("token"), RATIOS * MASK)
    np.testing.assert_allclose(of("sequence"), [[1.188] * 3 + [0], [1, 1, 0, 0], [5.0625] * 4])
    np.testing.assert_allclose(of("geometric")[:, 0], [1.059104, 1, 1.5], atol=5e-7)


def test_the_figures_of_a_batch_by_hand():
    s = ratio_stats(np.log(RATIOS), NOTHING, MASK)
    w = RATIOS[MASK == 1]
    assert (s.tokens, s.sequences) == (9, 3)
    assert s.mean == pytest.approx(1.3, rel=1e-14)
    assert s.ess_share == pytest.approx(0.910233, abs=5e-7)
    sums = np.array([3.2 - 3 * 1.3, 2.5 - 2 * 1.3, 6 - 4 * 1.3]) / 9
    assert s.mean_se == pytest.approx(np.sqrt(1.5 * sums @ sums), rel=1e-12)
    assert s.z == pytest.approx((s.mean - 1) / s.mean_se, rel=1e-12)
    assert s.max == pytest.approx(2.0)
    assert s.k1 == pytest.approx(-np.log(w).mean())
    assert s.k3 == pytest.approx((w - 1 - np.log(w)).mean())
    assert s.chi2 == pytest.approx(1 / s.ess_share - 1)
    assert (s.clip_low, s.clip_high) == pytest.approx((1 / 9, 5 / 9))
    assert np.isnan(s.clip_acting)
    products = np.array([1.188, 1, 5.0625])
    assert s.sequence_mean == pytest.approx(products.mean())
    assert s.sequence_ess_share == pytest.approx(products.sum() ** 2 / (3 * (products**2).sum()))


def test_the_clip_acts_only_where_it_stops_the_gradient():
    """w > 1.2 with a positive advantage, w < 0.8 with a negative one."""
    of = lambda advantage: float(ratio_stats(np.log(RATIOS), NOTHING, MASK, advantage=advantage).clip_acting)
    assert of(np.ones((3, 4))) == pytest.approx(5 / 9)
    assert of(-np.ones((3, 4))) == pytest.approx(1 / 9)
    assert of(np.array([1.0, -1.0, 0.0])) == pytest.approx(1 / 9)  # one a sequence
    wide = ratio_stats(np.log(RATIOS), NOTHING, MASK, clip=(0.6, 0.7), advantage=np.ones((3, 4)))
    assert float(wide.clip_acting) == pytest.approx(1 / 9)


def test_expectations_under_the_sampler_are_exact():
    rows = exactly(MU)
    s = ratio_stats(np.log(PI / MU)[rows][:, None], np.zeros((100, 1)), np.ones((100, 1)))
    assert s.mean == pytest.approx(1.0, rel=1e-12)
    assert s.k1 == pytest.approx(0.030119, abs=5e-7)
    assert s.k3 == pytest.approx(0.030119, abs=5e-7)
    assert s.chi2 == pytest.approx(0.062083, abs=5e-7)


@pytest.mark.parametrize(
    ("how", "tokens", "weights", "kept"),
    [("none", 0.55, 0.55, 0.55), ("mask", 0.40, 0.470588, 0.444444), ("truncate", 0.518, 0.535124, 0.518)],
)
def test_four_denominators_have_four_limits(how, tokens, weights, kept):
    """Mask to [0.5, 1.3]; truncate at 1.2. Only untouched weights reach the target's .55."""
    rows = exactly(MU)
    l = np.log(PI / MU)[rows][:, None]
    w = policy_weights(
        l,
        np.zeros_like(l),
        np.ones_like(l),
        how=how,
        low=0.5 if how == "mask" else 0.0,
        high={"mask": 1.3, "truncate": 1.2}.get(how, 2.0),
    )
    found = [
        float(masked_mean(X[rows][:, None], np.ones_like(l), weight=w, over=o)) for o in ("tokens", "weights", "kept")
    ]
    assert found == pytest.approx([tokens, weights, kept], abs=5e-7)


def test_means_over_sequences_leave_out_rows_without_tokens():
    x, mask = np.array([[1.0, 3.0], [5.0, 9.0], [7.0, 7.0]]), [[1, 1], [1, 0], [0, 0]]
    assert masked_mean(x, mask, over="sequences") == pytest.approx((2 + 5) / 2)
    assert masked_mean(x, mask) == pytest.approx(3.0)
    for over in ("tokens", "weights", "kept", "sequences"):
        assert masked_mean(x, np.zeros((3, 2)), over=over) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_stands_outside_the_mask_never_enters(bad):
    spoilt = np.where(MASK == 1, np.log(RATIOS), bad)
    for level, how in itertools.product(("token", "sequence", "geometric"), ("none", "truncate", "mask")):
        settings: Any = {"level": level, "how": how}
        clean = policy_weights(np.log(RATIOS), NOTHING, MASK, **settings)
        np.testing.assert_array_equal(policy_weights(spoilt, NOTHING, MASK, **settings), clean)
        np.testing.assert_array_equal(
            policy_weights(np.log(RATIOS), np.where(MASK == 1, 0.0, bad), MASK, **settings), clean
        )
    for ours, theirs in zip(
        ratio_stats(spoilt, NOTHING, MASK), ratio_stats(np.log(RATIOS), NOTHING, MASK), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    for over in ("tokens", "weights", "kept", "sequences"):
        x = np.where(MASK == 1, RATIOS, bad)
        assert masked_mean(x, MASK, weight=x, over=over) == masked_mean(RATIOS, MASK, weight=RATIOS, over=over)


def test_logs_of_200_do_not_overflow_in_float32():
    l = np.array([[200.0, -200.0, 0.0]], np.float32)
    for how, first in (("none", None), ("truncate", 2.0), ("mask", 0.0)):
        w = policy_weights(l, np.zeros_like(l), np.ones_like(l), how=how)
        assert w.dtype == np.float32
        assert np.isfinite(w).all()
        assert first is None or w[0, 0] == first
    assert policy_weights(l, np.zeros_like(l), np.ones_like(l), level="sequence", how="none") == pytest.approx(1.0)


def top_p(probabilities):
    kept = np.where(np.arange(6) < 3, probabilities, 0.0)
    return kept / kept.sum()


def test_a_sampler_cut_by_top_p_breaks_the_promise_unless_both_are_renormalised():
    """TRL #6789: mean ratio .75 with the sampler's renormalised log, .9375 with the full softmax's, 1 if both are renormalised."""
    cut = np.random.default_rng(0).permutation(np.repeat(np.arange(3), [50, 31, 19]))
    exact = lambda target, source: float((top_p(MU)[:3] * target[:3] / source[:3]).sum())
    assert exact(PI, top_p(MU)) == pytest.approx(0.75)
    assert exact(PI, MU) == pytest.approx(0.9375)
    assert exact(top_p(PI), top_p(MU)) == pytest.approx(1.0)
    rows = np.tile(cut, 40).reshape(-1, 10)
    with np.errstate(divide="ignore"):
        sampler, both = np.log(top_p(MU))[rows], np.log(top_p(PI))[rows]
    said = str(ratio_stats(np.log(PI)[rows], sampler, np.ones(rows.shape)))
    assert "promised 1" in said
    assert "differ in top-p, top-k, temperature or precision" in said
    assert "promised 1" not in str(ratio_stats(both, sampler, np.ones(rows.shape)))


def test_right_ratios_are_accused_of_breaking_the_promise_rarely():
    """z beyond 3.29 and 2 %: none of 300 batches of 64 sequences is accused."""
    rng = np.random.default_rng(0)
    accused = 0
    for _ in range(300):
        rows = rng.choice(6, (64, 12), p=MU)
        s = ratio_stats(np.log(PI)[rows], np.log(MU)[rows], rng.random((64, 12)) < 0.8)
        accused += "promised 1" in str(s)
    assert accused <= 2


def test_one_sequence_has_no_error_and_an_empty_mask_has_nothing():
    s = ratio_stats([0.1, 0.2], [0.0, 0.0], [1, 1])
    assert np.isnan(s.mean_se)
    assert s.sequences == 1
    assert str(s).startswith("2 tokens in 1 sequence: mean ratio 1.163 without an error")
    empty = ratio_stats(NOTHING, NOTHING, np.zeros((3, 4)))
    assert (empty.tokens, empty.sequences) == (0, 0)
    assert np.isnan(empty.mean)
    assert str(empty) == "no tokens: the mask is empty"


def test_what_is_wrong_with_tokens_is_said():
    with pytest.raises(InputError, match=r"`mask` must have the shape of the tokens, \(3, 4\); got \(3,\)"):
        policy_weights(NOTHING, NOTHING, [1, 1, 1])
    with pytest.raises(InputError, match="`level` must be"):
        policy_weights(NOTHING, NOTHING, MASK, level="tokens")
    with pytest.raises(InputError, match="`high` must be above 0 and at least `low`; got high=1, low=2"):
        policy_weights(NOTHING, NOTHING, MASK, how="mask", high=1.0, low=2.0)
    with pytest.raises(InputError, match="`over` must be"):
        masked_mean(NOTHING, MASK, over="token")
    with pytest.raises(InputError, match=r"`weight` must have the shape of `x`, \(3, 4\); got \(4, 3\)"):
        masked_mean(NOTHING, MASK, weight=NOTHING.T)
    with pytest.raises(InputError, match="`clip` must be"):
        ratio_stats(NOTHING, NOTHING, MASK, clip=-0.1)
