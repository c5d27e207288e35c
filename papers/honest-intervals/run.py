"""How often do intervals of weighted averages cover, when the weights have a tail?

    python papers/honest-intervals/run.py                    # all claims, four minutes of CPU; exit 1 if one is missed
    python papers/honest-intervals/run.py --tables FILE      # the tables of docs/intervals.md besides
    python papers/honest-intervals/run.py --short            # fifteen seconds, wider bounds for fewer runs, no medians

Every run draws n rows, weighs them by log-ratio, and asks `Weights.mean` and `Weights.quantile`, the way a user does, for a
nominal 95 %. Every figure is compared with `expected.json`.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import scipy
from scipy.signal import lfilter
from scipy.special import ndtr

import upweight as uw

HERE = Path(__file__).resolve().parent
METHODS = ("sd/√ESS", "delta", "tail-adjusted", "smoothed")
AVERAGES = ("f = x", "f = 1{x>1.5}", "median")
FAMILIES = ("Pareto", "wider normal", "shifted normal")
TAILS = (0.2, 0.4, 0.5, 0.6, 0.7)
ROWS = (200, 1000, 10_000)
RUNS = {200: 2000, 1000: 2000, 10_000: 1000}
SHORT = {200: 150, 1000: 200, 10_000: 50}
Z = 1.959963984540054


@dataclass
class Cell:
    """Counts over the runs of one family, tail and n; one entry an average."""

    runs: int = 0
    medians: int = 0
    covered: dict[str, np.ndarray] = field(default_factory=lambda: {m: np.zeros(len(AVERAGES)) for m in METHODS})
    believed: np.ndarray = field(default_factory=lambda: np.zeros(len(AVERAGES)))
    betrayed: np.ndarray = field(default_factory=lambda: np.zeros(len(AVERAGES)))

    def share(self, method: str) -> np.ndarray:
        return self.covered[method] / self.runs


def draw(family: str, k: float, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, tuple[float, ...]]:
    """Rows x, their log-ratio with tail index k, and the truth: mean, share above 1.5, median of the target."""
    if family == "Pareto":  # Exp(1 - k) over Exp(1)
        x = rng.exponential(size=n)
        return x, math.log1p(-k) + k * x, (1 / (1 - k), math.exp(-1.5 * (1 - k)), math.log(2) / (1 - k))
    x = rng.normal(size=n)
    if family == "wider normal":  # N(0, 1/(1 - k)) over N(0, 1)
        return x, 0.5 * math.log1p(-k) + 0.5 * k * x**2, (0.0, float(ndtr(-1.5 * math.sqrt(1 - k))), 0.0)
    return x, 2 * k * x - 2 * k**2, (2 * k, float(ndtr(2 * k - 1.5)), 2 * k)  # N(2k, 1) over N(0, 1)


def one_run(cell: Cell, x: np.ndarray, l: np.ndarray, truth: tuple[float, ...], *, median: bool) -> None:
    """Ask every method once."""
    w = uw.Weights.of_log(l, kind="importance")
    smooth = w.smooth()
    cell.runs += 1
    for j, f in enumerate((x, x > 1.5)):
        e, s = w.mean(f), smooth.mean(f)
        tally(cell, j, e, s, truth[j])
        off = abs(e.value - truth[j])
        cell.covered["delta"][j] += off <= Z * e.se
        spread = math.sqrt(float(np.sum(w.probabilities * (f - e.value) ** 2)))
        cell.covered["sd/√ESS"][j] += off <= Z * spread / math.sqrt(w.ess)
    if median:
        cell.medians += 1
        tally(cell, 2, w.quantile(x, 0.5), smooth.quantile(x, 0.5), truth[2])


def tally(cell: Cell, j: int, e: uw.Estimate, s: uw.Estimate, truth: float) -> None:
    hit = e.interval()[0] <= truth <= e.interval()[1]
    cell.covered["tail-adjusted"][j] += hit
    cell.covered["smoothed"][j] += s.interval()[0] <= truth <= s.interval()[1]
    cell.believed[j] += e.ok
    cell.betrayed[j] += e.ok and not hit


def coverage(runs: dict[int, int], *, median: bool = True) -> dict[tuple[int, str, float], Cell]:
    """Every cell of the tables."""
    cells = {}
    for n, family, k in ((n, family, k) for n in runs for family in FAMILIES for k in TAILS):
        rng = np.random.default_rng([n, round(100 * k), FAMILIES.index(family)])
        cell = cells[n, family, k] = Cell()
        for _ in range(runs[n]):
            one_run(cell, *draw(family, k, n, rng), median=median)
    return cells


def controls(runs: int) -> dict[str, float]:
    """Two checks outside the tables: clusters at k = 0.3, and no tail at all, where the textbook's t interval is due."""
    rng = np.random.default_rng(1)
    clustered = flat = 0
    for _ in range(runs):
        x, shared = rng.exponential(size=(100, 5)), rng.normal(size=(100, 1))
        f = (x + shared).ravel()  # a cluster's rows move together
        w = uw.Weights.of_log(0.3 * x.ravel(), kind="importance")
        low, high = w.mean(f, cluster=np.repeat(np.arange(100), 5)).interval()
        clustered += low <= 1 / 0.7 <= high
        low, high = uw.Weights.of(np.ones(20), kind="importance").mean(rng.normal(size=20)).interval()
        flat += low <= 0 <= high
    return {"clusters": clustered / runs, "textbook_n20": flat / runs}


