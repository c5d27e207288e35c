"""Weights: what they know, what they refuse, and what survives an operation."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import upweight as uw
from upweight import InputError, KindError, UndoError, Weights, arrays


def grid(k: float, n: int):
    x = -np.log1p(-(np.arange(1, n + 1) - 0.5) / n)
    return x, np.log1p(-k) - (1 - k) * x, -x


def some(n=60, seed=0, kind="importance", exact=False):
    return Weights.of(np.random.default_rng(seed).exponential(size=n) + 0.1, kind=kind, exact=exact)


# ---- make ---------------------------------------------------------------------------------------------------------------------


def test_linear_weights_come_back_as_given():
    v = np.array([0.0, 1e-300, 0.1, 1.0, 7.0, 1e300])
    np.testing.assert_allclose(Weights.of(v, kind="cost").values, v, rtol=1e-13)
    counts = np.array([0, 1, 3, 900, 123456789])
    assert np.array_equal(Weights.of(counts, kind="frequency").values, counts)


def test_a_kind_that_was_not_said_is_assumed_to_be_importance():
    w = Weights.of([1, 2])
    assert (w.kind, w.assumed, w.exact) == ("importance", True, False)
    assert not Weights.of([1, 2], kind="importance").assumed
    assert not w.declare(kind="class").assumed
    assert "(assumed)" in repr(w)


def test_the_first_step_says_how_they_were_made():
    assert Weights.of([1, 2], kind="class").trail[0].name == "of"
    assert Weights.of_log([1, 2], kind="class").trail[0].name == "of_log"
    assert Weights.of([1, 2], kind="inclusion", design="d").trail[0].params["design"] == "d"


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        (
            [1.0, -0.22, 3.0],
            None,
            r"^weights must be >= 0; got 1 negative, first -0\.22 at row 1\. Logs\? Use Weights\.of_log or log_ratio\.$",
        ),
        ([-1.0, 2, -3, -4], None, "got 3 negative, first -1 at row 0"),
        ([1.0, math.nan], None, r"^weights must be finite; got 1 NaN, first at row 1\. Drop them first\.$"),
        ([1.0, math.inf], None, "weights must be finite; got 1 infinite, first at row 1"),
        ([1, 2.5], "frequency", r"frequency weights must be whole numbers; got 1 not whole, first 2\.5 at row 1"),
        ([0.2, 0.5], "inclusion", "look like probabilities; inclusion weights are 1/probability"),
        ([], None, "got no rows"),
        (3.0, None, "got a single number"),
        ([1j], None, "complex"),
        ([None, 1.0], None, "must hold real numbers"),
    ],
)
def test_what_is_no_weight_is_refused(values, kind, said):
    with pytest.raises(InputError, match=said):
        Weights.of(values, kind=kind)


def test_batches_are_refused_with_the_place():
    with pytest.raises(InputError, match=r"first -1 at row \(1, 0\)"):
        Weights.of([[1, 2], [-1, 2]])


def test_inclusion_of_a_census_is_no_mistake():
    assert Weights.of(np.ones(5), kind="inclusion").ess == 5
    assert Weights.of([0.0, 0.5], kind="inclusion").n == 2  # not all in (0, 1]


@pytest.mark.parametrize(
    ("logs", "said"),
    [
        ([0.0, math.nan], "log-weights must not be NaN; got 1 NaN, first at row 1"),
        ([0.0, math.inf], r"log-weights must be below \+inf; got 1 infinite"),
    ],
)
def test_what_is_no_log_weight_is_refused(logs, said):
    with pytest.raises(InputError, match=said):
        Weights.of_log(logs)


def test_logs_that_sum_to_one_are_warned_of():
    with pytest.warns(UserWarning, match=r"probabilities\? use Weights\.of"):
        w = Weights.of_log([0.2, 0.3, 0.5])
    assert w.notes == ("LOOKS_LINEAR",)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Weights.of_log([0.2, 0.3, 0.6]).notes == ()
        assert Weights.of_log([-0.2, 0.7, 0.5]).notes == ()


def test_zeros_only_can_be_made_but_have_no_scale():
    w = Weights.of(np.zeros(100), kind="importance")
    assert w.ess == 0
    assert w.log_mean == -np.inf
    for scale in ("values", "sample_weight", "probabilities"):
        with pytest.raises(InputError, match="every weight is zero"):
            getattr(w, scale)
    for call in (lambda: np.asarray(w), lambda: w.resample(3, rng=0), w.smooth):
        with pytest.raises(InputError, match="every weight is zero"):
            call()


def test_inputs_are_neither_written_nor_watched():
    v = np.array([1.0, 2.0, 3.0])
    w, l = Weights.of(v, kind="importance"), Weights.of_log(v, kind="importance")
    v[0] = 99.0
    assert w.values == pytest.approx([1, 2, 3])
    assert l.log_w.tolist() == [1, 2, 3]
    v.flags.writeable = False
    assert Weights.of(v).n == Weights.of_log(v).n == 3


# ---- read ---------------------------------------------------------------------------------------------------------------------


def test_nothing_on_them_can_change():
    w = some()
    with pytest.raises(dataclasses.FrozenInstanceError):
        w.kind = "class"
    for array in (w.log_w, w.smooth().log_w, w[3:].log_w, (w * 2.0).log_w, (w * some(seed=1)).log_w):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


def test_hill_numbers_of_the_arrays():
    w = Weights.of(np.repeat([1.0, 10.0], [900, 100]), kind="importance")
    found = [w.ess_of(b) for b in (0, 0.5, 1, 2, np.inf)]
    assert found == pytest.approx([1000, 778.531568, 565.506774, 331.192661, 190], rel=1e-8)
    assert w.ess == found[3]
    assert w.design_effect == pytest.approx(1000 / 331.192661, rel=1e-8)


def test_shifted_normals_have_the_size_of_their_theory():
    z = norm.ppf((np.arange(1, 4001) - 0.5) / 4000)
    w = uw.log_ratio(norm.logpdf(z, 0.5), norm.logpdf(z))
    assert w.ess / w.n == pytest.approx(0.7792, abs=5e-5)
    assert math.exp(-0.25) == pytest.approx(0.7788, abs=5e-5)


def test_figures_are_those_of_the_pure_functions():
    w = some(400)
    assert w.khat == float(arrays.khat(w.log_w))
    assert w.log_mean == float(arrays.log_mean_exp(w.log_w))
    assert w.max_share == pytest.approx(w.probabilities.max(), rel=1e-12)


def test_a_constant_in_the_logs_changes_what_is_normalised_by_rounding_only():
    l = np.random.default_rng(0).exponential(size=400)
    a, b = (Weights.of_log(l + c) for c in (0.0, -3000.0))
    assert b.khat == pytest.approx(a.khat, abs=1e-12)
    assert b.ess == pytest.approx(a.ess, rel=1e-10)
    np.testing.assert_allclose(a.probabilities, b.probabilities, rtol=1e-10)
    np.testing.assert_allclose(a.sample_weight, b.sample_weight, rtol=1e-10)


def test_own_scale_beyond_the_largest_float_is_refused_and_others_are_not():
    w = Weights.of_log([0.0, 800.0])
    with pytest.raises(
        InputError, match=r"w\.values overflows: the largest log-weight is 800\. Use w\.sample_weight or w\.log_w"
    ):
        _ = w.values
    assert w.probabilities.tolist() == [0.0, 1.0]


def test_asarray_is_the_sample_weight():
    w = some()
    assert np.array_equal(np.asarray(w), w.sample_weight)
    assert np.asarray(w).dtype == np.float64
    assert np.asarray(w, dtype=np.float32).dtype == np.float32
    from sklearn.linear_model import LogisticRegression

    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 2
    fit = LogisticRegression().fit
    np.testing.assert_allclose(fit(X, y, sample_weight=w).coef_, fit(X, y, sample_weight=w.sample_weight).coef_)


def test_batches_read_row_by_row():
    v = np.random.default_rng(0).exponential(size=(2, 3, 50))
    w = Weights.of(v, kind="importance")
    assert (w.shape, w.n, w.ndim, len(w)) == ((2, 3, 50), 50, 3, 50)
    for name in ("ess", "khat", "log_mean", "max_share", "design_effect"):
        figures = getattr(w, name)
        assert figures.shape == (2, 3)
        assert figures[1, 2] == pytest.approx(getattr(w.pick((1, 2)), name), rel=1e-12)
    np.testing.assert_allclose(w.probabilities.sum(axis=-1), 1.0)
    assert w.pick(1).shape == (3, 50)
    assert "batch" in repr(w)
    with pytest.raises(InputError, match="one vector of weights already"):
        w.pick(0).pick(0).pick(0)


def test_pick_outside_the_batch_is_refused():
    w = Weights.of(np.ones((2, 5)))
    for i in (2, -3, (0, 0), (0, 1, 2)):
        with pytest.raises(InputError, match=r"is outside the batch of shape \(2,\)"):
            w.pick(i)
    assert w.pick(-1).shape == (5,)


def test_pick_takes_the_price_of_its_vector_along():
    w = Weights.of(np.random.default_rng(0).exponential(size=(2, 50))).clip(at=1.0)
    assert w.trail[-1].moved.shape == (2,)
    assert w.pick(1).trail[-1].moved == w.trail[-1].moved[1]
    assert np.ndim(w.pick(1).trail[-1].ess_before) == 0


def test_they_say_what_they_are():
    w = Weights.of([1, 1, 10], kind="class")
    assert repr(w) == "Weights(class, 3 rows worth 1.41)"
    assert repr(some(exact=True).clip(at=1)).endswith("tamed by clip)")
    assert "exact" in repr(some(exact=True))


def test_copies_and_pickles_are_equal_weights():
    w = Weights.of(pd.Series([1.0, 2.0], index=["a", "b"]), kind="inclusion", design="d").clip(at=1.5)
    for other in (copy.copy(w), copy.deepcopy(w), pickle.loads(pickle.dumps(w))):
        assert other.log_w.tolist() == w.log_w.tolist()
        assert (other.kind, other.designs, other.raw.exact) == (w.kind, w.designs, w.raw.exact)
        assert list(other.values.index) == ["a", "b"]
        with pytest.raises(KindError, match="the same ratio twice"):
            _ = w * other


# ---- products -----------------------------------------------------------------------------------------------------------------


def test_a_product_is_the_product():
    a, b = some(seed=1), some(seed=2)
    np.testing.assert_allclose((a * b).values, a.values * b.values, rtol=1e-12)


@pytest.mark.parametrize("promises", [(True, True), (True, False), (False, True), (False, False)])
def test_the_promise_of_a_product_needs_both(promises):
    a, b = (some(seed=i, exact=exact) for i, exact in enumerate(promises))
    assert (a * b).exact == all(promises)


def test_class_times_class_is_noted():
    a, b = some(seed=1, kind="class"), some(seed=2, kind="class")
    assert (a * b).notes == ("CLASS_TWICE",)
    assert (a * some(seed=3)).notes == ()
    assert (a * some(seed=3)).kind == "class"


def test_the_same_ratio_counts_once():
    w = some()
    relatives = [w, w.smooth(), w[::-1][::-1], w * 1.0, w * 2.0, w.declare(kind="class"), w * some(seed=5)]
    for other in relatives:
        with pytest.raises(KindError, match="the same ratio twice"):
            _ = w * other
    assert (w * some(seed=6)).n == 60


def test_the_same_design_is_undone_once():
    a, b = (Weights.of([2.0, 3.0], kind="inclusion", design="thin") for _ in range(2))
    other = Weights.of([2.0, 3.0], kind="inclusion", design="other")
    for left, right in ((a, b), (a.clip(at=2.5), b), (a[[1, 0]], b), (a * other, b)):
        with pytest.raises(UndoError, match="both factors already undo the design 'thin'"):
            _ = left * right
    assert (a * other).designs == {"thin", "other"}


def test_factors_need_the_same_rows():
    with pytest.raises(InputError, match="same rows; got 60 and 59"):
        _ = some() * some(59, seed=1)
    a, b = (Weights.of(pd.Series([1.0, 2.0], index=i)) for i in ([0, 1], [1, 0]))
    with pytest.raises(InputError, match="`left factor` and `right factor` have different indexes"):
        _ = a * b


def test_a_product_of_tamed_weights_keeps_the_product_before_taming():
    a, b = some(400, seed=1, exact=True), some(400, seed=2, exact=True)
    product = a.clip(at=1.0) * b.smooth()
    np.testing.assert_allclose(product.raw.log_w, (a * b).log_w, rtol=1e-12)
    assert product.raw.exact
    assert not product.exact
    assert product.khat != product.raw.khat


def test_a_scalar_keeps_the_kind_and_drops_the_promise():
    w = some(exact=True)
    for scaled in (w * 2.0, 2.0 * w, w * np.float64(2), w * 2):
        np.testing.assert_allclose(scaled.values, 2 * w.values, rtol=1e-13)
        assert (scaled.kind, scaled.exact) == ("importance", False)
    assert (w * 1.0).exact
    assert (w * 1).exact
    tamed = w.clip(at=1.0)
    np.testing.assert_allclose((tamed * 3.0).raw.values, 3 * w.values, rtol=1e-13)


def test_copies_scale_to_whole_numbers_only():
    w = Weights.of([2, 4], kind="frequency")
    assert (w * 0.5).values.tolist() == [1, 2]
    with pytest.raises(InputError, match=r"must be whole numbers; got 1 not whole, first 0.5"):
        _ = w * 0.25


@pytest.mark.parametrize("scale", [0, -1, np.nan, np.inf])
def test_other_scalars_are_refused(scale):
    with pytest.raises(InputError, match=r"a finite number > 0 only; got"):
        _ = some() * scale


SCALES = r"w\.values.*w\.sample_weight.*w\.probabilities.*w\.log_w"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda w: w + w, r"upweight\.mixture"),
        (lambda w: w - w, r"upweight\.mixture"),
        (lambda w: w / w, r"upweight\.ratio\(target, source\)"),
        (lambda w: w**2, r"w\.temper\(power=\)"),
        (lambda w: w + 1, SCALES),
        (lambda w: 1 - w, SCALES),
        (lambda w: w / 2, SCALES),
        (lambda w: 1 / w, SCALES),
        (lambda w: np.ones(60) * w, SCALES),
        (lambda w: w * np.ones(60), SCALES),
        (lambda w: w * [1.0] * 60, SCALES),
        (lambda w: w * True, SCALES),
        (lambda w: np.ones(60) + w, SCALES),
        (lambda w: np.ones(60) / w, SCALES),
        (lambda w: float(w), SCALES),
        (lambda w: int(w), SCALES),
        (lambda w: abs(w), SCALES),
        (lambda w: -w, SCALES),
        (lambda w: w > 1, SCALES),
        (lambda w: sum(w), None),
        (lambda w: [*w], None),
    ],
)
def test_arithmetic_without_a_scale_is_refused(call, said):
    with pytest.raises(TypeError, match=said):
        call(some())


@pytest.mark.parametrize("ufunc", [np.log, np.exp, np.sqrt, np.sum, np.mean])
def test_numpy_functions_of_weights_are_refused(ufunc):
    with pytest.raises(TypeError):
        ufunc(some())


# ---- rows -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        (slice(None), True),
        (slice(None, None, -1), True),
        (np.random.default_rng(0).permutation(60), True),
        (np.ones(60, dtype=bool), True),
        (slice(1, None), False),
        (np.arange(60) % 2 == 0, False),
        ([0, 0, *range(2, 60)], False),
        (np.r_[np.arange(60), np.arange(60)], False),
        (5, False),
        (-1, False),
    ],
)
def test_rows_keep_the_promise_if_all_are_there_once(rows, kept):
    w = some(exact=True)
    assert w[rows].exact == kept
    np.testing.assert_array_equal(w[rows].log_w, np.atleast_1d(w.log_w[rows]))


def test_rows_of_tamed_weights_are_rows_of_the_raw():
    w = some(exact=True).clip(at=1.0)
    assert w[10:20].raw.log_w.tolist() == w.raw.log_w[10:20].tolist()
    assert not w[10:20].raw.exact
    assert w[::-1].raw.exact


def test_rows_are_chosen_on_the_last_axis():
    w = Weights.of(np.arange(1.0, 13).reshape(3, 4))
    np.testing.assert_allclose(w[[3, 0]].values, [[4, 1], [8, 5], [12, 9]], rtol=1e-13)


@pytest.mark.parametrize("rows", [[], slice(5, 5), np.zeros(60, dtype=bool), [[0, 1], [2, 3]]])
def test_no_rows_are_refused(rows):
    with pytest.raises(InputError, match=r"w\[rows\] takes a slice, mask or list of at least one row"):
        _ = some()[rows]


@pytest.mark.parametrize("rows", [60, [0, 77], np.ones(59, dtype=bool), [0.5, 1.5], "a"])
def test_rows_that_are_not_there_are_refused(rows):
    with pytest.raises((InputError, IndexError)):
        _ = some()[rows]


def test_two_indexes_are_not_one():
    with pytest.raises(InputError, match=r"one index, for the rows; got 2\. Of a batch choose with w\.pick\(i\)"):
        _ = Weights.of(np.ones((2, 5)))[0, 1]


# ---- declare ----------------------------------------------------------------------------------------------------------------------


def test_what_is_declared_goes_on_the_trail():
    w = Weights.of([1, 1, 10], kind="class").declare(kind="importance", exact=True)
    assert (w.kind, w.exact) == ("importance", True)
    assert w.trail[-1].name == "declare"
    assert w.trail[-1].params == {"kind": "importance", "exact": True}


def test_a_tamed_promise_cannot_be_declared():
    with pytest.raises(KindError, match=r"declare it on w\.raw, then tame"):
        some().clip(at=1).declare(exact=True)
    assert some(exact=True).clip(at=1).declare(kind="cost").raw.kind == "cost"


def test_a_declared_kind_must_fit():
    with pytest.raises(InputError, match="whole numbers"):
        Weights.of([1.5, 2], kind="class").declare(kind="frequency")
    with pytest.raises(InputError, match="1/probability"):
        Weights.of([0.5, 0.2], kind="class").declare(kind="inclusion")
    with pytest.raises(InputError, match="`kind` must be one of"):
        Weights.of([0.5, 0.2]).declare(kind="sample")


# ---- resample -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["systematic", "stratified", "residual", "ssp", "multinomial"])
def test_rows_are_drawn_in_proportion(method):
    w = Weights.of([0.0, 1.0, 3.0, 0.0], kind="class")
    drawn = w.resample(40_000, method=method, rng=0)
    assert drawn.dtype == np.int64
    assert (np.diff(drawn) >= 0).all()
    counts = np.bincount(drawn, minlength=4)
    assert counts[[0, 3]].tolist() == [0, 0]
    assert abs(counts[2] - 30_000) <= (1 if method in ("systematic", "ssp") else 400)
    assert np.array_equal(drawn, w.resample(40_000, method=method, rng=np.random.default_rng(0)))
    assert w.resample(rng=0).shape == (4,)


@pytest.mark.parametrize(("m", "said"), [(0, "got 0"), (-3, "got -3"), (2.5, "2.5")])
def test_fewer_than_one_draw_is_refused(m, said):
    with pytest.raises(InputError, match=said):
        some().resample(m, rng=0)


def test_batches_are_not_drawn_from():
    with pytest.raises(
        InputError, match=r"w\.resample: one vector of weights at a time: w\.pick\(i\); these have shape \(2, 3\)"
    ):
        Weights.of(np.ones((2, 3))).resample(4)


# ---- the door ------------------------------------------------------------------------------------------------------------------------


def test_import_loads_numpy_only():
    heavy = "scipy narwhals pandas polars sklearn pyarrow torch jax numba matplotlib array_api_compat rich typer jinja2"
    code = f"import sys, upweight; print([m for m in '{heavy}'.split() if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": "src"}, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_session_with_numpy_weights_loads_no_frame_library():
    code = (
        "import sys, numpy as np, upweight as uw; w = uw.Weights.of(np.ones(50), kind='importance'); w.mean(np.arange(50.0)); "
        "w.smooth().values; w.quantile(np.arange(50.0), .5); print('narwhals' in sys.modules, 'pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": "src"}, check=True
    )
    assert done.stdout.split() == ["False", "False"]
