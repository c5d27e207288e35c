"""density_ratio and DensityRatio: what is asked, what comes back, and what is refused."""

import copy
import json
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from scipy.special import ndtri
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import upweight as uw
import upweight.shift as sh
from upweight.shift.ratios import _by_classifier

METHODS = ("none", "linear", "quadratic", "boosting", "ulsif", "rulsif", "kliep", "loglinear", "kmm")
WITH_DOCUMENT = tuple(m for m in METHODS if m != "boosting")


def pair(n=300, d=3, shift=0.8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(n - 50, d)) + shift * np.eye(d)[0]


def mixed(rng, n, shift=0.0):
    """Numbers with gaps, strings, a category, bools and dates."""
    x = rng.normal(shift, 1, n)
    x[rng.random(n) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "x": x,
            "k": rng.choice(["u", "v", "w"], n, p=[0.5 - shift / 4, 0.3, 0.2 + shift / 4]),
            "c": pd.Categorical(rng.choice(["p", "q"], n)),
            "b": rng.random(n) < 0.4,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 40, n), unit="D"),
        }
    )


# ---- what comes back --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_weights_and_a_function(method):
    source, target = pair()
    r = sh.density_ratio(source, target, method=method, rng=0)
    assert r.method == method
    assert (r.weights.kind, r.weights.exact, r.weights.n) == ("importance", False, 300)
    new = r(source[:7])
    assert np.exp(r.log(source[:7])) == pytest.approx(new.values)
    assert new.kind == "importance"
    if method not in ("linear", "quadratic", "boosting"):
        assert r(source).values == pytest.approx(r.weights.values, abs=1e-6)
    if method != "none":
        assert 0.2 < np.average(source[:, 0], weights=r.weights) < target[:, 0].mean() + 0.2
    assert r.weights.trail[0].params["method"] == method
    assert repr(r).startswith(f"DensityRatio({method}, 300 source rows worth ")


def test_the_rows_own_weights_are_out_of_fold():
    source, target = pair(d=8)
    r = sh.density_ratio(source, target, method="boosting", rng=0)
    seen, unseen = r(source).log_w, r.weights.log_w
    assert np.abs(seen - unseen).max() > 0.1
    assert seen.mean() < unseen.mean()  # models that have seen these rows know them for the source's


def test_samples_that_do_not_differ_get_ones():
    rng = np.random.default_rng(0)
    r = sh.density_ratio(rng.normal(size=(1000, 10)), rng.normal(size=(1000, 10)), rng=0)
    assert r.method == "none"
    assert (r.weights.sample_weight == 1).all()
    assert (r(rng.normal(size=(5, 10))).values == 1).all()
    assert set(r.losses) == {"none", "linear", "quadratic", "boosting"}
    assert r.losses["none"] == pytest.approx(np.log(2))


def test_the_same_seed_gives_the_same_ratio():
    source, target = pair()
    for method in ("boosting", "ulsif"):
        a, b = (sh.density_ratio(source, target, method=method, rng=5) for _ in range(2))
        assert np.array_equal(a.weights.log_w, b.weights.log_w)
        assert np.array_equal(a.log(target), b.log(target))


def test_a_ratio_is_its_own_clone_and_nothing_on_it_changes():
    r = sh.density_ratio(*pair(), method="linear", rng=0)
    assert clone(r) is r
    with pytest.raises(AttributeError):
        r.method = "none"
    for twin in (pickle.loads(pickle.dumps(r)), copy.deepcopy(r)):
        assert np.array_equal(twin.log(pair()[1]), r.log(pair()[1]))


@pytest.mark.parametrize("method", [*WITH_DOCUMENT, sh.LogLinear(terms="interactions"), sh.LeastSquares(alpha=0.3)])
def test_documents_bring_the_function_back(method):
    source, target = pair()
    r = sh.density_ratio(source, target, method=method, rng=0)
    twin = sh.DensityRatio.from_dict(json.loads(json.dumps(r.to_dict())))
    assert np.array_equal(twin.log(target), r.log(target))
    assert np.array_equal(twin.weights.log_w, r.weights.log_w)
    assert (twin.method, twin.alpha, dict(twin.losses)) == (r.method, r.alpha, dict(r.losses))


