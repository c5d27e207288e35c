"""A survey's table of remedies for imbalance, on data made as it may have been: what each remedy moves, and what it does not.

    python papers/more2016/run.py            # 20 seeds; writes the table into README.md; exit 1 if a claim is missed
    python papers/more2016/run.py --short    # 2 seeds, wider bounds, writes nothing

The survey prints two figures a remedy, both at the threshold 0.5: the precision on the majority P and the recall on the minority r.
They do not say how many false alarms were paid. With the share pi of the minority the specificity follows from them:

    P = s (1-pi) / (s (1-pi) + (1-r) pi)    =>    s = P/(1-P) (1-r) pi/(1-pi)

So here specificity, precision on the minority, ranking (AUC), promises (observed/expected, Brier) stand beside, and a row that
changes the threshold and nothing else.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import sklearn
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import AdaBoostClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import upweight.imbalance as im

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

SHARE = 0.1  # of the minority

# name: (the survey's P and r; how the training rows are changed)
REMEDIES: dict[str, tuple[tuple[float, float] | None, Any]] = {
    "baseline": ((0.90, 0.12), None),
    "threshold": (None, None),
    "weighted": ((0.98, 0.89), im.method("weights")),
    "random under": ((0.97, 0.82), im.RandomUnder()),
    "NearMiss-1": ((0.92, 0.32), im.NearMiss()),
    "NearMiss-2": ((0.95, 0.60), im.NearMiss(version=2)),
    "NearMiss-3": ((0.91, 0.20), im.NearMiss(version=3)),
    "CNN": ((0.93, 0.39), im.CondensedNN()),
    "ENN": ((0.95, 0.59), im.EditedNN(k=5)),
    "RENN": ((0.97, 0.80), im.EditedNN(k=5, scheme="repeated")),
    "Tomek": ((0.91, 0.21), im.TomekLinks()),
    "random over": ((0.97, 0.76), im.RandomOver()),
    "SMOTE": ((0.97, 0.77), im.SMOTE()),
    "Borderline-1": ((0.97, 0.78), im.SMOTE(kind="borderline1")),
    "Borderline-2": ((0.97, 0.80), im.SMOTE(kind="borderline2")),
    "SMOTE+Tomek": ((0.97, 0.80), im.method("smote+tomek")),
    "SMOTE+ENN": ((0.97, 0.92), im.method("smote+enn")),
}
CONTROL = "40 stumps, all rows"
ENSEMBLES: dict[str, tuple[tuple[float, float] | None, Callable[[int], Any]]] = {
    "EasyEnsemble": ((0.98, 0.88), lambda seed: im.easy_ensemble(rng=seed)),
    "BalanceCascade": ((0.99, 0.91), lambda seed: im.BalanceCascade(rng=seed)),
    CONTROL: (None, lambda seed: AdaBoostClassifier(n_estimators=40, random_state=seed)),  # as many, nothing balanced
}
COLUMNS = ("majority_precision", "recall", "specificity", "precision", "auc", "oe_raw", "oe", "brier")


def data(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training and test rows, training and test labels."""
    X, y = make_classification(
        10_000, n_features=20, n_informative=2, n_redundant=2, n_clusters_per_class=2, class_sep=0.6, flip_y=0,
        weights=[0.9, 0.1], random_state=seed,
    )  # fmt: skip
    a, b, c, d = train_test_split(X, y, test_size=0.3, random_state=seed)
    return a, b, c, d


def plain_fit(method: Any, X: np.ndarray, y: np.ndarray) -> Any:
    """Default logistic regression after a remedy, as the survey has it: nothing repaired."""
    if method is None:
        return LogisticRegression().fit(X, y)
    if hasattr(method, "resample"):
        r = method.resample(X, y)
        return LogisticRegression().fit(r.take(X), r.y, sample_weight=r.weights)
    return LogisticRegression().fit(X, y, sample_weight=method(y, None).sample_weight)


def seeded(method: Any, seed: int) -> Any:
    """The remedy with its own stream for this seed."""
    if method is None or "rng" not in getattr(method, "get_params", dict)():
        return method
    return clone(method).set_params(rng=seed)


def figures(y: np.ndarray, raw: np.ndarray, repaired: np.ndarray, at: float) -> list[float]:
    """One row of the table: decisions of the raw probabilities at `at`, ranking, promises raw and repaired."""
    s = im.score(y, raw, threshold=at)
    return [
        s.npv, s.sensitivity, s.specificity, s.precision, s.roc_auc, s.oe, im.score(y, repaired).oe, s.brier
    ]  # fmt: skip


def one_seed(seed: int, control: bool) -> dict[str, list[float]]:
    """{remedy: figures} on the test rows of one draw; the control of the ensembles is half of the work."""
    X, X_test, y, y_test = data(seed)
    found = {}
    for name, (_, method) in REMEDIES.items():
        method = seeded(method, seed)
        raw = plain_fit(method, X, y).predict_proba(X_test)[:, 1]
        whole = im.Rebalanced(LogisticRegression(), "none" if method is None else method, rng=seed).fit(X, y)
        at = float(y.mean()) if name == "threshold" else 0.5
        found[name] = figures(y_test, raw, whole.predict_proba(X_test)[:, 1], at)
    for name, (_, make) in ENSEMBLES.items():
        if name == CONTROL and not control:
            continue
        raw = make(seed).fit(X, y).predict_proba(X_test)[:, 1]
        whole = im.Rebalanced(make(seed), "none", rng=seed).fit(X, y)
        found[name] = figures(y_test, raw, whole.predict_proba(X_test)[:, 1], 0.5)
    return found


