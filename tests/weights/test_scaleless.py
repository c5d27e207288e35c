"""Arithmetic that is refused says on which scale it could be done; products with numbers are lawful from either side."""

import operator

import numpy as np
import pytest

from upweight import UpweightError, Weights

W = Weights.of([1.0, 2.0, 3.0], kind="importance")
SCALES = r"w\.values \(own scale\), w\.sample_weight \(mean one\), w\.probabilities \(sum one\) or w\.log_w"


@pytest.mark.parametrize("two", [np.float64(2), np.float32(2), np.int64(2), 2, 2.0])
def test_numbers_multiply_from_either_side(two):
    for product in (two * W, W * two, np.multiply(W, two)):
        np.testing.assert_allclose(product.values, [2.0, 4.0, 6.0], rtol=1e-14)


@pytest.mark.parametrize("ufunc", [np.log, np.exp, np.sqrt, np.isfinite])
def test_ufuncs_ask_for_the_scale(ufunc):
    with pytest.raises(TypeError, match=rf"which scale\? Take {SCALES}, then np\.{ufunc.__name__}"):
        ufunc(W)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: np.add(W, W), r"upweight\.mixture"),
        (lambda: np.ones(3) + W, "then add"),
        (lambda: np.ones(3) - W, "then add"),
        (lambda: np.ones(3) / W, "then divide"),
        (lambda: np.divide(W, W), r"upweight\.ratio"),
        (lambda: np.ones(3) < W, "then compare"),
        (lambda: np.ones(3) == W, "then compare"),
        (lambda: np.power(W, 2), r"w\.temper"),
        (lambda: 2**W, r"w\.temper"),
        (lambda: np.negative(W), "no sign"),
        (lambda: W // 2, "then divide"),
        (lambda: W % 2, "then divide"),
        (lambda: complex(W), "not one number"),
        (lambda: np.sum(W), "which scale"),
        (lambda: np.multiply.reduce(W), "which scale"),
        (lambda: np.multiply(W, 2.0, out=np.empty(3)), "which scale"),
        (lambda: sum(W), "then iterate"),
        (lambda: [*W], "then iterate"),
    ],
)
def test_every_refusal_names_a_way(call, said):
    with pytest.raises(TypeError, match=said):
        call()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: np.mean(W), r"w\.mean\(f\) averages f under them\. Their own mean is np\.exp\(w\.log_mean\)"),
        (lambda: np.var(W), r"w\.var\(f\)"),
        (lambda: np.std(W), r"w\.std\(f\)"),
        (lambda: np.clip(W, 0, 2), r"w\.clip\(at=\)"),
        (lambda: np.max(W), "then np.max"),
        (lambda: np.cumsum(W), "then np.cumsum"),
        (lambda: np.round(W), "then np.round"),
    ],
)
def test_numpys_summaries_name_the_call_that_is_meant(call, said):
    with pytest.raises(UpweightError, match=said) as raised:
        call()
    assert isinstance(raised.value, TypeError)


def test_numpys_other_functions_take_the_weights_with_mean_one():
    x = np.array([1.0, 5.0, 9.0])
    assert np.average(x, weights=W) == pytest.approx((1 + 10 + 27) / 6)
    assert np.histogram(x, bins=2, weights=W)[0].tolist() == pytest.approx([0.5, 2.5])
    assert np.concatenate([W, W]).tolist() == pytest.approx([0.5, 1, 1.5] * 2)
    assert np.sort(W).tolist() == np.median([W, W], axis=0).tolist() == pytest.approx([0.5, 1, 1.5])
    nothing = Weights.of([0.0, 0.0], kind="importance")
    assert (np.shape(nothing), np.ndim(nothing), np.size(nothing)) == ((2,), 1, 2)


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
def test_weights_have_no_order(compare):
    with pytest.raises(TypeError, match="then compare"):
        compare(W, W)
    assert W == W
