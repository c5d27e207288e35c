"""Over-sampling, and cleaning after it, against imbalanced-learn.

    python bench/oversampling.py [rows]

Both run in this process, in one thread, turn about; times are CPU seconds, the least of several runs (of one run where the peer
takes minutes). The table is `make_classification(rows, 20 columns, 5 % positives)`, seeded. Cleaning is done by both to the very
same table after SMOTE, and the rows that stay are asserted to be equal; the peer's SMOTE is added to its time.
Demands: SMOTE, Borderline, ADASYN at most 1.2 x the peer's time (nothing is promised there); SMOTE+Tomek 15 x faster, SMOTE+ENN
6 x; SMOTE-N with 4,000 minority rows and SMOTE-NC with 1,000 levels 20 x, with a peak below three times the input and a block.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import platform
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import pandas as pd
from imblearn import over_sampling
from imblearn.under_sampling import EditedNearestNeighbours
from imblearn.under_sampling import TomekLinks as PeerTomek
from sklearn.datasets import make_classification

from upweight.imbalance import SMOTE, Chain, EditedNN, TomekLinks

BLOCK = 64e6


def seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def together(ours: Callable[[], object], theirs: Callable[[], object], repeats: int = 3) -> tuple[float, float]:
    """Least CPU seconds of either, taking turns so that a busy machine is busy for both."""
    times = [(seconds(ours), seconds(theirs)) for _ in range(repeats)]
    return min(t[0] for t in times), min(t[1] for t in times)


def said(name: str, ours: float, theirs: float, demand: float) -> None:
    ratio = theirs / ours
    missed = "" if ratio >= demand else ": MISSED"
    print(
        f"{name:<22} peer {theirs:8.2f} s, ours {ours:7.3f} s: {ratio:6.1f} x (demand {demand:.2g} x{missed})",
        flush=True,
    )


def table(rows: int) -> tuple[np.ndarray, np.ndarray]:
    return make_classification(
        rows, n_features=20, n_informative=6, weights=[0.95], flip_y=0.01, class_sep=0.8, random_state=0
    )


def filling(rows: int) -> None:
    X, y = table(rows)
    for kind, theirs in (
        ("plain", over_sampling.SMOTE(random_state=0)),
        ("borderline1", over_sampling.BorderlineSMOTE(random_state=0)),
        ("borderline2", over_sampling.BorderlineSMOTE(random_state=0, kind="borderline-2")),
        ("adasyn", over_sampling.ADASYN(random_state=0)),
    ):
        ours = SMOTE(kind=kind, rng=0)
        said(kind, *together(lambda o=ours: o.fit_resample(X, y), lambda t=theirs: t.fit_resample(X, y)), 1 / 1.2)


def small_tables() -> None:
    """Plain SMOTE where the calls around the search count, a seventh of the rows rare."""
    for rows in (1000, 4000, 20_000):
        X, y = make_classification(
            rows, n_features=20, n_informative=6, weights=[0.86], flip_y=0.02, class_sep=0.8, random_state=0
        )
        ours, theirs = SMOTE(rng=0), over_sampling.SMOTE(random_state=0)
        took = together(lambda: ours.fit_resample(X, y), lambda: theirs.fit_resample(X, y), repeats=25)  # noqa: B023
        said(f"plain, {rows:,} rows", *took, 1)


def after_smote() -> None:
    """SMOTE+Tomek on 4,000 rows against SMOTE, then Tomek links on what it made: numbers, long tails, flags that are voted."""
    rng = np.random.default_rng(0)
    y = (rng.random(4000) < 0.14).astype(int)
    numbers = rng.normal(size=(4000, 20)) + 0.3 * y[:, None]
    tables = {
        "normal": numbers,
        "long tails": np.sinh(2 * numbers),
        "ten flags": np.c_[numbers[:, :10], numbers[:, 10:] > 0],
    }
    smote, links = SMOTE(rng=0), TomekLinks(drop="all")
    for name, X in tables.items():
        filled = smote.fit_resample(X, y)
        steps = [(smote, (X, y)), (links, filled)]
        apart = [min(seconds(lambda s=s, t=t: s.fit_resample(*t)) for _ in range(5)) for s, t in steps]
        both = min(seconds(lambda X=X: Chain(smote, links).fit_resample(X, y)) for _ in range(5))
        print(f"SMOTE+Tomek, {name:<12} {both:.3f} s: {both / sum(apart):.1f} x the sum of its parts", flush=True)


def cleaning(rows: int) -> None:
    X, y = table(rows)
    filled, labels = SMOTE(rng=0).fit_resample(X, y)
    fill = seconds(lambda: over_sampling.SMOTE(random_state=0).fit_resample(X, y))
    for name, ours, theirs, demand in (
        ("SMOTE+Tomek", TomekLinks(drop="all"), PeerTomek(sampling_strategy="all"), 15),
        ("SMOTE+ENN", EditedNN(drop="all"), EditedNearestNeighbours(sampling_strategy="all"), 6),
    ):
        chain = Chain(SMOTE(rng=0), ours)
        took = [seconds(lambda c=chain: c.fit_resample(X, y)) for _ in range(2)]
        peer = fill + seconds(lambda t=theirs: t.fit_resample(filled, labels))
        assert np.array_equal(chain.resample_.take(X), filled[np.sort(theirs.sample_indices_)])
        said(name, min(took), peer, demand)


def levels(kind: str, rows: int, rare: int, sizes: list[int]) -> tuple[pd.DataFrame, np.ndarray]:
    """Text columns with so many levels each; for NC three columns of numbers more."""
    rng = np.random.default_rng(0)
    y = (np.arange(rows) < rare).astype(int)
    held = {
        f"c{j}": np.array([f"v{v}" for v in (rng.random(rows) ** (1 + y) * L).astype(int)]) for j, L in enumerate(sizes)
    }
    numbers = {f"x{j}": rng.normal(size=rows) + y for j in range(3 * (kind == "NC"))}
    return pd.DataFrame({**numbers, **{c: pd.Categorical(v) for c, v in held.items()}}), y


def categories(kind: str, rows: int, rare: int, sizes: list[int], theirs: object) -> None:
    frame, y = levels(kind, rows, rare, sizes)
    ours = SMOTE(rng=0)
    took = together(lambda: ours.fit_resample(frame, y), lambda: theirs.fit_resample(frame, y), repeats=1)
    said(f"SMOTE-{kind} n={rows:,}", *took, 20)
    tracemalloc.start()
    ours.fit_resample(frame, y)
    peak, size = tracemalloc.get_traced_memory()[1], frame.memory_usage().sum()
    tracemalloc.stop()
    print(f"{'':<22} peak {peak / 1e6:.0f} MB, input {size / 1e6:.1f} MB and a block of {BLOCK / 1e6:.0f}", flush=True)
    assert peak < 3 * size + BLOCK


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    versions = ", ".join(f"{p} {version(p)}" for p in ("numpy", "scikit-learn", "imbalanced-learn"))
    print(f"{platform.processor() or platform.machine()}, {versions}, load {os.getloadavg()[0]:.1f}; {rows:,} rows")
    warnings.simplefilter("ignore")
    small_tables()
    after_smote()
    filling(rows)
    categories("N", 20_000, 4000, [3, 4, 5, 6, 8, 10, 12, 20], over_sampling.SMOTEN(random_state=0))
    categories("NC", 30_000, 3000, [1000], over_sampling.SMOTENC("auto", random_state=0))
    cleaning(rows)


if __name__ == "__main__":
    main()
