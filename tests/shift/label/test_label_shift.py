"""Class shares from predictions: closed forms, brute force for the errors, coverage, and every refusal."""

import numpy as np
import pandas as pd
import pytest

import upweight as uw
from upweight.shift.label import label_shift

MEANS = np.array([[0.0, 0.0], [1.5, 0.0], [0.0, 1.5]])
BEFORE, AFTER = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])


def rows(rng, n, shares):
    y = rng.choice(3, n, p=shares)
    return MEANS[y] + rng.normal(size=(n, 2)), y


def sure(x):
    """A model that is too sure by 1.8 and promises class 0 too often: the distortion that calibration has to undo."""
    log_p = np.log(BEFORE) - 0.5 * ((x[:, None] - MEANS) ** 2).sum(-1)
    log_p -= np.log(np.exp(log_p).sum(1, keepdims=True))
    e = np.exp(1.8 * log_p + np.array([0.5, 0, -0.4]))
    return e / e.sum(1, keepdims=True)


def case(seed, n=1000, m=1000):
    rng = np.random.default_rng(seed)
    (x, y), (new, late) = rows(rng, n, BEFORE), rows(rng, m, AFTER)
    return sure(x), y, sure(new), late


def by_confusion():
    """One-hot answers whose counts are C = [[.42, .06], [.08, .44]] and mu = (.3, .7)."""
    cells = [(0, 0, 42), (0, 1, 6), (1, 0, 8), (1, 1, 44)]  # answer, label, rows
    answer = np.repeat([a for a, _, _ in cells], [n for *_, n in cells])
    y = np.repeat([b for _, b, _ in cells], [n for *_, n in cells])
    return np.eye(2)[answer], y, np.eye(2)[np.repeat([0, 1], [30, 70])]


def test_bbse_by_hand():
    s = label_shift(*by_confusion(), method="bbse")
    np.testing.assert_allclose(s.ratio.value, [0.5, 1.5], atol=1e-12)
    np.testing.assert_allclose(s.prior.value, [0.25, 0.75], atol=1e-12)
    np.testing.assert_allclose(s.weights([1, 0, 1]).values, [1.5, 0.5, 1.5])


def test_without_calibration_the_prior_is_that_of_em():
    p, y, new, _ = case(0)
    s = label_shift(p, y, new, calibrate=None)
    direct = uw.Correction.em(new, train=p.mean(0))
    np.testing.assert_allclose(s.prior.value, direct.prior.world, atol=1e-12)
    assert s.temperature == 1
    assert not s.bias.any()


def test_calibration_finds_the_distortion_and_its_shares_are_the_labels():
    p, y, new, _ = case(1, 20_000, 100)
    s = label_shift(p, y, new)
    assert abs(s.temperature - 1.8) < 0.1
    assert abs(s.bias.sum()) < 1e-12
    np.testing.assert_allclose(s.calibrated(p).mean(0), np.bincount(y) / y.size, atol=1e-8)
    np.testing.assert_allclose(s.before, np.bincount(y) / y.size, atol=1e-8)


def test_calibrated_probabilities_have_the_least_log_loss_among_neighbours():
    p, y, new, _ = case(2)
    s = label_shift(p, y, new)

    def loss(slope, bias):
        logit = slope * np.log(p) + bias
        return -(logit - np.log(np.exp(logit).sum(1, keepdims=True)))[np.arange(y.size), y].mean()

    best = loss(1 / s.temperature, s.bias)
    rng = np.random.default_rng(0)
    assert all(best < loss(1 / s.temperature + d[0], s.bias + d[1:]) for d in 0.02 * rng.normal(size=(40, 4)))


def test_apply_is_the_correction_of_the_calibrated():
    p, y, new, late = case(3)
    s = label_shift(p, y, new)
    np.testing.assert_allclose(s.correction.apply(s.calibrated(new)), s.apply(new), atol=1e-12)
    hit = np.arange(late.size), late
    assert -np.log(s.apply(new)[hit]).mean() < -np.log(s.calibrated(new)[hit]).mean() < -np.log(new[hit]).mean()


@pytest.mark.parametrize("method", ["mlls", "bbse"])
@pytest.mark.parametrize("calibrate", ["bcts", None])
def test_errors_are_those_of_the_jackknife_of_both_samples(method, calibrate):
    """Leave a row out and look: the infinitesimal jackknife without any formula. Measured: within 4 % at 150 + 120 rows."""
    p, y, new, _ = case(4, 150, 120)

    def fit(i=None, j=None):
        keep, stay = (
            np.delete(np.arange(150), [] if i is None else i),
            np.delete(np.arange(120), [] if j is None else j),
        )
        return np.asarray(label_shift(p[keep], y[keep], new[stay], method=method, calibrate=calibrate).ratio.value)

    s = label_shift(p, y, new, method=method, calibrate=calibrate)
    parts = [np.array([fit(i=i) for i in range(150)]), np.array([fit(j=j) for j in range(120)])]
    brute = np.sqrt(sum((len(x) - 1) / len(x) * ((x - x.mean(0)) ** 2).sum(0) for x in parts))
    np.testing.assert_allclose(s.ratio.se, brute, rtol=0.06)
    influence = s.ratio.influence  # row by row, and on the right rows
    one = -149 * (parts[0][:, 1] - s.ratio.value[1]) * 270 / 150
    assert np.corrcoef(influence[:150, 1], one)[0, 1] > 0.99


