"""Made-up results of comparisons, with everything in them that is rare or odd: what sentences are tried on.

made_up(seed)    (reading, {name: result}, complete) of a random comparison
"""

import numpy as np
from sklearn.linear_model import LogisticRegression

from upweight.imbalance.comparison._cells import ComparisonPlan
from upweight.imbalance.comparison._facts import Facts
from upweight.imbalance.comparison._method_result import MethodResult
from upweight.imbalance.comparison._methods import Method
from upweight.imbalance.comparison._results import Figures
from upweight.imbalance.comparison._suspicions import Leak, Repeat
from upweight.imbalance.comparison._verdict import read_figures
from upweight.learners import Interval, Task

CONTROLS = {"easy": "boosted", "bags": "bagged"}
TRY_AS = {"boosted": "boosting", "bagged": "sklearn.ensemble:BaggingClassifier"}


def change(rng, scale):
    """An interval that agrees with its p: one that holds zero is never sure; widths from nothing to wide, ends on the margins."""
    if rng.random() < 0.04:
        return Interval(float(rng.normal(0, scale)), np.nan, np.nan, np.nan)
    mean = float(rng.choice([0.0, 0.01, -0.01, rng.normal(0, scale), rng.normal(0, scale / 30)]))
    half = float(rng.choice([0.0, 0.01, abs(rng.normal(0, scale)), abs(rng.normal(0, scale / 10))]))
    low, high = mean - half, mean + half
    raw = rng.uniform(0, 0.05) if low > 0 or high < 0 else rng.uniform(0.05, 1)
    return Interval(mean, low, high, float(min(1.0, raw * rng.choice([1, 1, 3, 12, 40]))))


def ratio(rng):
    return float(
        rng.choice([1.0, np.nan, np.exp(rng.normal(0, 0.02)), np.exp(rng.normal(0, 0.2)), np.exp(rng.normal(0, 1.5))])
    )


def result(rng, name, binary):
    if rng.random() < 0.05 and name not in ("none", "threshold"):
        return MethodResult(name, f"label of {name}", CONTROLS.get(name), error="ValueError: no", folds=0)
    shares = dict.fromkeys(("ap", "roc_auc", "recall", "raw_recall", "precision", "specificity"))
    shares = {k: float(rng.random()) for k in shares}
    changes = {} if name == "threshold" else {"ap_change": change(rng, 0.1), "log_loss_change": change(rng, 0.01)}
    if name in CONTROLS:
        changes["rival_change"] = change(rng, 0.05)
    alerts = {"alerts": float(rng.uniform(0, 1000)), "recall_same_alerts": float(rng.random())} if binary else {}
    more = {
        "oe": ratio(rng),
        "oe_raw": ratio(rng),
        "folds": 25,
        "threshold": float(rng.choice([0.5, 0.097, rng.random()])),
    }
    return MethodResult(name, f"label of {name}", CONTROLS.get(name), **shares, **changes, **alerts, **more)


def made_up(seed):
    """(reading, table {name: result}, complete) of a random comparison."""
    rng = np.random.default_rng(seed)
    remedies = list(rng.permutation(["a", "b", "c", "d", "e", "f", "easy", "bags"])[: rng.integers(0, 8)])
    controls = list(dict.fromkeys(CONTROLS[n] for n in remedies if n in CONTROLS))
    names = ["none", "threshold", *map(str, remedies), *controls]
    counts = [(900, 100), (500, 60), (950, 19), (500, 300, 200), (510, 490)][rng.integers(0, 5)]
    binary = len(counts) == 2
    results = tuple(result(rng, n, binary) for n in names)
    if rng.random() < 0.3:  # all alike, all worse, all better
        to = rng.choice([-0.05, 0.0, 0.05])
        results = tuple(
            MethodResult(**{**vars(r), "ap_change": Interval(to, to - 0.004, to + 0.004, 0.001 if to else 0.9)})
            if r.name not in ("none", "threshold") and r.error is None
            else r
            for r in results
        )
    cost = float(rng.choice([1.0, 20.0])) if binary and rng.random() < 0.3 else None
    costs = {n: change(rng, 5.0) if cost else Interval(*[np.nan] * 4) for n in names if n != "threshold"}
    middle = float(rng.choice([0.9, 0.52, 0.4]))
    auc = Interval(middle, middle - (h := float(rng.choice([0.01, 0.1, 0.4]))), middle + h, 0.0)
    auc = Interval(np.nan, np.nan, np.nan, np.nan) if rng.random() < 0.03 else auc
    flags = {"none": {"untouched": True}, "threshold": {"reference": True}}
    methods = tuple(
        Method(
            n,
            f"label of {n}",
            lambda: None,
            rival=CONTROLS.get(n),
            control=n in TRY_AS,
            try_as=TRY_AS.get(n, ""),
            **flags.get(n, {}),
        )
        for n in names
    )
    codes = np.repeat(np.arange(len(counts)), counts)
    group = np.zeros(len(codes)) if rng.random() < 0.3 else None
    task = Task(None, codes, np.arange(len(counts)), 1, group=group)
    plan = ComparisonPlan(task, LogisticRegression(), methods, np.zeros((5, len(codes)), np.int16), 5, 5, cost, 0)
    leaks = [(), (Leak("late day", 0.9996),), (Leak("x", 0.97, gaps=True), Leak("z", 0.96, next_best=0.7))][
        rng.integers(0, 3)
    ]
    share = counts[1] / sum(counts)
    facts = Facts(
        sum(counts), 5, counts[1], share, int(rng.choice([0, 321])), leaks,
        Repeat("customer", 80) if rng.random() < 0.3 else None, (("Yes", 84), ("yes", 41)) if rng.random() < 0.2 else (),
    )  # fmt: skip
    reading = read_figures(plan, facts, Figures(results, {}, auc, costs))
    return reading, {r.name: r for r in results}, bool(rng.random() < 0.9)
