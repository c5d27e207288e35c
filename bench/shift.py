"""Density ratios and balancing against the libraries of the field, and against limits of their own.

    python bench/shift.py            # a minute of CPU

Demands (CPU seconds in one thread, calls in turns in one process):

    uLSIF, 15 cells, 10 columns, 100 centres, 5000 rows a side     >= 15 x densratio 0.4.0, >= 20 x adapt 0.4.5; 1000 rows a side >= 4 x
                                                                    densratio
    KLIEP, one width, 100 centres, 5000 rows                        certificate under 1e-8, under .2 s, >= 5 x adapt, which stops short of it
    raking, 20,000 rows, 8 margins of 6                             >= 10 x balance 0.23.0; 12 margins under 1 s and 200 MB
    balancing_weights on the CPS controls                           8 means under .05 s, 39 interactions under .3 s; 1e6 x 10 under 3 s
    density_ratio, auto, 1000 rows a side, 10 columns               under 5 s
    label_shift with errors, 10 classes, 10,000 + 10,000 rows       under .5 s
    conformal_quantile, 100,000 scores by 100,000 new rows          under .1 s
    import upweight.shift                                           under 1 s, without matplotlib; a name brings its room when it is
                                                                    used, the first at most 1.5 x scikit-learn's own learners
    growth when the rows double                                     at most 2.3 x

densratio, adapt (which brings TensorFlow) and balance (which wants NumPy < 2) are no tools of development: run where they are, left out, saying so, where not.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import contextlib
import importlib
import importlib.metadata
import io
import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import scipy
import sklearn
from _turns import together

import upweight as uw
import upweight.shift as sh
from upweight.shift.solvers import best_mixture, gaussian, least_squares, leave_one_out

COVARIATES = ["age", "education", "black", "hispanic", "married", "nodegree", "re74", "re75"]
sys.path = [p for p in sys.path if p != str(Path(__file__).resolve().parent)]  # where balance.py is no library
WIDTHS, RIDGES = (2.0, 3.0, 4.0), (1e-3, 1e-2, 1e-1, 1.0, 10.0)


def told(what: str, found: float, demand: float, unit: str, *, most: bool) -> None:
    held = found <= demand if most else found >= demand
    print(
        f"{'ok' if held else 'MISSED':7}{what:62}{found:9.3g} {unit}   ({'at most' if most else 'at least'} {demand:g})"
    )


def here(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        print(f"left out: {name} is not here")
        return False
    return True


def samples(n: int, d: int = 10) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    return rng.normal(size=(n, d)), rng.normal(size=(n, d)) + 0.5 * np.eye(d)[0]


def fifteen_cells(source: np.ndarray, target: np.ndarray) -> Callable[[], object]:
    """Leave-one-out over three widths and five ridges, and the fit."""

    def run() -> object:
        b, c = np.full(len(source), 1 / len(source)), target[:100]
        cells = {}
        for width in WIDTHS:
            P, Q = gaussian(source, c, width), gaussian(target, c, width)
            scores = leave_one_out(P, Q, b, 0.0, RIDGES)
            cells |= {(width, ridge): J for ridge, J in zip(RIDGES, scores, strict=True)}
        width, ridge = min(cells, key=lambda cell: cells[cell])
        return least_squares(gaussian(source, c, width), gaussian(target, c, width), b, 0.0, ridge)

    return run


def kernels() -> None:
    if here("densratio"):
        densratio = importlib.import_module("densratio")
        for n, demand in ((5000, 15.0), (1000, 4.0)):
            source, target = samples(n)
            theirs = lambda s=source, t=target: densratio.densratio(
                t, s, alpha=0.0, sigma_range=list(WIDTHS), lambda_range=list(RIDGES), kernel_num=100, verbose=False
            )
            ours, peer = together(fifteen_cells(source, target), theirs, repeats=3)
            told(f"uLSIF, 15 cells, {n:,} rows a side, against densratio", peer / ours, demand, "x", most=False)
    if here("adapt"):
        against_adapt()
    once, twice = together(*(fifteen_cells(*samples(n)) for n in (10_000, 20_000)), repeats=3)
    told("uLSIF, growth from 10,000 to 20,000 rows", twice / once, 2.3, "x", most=True)
    source, target = samples(5000)
    A = gaussian(target, target[:100], 3.0) / gaussian(source, target[:100], 3.0).mean(axis=0)
    told("KLIEP, one width, 100 centres, 5000 rows", together(lambda: best_mixture(A))[0], 0.2, "s", most=True)
    told("KLIEP, its certificate", best_mixture(A)[1], 1e-8, "", most=True)


def against_adapt() -> None:
    """The same cells, and one KLIEP, by both."""
    adapt = importlib.import_module("adapt.instance_based")
    source, target = samples(5000)
    gammas = [1 / (2 * width**2) for width in WIDTHS]
    squares = adapt.ULSIF(Xt=target, gamma=gammas, lambdas=list(RIDGES), max_centers=100, verbose=0, random_state=0)
    ours, peer = together(fifteen_cells(source, target), lambda: squares.fit_weights(source, target), repeats=3)
    told("uLSIF, 15 cells, 5,000 rows a side, against adapt", peer / ours, 20.0, "x", most=False)

    def mixture() -> object:
        A = gaussian(target, target[:100], 3.0) / gaussian(source, target[:100], 3.0).mean(axis=0)
        return best_mixture(A)

    kliep = adapt.KLIEP(Xt=target, gamma=gammas[1], max_centers=100, verbose=0, random_state=0)
    ours, peer = together(mixture, lambda: kliep.fit_weights(source, target), repeats=3)
    told("KLIEP, one width, 5,000 rows a side, against adapt", peer / ours, 5.0, "x", most=False)


def margins(rows: int, columns: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A sample of categories of six levels, and a population of other shares."""
    rng = np.random.default_rng(columns)
    levels = np.array([f"l{k}" for k in range(6)])
    draw = lambda n, p: pd.DataFrame({f"c{j}": levels[rng.choice(6, n, p=p[j])] for j in range(columns)})
    even, other = np.full((columns, 6), 1 / 6), rng.dirichlet(np.full(6, 40.0), columns)
    return draw(rows, even), draw(rows, other)