def test_documents_of_frames_keep_categories():
    rng = np.random.default_rng(0)
    source, target = mixed(rng, 400), mixed(rng, 300, 0.6)
    r = sh.density_ratio(source, target, method="quadratic", rng=0)
    twin = sh.DensityRatio.from_dict(json.loads(json.dumps(r.to_dict())))
    assert np.array_equal(twin.log(target), r.log(target))


def test_what_no_vector_describes_has_no_document():
    for method in ("boosting", LogisticRegression()):
        with pytest.raises(uw.InputError, match="no vector describes it"):
            sh.density_ratio(*pair(), method=method, rng=0).to_dict()
    with pytest.raises(uw.InputError, match="lacks 'method'"):
        sh.DensityRatio.from_dict(
            {
                "schema": "upweight.density_ratio/1",
                "columns": {"columns": [], "named": False},
                "weights": {"log_w": [], "kind": "importance"},
            }
        )
    with pytest.raises(uw.InputError, match="has schema"):
        sh.DensityRatio.from_dict({"schema": "other/1"})


# ---- kernels ----------------------------------------------------------------------------------------------------------------


def test_least_squares_keeps_its_goldens_through_the_door():
    s, t = ndtri((np.arange(1, 201) - 0.5) / 200)[:, None], 1 + ndtri((np.arange(1, 101) - 0.5) / 100)[:, None]
    r = sh.density_ratio(s, t, method=sh.LeastSquares(bandwidth=1.0, ridge=0.1, centres=t[::5]))
    assert r([[0.0]]).values == pytest.approx([0.763810821], abs=1e-8)
    assert r.losses == {(1.0, 0.1): pytest.approx(-1.878024762994, abs=1e-11)}
    relative = sh.density_ratio(s, t, method=sh.LeastSquares(alpha=0.5, bandwidth=1.0, ridge=0.1, centres=t[::5]))
    assert relative.losses == {(1.0, 0.1): pytest.approx(-0.718916311777, abs=1e-11)}
    assert relative.alpha == 0.5
    assert relative.weights.values.max() <= 2.0 + 0.1
    mixture = sh.density_ratio(s, t, method=sh.KLIEP(bandwidth=1.0, centres=t[::5]))
    assert mixture.log(t).mean() == pytest.approx(0.479637630, abs=1e-8)
    assert mixture.weights.values.mean() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("method", ["ulsif", "rulsif", "kliep", "kmm"])
def test_kernels_do_not_see_units(method):
    source, target = pair()
    stretch, shift = np.array([1.0, 1e4, 1e-3]), np.array([0.0, -5e5, 3.0])
    r = sh.density_ratio(source, target, method=method, rng=0)
    other = sh.density_ratio(source * stretch + shift, target * stretch + shift, method=method, rng=0)
    assert other.weights.values == pytest.approx(r.weights.values, abs=1e-5)


def test_kernels_of_base_weights_are_kernels_of_what_they_weigh():
    source, target = pair(n=200, d=1)
    base = uw.Weights.of(np.where(source[:, 0] > 0, 3.0, 1.0), kind="inclusion")
    again = np.repeat(source, np.rint(base.values).astype(int), axis=0)
    same = [(method, method) for method in (sh.LeastSquares(bandwidth=0.7, ridge=0.1), sh.KLIEP(bandwidth=0.7))]
    same.append((sh.KernelMean(bandwidth=0.7), sh.KernelMean(bandwidth=0.7, ridge=len(again) / 200)))  # a ridge a row
    for method, other in same:
        r = sh.density_ratio(source, target, method=method, base=base, rng=0)
        plain = sh.density_ratio(again, target, method=other, rng=0)
        near = 1e-6 if method.__class__ is sh.KernelMean else 1e-9
        assert r(target).values == pytest.approx(plain(target).values, abs=near)
        assert np.average(source[:, 0], weights=r.weights) == pytest.approx(
            np.average(again[:, 0], weights=plain.weights), abs=near
        )


def test_hard_limits_of_kernel_means_have_weights_only():
    source, target = pair()
    r = sh.density_ratio(source, target, method=sh.KernelMean(ridge=0.0, cap=20.0), rng=0)
    assert r.weights.values.max() <= 20.0
    with pytest.raises(uw.InputError, match="source rows only: r.weights"):
        r(source)


# ---- classifiers ------------------------------------------------------------------------------------------------------------