def size_at_half() -> dict[str, float]:
    """Median ESS/n at k = 0.5, whose limit is zero: no size alone tells that."""
    found = {}
    for n, runs in ((1000, 400), (100_000, 100)):
        rng = np.random.default_rng(n)
        sizes = [uw.arrays.ess(0.5 * rng.exponential(size=n)) / n for _ in range(runs)]
        found[f"ess_share_k0.5_n{n}"] = float(np.median(sizes))
    return found


# ---- a handful of rows, heavy values, dependent rows, spreads -----------------------------------------------------------------

VALUES: dict[str, tuple[Callable[[np.random.Generator, int], np.ndarray], float]] = {
    "0/1, p = .002": (lambda rng, n: rng.random(n) < 0.002, 0.002),
    "0/1, p = .005": (lambda rng, n: rng.random(n) < 0.005, 0.005),
    "0/1, p = .02": (lambda rng, n: rng.random(n) < 0.02, 0.02),
    "half a percent of buyers, lognormal": (
        lambda rng, n: (rng.random(n) < 0.005) * rng.lognormal(0, 1, n),
        0.005 * math.exp(0.5),
    ),
    "2 % of buyers, lognormal": (lambda rng, n: (rng.random(n) < 0.02) * rng.lognormal(0, 1, n), 0.02 * math.exp(0.5)),
    "exponential": (lambda rng, n: rng.exponential(size=n), 1.0),
    "lognormal": (lambda rng, n: rng.lognormal(0, 1, n), math.exp(0.5)),
    "Student t, 3": (lambda rng, n: rng.standard_t(3, n), 0.0),
    "Pareto, tail 1/2": (lambda rng, n: 1 + rng.pareto(2, n), 2.0),
    "Pareto, tail 2/3": (lambda rng, n: 1 + rng.pareto(1.5, n), 3.0),
}
VALUE_ROWS = (200, 1000, 5000)
CHAINS = (0.0, 0.5, 0.9, 0.98)
CHAIN_ROWS = (500, 2000, 10_000)
SPREADS = ("variance", "sd", "covariance", "correlation")
SHIFTS = (0.0, 0.5, 0.8)
SPREAD_ROWS = (100, 200, 1000)


@dataclass
class Count:
    """Runs, of which so many cover, are believed, and are believed and miss."""

    runs: int = 0
    covered: int = 0
    believed: int = 0
    betrayed: int = 0

    def add(self, e: uw.Estimate, truth: float) -> None:
        low, high = e.interval()
        hit = low <= truth <= high
        self.runs += 1
        self.covered += hit
        self.believed += e.ok
        self.betrayed += e.ok and not hit


def heavy_values(runs: int) -> dict[tuple[str, int], Count]:
    """Averages of equal rows: the textbook's interval, and whether it is believed."""
    counts: dict[tuple[str, int], Count] = {}
    for (name, (draw_values, truth)), n in ((v, n) for v in VALUES.items() for n in VALUE_ROWS):
        rng, w = np.random.default_rng([n, list(VALUES).index(name)]), uw.Weights.of(np.ones(n), kind="importance")
        count = counts[name, n] = Count()
        for _ in range(runs):
            count.add(w.mean(draw_values(rng, n)), truth)
    return counts


def dependent_rows(runs: int) -> dict[tuple[float, int, str], Count]:
    """Means of AR(1) series: rows alone, in blocks of 50, in blocks of the length found."""
    ways: dict[str, dict[str, object]] = {"rows": {}, "blocks=50": {"blocks": 50}, "found": {"autocorrelated": True}}
    counts = {(phi, n, way): Count() for phi in CHAINS for n in CHAIN_ROWS for way in ways}
    for phi in CHAINS:
        for n in CHAIN_ROWS:
            rng, w = np.random.default_rng([n, round(100 * phi)]), uw.Weights.of(np.ones(n), kind="importance")
            for _ in range(runs):
                x = lfilter([1.0], [1.0, -phi], rng.normal(size=n + 1000))[1000:]
                for way, said in ways.items():
                    counts[phi, n, way].add(w.mean(x, **said), 0.0)
    return counts


