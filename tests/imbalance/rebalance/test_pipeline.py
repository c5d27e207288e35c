"""The pipeline against the same steps done by hand, and scikit-learn's manners."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from imblearn.over_sampling import SMOTE as PeerSMOTE
from imblearn.pipeline import Pipeline as PeerPipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import BaseEstimator, TransformerMixin, clone, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline as PlainPipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted

from upweight import InputError, UndoError
from upweight.imbalance import SMOTE, Pipeline, RandomOver, RandomUnder, Rebalanced, TomekLinks, neighbours


def data(seed=0, n=600):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3)) * [1, 5, 0.2]
    y = (rng.random(n) < 1 / (1 + np.exp(2 - X[:, 0]))).astype(int)
    return X, y, rng.uniform(0.2, 3, n)


class Seen(TransformerMixin, BaseEstimator):
    """Remembers how it was fitted."""

    def fit(self, X, y=None, sample_weight=None):
        self.rows_, self.w_ = len(X), sample_weight
        return self

    def transform(self, X):
        return X


class Last(BaseEstimator):
    """An estimator that remembers its weights."""

    _estimator_type = "classifier"

    def fit(self, X, y, sample_weight=None):
        self.X_, self.y_, self.w_ = X, y, sample_weight
        return self

    def predict(self, X):
        return np.zeros(len(X))


class Mute(BaseEstimator):
    """An estimator without weights."""

    def fit(self, X, y):
        self.rows_ = len(X)
        return self

    def predict(self, X):
        return np.zeros(len(X))


# ---- what is fitted -------------------------------------------------------------------------------------------------


def test_scaler_undersampling_and_logistic_regression_with_weights_run_as_by_hand():
    X, y, w = data()
    p = Pipeline([("s", StandardScaler()), ("r", RandomUnder(rng=0)), ("m", LogisticRegression())]).fit(
        X, y, sample_weight=w
    )
    Z = StandardScaler().fit_transform(X)
    r = RandomUnder(rng=0).resample(Z, y, sample_weight=w)
    by_hand = LogisticRegression().fit(Z[r.indices], r.y, sample_weight=r.weights)
    np.testing.assert_array_equal(p.named_steps["m"].coef_, by_hand.coef_)
    np.testing.assert_array_equal(p.predict_proba(X), by_hand.predict_proba(Z))
    assert p.correction_.log_odds == r.correction.log_odds
    assert p.correction_.status == "exact"
    assert p.score(X, y, sample_weight=w) == by_hand.score(Z, y, sample_weight=w)


def test_zero_weights_on_half_the_rows_are_as_without_them():
    X, y, w = data()
    w[::2] = 0
    steps = lambda: [("s", StandardScaler()), ("r", SMOTE(rng=0)), ("m", LogisticRegression())]
    a = Pipeline(steps()).fit(X, y, sample_weight=w)
    b = Pipeline(steps()).fit(X[1::2], y[1::2], sample_weight=w[1::2])
    np.testing.assert_array_equal(a.predict_proba(X), b.predict_proba(X))
    assert a.correction_.log_odds == b.correction_.log_odds


def test_corrections_add_up():
    X, y, _ = data()
    p = Pipeline([("a", RandomOver(to=0.5, rng=0)), ("b", RandomUnder(rng=0)), ("m", LogisticRegression())]).fit(X, y)
    r = RandomOver(to=0.5, rng=0).resample(X, y)
    s = RandomUnder(rng=0).resample(r.take(X), r.y)
    assert np.isclose(p.correction_.log_odds, r.correction.log_odds + s.correction.log_odds)
    assert p.correction_.status == "approximate"
    assert np.isclose(p.correction_.log_odds, np.log((y == 0).sum() / (y == 1).sum()))
    assert Pipeline([("a", SMOTE(rng=0)), ("m", LogisticRegression())]).fit(X, y).correction_.status == "impossible"


def test_the_last_step_gets_weights_if_any_were_given_or_if_they_vary():
    X, y, w = data()
    assert Pipeline([("r", RandomUnder(rng=0)), ("m", Last())]).fit(X, y)["m"].w_ is None
    assert Pipeline([("r", RandomUnder(rng=0)), ("m", Last())]).fit(X, y, np.ones(600))["m"].w_ is not None
    varying = Pipeline([("r", RandomUnder(undo="weights", rng=0)), ("m", Last())]).fit(X, y)["m"]
    assert len(np.unique(varying.w_)) == 2
    given = Pipeline([("s", StandardScaler()), ("m", Last())]).fit(X, y, w)["m"]
    np.testing.assert_array_equal(given.w_, w)


def test_weights_that_vary_are_not_dropped_in_silence():
    X, y, w = data()
    with pytest.raises(InputError, match=r"KNeighborsClassifier\.fit takes no sample_weight, and the weights vary"):
        Pipeline([("s", StandardScaler()), ("m", KNeighborsClassifier())]).fit(X, y, w)
    Pipeline([("m", Mute())]).fit(X, y, np.full(600, 2.0))
    Pipeline([("r", RandomUnder(rng=0)), ("m", KNeighborsClassifier())]).fit(X, y)


def test_transformers_see_weights_only_on_request():
    X, y, w = data()
    quiet = Pipeline([("t", Seen()), ("m", Last())]).fit(X, y, w)
    assert quiet["t"].w_ is None
    with sklearn.config_context(enable_metadata_routing=True):
        asking = Seen().set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=True)
    told = Pipeline([("t", asking), ("m", Last())]).fit(X, y, w)
    np.testing.assert_array_equal(told["t"].w_, w)
    within = ColumnTransformer([("s", scaler, [0, 1])])
    p = Pipeline([("c", within), ("m", Last())]).fit(X, y, w)
    np.testing.assert_allclose(p["m"].X_, StandardScaler().fit_transform(X[:, :2], sample_weight=w))
    assert Pipeline([("t", asking), ("m", Last())]).fit(X, y)["t"].w_ is None


def test_a_last_step_that_refuses_weights_by_request_is_obeyed():
    X, y, w = data()
    with sklearn.config_context(enable_metadata_routing=True):
        last = Last().set_fit_request(sample_weight=False)
    assert Pipeline([("m", last)]).fit(X, y, w)["m"].w_ is None


# ---- pipelines inside -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [Pipeline, PeerPipeline])
def test_a_nested_pipeline_of_scaler_and_sampler_is_walked_through(make):
    X, y, w = data()
    under = RandomUnder(rng=0)
    nested = Pipeline([("prep", make([("s", StandardScaler()), ("r", under)])), ("m", LogisticRegression())]).fit(
        X, y, w
    )
    flat = Pipeline([("s", StandardScaler()), ("r", under), ("m", LogisticRegression())]).fit(X, y, w)
    np.testing.assert_array_equal(nested.predict_proba(X), flat.predict_proba(X))
    assert nested.correction_.log_odds == flat.correction_.log_odds


@pytest.mark.parametrize("make", [Pipeline, PlainPipeline, PeerPipeline])
def test_a_pipeline_as_last_step_gets_the_weights(make):
    X, y, w = data()
    inner = make([("s", StandardScaler()), ("m", LogisticRegression())])
    p = Pipeline([("r", RandomUnder(rng=0)), ("last", inner)]).fit(X, y, w)
    r = RandomUnder(rng=0).resample(X, y, sample_weight=w)
    Z = StandardScaler().fit(X[r.indices])
    by_hand = LogisticRegression().fit(Z.transform(X[r.indices]), r.y, sample_weight=r.weights)
    np.testing.assert_array_equal(p.predict_proba(X), by_hand.predict_proba(Z.transform(X)))
    assert p.classes_.tolist() == [0, 1]


def test_imbalanced_learns_samplers_are_adopted_and_weights_follow():
    X, y, w = data()
    p = Pipeline([("r", RandomUnderSampler(random_state=0)), ("m", Last())]).fit(X, y, w)
    peer = RandomUnderSampler(random_state=0).fit(X, y)
    peer.fit_resample(X, y)
    np.testing.assert_array_equal(p["m"].X_, X[peer.sample_indices_])
    np.testing.assert_array_equal(p["m"].w_, w[peer.sample_indices_])
    q = Pipeline([("r", PeerSMOTE(random_state=0)), ("m", Last())]).fit(X, y, w)
    made, labels = PeerSMOTE(random_state=0).fit_resample(X, y)
    np.testing.assert_array_equal(q["m"].X_, made)
    assert len(q["m"].w_) == len(labels)
    assert q.correction_.status == "impossible"


def test_our_samplers_work_in_imbalanced_learns_pipeline():
    X, y, _ = data()
    theirs = PeerPipeline([("s", StandardScaler()), ("r", SMOTE(rng=0)), ("m", LogisticRegression())]).fit(X, y)
    ours = Pipeline([("s", StandardScaler()), ("r", SMOTE(rng=0)), ("m", LogisticRegression())]).fit(X, y)
    np.testing.assert_array_equal(theirs.predict_proba(X), ours.predict_proba(X))


# ---- manners --------------------------------------------------------------------------------------------------------


def test_prediction_skips_samplers_and_transform_keeps_every_row():
    X, y, _ = data()
    p = Pipeline([("s", StandardScaler()), ("r", RandomUnder(rng=0)), ("pca", PCA(2))]).fit(X, y)
    assert p.transform(X).shape == (600, 2)
    np.testing.assert_array_equal(p.fit_transform(X, y), p.transform(X))
    np.testing.assert_allclose(p.inverse_transform(p.transform(X)).shape, X.shape)
    assert p.get_feature_names_out(["a", "b", "c"]).tolist() == ["pca0", "pca1"]
    assert not hasattr(p, "predict")
    lr = Pipeline([("s", StandardScaler()), ("m", LogisticRegression())]).fit(X, y)
    assert not hasattr(lr, "transform")
    np.testing.assert_array_equal(lr.decision_function(X) > 0, lr.predict(X) == 1)
    np.testing.assert_allclose(np.exp(lr.predict_log_proba(X)), lr.predict_proba(X))


def test_parameters_are_nested_and_can_be_set():
    p = Pipeline([("s", StandardScaler()), ("r", SMOTE()), ("m", LogisticRegression())])
    assert p.get_params()["r__k"] == 5
    p.set_params(r__k=3, m=Last(), s="passthrough")
    assert p["r"].k == 3
    assert isinstance(p["m"], Last)
    assert p.named_steps["s"] == "passthrough"
    q = clone(p)
    assert q["r"] is not p["r"]
    assert q["r"].k == 3
    assert len(p) == 3
    assert [name for name, _ in p[1:].steps] == ["r", "m"]
    assert p[-1] is p["m"]


def test_a_slice_shares_fitted_steps():
    X, y, _ = data()
    p = Pipeline([("s", StandardScaler()), ("r", RandomUnder(rng=0)), ("m", LogisticRegression())]).fit(X, y)
    np.testing.assert_array_equal(p[:-1].transform(X), p["s"].transform(X))
    check_is_fitted(p[:-1])


def test_it_is_what_its_last_step_is_and_knows_when_it_is_fitted():
    X, y, _ = data()
    p = Pipeline([("s", StandardScaler()), ("m", LogisticRegression())])
    assert is_classifier(p)
    assert is_regressor(Pipeline([("m", LinearRegression())]))
    with pytest.raises(NotFittedError):
        check_is_fitted(p)
    check_is_fitted(p.fit(X, y))
    assert p.n_features_in_ == 3
    assert "StandardScaler" in p._repr_html_()


def test_search_and_cross_validation_work_with_and_without_routing():
    X, y, w = data()
    p = Pipeline([("r", SMOTE(rng=0)), ("m", LogisticRegression())])
    plain = GridSearchCV(p, {"m__C": [0.1, 1], "r__k": [3, 5]}, cv=3).fit(X, y, sample_weight=w)
    assert set(plain.best_params_) == {"m__C", "r__k"}
    assert len(cross_val_score(p, X, y, cv=3, params={"sample_weight": w})) == 3
    with sklearn.config_context(enable_metadata_routing=True):
        asked = Pipeline([("r", SMOTE(rng=0)), ("m", LogisticRegression())]).set_fit_request(sample_weight=True)
        asked.set_score_request(sample_weight=True)
        routed = GridSearchCV(asked, {"m__C": [0.1, 1]}, cv=3).fit(X, y, sample_weight=w)
    np.testing.assert_array_equal(routed.best_estimator_["m"].coef_.shape, (1, 3))


def test_a_search_inside_gets_the_weights():
    X, y, w = data()
    inner = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=3)
    p = Pipeline([("s", StandardScaler()), ("search", inner)]).fit(X, y, w)
    by_hand = LogisticRegression().fit(StandardScaler().fit_transform(X), y, sample_weight=w)
    np.testing.assert_allclose(p["search"].best_estimator_.coef_, by_hand.coef_)


def test_frames_go_through_as_frames():
    X, y, w = data()
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": np.where(X[:, 2] > 0, "x", "y")}, index=np.arange(600) + 7)
    prep = ColumnTransformer([("num", StandardScaler(), ["a", "b"]), ("cat", OneHotEncoder(), ["c"])])
    p = Pipeline([("r", SMOTE(rng=0)), ("prep", prep), ("m", RandomForestClassifier(5, random_state=0))])
    p.fit(frame, pd.Series(y, index=frame.index), sample_weight=pd.Series(w, index=frame.index))
    assert p.predict_proba(frame).shape == (600, 2)
    assert p.feature_names_in_.tolist() == ["a", "b", "c"]


def test_regression_without_samplers_and_no_labels_at_all():
    X, _, w = data()
    p = Pipeline([("s", StandardScaler()), ("m", LinearRegression())]).fit(X, X[:, 0] * 2, w)
    np.testing.assert_allclose(p.predict(X), X[:, 0] * 2)
    assert Pipeline([("s", StandardScaler()), ("p", "passthrough")]).fit(X).transform(X).shape == X.shape


def test_notes_of_the_samplers_are_kept():
    X, y, _ = data(n=40)
    few = np.flatnonzero(y == 1)[:3]
    rows = np.concatenate([np.flatnonzero(y == 0), few])
    p = Pipeline([("r", SMOTE(rng=0)), ("m", LogisticRegression())]).fit(X[rows], y[rows])
    assert p.notes_ == ("k=2 for class 1: it has 3 rows",)


@pytest.mark.parametrize(
    ("steps", "error", "said"),
    [
        ([], InputError, "`steps` is empty"),
        (
            [StandardScaler(), Last()],
            InputError,
            "`steps` must be (name, step) pairs; got StandardScaler at place 0. Say ('standardscaler', StandardScaler()).",
        ),
        ([("a", StandardScaler(), 1)], InputError, "(name, step) pairs; got tuple at place 0. Say (name, step)."),
        (None, InputError, "`steps` must be a list of (name, step); got None (NoneType)."),
        ([("s", StandardScaler), ("m", Last())], InputError, "step 's': StandardScaler is a class; give an object"),
        ([("m", Last)], InputError, "step 'm': Last is a class; give an object, Last()."),
        ([("m", 5)], InputError, "step 'm' must be an estimator or 'passthrough'; got 5 (int)."),
        ([("m", Last()), ("s", StandardScaler())], InputError, "step 'm' (Last) neither transforms nor resamples."),
        ([("a", StandardScaler()), ("a", Last())], ValueError, "not unique"),
        ([("a__b", Last())], ValueError, "must not contain __"),
    ],
)
def test_bad_steps_are_named(steps, error, said):
    X, y, _ = data()
    with pytest.raises(error) as told:
        Pipeline(steps).fit(X, y)
    assert said in str(told.value)


def test_bad_weights_are_named():
    X, y, w = data()
    w[3] = np.nan
    with pytest.raises(
        InputError, match="`sample_weight` must be finite and >= 0; got 1 NaN or infinite, first nan at row 3"
    ):
        Pipeline([("m", Last())]).fit(X, y, w)


def test_it_is_a_learner_like_any_other():
    X, y, _ = data()
    steps = [("s", StandardScaler()), ("m", LogisticRegression())]
    ours, plain = (Rebalanced(make(steps), "weights", rng=0).fit(X, y) for make in (Pipeline, PlainPipeline))
    np.testing.assert_array_equal(ours.predict_proba(X), plain.predict_proba(X))
    with pytest.raises(UndoError, match="resamples inside the learner and method 'weights' outside"):
        Rebalanced(Pipeline([("r", SMOTE()), ("m", LogisticRegression())]), "weights").fit(X, y)


def test_weights_after_smote_end_balanced_and_not_beyond():
    X, y, _ = data()
    masses = []

    class Weighing(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            masses.append(np.bincount(np.asarray(y, dtype=int), sample_weight))
            return super().fit(X, y, sample_weight)

    Rebalanced(Weighing(), [SMOTE(to=0.6), "weights"], rng=0).fit(X, y)
    assert len(masses) == 5
    np.testing.assert_allclose([m[1] / m[0] for m in masses], 1, rtol=1e-12)


# ---- frames out, rows out, parameters in -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_set_output_reaches_every_transformer(kind):
    X, y, _ = data()
    frame = pd.DataFrame(X, columns=[f"c{j}" for j in range(X.shape[1])])
    inner = Pipeline([("t", StandardScaler())])
    p = Pipeline(
        [("s", StandardScaler()), ("i", inner), ("r", RandomUnder(rng=0)), ("p", "passthrough"), ("l", Last())]
    )
    assert p.set_output(transform=kind) is p
    seen = p.fit(frame, y)._before_last(frame)[0]
    assert type(seen).__module__.split(".")[0] == kind
    assert list(seen.columns) == list(frame.columns)
    back = p.set_output(transform="default").fit(frame, y)._before_last(frame)[0]
    assert isinstance(back, np.ndarray)


def test_set_output_names_a_step_that_cannot():
    class Own:
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return X

    with pytest.raises(InputError, match=r"step 'o' \(Own\) has no set_output"):
        Pipeline([("o", Own()), ("l", Last())]).set_output(transform="pandas")


def test_fit_resample_of_a_last_sampler_is_what_is_left_of_the_rows():
    X, y, w = data()
    p = Pipeline([("s", StandardScaler()), ("i", Pipeline([("r", RandomUnder(rng=0))]))])
    left = RandomUnder(rng=0).resample(StandardScaler().fit_transform(X), y, sample_weight=w)
    made, labels, weights = p.fit_resample(X, y, sample_weight=w)
    assert np.array_equal(made, left.take(StandardScaler().fit_transform(X)))
    assert np.array_equal(labels, left.y)
    assert np.array_equal(weights, left.weights)
    assert p.correction_.status == "exact"
    assert len(p.fit_resample(X, y)) == 2
    assert not hasattr(Pipeline([("s", StandardScaler())]), "fit_resample")
    assert not hasattr(Pipeline([("r", RandomUnder()), ("l", Last())]), "fit_resample")


def test_parameters_of_a_step_reach_its_fit():
    X, y, w = data()
    by_step = Pipeline([("s", StandardScaler()), ("l", LogisticRegression())]).fit(X, y, l__sample_weight=w)
    by_pipeline = Pipeline([("s", StandardScaler()), ("l", LogisticRegression())]).fit(X, y, sample_weight=w)
    assert np.array_equal(by_step[-1].coef_, by_pipeline[-1].coef_)
    nested = Pipeline([("i", Pipeline([("s", StandardScaler()), ("l", LogisticRegression())]))])
    assert np.array_equal(nested.fit(X, y, i__l__sample_weight=w)[0][-1].coef_, by_step[-1].coef_)
    scaled = Pipeline([("s", StandardScaler()), ("l", Last())]).fit(X, y, s__sample_weight=w)
    assert np.array_equal(scaled[0].mean_, StandardScaler().fit(X, sample_weight=w).mean_)


def test_neighbours_reach_a_resampler():
    X, y, _ = data()
    found = neighbours(X, k=15)
    p = Pipeline([("t", TomekLinks()), ("l", LogisticRegression())])
    with_search, without = p.fit(X, y, t__neighbours=found)[-1].coef_, p.fit(X, y)[-1].coef_
    assert np.array_equal(with_search, without)
    with pytest.raises(InputError, match="takes no parameter 'near' in its fit. It takes: sample_weight, neighbours"):
        p.fit(X, y, t__near=found)
    with pytest.raises(InputError, match="100"):
        p.fit(X, y, t__neighbours=neighbours(X[:100], k=15))


W = np.ones(len(data()[1]))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"sample_weight": W, "l__sample_weight": W},
            "l__sample_weight: the pipeline carries weights itself, and step 'r' (RandomUnder) changes the rows; a second set",
        ),
        ({"l__sample_weight": W}, "would count twice. Pass sample_weight to the pipeline."),
        (
            {"sample_weight": W, "s__sample_weight": W},
            "s__sample_weight: the pipeline carries weights itself; a second",
        ),
        ({"r__sample_weight": W}, "r__sample_weight: the pipeline carries weights itself; a second"),
        ({"l__offset": W}, "l__offset has one value for each of"),
        ({"sample_weight": np.r_[0, W[1:]], "s__sample_weight": W}, "1 row of zero weight is left out"),
        ({"weights": W}, "fit has no parameter 'weights'. Say step__parameter, say l__weights."),
        (
            {"lr__sample_weight": W},
            "fit has no parameter 'lr__sample_weight'. Say step__parameter. Did you mean 'r' or 'l'?",
        ),
        (
            {"s__weights": W},
            "step 's' (StandardScaler) takes no parameter 'weights' in its fit. It takes: sample_weight.",
        ),
    ],
)
def test_parameters_that_collide_or_lead_nowhere_are_refused(given, said):
    class Offset(LogisticRegression):
        def fit(self, X, y, sample_weight=None, offset=None):
            return super().fit(X, y, sample_weight)

    X, y, _ = data()
    with pytest.raises(InputError) as told:
        Pipeline([("s", StandardScaler()), ("r", RandomUnder(rng=0)), ("l", Offset())]).fit(X, y, **given)
    assert said in str(told.value)
