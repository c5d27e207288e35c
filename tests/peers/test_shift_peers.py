"""Label shift, weighted validation, metadata and conformal prediction as other libraries do them, and an invariant that shows who is right.

None of them is among the tools of development: tried where somebody has it, skipped, saying so, where not. Seen with abstention 0.1.3.1, puncc
0.9.3 (whose metadata want NumPy < 2; it runs on 2.4), MAPIE 1.6.0, crepes 0.9.1 and scikit-learn 1.9.1.
"""

import importlib
import importlib.util
import inspect
import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline

import upweight as uw
import upweight.shift as sh


def peer(name):
    """A library, or a skip that says what is missing."""
    if importlib.util.find_spec(name.split(".")[0]) is None:
        pytest.skip(f"{name} is not here: it is not among the tools of development")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def sharpened(seed, n=4000):
    """Four classes, probabilities of a model that is too sure by three, target shares turned round."""
    rng = np.random.default_rng(seed)
    means, before, after = 1.5 * np.eye(4), np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.1, 0.2, 0.3, 0.4])

    def rows(shares):
        y = rng.choice(4, n, p=shares)
        x = means[y] + rng.normal(size=(n, 4))
        log_p = np.log(before) - 0.5 * ((x[:, None] - means) ** 2).sum(-1)
        e = np.exp(3 * (log_p - log_p.max(1, keepdims=True)))
        return e / e.sum(1, keepdims=True), y

    (p, y), (q, late) = rows(before), rows(after)
    return p, y, q, np.bincount(late, minlength=4) / np.bincount(y, minlength=4)


def test_abstentions_adapter_runs_em_on_uncalibrated_predictions():
    shift = peer("abstention.label_shift")
    calibration = peer("abstention.calibration")
    for seed in range(3):
        p, y, q, truth = sharpened(seed)
        adapter = shift.EMImbalanceAdapter(
            calibrator_factory=calibration.TempScaling(bias_positions="all", verbose=False)
        )
        theirs = adapter(q, p, np.eye(4)[y]).multipliers
        plain = np.asarray(sh.label_shift(p, y, q, calibrate=None).ratio.value)
        ours = np.asarray(sh.label_shift(p, y, q).ratio.value)
        assert np.mean((ours - truth) ** 2) < np.mean((theirs - truth) ** 2) / 1.5
        # calibrated by hand first, the same adapter says what ours says
        s = sh.label_shift(p, y, q)
        by_hand = shift.EMImbalanceAdapter()(s.calibrated(q), s.calibrated(p)).multipliers
        np.testing.assert_allclose(by_hand, ours, atol=0.02)
        assert plain.shape == theirs.shape


def log_normal(x, mean, sd):
    return -0.5 * ((x - mean) / sd) ** 2 - np.log(sd)


def known(X):
    return uw.log_ratio(log_normal(X[:, 0], 0, 0.3), log_normal(X[:, 0], 0.5, 0.5))


def cubic(seed=0, n=400):
    rng = np.random.default_rng(seed)
    x = rng.normal(0.5, 0.5, (n, 1))
    return x, -x[:, 0] + x[:, 0] ** 3 + rng.normal(0, 0.3, n)


def test_a_search_with_weights_as_a_fit_parameter_scores_without_them():
    x, y = cubic()
    w = known(x).sample_weight
    model, folds = make_pipeline(Ridge()), KFold(5)
    search = GridSearchCV(model, {"ridge__alpha": [1.0]}, scoring="neg_mean_squared_error", cv=folds)
    search.fit(x, y, ridge__sample_weight=w)
    plain, weighted = [], []
    for train, test in folds.split(x):
        fitted = Ridge().fit(x[train], y[train], sample_weight=w[train])
        plain.append(-mean_squared_error(y[test], fitted.predict(x[test])))
        weighted.append(-mean_squared_error(y[test], fitted.predict(x[test]), sample_weight=w[test]))
    assert search.best_score_ == pytest.approx(np.mean(plain))
    ours = GridSearchCV(
        sh.WeightedEstimator(Ridge(), known),
        {"learner__alpha": [1.0]},
        scoring=sh.scorer("neg_mean_squared_error", known),
        cv=folds,
    ).fit(x, y)
    assert ours.best_score_ == pytest.approx(np.mean(weighted), rel=1e-3)  # ridge sees weights of mean one by fold
    assert abs(np.mean(plain) - np.mean(weighted)) > 0.1  # what the target pays is another figure


class KeepsTarget(RegressorMixin, BaseEstimator):
    """An estimator that takes the target's rows, as metadata of fit or as a setting."""

    def __init__(self, target=None):
        self.target = target

    def fit(self, X, y, target=None):
        self.seen_ = None if target is None else len(target)
        self.line_ = LinearRegression().fit(X, y)
        return self

    def predict(self, X):
        return self.line_.predict(X)