def against_balance(columns: int, demand: float) -> None:
    """Frames in, weights out, by both."""
    rake = importlib.import_module("balance.weighting_methods.rake").rake
    frame, population = margins(20_000, columns)
    ones, names = pd.Series(np.ones(20_000)), list(frame.columns)

    def theirs() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = rake(frame, ones, population, ones, variables=names, transformations=None, convergence_rate=1e-9)
        return found["weight"]

    ours = lambda: sh.balancing_weights(frame, population)
    mine, peer = together(ours, theirs, repeats=3)
    told(f"raking, 20,000 rows, {columns} margins of 6, against balance", peer / mine, demand, "x", most=False)
    w, v = ours().probabilities.to_numpy(), np.asarray(theirs(), dtype=float)
    gap = float(np.abs(v / v.sum() / w - 1).max())
    told("the same weights, largest relative difference", gap, 1e-5, "", most=True)


def raking() -> None:
    if here("balance"):
        against_balance(4, 0.0)  # about even there: nothing is promised
        against_balance(8, 10.0)
    frame, population = margins(20_000, 12)
    seconds = together(lambda: sh.balancing_weights(frame, population), repeats=3)[0]
    told("raking, 20,000 rows, 12 margins of 6", seconds, 1.0, "s", most=True)
    tracemalloc.start()
    sh.balancing_weights(frame, population)
    told("its memory", tracemalloc.get_traced_memory()[1] / 2**20, 200.0, "MB", most=True)
    tracemalloc.stop()