def spreads(runs: int) -> dict[tuple[float, int, str], Count]:
    """Variance, sd, covariance and correlation of normals, weighted from N(0, 1) as if shifted; all truths are of the target."""
    counts = {(by, n, name): Count() for by in SHIFTS for n in SPREAD_ROWS for name in SPREADS}
    for by in SHIFTS:
        for n in SPREAD_ROWS:
            rng = np.random.default_rng([n, round(10 * by)])
            for _ in range(runs):
                x = rng.normal(size=n)
                y = 0.6 * x + 0.8 * rng.normal(size=n)
                w = uw.Weights.of_log(by * x - by * by / 2, kind="importance")
                found = w.var(x), w.std(x), w.cov(x, y), w.corr(x, y)
                for name, e, truth in zip(SPREADS, found, (1.0, 1.0, 0.6, 0.6), strict=True):
                    counts[by, n, name].add(e, truth)
    return counts


def more_claims(values: dict, chains: dict, spread: dict) -> dict[str, float]:
    """The worst of each."""
    share = lambda count: count.betrayed / count.runs
    return {
        "values_believed_and_missed": max(map(share, values.values())),
        "exponential_believed_n200": values["exponential", 200].believed / values["exponential", 200].runs,
        "ar1_0.9_rows_n2000": chains[0.9, 2000, "rows"].covered / chains[0.9, 2000, "rows"].runs,
        "ar1_0.9_blocks50_n2000": chains[0.9, 2000, "blocks=50"].covered / chains[0.9, 2000, "blocks=50"].runs,
        "ar1_found_worst_n10000": min(chains[phi, 10_000, "found"].covered for phi in CHAINS)
        / chains[0.0, 10_000, "found"].runs,
        "ar1_found_believed_and_missed": max(share(c) for (_, _, way), c in chains.items() if way == "found"),
        "spread_worst_n1000": min(c.covered / c.runs for (_, n, _), c in spread.items() if n == 1000),
        "spread_believed_and_missed": max(map(share, spread.values())),
    }


def more_tables(values: dict, chains: dict, spread: dict) -> Iterator[str]:
    """Tables of covered, believed, and believed and missed, in percent."""
    say = lambda c: (
        f"{percent(c.covered / c.runs, weak=True)} / {percent(c.believed / c.runs)} / {percent(c.betrayed / c.runs)}"
    )
    yield "\n### equal weights: covered / believed / believed and missed\n"
    yield "| f | " + " | ".join(f"n = {n:,}" for n in VALUE_ROWS) + " |\n|---|" + "--:|" * len(VALUE_ROWS)
    for name in VALUES:
        yield f"| {name} | " + " | ".join(say(values[name, n]) for n in VALUE_ROWS) + " |"
    yield "\n### AR(1): covered / believed / believed and missed\n"
    yield "| φ | n | rows | blocks=50 | autocorrelated=True |\n|--:|--:|--:|--:|--:|"
    for phi, n in ((phi, n) for phi in CHAINS for n in CHAIN_ROWS):
        yield (
            f"| {phi} | {n:,} | "
            + " | ".join(say(chains[phi, n, way]) for way in ("rows", "blocks=50", "found"))
            + " |"
        )
    yield "\n### variance, sd, covariance, correlation: covered / believed / believed and missed\n"
    yield "| shift | n | " + " | ".join(SPREADS) + " |\n|--:|--:|" + "--:|" * len(SPREADS)
    for by, n in ((by, n) for by in SHIFTS for n in SPREAD_ROWS):
        yield f"| {by} | {n:,} | " + " | ".join(say(spread[by, n, name]) for name in SPREADS) + " |"


# ---- claims ----------------------------------------------------------------------------------------------------------------


