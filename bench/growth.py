"""How time grows with the number of rows and with the share of the rare class, ours and imbalanced-learn's.

    python bench/growth.py [rows|prevalence]        default both; writes growth-rows.png, growth-prevalence.png and growth.json here

The table of bench/undersampling.py. Rows: 5,000 to 200,000 at 5 % positives; the peer stops where it would take minutes.
Prevalence: 1 to 40 % of 30,000 rows, the peer at three of them. CPU seconds in one process and one thread, the least of three
runs of ours, one of the peer. Printed besides: the exponent b of seconds ~ rows^b over the last factor of four.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import json
import math
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from imblearn import combine, over_sampling, under_sampling
from sklearn.datasets import make_classification

import upweight.imbalance as im

HERE = Path(__file__).resolve().parent
ROWS = (5_000, 10_000, 20_000, 50_000, 100_000, 200_000)
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
PEER_SHARES = (0.01, 0.05, 0.2)
METHODS: dict[str, tuple[Any, Any, int]] = {  # ours, the peer's, the most rows it is given
    "Tomek links": (im.TomekLinks(), under_sampling.TomekLinks(), 50_000),
    "ENN": (im.EditedNN(), under_sampling.EditedNearestNeighbours(), 50_000),
    "RENN": (im.EditedNN(scheme="repeated"), under_sampling.RepeatedEditedNearestNeighbours(), 20_000),
    "cleaning rule": (im.NeighbourhoodCleaning(), under_sampling.NeighbourhoodCleaningRule(), 50_000),
    "CNN": (im.CondensedNN(rng=0), under_sampling.CondensedNearestNeighbour(random_state=0), 5_000),
    "NearMiss-2": (im.NearMiss(version=2), under_sampling.NearMiss(version=2), 50_000),
    "SMOTE": (im.SMOTE(rng=0), over_sampling.SMOTE(random_state=0), 200_000),
    "Borderline-1": (im.SMOTE(kind="borderline1", rng=0), over_sampling.BorderlineSMOTE(random_state=0), 100_000),
    "SMOTE+Tomek": (
        im.Chain(im.SMOTE(rng=0), im.TomekLinks(drop="all")),
        combine.SMOTETomek(random_state=0),
        20_000,
    ),
    "SMOTE+ENN": (im.Chain(im.SMOTE(rng=0), im.EditedNN(drop="all")), combine.SMOTEENN(random_state=0), 20_000),
}


def table(rows: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    return make_classification(
        rows, n_features=20, n_informative=6, weights=[1 - share], flip_y=0.01, class_sep=0.8, random_state=0
    )


def seconds(call: Callable[..., Any], X: np.ndarray, y: np.ndarray, repeats: int) -> float:
    took = []
    for _ in range(repeats):
        start = time.process_time()
        call(X, y)
        took.append(time.process_time() - start)
    return min(took)


def sweep(points: list[tuple[int, float]], peer_at: Callable[[int, float, int], bool]) -> dict[str, Any]:
    """CPU seconds of each method at each (rows, share); None where the peer is not asked."""
    figures: dict[str, Any] = {name: {"ours": [], "peer": []} for name in METHODS}
    for rows, share in points:
        X, y = table(rows, share)
        for name, (ours, theirs, most) in METHODS.items():
            figures[name]["ours"].append(seconds(ours.resample, X, y, 3))
            asked = peer_at(rows, share, most)
            figures[name]["peer"].append(seconds(theirs.fit_resample, X, y, 1) if asked else None)
        line = ", ".join(f"{name} {f['ours'][-1]:.3f}" for name, f in figures.items())
        print(f"{rows:>7,} rows, {share:.0%}: {line}", flush=True)
    return figures


def plot(path: Path, across: tuple[float, ...], figures: dict[str, Any], label: str, title: str) -> None:
    shown, grid = plt.subplots(2, 5, figsize=(14, 5.6), sharex=True, sharey=True, layout="constrained")
    for axes, (name, one) in zip(grid.ravel(), figures.items(), strict=True):
        axes.loglog(across, one["ours"], "o-", color="#1f6f8b", markersize=4, label="upweight")
        there = [(x, s) for x, s in zip(across, one["peer"], strict=True) if s is not None]
        axes.loglog(*zip(*there, strict=True), "s--", color="#b5543c", markersize=4, label="imbalanced-learn 0.14")
        axes.set_title(name, fontsize=10)
        axes.grid(which="major", color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    grid[0, 0].legend(fontsize=8, frameon=False, loc="upper left")
    shown.supxlabel(label, fontsize=10)
    shown.supylabel("CPU seconds, one thread", fontsize=10)
    shown.suptitle(title, fontsize=11)
    shown.savefig(path, dpi=110)
    plt.close(shown)


def exponents(figures: dict[str, Any]) -> str:
    last, first = ROWS.index(200_000), ROWS.index(50_000)
    words = [
        f"{name} {math.log(f['ours'][last] / f['ours'][first], ROWS[last] / ROWS[first]):.2f}"
        for name, f in figures.items()
    ]
    return "seconds ~ rows^b from 50,000 to 200,000 rows: " + ", ".join(words)


def main() -> None:
    warnings.simplefilter("ignore")
    kept = HERE / "growth.json"
    facts: dict[str, Any] = json.loads(kept.read_text()) if kept.is_file() else {}
    parts = sys.argv[1:] or ["rows", "prevalence"]
    im.SMOTE(rng=0).resample(*table(2000, 0.05))
    if "rows" in parts:
        facts["rows"] = sweep([(n, 0.05) for n in ROWS], lambda rows, _, most: rows <= most)
        plot(HERE / "growth-rows.png", ROWS, facts["rows"], "rows", "20 columns, 5 % positives")
        print(exponents(facts["rows"]))
    if "prevalence" in parts:
        facts["prevalence"] = sweep(
            [(30_000, share) for share in SHARES],
            lambda _, share, most: share in PEER_SHARES and most > 5_000,
        )
        plot(
            HERE / "growth-prevalence.png",
            SHARES,
            facts["prevalence"],
            "share of the rare class",
            "30,000 rows, 20 columns",
        )
    kept.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