def balancing() -> None:
    data = Path(os.environ.get("UPWEIGHT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "shift"
    if (data / "cps_controls.dta").exists():
        source = pd.read_stata(data / "cps_controls.dta")[COVARIATES]
        target = pd.read_stata(data / "nsw_dw.dta").query("treat == 1")[COVARIATES]
        means, all_pairs = together(
            lambda: sh.balancing_weights(source, target),
            lambda: sh.balancing_weights(source, target, terms="interactions"),
        )
        told("balancing 15,992 rows, 8 means", means, 0.05, "s", most=True)
        told("balancing 15,992 rows, 39 interactions", all_pairs, 0.3, "s", most=True)
    else:
        print(f"left out: no LaLonde tables in {data}; set UPWEIGHT_DATA")
    rng = np.random.default_rng(0)
    x, wanted = rng.normal(size=(1_000_000, 10)), dict.fromkeys(range(10), 0.1)
    half, whole = together(
        lambda: sh.balancing_weights(x[:500_000], wanted), lambda: sh.balancing_weights(x, wanted), repeats=3
    )
    told("balancing 1,000,000 rows, 10 means", whole, 3.0, "s", most=True)
    told("balancing, growth from 500,000 to 1,000,000 rows", whole / half, 2.3, "x", most=True)


def ratios() -> None:
    pair = samples(1000)
    auto = together(lambda: sh.density_ratio(*pair, rng=0), repeats=3)[0]
    told("density_ratio, auto, 1000 rows a side, 10 columns", auto, 5.0, "s", most=True)
    seconds, drawn = loaded("import upweight.shift")
    told("import upweight.shift", seconds, 1.0, "s", most=True)
    told("matplotlib imported with it", float(drawn), 0.0, "", most=True)
    learners = "import sklearn.linear_model, sklearn.ensemble, sklearn.pipeline, sklearn.preprocessing"
    first = [loaded("from upweight.shift import diagnose")[0] / loaded(learners)[0] for _ in range(3)]
    told("its first use over what it uses of scikit-learn", float(np.median(first)), 1.5, "x", most=True)


def loaded(code: str) -> tuple[float, bool]:
    """CPU seconds of an import in a process of its own, and whether matplotlib came with it."""
    timed = f"import sys, time; t = time.process_time(); {code}; print(time.process_time() - t, 'matplotlib' in sys.modules)"
    seconds, drawn = subprocess.run(
        [sys.executable, "-c", timed], capture_output=True, text=True, check=True
    ).stdout.split()
    return float(seconds), drawn == "True"


def uses() -> None:
    rng = np.random.default_rng(0)
    means, y, late = rng.normal(size=(10, 5)), rng.integers(0, 10, 10_000), rng.integers(0, 10, 10_000)

    def proba(codes: np.ndarray) -> np.ndarray:
        x = means[codes] + rng.normal(size=(len(codes), 5))
        e = np.exp(-0.75 * ((x[:, None] - means) ** 2).sum(-1))
        return e / e.sum(1, keepdims=True)

    p, q = proba(y), proba(late)
    told(
        "label_shift with errors, 10 classes, 10,000 + 10,000 rows",
        together(lambda: sh.label_shift(p, y, q))[0],
        0.5,
        "s",
        most=True,
    )
    score, w = rng.normal(size=100_000), rng.random(100_000)
    seconds = together(lambda: sh.conformal_quantile(score, weights=w, at=w))[0]
    told("conformal_quantile, 100,000 scores, 100,000 new rows", seconds, 0.1, "s", most=True)


def main() -> None:
    print(
        f"upweight {uw.__version__}, NumPy {np.__version__}, SciPy {scipy.__version__}, scikit-learn {sklearn.__version__}"
    )
    for name in ("densratio", "adapt", "balance"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            print(f"{name} {importlib.metadata.version(name)}")
    with contextlib.redirect_stderr(io.StringIO()):
        for part in (kernels, raking, balancing, ratios, uses):
            part()


if __name__ == "__main__":
    main()
