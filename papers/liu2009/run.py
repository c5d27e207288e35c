"""EasyEnsemble and BalanceCascade on four public tables, beside one undersampled AdaBoost and beside boosting on all rows.

    python papers/liu2009/run.py              # half a minute of CPU; exit 1 if a claim is missed
    python papers/liu2009/run.py --short      # 3 folds instead of 10, wider bounds

Every figure is compared with `expected.json`, which says where it comes from and how far it may be off.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

import upweight.imbalance as im
from upweight.imbalance.ensembles._boosting import Boosted
from upweight.imbalance.ensembles._cascade import pool_sizes

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

DEPTH, MEMBERS, ROUNDS = 3, 4, 10
REPEATS = {"abalone_19": 3, "yeast_me2": 3}  # few positives: a single split says little
METHODS = {
    "easy": lambda seed: im.easy_ensemble(members=MEMBERS, rounds=ROUNDS, depth=DEPTH, rng=seed),
    "one": lambda seed: im.easy_ensemble(members=1, rounds=ROUNDS, depth=DEPTH, rng=seed),
    "cascade": lambda seed: im.BalanceCascade(members=MEMBERS, rounds=ROUNDS, depth=DEPTH, rng=seed),
    "control": lambda seed: Boosted(rounds=MEMBERS * ROUNDS, depth=DEPTH, rng=seed),
}


def tables(data: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """{name: (X, y)} of the tables that are there; y is True for the rare class."""
    found = {}
    for name in ("mammography", "abalone_19", "yeast_me2"):
        path = data / "imbalanced" / f"{name}.csv"
        if path.exists():
            found[name] = numbers(np.loadtxt(path, dtype=str, delimiter=",", skiprows=1))
    path = data / "bandit" / "letter-recognition.data"
    if path.exists():
        rows = np.loadtxt(path, dtype=str, delimiter=",")
        found["letter_a"] = rows[:, 1:].astype(float), rows[:, 0] == "A"
    return found


def numbers(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns as numbers, one 0/1 column a level of text; the last column is the class."""
    columns = []
    for column in rows[:, :-1].T:
        try:
            columns.append(column.astype(float))
        except ValueError:
            columns += [(column == level).astype(float) for level in np.unique(column)]
    return np.column_stack(columns), rows[:, -1].astype(float) == 1


def judge(X: np.ndarray, y: np.ndarray, folds: int, repeats: int) -> tuple[dict[str, tuple[float, float]], float]:
    """{method: (AUC, average precision)}, means over test folds, and the largest gap between pools and N f^i."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in METHODS}
    gap = 0
    for repeat in range(repeats):
        splits = StratifiedKFold(folds, shuffle=True, random_state=repeat).split(X, y)
        for fold, (train, test) in enumerate(splits):
            for name, make in METHODS.items():
                m = make(1000 * repeat + fold).fit(X[train], y[train])
                score = m.decision_function(X[test])
                found[name].append((roc_auc_score(y[test], score), average_precision_score(y[test], score)))
                if isinstance(m, im.BalanceCascade):
                    gap = max(gap, pool_gap(m.pools_, int(y[train].sum()), int((~y[train]).sum())))
    return {name: (float(np.mean(v, axis=0)[0]), float(np.mean(v, axis=0)[1])) for name, v in found.items()}, gap


def pool_gap(pools: np.ndarray, rare: int, common: int) -> int:
    """Largest difference between the pools and round(N f^i), f = (P/N)^(1/(T-1))."""
    f = (rare / common) ** (1 / (len(pools) - 1))
    return max(abs(int(p) - round(common * f**i)) for i, p in enumerate(pools))


def run(short: bool) -> dict[str, float]:
    """All figures; those of public tables only if they are there."""
    found = {f"pool_{i}": float(p) for i, p in enumerate([8738, *pool_sizes(208, 8738, 4)[:3]])}
    data = Path(os.environ.get("UPWEIGHT_DATA", HERE.parents[2] / "shared" / "data"))
    better, control = [], []
    for name, (X, y) in tables(data).items():
        figures, gap = judge(X, y, 3 if short else 10, 1 if short else REPEATS.get(name, 1))
        found[f"{name}_pool_gap"] = float(gap)
        for method, (auc, ap) in figures.items():
            found |= {f"{name}_auc_{method}": auc, f"{name}_ap_{method}": ap}
        better.append(figures["easy"][0] > figures["one"][0])
        control.append(figures["control"][1] >= figures["easy"][1])
    if len(better) == 4:
        found |= {"easy_beats_one": float(sum(better)), "control_has_the_ap": float(sum(control))}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="3 folds, wider bounds")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=True)


if __name__ == "__main__":
    sys.exit(main())