def claims_of(cells: dict[tuple[int, str, float], Cell]) -> dict[str, float]:
    """The figures that `expected.json` bounds: the worst cells, and named ones."""
    out: dict[str, float] = {}
    averages = ("x", "indicator", "median")[: 3 if any(cell.medians for cell in cells.values()) else 2]
    for n in (1000, 10_000):
        mine = [cell for (rows, _, _), cell in cells.items() if rows == n]
        for method in ("tail-adjusted", "smoothed"):
            shares = np.array([cell.share(method) for cell in mine])
            for j, name in enumerate(averages):
                out[f"worst_{method}_{name}_n{n}"] = float(shares[:, j].min())
        betrayed = np.array([cell.betrayed / cell.runs for cell in mine])
        out[f"believed_and_missed_n{n}"] = float(betrayed[:, :2].max())
    for k in (0.4, 0.5, 0.7):
        cell = cells[1000, "Pareto", k]
        out[f"delta_x_k{k}_n1000"] = float(cell.share("delta")[0])
        out[f"sd_ess_x_k{k}_n1000"] = float(cell.share("sd/√ESS")[0])
    for k in (0.6, 0.7):
        out[f"weak_x_k{k}_n200"] = float(cells[200, "Pareto", k].share("tail-adjusted")[0])
    return out


# ---- printing --------------------------------------------------------------------------------------------------------------


def markdown(cells: dict[tuple[int, str, float], Cell]) -> Iterator[str]:
    """The tables of docs/intervals.md: shares in percent, coverage under 90 in bold."""
    for j, average in enumerate(AVERAGES):
        yield from table(
            f"{average}: tail-adjusted", cells, lambda c, j=j: percent(c.share("tail-adjusted")[j], weak=True)
        )
    for j, average in enumerate(AVERAGES):
        yield from table(f"{average}: after smooth()", cells, lambda c, j=j: percent(c.share("smoothed")[j], weak=True))
    for j, average in enumerate(AVERAGES[:2]):
        for method in METHODS[:2]:
            yield from table(f"{average}: {method}", cells, lambda c, j=j, m=method: percent(c.share(m)[j], weak=True))
    for j, average in enumerate(AVERAGES):
        yield from table(
            f"{average}: believed / believed and missed",
            cells,
            lambda c, j=j: f"{percent(c.believed[j] / c.runs)} / {percent(c.betrayed[j] / c.runs)}",
        )


def table(title: str, cells: dict[tuple[int, str, float], Cell], say: Callable[[Cell], str]) -> Iterator[str]:
    """One table: a row for each family and n, a column for each k."""
    yield f"\n### {title}\n"
    yield "| target over source | n | " + " | ".join(f"k = {k}" for k in TAILS) + " |"
    yield "|---|--:|" + "--:|" * len(TAILS)
    for family in FAMILIES:
        for n in ROWS:
            row = [say(cells[n, family, k]) for k in TAILS]
            yield f"| {family} | {n:,} | " + " | ".join(row) + " |"


def percent(share: float, *, weak: bool = False) -> str:
    text = f"{100 * share:.0f}" if share >= 0.0995 or share == 0 else f"{100 * share:.1f}"
    return f"**{text}**" if weak and share < 0.9 else text


def compare(found: dict[str, float], *, short: bool) -> int:
    """Print every claim beside its bounds; how many are missed."""
    missed = 0
    for name, claim in json.loads((HERE / "expected.json").read_text()).items():
        if short and name not in found:
            continue  # medians are left to the long form
        low, high = claim.get("short", claim["within"]) if short else claim["within"]
        good = low <= found[name] <= high
        missed += not good
        said = "" if claim["claimed"] is None else f"claimed {claim['claimed']:g}"
        print(f"{'ok' if good else 'MISSED':8} {name:36} {found[name]:7.4f}  {said:14} within [{low:g}, {high:g}]")
    return missed


def run(*, short: bool) -> tuple[dict[tuple[int, str, float], Cell], dict[str, float], tuple[dict, dict, dict]]:
    """All cells, the figures of all claims, and the counts of the other tables."""
    cells = coverage(SHORT if short else RUNS, median=not short)
    more = heavy_values(60 if short else 1000), dependent_rows(25 if short else 400), spreads(60 if short else 600)
    return cells, claims_of(cells) | controls(500 if short else 4000) | size_at_half() | more_claims(*more), more


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="fewer runs, no medians")
    parser.add_argument("--tables", type=Path, help="also write the tables of docs/intervals.md to this file")
    said = parser.parse_args()
    warnings.simplefilter("error")
    start = time.process_time()
    cells, found, more = run(short=said.short)
    versions = f"NumPy {np.__version__}, SciPy {scipy.__version__}, Python {platform.python_version()}"
    print(f"{versions}; {time.process_time() - start:.0f} s of CPU")
    if said.tables:
        said.tables.write_text("\n".join([*markdown(cells), *more_tables(*more)]).strip() + "\n")
    return compare(found, short=said.short) > 0


if __name__ == "__main__":
    sys.exit(main())
