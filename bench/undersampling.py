"""Under-sampling and cleaning against imbalanced-learn.

    python bench/undersampling.py [rows] [part ...]        parts: methods shared growth cover; default all, 100,000 rows

Both run in this process and in one thread. For each method: CPU seconds (the least of three runs of ours, one of the peer, which
takes minutes), wall seconds in brackets, what our run added to resident memory at its peak, and the time in floors. A floor is one
brute float64 `NearestNeighbors` call that looks up the minority among all rows: less is not to be had by plain search.
The rows kept are asserted to be the peer's, except where the peer errs (tests/peers show it): there the condensed set must err
nowhere, and the cleaning rule must drop what its definition drops.

Demands, times faster: CNN at 10,000 rows 300, NearMiss-2 30, RENN 25, AllKNN 12, Tomek 10, ENN and the cleaning rule 4; CNN at
100,000 rows in 20 s; Tomek in 3 floors, NearMiss-2 in 1.5, ENN in 6. Eight methods from one `neighbours(X)` at 30,000 rows: 12
times faster than the peer's eight. With 2,000 minority rows, from 50,000 to 200,000 rows: at most 6 times the time. Tomek links of
the forest cover table (KD-tree country): 8. The others promise nothing but to take at most 1.2 times as long.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import platform
import sys
import threading
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from imblearn import over_sampling
from imblearn import under_sampling as peer
from sklearn.datasets import make_classification
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

import upweight.imbalance as im

PAGE = os.sysconf("SC_PAGESIZE")


class Ran:
    """One call: its result, CPU and wall seconds, and by how much resident memory rose at most, in MB."""

    def __init__(self, call: Callable[[], Any]):
        before, self.peak, self.over = resident(), 0.0, False
        watch = threading.Thread(target=self._watch)
        watch.start()
        cpu, wall = time.process_time(), time.perf_counter()
        self.result = call()
        self.cpu, self.wall = time.process_time() - cpu, time.perf_counter() - wall
        self.over = True
        watch.join()
        self.added = max(0.0, self.peak - before)

    def _watch(self) -> None:
        while not self.over:
            self.peak = max(self.peak, resident())
            time.sleep(0.005)


def resident() -> float:
    """Resident memory in MB (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e6


def best(call: Callable[[], Any], repeats: int = 3) -> Ran:
    """The run that took least, with the most memory that any of them added."""
    runs = [Ran(call) for _ in range(repeats)]
    least = min(runs, key=lambda ran: ran.cpu)
    least.added = max(ran.added for ran in runs)
    return least


def table(rows: int) -> tuple[np.ndarray, np.ndarray]:
    return make_classification(
        rows, n_features=20, n_informative=6, weights=[0.95], flip_y=0.01, class_sep=0.8, random_state=0
    )


def floor_of(X: np.ndarray, y: np.ndarray) -> float:
    search = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(X)
    return best(lambda: search.kneighbors(X[y == 1]), 2).cpu


def said(name: str, ours: Ran, theirs: Ran | None, demand: float, floor: float | None, floors: float = 0) -> None:
    """One line; a demand that is not met is marked."""
    words = [f"{name:<28} ours {ours.cpu:7.3f} s ({ours.wall:6.2f}), +{ours.added:4.0f} MB"]
    if floor:
        words.append(f"{ours.cpu / floor:5.2f} floors" + (" MISSED" if floors and ours.cpu > floors * floor else ""))
    if theirs:
        ratio = theirs.cpu / ours.cpu
        words.append(f"peer {theirs.cpu:7.2f} s ({theirs.wall:6.2f}), +{theirs.added:5.0f} MB")
        words.append(f"{ratio:6.1f} x (demand {demand:.3g} x{'' if ratio >= demand else ': MISSED'})")
    print("; ".join(words), flush=True)


SAME = (  # name, ours, theirs, demand, floors allowed
    ("Tomek", im.TomekLinks(), peer.TomekLinks(), 10, 3),
    ("ENN", im.EditedNN(), peer.EditedNearestNeighbours(), 4, 6),
    ("AllKNN", im.EditedNN(scheme="growing"), peer.AllKNN(), 12, 0),
    ("RENN", im.EditedNN(scheme="repeated"), peer.RepeatedEditedNearestNeighbours(), 25, 0),
    ("NearMiss-1", im.NearMiss(), peer.NearMiss(), 1 / 1.2, 0),
    ("NearMiss-2", im.NearMiss(version=2), peer.NearMiss(version=2), 30, 1.5),
    ("NearMiss-3", im.NearMiss(version=3), peer.NearMiss(version=3), 1 / 1.2, 0),
)


def methods(rows: int) -> None:
    X, y = table(rows)
    floor = floor_of(X, y)
    print(
        f"{rows:,} x {X.shape[1]}, {int(y.sum()):,} of the minority, {X.nbytes / 1e6:.0f} MB; one floor {floor:.2f} s"
    )
    for name, ours, theirs, demand, floors in SAME:
        mine, other = best(lambda o=ours: o.resample(X, y)), Ran(lambda t=theirs: t.fit_resample(X, y))
        assert np.array_equal(mine.result.indices, np.sort(theirs.sample_indices_)), name
        said(f"{name}, keeps {len(mine.result):,}", mine, other, demand, floor, floors)
    cleaning_rule(X, y, floor)
    one_sided(X, y, floor)
    condensed(X, y)


def cleaning_rule(X: np.ndarray, y: np.ndarray, floor: float) -> None:
    mine = best(lambda: im.NeighbourhoodCleaning().resample(X, y))
    other = Ran(lambda: peer.NeighbourhoodCleaningRule().fit_resample(X, y))
    near = NearestNeighbors(n_neighbors=4).fit(X).kneighbors(X, return_distance=False)[:, 1:]
    outvoted = (y[near] != y[:, None]).sum(axis=1) >= 2
    crowd = near[outvoted & (y == 1)].ravel()
    gone = np.union1d(np.flatnonzero(outvoted & (y == 0)), crowd[y[crowd] == 0])
    assert np.array_equal(mine.result.removed, gone)
    said(f"cleaning rule, keeps {len(mine.result):,}", mine, other, 4, floor)


def one_sided(X: np.ndarray, y: np.ndarray, floor: float) -> None:
    mine = best(lambda: im.OneSided(rng=0).resample(X, y))
    other = Ran(lambda: peer.OneSidedSelection(random_state=0).fit_resample(X, y))  # starts from a row of its own
    said(f"one-sided, keeps {len(mine.result):,}", mine, other, 10, floor)


def condensed(X: np.ndarray, y: np.ndarray) -> None:
    few = table(10_000)
    mine = best(lambda: im.CondensedNN(rng=0).resample(*few))
    theirs = peer.CondensedNearestNeighbour(random_state=0)
    other = Ran(lambda: theirs.fit_resample(*few))
    wrong = [errors(*few, np.unique(rows)) for rows in (mine.result.indices, theirs.sample_indices_)]
    assert wrong[0] == 0
    said(f"CNN at 10,000, errs 0 and {wrong[1]}", mine, other, 300, None)
    mine = best(lambda: im.CondensedNN(rng=0).resample(X, y), 2)
    assert errors(X, y, mine.result.indices) == 0
    said(f"CNN at {len(y):,}, errs 0", mine, None, 0, None)
    print(f"{'':<28} demand 20 s{'' if mine.cpu <= 20 or len(y) > 100_000 else ': MISSED'}")


def errors(X: np.ndarray, y: np.ndarray, kept: np.ndarray) -> int:
    return int((KNeighborsClassifier(1).fit(X[kept], y[kept]).predict(X) != y).sum())


SHARED = (
    ("Tomek", im.TomekLinks(), peer.TomekLinks()),
    ("ENN", im.EditedNN(), peer.EditedNearestNeighbours()),
    ("RENN", im.EditedNN(scheme="repeated"), peer.RepeatedEditedNearestNeighbours()),
    ("AllKNN", im.EditedNN(scheme="growing"), peer.AllKNN()),
    ("cleaning rule", im.NeighbourhoodCleaning(), peer.NeighbourhoodCleaningRule()),
    ("one-sided", im.OneSided(rng=0), peer.OneSidedSelection(random_state=0)),
    ("Borderline", im.SMOTE(kind="borderline1", rng=0), over_sampling.BorderlineSMOTE(random_state=0)),
    ("ADASYN", im.SMOTE(kind="adasyn", rng=0), over_sampling.ADASYN(random_state=0)),
)


def shared(rows: int) -> None:
    X, y = table(rows)

    def sweep() -> list[im.Resample]:
        g = im.neighbours(X)
        return [ours.resample(X, y, neighbours=g) for _, ours, _ in SHARED]

    mine = best(sweep)
    for (name, ours, _), r in zip(SHARED, mine.result, strict=True):
        assert np.array_equal(r.parents, ours.resample(X, y).parents), name
    other = Ran(lambda: [theirs.fit_resample(X, y) for _, _, theirs in SHARED])
    said(f"eight, one neighbours, {rows:,}", mine, other, 12, None)


def growth() -> None:
    """2,000 minority rows among 50,000 and among 200,000."""
    X, y = make_classification(
        400_000, n_features=20, n_informative=6, weights=[0.9], flip_y=0.01, class_sep=0.8, random_state=0
    )
    rare, common = np.flatnonzero(y == 1)[:2000], np.flatnonzero(y == 0)
    for name, ours in (
        ("Tomek", im.TomekLinks()),
        ("ENN", im.EditedNN()),
        ("cleaning rule", im.NeighbourhoodCleaning()),
        ("NearMiss-1", im.NearMiss()),
        ("NearMiss-2", im.NearMiss(version=2)),
        ("NearMiss-3", im.NearMiss(version=3)),
        ("SMOTE+Tomek", im.Chain(im.SMOTE(rng=0), im.TomekLinks(drop="all"))),
    ):
        took = []
        for rows in (50_000, 200_000):
            some = np.sort(np.concatenate([rare, common[: rows - 2000]]))
            took.append(best(lambda o=ours, s=some: o.resample(X[s], y[s]), 2).cpu)
        times = took[1] / took[0]
        print(
            f"{name:<28} 50,000: {took[0]:.3f} s, 200,000: {took[1]:.3f} s, grows {times:.1f} x{' MISSED' * (times > 6)}"
        )


def cover() -> None:
    folder = Path(os.environ.get("UPWEIGHT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    path = folder / "imbalanced" / "cover.npz"
    if not path.is_file():
        print(f"cover: no {path.name} in the data folder (UPWEIGHT_DATA); left out")
        return
    held = np.load(path)
    X, y = held["X"].astype(np.float64), held["y"]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    for name, ours, theirs, demand in (
        ("Tomek", im.TomekLinks(), peer.TomekLinks(), 8),
        ("ENN", im.EditedNN(), peer.EditedNearestNeighbours(), 1 / 1.2),
    ):
        mine, other = best(lambda o=ours: o.resample(X, y)), Ran(lambda t=theirs: t.fit_resample(X, y))
        assert np.array_equal(mine.result.indices, np.sort(theirs.sample_indices_)), name
        said(f"{name}, cover, {len(y):,} x {X.shape[1]}", mine, other, demand, None)


def main() -> None:
    rows = next((int(a) for a in sys.argv[1:] if a.isdigit()), 100_000)
    parts = [a for a in sys.argv[1:] if not a.isdigit()] or ["methods", "shared", "growth", "cover"]
    versions = ", ".join(f"{p} {version(p)}" for p in ("numpy", "scikit-learn", "imbalanced-learn"))
    print(f"{platform.processor() or platform.machine()}, {versions}, load {os.getloadavg()[0]:.1f}")
    warnings.simplefilter("ignore")  # NearMiss-3 of the peer warns that rows are few
    im.EditedNN().resample(*table(2000))
    for part in parts:
        {"methods": lambda: methods(rows), "shared": lambda: shared(30_000), "growth": growth, "cover": cover}[part]()


if __name__ == "__main__":
    main()