def test_a_target_passed_to_fit_is_sliced_if_it_is_as_long_as_the_source():
    x, y = cubic(n=100)
    seen = cross_validate(
        KeepsTarget(),
        x,
        y,
        params={"target": np.zeros((100, 1))},
        cv=KFold(5),
        return_estimator=True,
        error_score="raise",
    )
    assert [m.seen_ for m in seen["estimator"]] == [80] * 5


def test_arrays_in_a_setting_are_copied_by_every_clone_and_a_ratio_is_not():
    target = np.zeros((50, 1))
    assert clone(KeepsTarget(target)).target is not target
    x, _ = cubic()
    r = sh.density_ratio(x, 0.3 * np.random.default_rng(0).normal(size=(100, 1)), method="linear", rng=0)
    assert clone(sh.WeightedEstimator(Ridge(), r)).ratio is r


def test_rlls_as_published_is_a_switch():
    """min |C (1 + v) - mu| + delta |v|, norms not squared: BBSE's answer up to a delta, then no shift at all."""
    optimize = importlib.import_module("scipy.optimize")
    C, mu = np.array([[0.42, 0.10], [0.08, 0.40]]), np.array([0.3, 0.7])

    def at(delta):
        lost = lambda v: np.linalg.norm(C @ (1 + v) - mu) + delta * np.linalg.norm(v)
        starts = (np.zeros(2), np.linalg.solve(C, mu) - 1)
        return 1 + min(
            (
                optimize.minimize(lost, v, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12}).x
                for v in starts
            ),
            key=lost,
        )

    np.testing.assert_allclose(at(0.3190), [0.3125, 1.6875], atol=1e-3)
    np.testing.assert_allclose(at(0.3210), [1, 1], atol=1e-3)


def scores_that_grow(rng, n, mean):
    """Rows of N(mean, 1), scores that grow with them, and their ratio of N(1.5, 1) to N(0, 1)."""
    x = rng.normal(mean, 1, n)
    return np.abs(rng.normal(size=n)) * np.exp(x / 2), np.exp(1.5 * x - 1.5**2 / 2)


def test_a_new_row_that_counts_as_one_is_promised_too_little():
    """Coverage at level .9 in 4,000 draws of 30 calibration rows and a new one; s.e. .005. The other rule is puncc's."""
    rng = np.random.default_rng(0)
    own, one = [], []
    for _ in range(4000):
        score, w = scores_that_grow(rng, 30, 0.0)
        new, at = scores_that_grow(rng, 1, 1.5)
        own.append(new <= sh.conformal_quantile(score, weights=w, at=at))
        one.append(new <= sh.conformal_quantile(score, weights=w, at=[1.0]))
    assert np.mean(own) >= 0.89
    assert np.mean(one) < 0.85


def test_puncc_gives_every_new_row_the_mass_one():
    Calibrator = peer("deel.puncc.api.calibration").BaseCalibrator
    rng = np.random.default_rng(1)
    theirs, ours = [], []
    for _ in range(50):
        score, w = scores_that_grow(rng, 30, 0.0)
        calibrator = Calibrator(
            nonconf_score_func=lambda pred, y: y, pred_set_func=lambda pred, q: (pred - q, pred + q)
        )
        calibrator.fit(y_pred=np.zeros(30), y_true=score)
        mass = Calibrator.barber_weights(w)
        assert mass[-1] == pytest.approx(1 / (1 + w.sum()))  # for any new row, and on any scale of the weights
        theirs.append(float(np.ravel(calibrator.compute_quantile(alpha=0.1, weights=mass))[0]))
        ours.append(float(sh.conformal_quantile(score, weights=w, at=[1.0])[0]))
    np.testing.assert_allclose(theirs, ours)


@pytest.mark.parametrize(
    ("library", "classes", "methods"),
    [
        ("mapie.regression", ["SplitConformalRegressor"], ["conformalize", "predict_interval"]),
        ("mapie.classification", ["SplitConformalClassifier"], ["conformalize", "predict_set"]),
        ("crepes", ["ConformalRegressor", "ConformalClassifier"], ["fit", "predict_int", "predict_set"]),
    ],
)
def test_mapie_and_crepes_have_no_place_for_the_weights_of_calibration_rows(library, classes, methods):
    module = peer(library)
    for name in classes:
        kind = getattr(module, name)
        taken = {
            p
            for m in ("__init__", *methods)
            if hasattr(kind, m)
            for p in inspect.signature(getattr(kind, m)).parameters
        }
        assert len(taken) > 3
        assert not [p for p in taken if "weight" in p or "ratio" in p]