class Turned(ClassifierMixin, BaseEstimator):
    """A logistic regression whose columns of predict_proba are exchanged."""

    def fit(self, X, y, sample_weight=None):
        self.inner_ = LogisticRegression().fit(X, y, sample_weight=sample_weight)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)[:, ::-1]


def test_a_classifier_of_ones_own_is_used():
    source, target = pair()
    r = sh.density_ratio(source, target, method=LogisticRegression(C=1.0, max_iter=1000), rng=0)
    assert r.weights.log_w == pytest.approx(sh.density_ratio(source, target, method="linear", rng=0).weights.log_w)
    assert r.method.startswith("LogisticRegression")


def test_a_classifier_the_wrong_way_round_gets_ones():
    with pytest.warns(UserWarning, match="ranks source above target.*the weights are ones"):
        r = sh.density_ratio(*pair(), method=Turned(), rng=0)
    assert (r.weights.log_w == 0).all()
    assert (r(pair()[1]).values == 1).all()


def test_a_ratio_upside_down_is_refused(monkeypatch):
    honest = _by_classifier.platt
    monkeypatch.setattr(_by_classifier, "platt", lambda f, sign, w: tuple(-x for x in honest(f, sign, w)))
    with pytest.raises(uw.VerdictError, match="WRONG_WAY: mean .SMD. rose from .* target and source are exchanged"):
        sh.density_ratio(*pair(n=1000), method="linear", rng=0)


@pytest.mark.parametrize("method", ["ulsif", "kliep", "loglinear", "kmm"])
def test_every_method_is_asked_for_its_direction(method, monkeypatch):
    from upweight.shift.ratios import _density_ratio

    honest = _density_ratio.refuse_wrong_way
    monkeypatch.setattr(_density_ratio, "refuse_wrong_way", lambda s, t, log_w: honest(s, t, -np.maximum(log_w, -9)))
    with pytest.raises(uw.VerdictError, match="WRONG_WAY"):
        sh.density_ratio(*pair(n=1000), method=method, rng=0)


def test_samples_apart_are_not_called_exchanged():
    """One row is all that is left of such weights; that is for a verdict to say, and no bug of direction."""
    X = load_breast_cancer().data
    large = X[:, 0] > np.median(X[:, 0])
    w = sh.density_ratio(X[~large], X[large], method="quadratic", rng=0).weights
    v = w.check(balance=uw.balance(X[~large], X[large], weights=w))
    assert v.grade == "unusable"
    assert v.balance.mean_after > v.balance.mean_before
    assert "WRONG_WAY" not in v.reasons


def test_base_of_zero_is_removed_and_weighs_the_fit():
    source, target = pair(n=400)
    keep = np.arange(400) % 3 > 0
    base = uw.Weights.of(keep.astype(float), kind="importance")
    r = sh.density_ratio(source, target, method="linear", base=base, rng=0)
    plain = sh.density_ratio(source[keep], target, method="linear", rng=0)
    assert (r.weights.log_w[~keep] == -np.inf).all()
    assert np.diff(r.weights.log_w[keep] - plain.weights.log_w) == pytest.approx(0, abs=1e-9)
    assert r.log(target) == pytest.approx(plain.log(target))
    with pytest.raises(uw.KindError, match="frequency"):
        sh.density_ratio(source, target, base=uw.Weights.of(np.ones(400), kind="frequency"))
    assert (
        sh.density_ratio(source, target, method="linear", base=base.declare(kind="class"), rng=0).weights.kind
        == "class"
    )


# ---- frames -----------------------------------------------------------------------------------------------------------------


def test_text_categories_bools_dates_and_gaps_in_one_frame():
    rng = np.random.default_rng(0)
    source, target = mixed(rng, 500), mixed(rng, 400, 0.8)
    source.index = range(10, 510)
    r = sh.density_ratio(source, target, rng=0)
    assert r.method != "none"
    assert r.weights.sample_weight.index.equals(source.index)
    columns = ["x", "k", "c", "b"]
    table = uw.balance(source[columns], target[columns], weights=r.weights)
    assert table.mean_abs_after < table.mean_abs_before / 2
    moved = target[["b", "day", "k", "x", "c"]]
    assert np.array_equal(r.log(moved), r.log(target))
    assert r.log(target.assign(extra=1.0)) == pytest.approx(r.log(target))


