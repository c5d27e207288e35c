"""Truth that is known: what undersampling, weights and their repairs do to a logistic model, and whether intervals cover."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from upweight.imbalance import RandomUnder, class_weights
from upweight.imbalance.comparison._cells import Key, run_cell
from upweight.imbalance.comparison._results import figures_of
from upweight.imbalance.comparison._settings import Settings
from upweight.imbalance.comparison._setup import setup_comparison
from upweight.imbalance.rebalance._members import Recipe, Task, fit_task
from upweight.imbalance.rebalance._steps import as_steps
from upweight.learners._statistics import paired

SHIFT = np.array([1.0, 0.5, -0.5])
PI = 0.05


def draw(n, rng):
    """Classes N(0, I) and N(SHIFT, I): logit p = log(pi/(1-pi)) - |SHIFT|^2/2 + x'SHIFT."""
    y = (rng.random(n) < PI).astype(int)
    return rng.normal(size=(n, 3)) + y[:, None] * SHIFT, y


TRUTH = np.r_[np.log(PI / (1 - PI)) - SHIFT @ SHIFT / 2, SHIFT]


def fitted(X, y, w):
    """Weighted logistic regression by Newton, with sandwich standard errors."""
    Z, b = np.c_[np.ones(len(X)), X], np.zeros(X.shape[1] + 1)
    for _ in range(25):
        p = 1 / (1 + np.exp(-Z @ b))
        inverse = np.linalg.inv((Z * (w * p * (1 - p))[:, None]).T @ Z)
        b = b + inverse @ Z.T @ (w * (y - p))
    scores = Z * (w * (y - p))[:, None]
    return b, np.sqrt(np.diag(inverse @ (scores.T @ scores) @ inverse))


def offset(X, y, rng):
    r = RandomUnder(rng=rng).resample(X, y)
    b, se = fitted(r.take(X), r.y, r.weights)
    return b - np.r_[r.correction.log_odds, 0, 0, 0], se


def inclusion(X, y, rng):
    r = RandomUnder(undo="weights", rng=rng).resample(X, y)
    return fitted(r.take(X), r.y, r.weights)


def weighted(X, y, rng):
    w = np.asarray(class_weights(y))
    b, se = fitted(X, y, w)
    return b - np.r_[np.log(w[y == 1].sum() / w[y == 0].sum()) - np.log(y.sum() / (1 - y).sum()), 0, 0, 0], se


@pytest.mark.slow
@pytest.mark.parametrize(("repair", "error"), [(offset, 0.0579), (inclusion, 0.0711), (weighted, 0.0418)])
def test_slopes_and_intercept_are_right_after_the_odds_are_given_back(repair, error):
    runs = 200
    hits, found = np.zeros(4), []
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        b, se = repair(*draw(20_000, rng), rng)
        hits += np.abs(b - TRUTH) < 1.96 * se
        found.append(b[1:])
    # nominal .95, and .92 for inclusion weights, whose sandwich is for large samples; four binomial standard errors
    assert (hits / runs > 0.95 - 4 * np.sqrt(0.95 * 0.05 / runs)).all()
    spread = np.sqrt(np.var(found, axis=0).mean())  # of three slopes over 200 runs: known to 3 %, so four of these
    assert spread == pytest.approx(error, rel=0.12)


def test_one_draw_gives_the_log_odds_back():
    rng = np.random.default_rng(5)
    X, y = draw(40_000, rng)
    for repair in (offset, inclusion, weighted):
        b, se = repair(X, y, rng)
        assert (np.abs(b - TRUTH) < 4.5 * se).all()


def question_of(X, y):
    settings = Settings.read(learner="logistic", methods="weights,random_under", cv="5x5", cost=None, rng=0)
    return setup_comparison(X, y, settings)


FIGURES = {
    "ap": lambda y, p: average_precision_score(y, p),
    "roc_auc": lambda y, p: roc_auc_score(y, p),
    "log_loss": lambda y, p: log_loss(y, np.clip(p, 1e-6, 1 - 1e-6)),
}


def true_differences(n, runs):
    """Expected figure of a method less that of moving the threshold, trained on four fifths of n rows."""
    rng = np.random.default_rng(99)
    X_new, y_new = draw(60_000, rng)
    found = {(m, f): [] for m in ("weights", "random_under") for f in FIGURES}
    for _ in range(runs):
        X, y = draw(n * 4 // 5, rng)
        plan = question_of(X, y).plan
        scores = {}
        for name in ("none", "weights", "random_under"):
            task = Task(plan.task.X, plan.task.codes, plan.task.classes, 1, schema=plan.task.schema)
            m = fit_task(Recipe(plan.learner, as_steps(name)), task, rng)
            p = m.proba(plan.task.schema.read(X_new))[:, 1]
            scores[name] = {f: measure(y_new, p) for f, measure in FIGURES.items()}
        for m, f in found:
            found[m, f].append(scores[m][f] - scores["none"][f])
    return {k: np.mean(v) for k, v in found.items()}


@pytest.mark.slow
def test_intervals_of_differences_cover():
    n, runs = 2000, 80
    truth = true_differences(n, 80)
    covered, plain = dict.fromkeys(truth, 0), dict.fromkeys(truth, 0)
    for seed in range(runs):
        plan = question_of(*draw(n, np.random.default_rng(seed))).plan
        keys = [k for k in plan.keys if k.name != "none"]
        cells = {k: run_cell(plan, k) for k in keys} | {Key("none", 0, 0): run_cell(plan, Key("none", 0, 0))}
        per_fold = figures_of(plan, cells).per_fold
        for m, f in truth:
            d = per_fold[m][f] - per_fold["threshold"][f]
            wide, narrow = paired(d, 1 / 4), paired(d, 0.0)
            covered[m, f] += wide.low <= truth[m, f] <= wide.high
            plain[m, f] += narrow.low <= truth[m, f] <= narrow.high
    # nominal .95; the demand is .93, and 80 runs have a standard error of .03: three of them below
    assert min(covered.values()) / runs >= 0.93 - 3 * np.sqrt(0.93 * 0.07 / runs), covered
    assert np.mean(list(covered.values())) / runs >= 0.93, covered
    assert (
        plain["weights", "ap"] < covered["weights", "ap"] - 0.1 * runs
    )  # treating folds as independent does not cover
