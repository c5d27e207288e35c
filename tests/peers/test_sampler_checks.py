"""Our samplers under the common checks of scikit-learn and imbalanced-learn, and inside imbalanced-learn's machinery.

What fails is listed with its reason, and must go on failing: an exception that is no longer one is an error here too.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import sklearn
from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.pipeline import Pipeline, make_pipeline
from imblearn.utils.estimator_checks import estimator_checks_generator
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import check_estimator

import upweight.imbalance as im
from upweight import InputError

SAMPLERS = {
    "random_under": lambda: im.RandomUnder(rng=0),
    "random_over": lambda: im.RandomOver(rng=0),
    "smote": lambda: im.SMOTE(rng=0),
    "adasyn": lambda: im.SMOTE(kind="adasyn", rng=0),
    "tomek": lambda: im.TomekLinks(),
    "enn": lambda: im.EditedNN(),
    "nearmiss": lambda: im.NearMiss(),
    "cnn": lambda: im.CondensedNN(rng=0),
    "oss": lambda: im.OneSided(rng=0),
    "ncr": lambda: im.NeighbourhoodCleaning(),
    "hardness": lambda: im.InstanceHardness(rng=0),
    "smote+tomek": lambda: im.Chain(im.SMOTE(), im.TomekLinks(drop="all"), rng=0),
}
FEATURE_BLIND = {"random_under", "random_over", "hardness"}  # the table is only counted, or is the learner's affair

# check -> (reason, samplers or None for all)
IMBALANCED_LEARN = {
    "check_samplers_fit": ("`sampling_strategy` is `to` here, a setting; nothing of it is fitted", None),
    "check_samplers_list": ("a list of lists comes back as an array", None),
    "check_samplers_multiclass_ova": (
        "one label a row: a matrix of 0 and 1 is several labels, for label_weights",
        None,
    ),
    "check_samplers_string": (
        "every row of one class equals a row of the other, so all of it is linked and nothing is left to train on",
        {"tomek", "oss", "smote+tomek"},
    ),
}
SCIKIT_LEARN = {
    "check_sample_weights_not_an_array": ("weights are Weights, an array or a list", None),
    "check_estimators_empty_data_messages": ("no columns: another wording, or a table that is only counted", None),
    "check_fit1d": ("the table is only counted, or is the learner's affair", FEATURE_BLIND),
    "check_dtype_object": ("the table is the learner's affair", {"hardness"}),
    "check_sample_weight_equivalence_on_dense_data": ("`cv` is a number of folds, not a list of them", {"hardness"}),
    "check_sample_weight_equivalence_on_sparse_data": ("`cv` is a number of folds, not a list of them", {"hardness"}),
    "check_no_attributes_set_in_init": ("a signature of any length: steps are kept by number", {"smote+tomek"}),
    "check_do_not_raise_errors_in_init_or_set_params": (
        "a signature of any length: no keyword `steps`",
        {"smote+tomek"},
    ),
}


def excepted(table: dict, name: str) -> set[str]:
    return {check for check, (_, who) in table.items() if who is None or name in who}


def failures_of_imbalanced_learn(sampler) -> dict[str, str]:
    failed = {}
    for estimator, check in estimator_checks_generator(sampler):
        try:
            check(estimator)
        except (AssertionError, AttributeError, TypeError, ValueError) as error:
            failed[check.func.__name__] = f"{type(error).__name__}: {error}"
    return failed


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.DataConversionWarning"
)  # labels as a column: scikit-learn's own word
def test_imbalanced_learns_checks_pass_but_for_the_listed(name):
    failed = failures_of_imbalanced_learn(SAMPLERS[name]())
    assert set(failed) == excepted(IMBALANCED_LEARN, name), failed


@pytest.mark.parametrize("name", SAMPLERS)
def test_scikit_learns_checks_pass_but_for_the_listed(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # checks that cannot run here say so by a warning
        results = check_estimator(SAMPLERS[name](), on_fail=None, on_skip=None)
    failed = {r["check_name"]: str(r["exception"]) for r in results if r["status"] == "failed"}
    assert set(failed) == excepted(SCIKIT_LEARN, name), failed


@pytest.fixture(scope="module")
def data():
    return make_classification(600, n_features=6, weights=[0.85], flip_y=0.02, random_state=0)


def test_a_pipeline_of_samplers_resamples(data):
    X, y = data
    two = Pipeline([("over", im.RandomOver(to=0.5, rng=0)), ("under", im.RandomUnder(rng=0))])
    made_X, made_y = two.fit_resample(X, y)
    assert len(made_X) == len(made_y)
    assert np.ptp(np.bincount(made_y)) == 0
    assert two.named_steps["over"].fit(X, y) is two.named_steps["over"]


def test_fit_refuses_what_resample_refuses(data):
    X, y = data
    gap = X.copy()
    gap[7, 2] = np.nan
    for sampler, table, labels in [
        (im.SMOTE(), gap, y),
        (im.TomekLinks(), gap, y),
        (im.EditedNN(k=0), X, y),
        (im.Chain(im.EditedNN(k=0)), X, y),
        (im.RandomUnder(), X, np.zeros(len(y))),
    ]:
        with pytest.raises(InputError) as of_fit:
            sampler.fit(table, labels)
        with pytest.raises(InputError) as of_resample:
            sampler.resample(table, labels)
        assert str(of_fit.value) == str(of_resample.value)
    assert im.RandomUnder().fit(gap, y).n_features_in_ == 6


@pytest.mark.parametrize("name", ["random_under", "smote", "tomek", "smote+tomek"])
def test_balanced_bagging_takes_our_samplers(data, name):
    X, y = data
    forest = BalancedBaggingClassifier(
        DecisionTreeClassifier(max_depth=2, random_state=0), n_estimators=3, sampler=SAMPLERS[name](), random_state=0
    ).fit(X, y)
    assert forest.score(X, y) > 0.8


def test_weights_are_routed_to_fit_resample_on_request(data):
    X, y = data
    with sklearn.config_context(enable_metadata_routing=True):
        asked = make_pipeline(im.RandomUnder(rng=0).set_fit_resample_request(sample_weight=False), LogisticRegression())
        asked.fit(X, y)
        assert asked[0].sample_indices_.max() >= 300
        seen = im.RandomUnder(rng=0).set_fit_resample_request(sample_weight=True)
        requests = seen.get_metadata_routing().fit_resample.requests
    assert requests == {"sample_weight": True}


def test_feature_names_are_kept_and_forgotten(data):
    pd = pytest.importorskip("pandas")
    X, y = data
    sampler = im.TomekLinks()
    sampler.fit_resample(pd.DataFrame(X, columns=list("abcdef")), y)
    assert sampler.get_feature_names_out().tolist() == list("abcdef")
    sampler.fit_resample(X[:, :3], y)
    assert sampler.get_feature_names_out().tolist() == ["x0", "x1", "x2"]
