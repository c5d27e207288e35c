"""From a method to a training set: order, masses, origins."""

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from upweight import Correction, InputError, Weights
from upweight.imbalance import Pipeline, RandomOver, RandomUnder, Rebalanced, Resample, class_weights, cost_weights
from upweight.imbalance.rebalance._steps import as_steps
from upweight.imbalance.rebalance._training_set import TrainingSet

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 2))
CODES = np.repeat([0, 1], [180, 20])
CLASSES = np.array(["no", "yes"])


def train(*steps, w=None):
    return TrainingSet(X, CLASSES[CODES], w, classes=CLASSES).apply_all(
        as_steps(list(steps)), rng=np.random.default_rng(1)
    )


def masses(t):
    return np.bincount(t.codes, weights=t.w)


@pytest.mark.parametrize(
    "first",
    [SMOTE(sampling_strategy=0.3), RandomOver(to=0.3), RandomUnder(to=0.3), RandomUnder(to=0.3, undo="weights")],
)
def test_weights_after_a_resampler_end_balanced_and_not_beyond(first):
    t = train(first, "weights", w=RNG.exponential(size=200))
    a, b = masses(t)
    assert a == pytest.approx(b, rel=1e-12)


def test_weights_twice_are_weights_once():
    np.testing.assert_allclose(train("weights", "weights").w, train("weights").w, rtol=1e-12)


@pytest.mark.parametrize(
    "steps",
    [
        ("weights",),
        ("random_under",),
        ("random_over",),
        ("random_under", "weights"),
        (RandomOver(to=0.5), "weights"),
        (RandomOver(to=0.3), "random_under"),
        ("weights", RandomUnder(to=0.4)),
    ],
)
def test_the_correction_is_the_change_in_weighted_odds(steps):
    w = RNG.exponential(size=200)
    t = train(*steps, w=w)
    after, before = masses(t), np.bincount(CODES, weights=w)
    assert t.correction.log_odds == pytest.approx(
        np.log(after[1] / after[0]) - np.log(before[1] / before[0]), abs=1e-12
    )


def test_statuses_add_up_to_the_worst():
    assert train("none").correction.status == "exact"
    assert train("random_under").correction.status == "exact"
    assert train("random_under", "weights").correction.status == "approximate"
    assert train("random_under", SMOTE()).correction.status == "impossible"


def test_no_step_leaves_everything_as_it_was():
    t = train("none")
    assert t.X is X
    assert t.w is None
    assert train("threshold").correction.log_odds == 0


def test_functions_see_labels_and_base_and_may_return_weights_or_numbers():
    seen = []

    def mine(y, base):
        seen.append((set(y), base))
        return Weights.of(np.where(y == "yes", 9.0, 1.0), kind="class")

    t = train(mine)
    assert seen == [({"no", "yes"}, None)]
    assert t.w.mean() == pytest.approx(1)
    assert masses(t)[1] == pytest.approx(masses(t)[0])
    t = train(lambda y, base: np.where(y == "yes", 2.0, 1.0))
    assert t.w[-1] / t.w[0] == 2
    t = train(lambda y, base: cost_weights(y, {"no": 1, "yes": 9}, base=base), w=np.full(200, 3.0))
    assert t.w.mean() == pytest.approx(3)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda y, base: None, "must return Weights or one number a row; got None"),
        (lambda y, base: Weights.of([1.0, 2.0], kind="class"), "gave 2 weights for 200 rows"),
        (lambda y, base: -np.ones(len(y)), "200 negative, first -1.0 at row 0"),
    ],
)
def test_functions_that_give_no_weights_are_refused(step, message):
    with pytest.raises(InputError) as error:
        train(step)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("wieghts", "unknown method 'wieghts'. Did you mean 'weights'?"),
        (
            3,
            "`method` must be a name, a resampler, a sampler with fit_resample, a function f(y, base) -> Weights, or a list",
        ),
        (None, "`method` is None. To change nothing but the threshold say 'none'."),
        (
            lambda y: np.ones(len(y)),
            "method <lambda>(y) is called as <lambda>(y, base), labels and the weights that are there",
        ),
        (class_weights, "is called as class_weights(y, base)"),
        (Pipeline([("s", StandardScaler()), ("r", RandomUnder())]), "step 's' (StandardScaler) is no sampler"),
        (make_pipeline(StandardScaler(), SMOTE()), "step 'standardscaler' (StandardScaler) is no sampler"),
        (RandomUnder, "give an object, RandomUnder()"),
    ],
)
def test_what_is_no_method_is_refused(method, message):
    with pytest.raises(InputError) as error:
        as_steps(method)
    assert message in str(error.value)