def test_every_library_gives_the_same_ratio():
    rng = np.random.default_rng(1)
    source, target = (mixed(rng, n, s).drop(columns=["c", "day"]) for n, s in ((400, 0.0), (300, 0.8)))
    kinds = [lambda f: f, pl.from_pandas, lambda f: pa.Table.from_pandas(f, preserve_index=False)]
    found = [sh.density_ratio(kind(source), kind(target), method="linear", rng=0) for kind in kinds]
    for r, kind in zip(found, kinds, strict=True):
        assert r.weights.log_w == pytest.approx(found[0].weights.log_w, abs=1e-9)
        assert r.log(kind(target)) == pytest.approx(found[0].log(target), abs=1e-9)
    assert type(found[1].weights.values).__module__.startswith("polars")


def test_sparse_matrices_stay_sparse():
    rng = np.random.default_rng(2)
    source, target = ((rng.random((n, 30)) < p).astype(float) for n, p in ((400, 0.1), (300, 0.16)))
    r = sh.density_ratio(sparse.csr_array(source), sparse.csr_array(target), rng=0)
    assert set(r.losses) == {"none", "linear"}
    assert r.method == "linear"
    assert r(sparse.csr_array(target)).n == 300


def test_one_side_of_whole_numbers_one_of_fractions():
    source, target = pd.DataFrame({"x": np.arange(40) % 7}), pd.DataFrame({"x": (np.arange(40) % 7) + 0.5})
    assert sh.density_ratio(source, target, method="linear", rng=0)(source).n == 40


# ---- at predict time --------------------------------------------------------------------------------------------------------


def test_other_columns_are_told():
    rng = np.random.default_rng(0)
    source, target = mixed(rng, 100), mixed(rng, 100, 0.5)
    r = sh.density_ratio(source, target, method="linear", rng=0)
    with pytest.raises(
        uw.InputError, match="learnt on 'x', 'k', 'c', 'b', 'day'; got 'x', 'z', 'c', 'b', 'day'. First difference: 'k'"
    ):
        r(target.rename(columns={"k": "z"}))
    with pytest.raises(uw.InputError, match="learnt on 'x', 'k', .* got ndarray"):
        r(np.zeros((3, 5)))
    plain = sh.density_ratio(*pair(), method="linear", rng=0)
    with pytest.raises(uw.InputError, match="3 features"):
        plain(np.zeros((4, 2)))


def test_a_column_that_was_scaled_is_told():
    source, target = pair()
    r = sh.density_ratio(source * 10 + 500, target * 10 + 500, method="linear", rng=0)
    with pytest.warns(
        UserWarning, match=r"seen column 'x0' between .*make_pipeline\(StandardScaler\(\), learner\), r\)"
    ):
        r(source)
    r(source[:2])  # too few rows to tell


def test_later_dates_are_no_other_unit():
    rng = np.random.default_rng(0)
    source, target = mixed(rng, 100), mixed(rng, 100, 0.5)
    r = sh.density_ratio(source, target, method="linear", rng=0)
    assert r(target.assign(day=target["day"] + pd.Timedelta(days=400))).n == 100


# ---- bad input --------------------------------------------------------------------------------------------------------------


def test_columns_of_one_side_only_are_named():
    with pytest.raises(uw.InputError, match="`source` alone has 'y'. Leave out what one side alone has, a label too"):
        sh.density_ratio(pd.DataFrame({"x": [1.0, 2], "y": [0, 1]}), pd.DataFrame({"x": [1.0, 2]}))
    with pytest.raises(uw.InputError, match="same columns; got 3 and 2"):
        sh.density_ratio(np.zeros((5, 3)), np.zeros((5, 2)))
    with pytest.raises(uw.InputError, match="both be frames or both be arrays"):
        sh.density_ratio(pd.DataFrame({"x": [1.0, 2]}), np.zeros((5, 1)))


@pytest.mark.parametrize(
    "column",
    [
        np.arange(100),
        pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(100), unit="D"),
        [f"c{i:04d}" for i in range(100)],
    ],
)
def test_an_identifier_is_refused_by_name(column):
    rng = np.random.default_rng(0)
    both = pd.DataFrame({"number": column, "x": rng.normal(size=100)})
    with pytest.raises(uw.InputError, match="column `number` alone tells the two apart.*exclude it"):
        sh.density_ratio(both.iloc[:60], both.iloc[60:])
    mixed_up = both.sample(100, random_state=0)
    sh.density_ratio(mixed_up.iloc[:60], mixed_up.iloc[60:], method="none")  # drawn at random it tells nothing


