"""Does a classifier tell the samples apart: size, power, what it sees, the weights' effect, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

import upweight as uw
import upweight.shift as sh


def normal(seed, n=1000, d=10, by=1.0):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(n, d)), rng.normal(size=(n, d))
    b[:, 0] += by
    return a, b


def known(a):
    """N(0, I) to N(e1, I)."""
    return uw.Weights.of_log(a[:, 0] - 0.5, kind="importance", exact=True)


def test_a_shift_of_one_is_seen_at_its_area():
    """Phi(1/sqrt 2) = .7602; the classifier is learnt, so a little less."""
    t = sh.two_sample_test(*normal(0), learner="linear", rng=0)
    assert t.moved
    assert t.p < 1e-6
    assert abs(t.auc.value - 0.75) < 0.03
    low, high = t.auc.interval()
    assert low < 0.76 < high
    assert "Needed most, by the fall in AUC without it: 0" in str(t)
    assert t.learners == ("linear",) * 5
    assert next(iter(t.features)) == 0
    assert t.auc.influence.shape == (2000,)
    assert abs(t.auc.influence.sum()) < 1e-6


def test_the_right_weights_repair_it_and_the_inverse_makes_it_worse():
    a, b = normal(1)
    w = known(a)
    after = sh.two_sample_test(a, b, weights=w, learner="linear", rng=0)
    worse = sh.two_sample_test(a, b, weights=uw.Weights.of_log(-w.log_w, kind="importance"), learner="linear", rng=0)
    assert not after.moved
    assert "None of our classifiers" in str(after)
    assert "weighted source" in str(after)
    assert worse.auc.value > 0.88


def test_areas_are_those_inside_the_folds_and_the_error_is_widened():
    a, b = normal(2, 200, 3)
    t = sh.two_sample_test(a, b, learner="linear", rng=0)
    (s, z), (f, g) = t.scores, t.folds
    each = [uw.c2st(s[f == i], z[g == i]) for i in range(5)]
    assert t.auc.value == pytest.approx(np.mean([e.value for e in each]))
    plain = np.sqrt(sum(e.se**2 for e in each)) / 5
    assert t.auc.se == pytest.approx(1.5 * plain, rel=0.01)


def test_a_changed_correlation_is_seen_by_auto_and_not_by_linear():
    rng = np.random.default_rng(3)
    a = rng.normal(size=(1000, 2))
    b = rng.normal(size=(1000, 2)) @ np.linalg.cholesky([[1, 0.8], [0.8, 1]]).T
    seen = sh.two_sample_test(a, b, rng=0)
    assert seen.moved
    assert abs(seen.auc.value - 0.74) < 0.05
    assert set(seen.learners) <= {"quadratic", "boosting"}
    assert not sh.two_sample_test(a, b, learner="linear", rng=0).moved


def test_rows_of_weight_zero_are_as_if_removed():
    a, b = normal(4, 300, 3)
    keep = np.arange(300) % 3 > 0
    w = uw.Weights.of(keep.astype(float), kind="importance")
    one = sh.two_sample_test(a, b, weights=w, learner="linear", rng=0)
    two = sh.two_sample_test(a[keep], b, learner="linear", rng=0)
    assert one.auc.value == pytest.approx(two.auc.value, abs=1e-9)
    assert np.isnan(one.scores[0][~keep]).all()
    assert (one.folds[0][~keep] == -1).all()


def test_frames_with_text_and_gaps():
    rng = np.random.default_rng(5)
    n = 400
    source = pd.DataFrame({"x": rng.normal(size=n), "c": rng.choice(["a", "b"], n), "gap": rng.normal(size=n)})
    target = pd.DataFrame(
        {"x": rng.normal(size=n), "c": rng.choice(["a", "b"], n, p=[0.9, 0.1]), "gap": rng.normal(size=n)}
    )
    target.loc[::2, "gap"] = np.nan
    t = sh.two_sample_test(source, target, learner="logistic", rng=0)
    assert t.moved
    assert set(list(t.features)[:2]) == {"c", "gap"}
    assert t.features["x"] < 0.02


def test_sparse_rows_and_an_object():
    a, b = normal(6, 300, 4)
    t = sh.two_sample_test(sparse.csr_array(a), sparse.csr_array(b), rng=0)
    assert t.moved
    assert set(t.learners) == {"linear"}
    assert sh.two_sample_test(a, b, learner=LogisticRegression(C=0.5), rng=0).moved


def test_the_same_seed_is_the_same_answer():
    a, b = normal(7, 200, 3)
    one, two = (sh.two_sample_test(a, b, rng=3) for _ in range(2))
    assert one.auc.value == two.auc.value
    assert one.features == two.features


def test_samples_that_do_not_overlap():
    a, b = normal(8, 100, 2, by=50)
    t = sh.two_sample_test(a, b, learner="linear", rng=0)
    assert t.auc.value == 1
    assert t.p == 0
    assert t.auc.interval()[0] > 0.9
    assert "do not overlap" in str(t)


def test_few_rows_are_told_without_a_crash():
    a, b = normal(9, 6, 2)
    t = sh.two_sample_test(a, b[:4], learner="linear", rng=0)
    assert 0 <= t.p <= 1
    assert t.auc.why


def test_what_is_refused():
    a, b = normal(10, 60, 2)
    with pytest.raises(uw.InputError, match="one entry a source row; got 59 for 60"):
        sh.two_sample_test(a, b, weights=known(a)[:59])
    with pytest.raises(uw.InputError, match="must be Weights; got ndarray"):
        sh.two_sample_test(a, b, weights=np.ones(60))
    with pytest.raises(uw.KindError):
        sh.two_sample_test(a, b, weights=uw.Weights.of(np.ones(60), kind="class"))
    with pytest.raises(uw.InputError, match="same columns"):
        sh.two_sample_test(a, b[:, :1])
    with pytest.raises(uw.InputError, match="`folds`"):
        sh.two_sample_test(a, b, folds=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("learner", "d", "n", "runs"), [("linear", 10, 500, 200), ("linear", 10, 150, 200), ("auto", 3, 200, 100)]
)
def test_size(learner, d, n, runs):
    """At .05: of 200 runs at most .05 + 2 s.e. (.031) rejected; of 100 at most .05 + .044."""
    rejected = [sh.two_sample_test(*normal(1000 + s, n, d, by=0.0), learner=learner, rng=s).moved for s in range(runs)]
    assert np.mean(rejected) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)


@pytest.mark.slow
def test_repaired_in_nineteen_of_twenty():
    passed = []
    for seed in range(20):
        a, b = normal(seed)
        r = sh.density_ratio(a, b, method="linear", rng=0)
        passed.append(sh.two_sample_test(a, b, weights=r.weights, learner="linear", rng=1).p > 0.05)
    assert sum(passed) >= 19


def test_a_classifier_that_learnt_nothing_says_nothing():
    """Trees that cannot split give every row one score: an AUC of one half without a width is no proof that nothing moved."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(30, 2)), rng.normal(size=(30, 2))
    t = sh.two_sample_test(a, b, learner="boosting", rng=0)
    assert (t.auc.value, t.auc.interval(), t.auc.ok, t.moved) == (0.5, (0.0, 1.0), False, False)
    assert "it learnt nothing" in str(t)
    chosen = sh.two_sample_test(a, b, rng=0)
    assert "boosting" not in chosen.learners
    low, high = chosen.auc.interval()
    assert 0 < low < 0.5 < high < 1