def test_effective_rows_count_distinct_sources():
    assert train("none").ess_of(1) == pytest.approx(20)
    assert train("random_over").ess_of(1) == pytest.approx(20)  # nine copies of one row are one row
    assert train(RandomOver(to={"yes": 30})).ess_of(1) == pytest.approx(30**2 / (10 * 4 + 10 * 1))
    assert train("random_under").ess_of(1) == pytest.approx(20)


class Between:
    """One synthetic row half-way between rows 198 and 199, beside all rows."""

    def resample(self, X, y, *, sample_weight=None, neighbours=None):
        n = len(y)
        parents = np.vstack([np.repeat(np.arange(n)[:, None], 2, axis=1), [[n - 2, n - 1]]])
        step = np.r_[np.zeros(n), 0.5]
        return Resample(
            parents[:, 0], parents, step, np.append(y, y[-1]), np.ones(n + 1), Correction.impossible("made up")
        )


def test_a_synthetic_row_is_half_of_each_parent_through_later_steps():
    t = train(Between())
    assert t.synthetic == 1
    assert t.ess_of(1) == pytest.approx(21**2 / (18 + 2 * 1.5**2))
    again = train(Between(), RandomOver(to={"yes": 42}))
    assert again.ess_of(1) == pytest.approx(21**2 / (18 + 2 * 1.5**2))
    assert again.synthetic == 2
    np.testing.assert_allclose(again.X[again.codes == 1][20], (X[198] + X[199]) / 2)


def test_a_pipeline_of_samplers_is_the_list_of_them():
    under, over = RandomUnder(rng=0), SMOTE()
    assert as_steps(Pipeline([("a", under), ("b", "passthrough"), ("c", Pipeline([("d", over)]))])) == (under, over)


class Outside:
    """Claims a parent that the training fold has not."""

    def resample(self, X, y, *, sample_weight=None, neighbours=None):
        rows = np.array([0, 1, 199, 500])
        return Resample.of_rows(rows, np.array(["no", "no", "yes", "yes"]), np.ones(4), Correction.none())


def test_a_parent_outside_the_training_fold_is_an_error():
    with pytest.raises(AssertionError, match="outside the training fold"):
        train(Outside())


def test_seeds_of_resamplers_that_have_none_come_from_us():
    a, b = train("random_under"), train("random_under")
    np.testing.assert_array_equal(a.X, b.X)
    fixed = [
        TrainingSet(X, CLASSES[CODES]).apply_all(as_steps(RandomUnder(rng=0)), rng=np.random.default_rng(s)).X
        for s in (0, 1)
    ]
    np.testing.assert_array_equal(*fixed)


def test_class_weights_as_a_function_equal_the_name():
    np.testing.assert_allclose(train(lambda y, base: class_weights(y, base=base)).w, train("weights").w)


# ---- one way for methods and pipelines --------------------------------------------------------------------------------------


def test_a_pipeline_and_a_method_leave_the_same_rows():
    steps = [RandomOver(to=0.5, rng=0), RandomUnder(rng=1)]
    y, w = CLASSES[CODES], RNG.exponential(size=200)
    a = TrainingSet(X, y, w, classes=CLASSES).apply_all(steps, rng=np.random.default_rng(9))
    p = Pipeline([("a", steps[0]), ("b", steps[1])])
    bX, by, bw = p.fit_resample(X, y, sample_weight=w)
    np.testing.assert_array_equal(a.X, bX)
    np.testing.assert_array_equal(a.target, by)
    np.testing.assert_array_equal(a.w, bw)
    np.testing.assert_array_equal(a.correction.log_odds, p.correction_.log_odds)


def test_a_method_that_leaves_one_class_is_refused_by_name():
    def only_rare(y, base):
        return (y == "yes").astype(float)

    with pytest.raises(InputError, match="only_rare gives class 'no' no weight, and one class is left to train on"):
        train(only_rare)


def test_a_class_without_weight_among_three_is_noted():
    def without_b(y, base):
        return (y != "b").astype(float)

    y = np.repeat(["a", "b", "c"], 40)
    t = TrainingSet(RNG.normal(size=(120, 2)), y).apply(without_b)
    assert t.notes == ("no row of class 'b' has weight after without_b",)
    points = RNG.normal(size=(120, 2)) + 3 * np.repeat([0, 1, 2], 40)[:, None]
    assert Rebalanced("logistic", without_b, rng=0).fit(points, y).notes_ == t.notes


def test_a_training_set_never_writes_to_what_it_was_given():
    w = RNG.exponential(size=200)
    kept = X.copy(), CODES.copy(), w.copy()
    train("weights", RandomOver(to=0.5), "random_under", w=w)
    for a, b in zip(kept, (X, CODES, w), strict=True):
        np.testing.assert_array_equal(a, b)