def test_rows_in_both_are_told():
    source, _ = pair()
    with pytest.warns(UserWarning, match="80 % of the target rows are in both"):
        sh.density_ratio(source, np.concatenate([source[:40], source[40:50] + 9]), method="none")
    coarse = np.arange(300)[:, None] % 5.0
    sh.density_ratio(coarse, coarse[:100], method="none")  # rows that repeat each other prove nothing


@pytest.mark.parametrize("method", ["ulsif", "kliep", "kmm"])
def test_kernels_refuse_text_gaps_and_far_targets(method):
    source, target = pair()
    holes = source.copy()
    holes[4, 1] = np.nan
    with pytest.raises(
        uw.InputError,
        match="`source` column 'x1' must be finite; got 1 missing or infinite, first missing at row 4. Impute first",
    ):
        sh.density_ratio(holes, target, method=method, rng=0)
    rng = np.random.default_rng(0)
    with pytest.raises(uw.InputError, match="column 'k' is text or a category. One-hot it, or use method='auto'"):
        sh.density_ratio(mixed(rng, 50)[["x", "k"]].fillna(0.0), mixed(rng, 50)[["x", "k"]].fillna(0.0), method=method)
    setting = {"ulsif": sh.LeastSquares, "kliep": sh.KLIEP, "kmm": sh.KernelMean}[method](bandwidth=0.1)
    with pytest.raises(uw.InputError, match="no row is near the target"):
        sh.density_ratio(source, target + 1e4, method=setting, rng=0)


def test_rows_far_from_every_centre_are_told():
    r = sh.density_ratio(*pair(), method="ulsif", rng=0)
    with (
        pytest.warns(UserWarning, match="has seen column"),
        pytest.raises(uw.InputError, match="no row is near the target"),
    ):
        r(np.full((6, 3), 1e4))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: sh.LeastSquares(alpha=1.0), r"`alpha` must be a number in \[0, 1\); got 1.0"),
        (lambda: sh.LeastSquares(bandwidth=0.0), "`bandwidth` must be a finite number > 0; got 0.0"),
        (lambda: sh.LeastSquares(ridge=-1.0), "`ridge` must be a finite number >= 0"),
        (lambda: sh.LeastSquares(centres=0), "`centres` must be a whole number"),
        (lambda: sh.KLIEP(bandwidth="wide"), "`bandwidth` must be 'auto' or a number > 0; got 'wide'"),
        (lambda: sh.KLIEP(centres=np.zeros(3)), "finite points"),
        (lambda: sh.LogLinear(terms="cubes"), "`terms` must be 'means', 'squares' or 'interactions'"),
        (lambda: sh.KernelMean(cap=np.inf), "`cap` must be a finite number > 0"),
        (lambda: sh.density_ratio(*pair(), method="quadrtic"), "unknown method 'quadrtic'. Did you mean 'quadratic'"),
        (lambda: sh.density_ratio(*pair(), method=LogisticRegression), "is a class; pass"),
        (lambda: sh.density_ratio(*pair(), folds=1), "`folds` must be a whole number, 2 or more"),
        (lambda: sh.density_ratio(pair()[0], pair()[1][:1]), "`target` must have two rows or more; got 1"),
        (lambda: sh.density_ratio(*pair(), base=np.ones(300)), "`base` must be Weights"),
        (lambda: sh.density_ratio(np.ones((9, 2)), np.ones((9, 2))), "needs a column that varies"),
        (lambda: sh.density_ratio(*pair(), method=sh.LeastSquares(centres=np.zeros((3, 2)))), "a column for each of 3"),
    ],
)
def test_bad_settings_are_told(make, said):
    with pytest.raises(uw.InputError, match=said):
        make()


@pytest.mark.parametrize("method", ["ulsif", "kliep", "kmm"])
@pytest.mark.parametrize("size", [2.0**664, 2.0**-664])
def test_kernels_do_not_ask_in_which_unit_a_column_is_written(method, size):
    """Squares of such columns are no floats; weights of one came back in silence."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(120, 2)), rng.normal([1.0, 0.0], 1, size=(100, 2))
    plain, scaled = (sh.density_ratio(a * c, b * c, method=method, rng=0).weights.sample_weight for c in (1.0, size))
    assert np.ptp(plain) > 0.5
    assert np.allclose(plain, scaled, rtol=1e-6)