def test_prior_and_ratio_agree():
    p, y, new, _ = case(5)
    s = label_shift(p, y, new)
    np.testing.assert_allclose(s.ratio.value * s.before, s.prior.value, atol=1e-12)
    assert abs(s.prior.value.sum() - 1) < 1e-12
    np.testing.assert_allclose(s.prior.influence.sum(1), 0, atol=1e-8)  # shares sum to one, whatever row moves them


def test_rows_in_another_order_change_nothing():
    p, y, new, _ = case(6)
    at, to = np.random.default_rng(0).permutation(1000), np.random.default_rng(1).permutation(1000)
    a, b = label_shift(p, y, new), label_shift(p[at], y[at], new[to])
    np.testing.assert_allclose(a.prior.value, b.prior.value, atol=1e-9)
    np.testing.assert_allclose(a.prior.se, b.prior.se, atol=1e-9)


def test_labels_of_any_type_keep_their_order_and_their_container():
    p, y, new, _ = case(7)
    words = np.array(["cat", "dog", "owl"])[y]
    s = label_shift(p, pd.Series(words, index=np.arange(1000) + 5), new)
    np.testing.assert_allclose(s.prior.value, label_shift(p, y, new).prior.value)
    assert s.prior["owl"].value == s.prior.value[2]
    w = s.weights(pd.Series(words[:4], index=list("abcd")))
    assert list(w.values.index) == list("abcd")
    assert w.kind == "importance"
    assert not w.exact


def test_one_column_is_two_classes():
    rng = np.random.default_rng(0)
    y = rng.random(400) < 0.5
    p = 1 / (1 + np.exp(-rng.normal(2 * y - 1)))
    a, b = label_shift(p, y, p[:150]), label_shift(np.c_[1 - p, p], y, np.c_[1 - p, p][:150])
    np.testing.assert_allclose(a.prior.value, b.prior.value, atol=1e-9)
    assert a.apply(p).shape == (400,)


@pytest.mark.parametrize("method", ["mlls", "bbse"])
def test_a_class_that_is_not_there_gets_an_interval_from_zero(method):
    rng = np.random.default_rng(7)
    (x, y), (new, _) = rows(rng, 1000, BEFORE), rows(rng, 500, [0.7, 0.3, 0.0])
    s = label_shift(sure(x), y, sure(new), method=method)
    assert s.prior.value[2] < 1e-8
    low, high = s.prior.interval()
    assert low[2] == 0 < high[2] < 0.2
    assert "class 2 was not found" in s.prior.why
    assert "class 2 was not found" in str(s)
    assert np.isfinite(s.apply(sure(new))).all()
    assert s.weights([2, 0]).values[0] < 1e-7


def test_separated_labels_are_not_calibrated_and_it_is_said():
    y = np.array([0, 1] * 20)
    p = np.where(y == 1, 0.9, 0.2)
    s = label_shift(p, y, p[:30])
    assert s.temperature == 1
    assert "separate the labels" in str(s)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "least"), [("mlls", 0.91), ("bbse", 0.91)])
def test_intervals_cover(method, least):
    """400 seeds at nominal .95: .91 would be seen of a true .95 with probability below .001 (binomial, s.e. .011)."""
    inside = []
    for seed in range(400):
        p, y, new, _ = case(seed)
        low, high = label_shift(p, y, new, method=method).prior.interval()
        inside.append((low <= AFTER) & (high >= AFTER))
    assert (np.mean(inside, axis=0) >= least).all()


def refused(*given, match, method="mlls"):
    with pytest.raises(uw.InputError, match=match):
        label_shift(*given, method=method)


def test_bad_input_is_said():
    p, y, new, _ = case(0, 60, 40)
    refused(p[:, :2] / p[:, :2].sum(1, keepdims=True), y, new, match="same classes; got 2 and 3")
    refused(
        p, np.where(y == 2, 0, y), new, match="a class without labelled rows cannot be calibrated.*class 2 has none"
    )
    refused(p, np.arange(60) % 4, new, match="4 classes .* 3 columns")
    refused(p, y[:40], new, match="`y` belongs to the source rows; got the target's 40. Swap")
    refused(p, y[:50], new, match="same rows; got 50 and 60")
    refused(np.log(p), y, new, match="log-odds")
    refused(2 * p.clip(0, 0.5), y, new, match="sum to 1")
    refused(np.eye(3)[y], y, np.eye(3)[y], match="method='bbse'")
    refused(np.full((60, 3), 1 / 3), y, new, match="cannot tell these classes apart")
    refused(np.full((60, 3), 1 / 3), y, np.full((40, 3), 1 / 3), match="cannot tell these classes apart", method="bbse")
    with pytest.raises(uw.InputError, match="`method` must be"):
        label_shift(p, y, new, method="rlls")
    with pytest.raises(uw.InputError, match="got 7, first at row 1"):
        label_shift(p, y, new).weights([0, 7])
    with pytest.raises(uw.InputError, match="must have 3 classes"):
        label_shift(p, y, new).apply([0.5])


def test_columns_called_as_the_classes_must_be_in_their_order():
    rng = np.random.default_rng(0)
    y = np.where(rng.random(200) < 0.5, "yes", "no")
    p = 1 / (1 + np.exp(-1.0 * (y == "yes") - rng.normal(size=200)))
    sorted_ = pd.DataFrame({"no": 1 - p, "yes": p})
    assert label_shift(sorted_, y, sorted_).temperature > 0
    with pytest.raises(
        uw.InputError, match="columns of `target_proba` must be in sorted order of the classes; got yes first"
    ):
        label_shift(sorted_, y, sorted_[["yes", "no"]])