def simulate(seeds: int, control: bool = True) -> dict[str, np.ndarray]:
    """{remedy: (seeds, figures)}."""
    each = [one_seed(seed, control) for seed in range(seeds)]
    return {name: np.array([found[name] for found in each]) for name in each[0]}


def implied(precision: float, recall: float, share: float = SHARE) -> float:
    """Specificity that follows from the precision on the majority and the recall on the minority."""
    return precision / (1 - precision) * (1 - recall) * share / (1 - share)


def claims(found: dict[str, np.ndarray]) -> dict[str, float]:
    """Every figure that `expected.json` bounds, from means over seeds."""
    mean = {name: dict(zip(COLUMNS, np.nanmean(v, axis=0), strict=True)) for name, v in found.items()}
    logistic = [name for name in REMEDIES if name != "NearMiss-2"]
    cut, weighted, last = mean["threshold"], mean["weighted"], mean["SMOTE+ENN"]
    repaired = [row["oe"] for row in mean.values()]
    out = {
        "a_gap_majority_precision": abs(cut["majority_precision"] - weighted["majority_precision"]),
        "a_gap_recall": abs(cut["recall"] - weighted["recall"]),
        "a_threshold_majority_precision": cut["majority_precision"],
        "a_threshold_recall": cut["recall"],
        "b_auc_baseline": mean["baseline"]["auc"],
        "b_auc_farthest": max(abs(mean[n]["auc"] - mean["baseline"]["auc"]) for n in logistic),
        "d_recall_ahead": last["recall"] - max(mean[n]["recall"] for n in REMEDIES if n != "SMOTE+ENN"),
        "d_recall": last["recall"],
        "d_specificity": last["specificity"],
        "e_repaired_least": min(repaired),
        "e_repaired_most": max(repaired),
        "f_implied_specificity": implied(0.97, 0.92),
    }
    rows = (
        "baseline", "weighted", "random under", "random over", "SMOTE", "Borderline-1", "Borderline-2", "SMOTE+ENN"
    )  # fmt: skip
    return out | {f"c_oe_{name}": mean[name]["oe_raw"] for name in rows}


def run(short: bool) -> dict[str, float]:
    """The figures that are claimed, of 2 seeds or 20."""
    return claims(simulate(2, control=False) if short else simulate(20))


def survey_of(name: str) -> tuple[float, float] | None:
    return REMEDIES[name][0] if name in REMEDIES else ENSEMBLES[name][0]


def digits(x: float) -> str:
    return f"{x:.3f}".removeprefix("0")


def table(found: dict[str, np.ndarray]) -> str:
    """The table of the README: the survey's pair and the specificity it implies, then ours, each ± s.e."""
    head = (
        "remedy | survey P / r | implies spec. | P | r | specificity | precision | AUC | O/E raw | O/E repaired | Brier"
    )
    lines = [f"| {head} |", "|---|" + "---|" * head.count("|")]
    for name, rows in found.items():
        said = survey_of(name)
        pair = (
            ["", ""] if said is None else [f"{said[0]:.2f} / {said[1]:.2f}".replace("0.", "."), shown(implied(*said))]
        )
        lines.append("| " + " | ".join([name, *pair, *map(mean_and_error, rows.T)]) + " |")
    return "\n".join([*lines, *all_flagged(found)])


def mean_and_error(values: np.ndarray) -> str:
    """Mean ± s.e. over the draws that have a value."""
    known = values[np.isfinite(values)]
    error = known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else np.nan
    return f"{digits(known.mean())} ± {digits(float(error))}" if len(known) else "-"


def all_flagged(found: dict[str, np.ndarray]) -> list[str]:
    """What to know of rows that leave nobody negative: P is then 0/0, and its mean is of the other draws."""
    count = {name: int(np.isnan(rows[:, 0]).sum()) for name, rows in found.items()}
    return [f"\n{name} flags every test row in {k} of the draws; P is of the others." for name, k in count.items() if k]


def shown(specificity: float) -> str:
    """Two digits without the zero before the point."""
    return f"{specificity:.2f}".removeprefix("0")


def write_table(text: str, seeds: int) -> None:
    """Put the table between the marks of the README; beside, then renamed."""
    readme = HERE / "README.md"
    made = f"NumPy {np.__version__}, SciPy {scipy.__version__}, scikit-learn {sklearn.__version__}; {seeds} seeds."
    between = f"<!-- table -->\n{text}\n\nRun with {made}\n<!-- end of table -->"
    new = re.sub(r"<!-- table -->.*<!-- end of table -->", lambda _: between, readme.read_text(), flags=re.S)
    beside = readme.with_suffix(".part")
    beside.write_text(new)
    beside.replace(readme)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="2 seeds, wider bounds")
    short = parser.parse_args().short
    warnings.simplefilter("error")
    raw = simulate(2, control=False) if short else simulate(20)
    print(table(raw))
    if not short:
        write_table(table(raw), 20)
    return judged(HERE, claims(raw), short=short)


if __name__ == "__main__":
    sys.exit(main())
