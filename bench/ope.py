"""Speed of off-policy evaluation beside vw-estimators, Open Bandit Pipeline and plain loops.

    python bench/ope.py            # 1e6 rows, about a minute; peers that are not installed are left out, saying so
    python bench/ope.py 1e5

Everything runs in this process, in one thread, turn about; times are median CPU seconds. Peers that take one row at a time are timed on fewer rows
and compared by row. Demands: ratio, value and interval >= 4 x faster than `ips` and >= 60 x than `cressieread` of vw-estimators; guarantee >= 8 x
than its `cs`; >= 1,000 x than SNIPW's bootstrap of obp at 1e5 rows; path of 50 clips <= 4 sorts of the rows by w; sequence pdis >= 10 x than a loop over
steps; sums of slates >= 1,000 x than a loop over slates; vtrace in float32 >= 5 x (PyTorch) and 1.5 x (NumPy) than a loop over time.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import importlib
import importlib.util
import platform
import sys
import tracemalloc
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from _turns import together

import upweight as uw


def log_of(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rewards 0 or 1, target and logged probabilities."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, n))
    p, pi = 1 / (1 + np.exp(-a)), 1 / (1 + np.exp(-0.7 * a - 0.7 * b))
    taken = rng.random(n) < p
    p, pi = np.where(taken, p, 1 - p), np.where(taken, pi, 1 - pi)
    return (rng.random(n) < 0.3).astype(float), pi, p


def said(name: str, ours: float, theirs: float, demand: float, peer: str) -> None:
    ratio = theirs / ours
    missed = "" if ratio >= demand else ": MISSED"
    print(f"{name:34} {ours:.4f} s, {ratio:,.1f} x faster than {peer}, demand >= {demand:g} x{missed}")


def by_row(make: Callable[[], Any], add: Callable[[Any, int], None], rows: int, n: int) -> float:
    """Seconds that n rows would take, from fewer."""

    def run() -> None:
        peer = make()
        for i in range(rows):
            add(peer, i)

    return together(run, repeats=3)[0] * n / rows


def against_vw(n: int) -> None:
    if importlib.util.find_spec("estimators") is None:
        print("vw-estimators is not installed: left out")
        return
    from estimators.bandits import cressieread, cs, ips  # pyright: ignore

    r, pi, p = log_of(n)
    w = uw.ratio(pi, p)
    value, proof = together(
        lambda: uw.ope.value(r, uw.ratio(pi, p)).interval(), lambda: uw.ope.guarantee(r, w), repeats=3
    )
    rows = min(n, 20_000)
    linear, rewards, targets, sources = (x[:rows].tolist() for x in (w.values, r, pi, p))
    peer = by_row(ips.Estimator, lambda e, i: e.add_example(sources[i], rewards[i], targets[i]), rows, n)
    said("ratio, value, interval", value, peer, 4, "vw-estimators ips")
    make = lambda: cressieread.Interval()
    peer = by_row(make, lambda e, i: e.add_example(sources[i], rewards[i], targets[i]), rows, n)
    said("ratio, value, interval", value, peer, 60, "vw-estimators cressieread")
    peer = by_row(cs.IntervalImpl, lambda e, i: e.add(linear[i], rewards[i], 0.0, 0), rows, n)
    said("guarantee", proof, peer, 8, "vw-estimators cs")


def alone(package: str, module: str) -> ModuleType:
    """One module of a package whose own `__init__` asks for more than is installed here."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(next(iter(spec.submodule_search_locations)))
    parts = module.split(".")
    for depth in range(1, len(parts)):
        name = ".".join(parts[:depth])
        stub = sys.modules[name] = ModuleType(name)
        stub.__path__ = [str(folder.joinpath(*parts[1:depth]))]
    return importlib.import_module(module)


def against_obp(n: int) -> None:
    if importlib.util.find_spec("obp") is None:
        print("obp is not installed: left out")
        return
    SelfNormalizedInverseProbabilityWeighting = alone(
        "obp", "obp.ope.estimators"
    ).SelfNormalizedInverseProbabilityWeighting
    r, pi, p = log_of(n)
    dist = np.stack([pi, 1 - pi], axis=1)[:, :, None]
    action = np.zeros(n, dtype=int)
    snipw = SelfNormalizedInverseProbabilityWeighting()
    (ours,) = together(lambda: uw.ope.value(r, uw.ratio(pi, p), how="self").interval(), repeats=5)
    theirs = together(
        lambda: snipw.estimate_interval(
            reward=r, action=action, pscore=p, action_dist=dist, n_bootstrap_samples=100, random_state=0
        ),
        repeats=1,
    )[0]
    said(f"value, interval, {n:.0e} rows", ours, 100 * theirs, 1000, "obp SNIPW, 10,000 draws")


def clips(n: int) -> None:
    r, pi, p = log_of(n)
    w = uw.ratio(pi, p)
    linear = w.values
    grid = np.quantile(linear, np.linspace(0.999, 0.02, 50))
    grid = np.unique(grid)[::-1]
    path, sort = together(lambda: uw.ope.path(r, w, taming="clip", grid=grid), lambda: np.argsort(linear), repeats=3)
    missed = "" if path <= 4 * sort else ": MISSED"
    print(
        f"{'path, ' + str(grid.size) + ' clips':34} {path:.4f} s, {path / sort:.1f} sorts of the rows by w, demand <= 4{missed}"
    )


def looped(rho: list[float], r: list[float], lengths: list[int]) -> float:
    """pdis by a loop over the steps of each episode."""
    total, i = 0.0, 0
    for length in lengths:
        w = 1.0
        for _ in range(length):
            w *= rho[i]
            total += w * r[i]
            i += 1
    return total / len(lengths)


def episodes(n: int) -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, max(2, n // 5000), 10_000)
    rho, r = rng.choice([0.8, 1.2], lengths.sum()), rng.random(lengths.sum())
    w = uw.Weights.of(rho, kind="importance", exact=True)
    group = np.repeat(np.arange(10_000), lengths)
    given = rho.tolist(), r.tolist(), lengths.tolist()
    ours, theirs = together(lambda: uw.ope.sequence(r, w, group=group, how="pdis"), lambda: looped(*given), repeats=5)
    again = uw.ope.sequence(r, w, group=group, how="pdis").value
    assert abs(again / looped(*given) - 1) < 1e-9
    said(f"sequence pdis, {lengths.sum():.0e} steps", ours, theirs, 10, "a loop over steps, sums alone")
    numpy_loop = together(lambda: looped_numpy(rho, r, lengths), repeats=1)[0]
    said("", ours, numpy_loop, 10, "a loop over steps of NumPy arrays")


def looped_numpy(rho: np.ndarray, r: np.ndarray, lengths: np.ndarray) -> float:
    """The same as it is mostly written: indexing arrays."""
    total, i = 0.0, 0
    for length in lengths:
        w = 1.0
        for t in range(i, i + length):
            w *= rho[t]
            total += w * r[t]
        i += length
    return total / len(lengths)


def slates(n: int = 20_000) -> None:
    """Sums over the slots of each slate; obp's bootstrap finds the slots of one slate after the other by its label."""
    from upweight.ope.episodes._groups import read_groups

    rng = np.random.default_rng(0)
    rho, r = rng.choice([0.5, 1.5], 3 * n), rng.random(3 * n)
    slate = np.repeat(np.arange(n), 3)
    w = uw.Weights.of(rho, kind="importance", exact=True)
    groups = read_groups(w, slate)
    whole, sums = together(lambda: uw.ope.sequence(r, w, group=slate, how="is"), lambda: groups.sums(r), repeats=5)
    theirs = together(lambda: [r[slate == i].sum() for i in range(300)], repeats=3)[0] * n / 300
    said(f"slate sums, {n:,} x 3", sums, theirs, 1000, "a loop over slates")
    said("sequence of them, labels read", whole, theirs, 10, "the sums of that loop alone")


def vtraces() -> None:
    rng = np.random.default_rng(0)
    l, r, v, v_next = rng.normal(size=(4, 64, 1000)).astype(np.float32)
    gamma = np.full((64, 1000), 0.99, np.float32)

    def loop(xp, l, r, v, v_next, gamma):
        rho = xp.exp(xp.clip(l, max=0.0)) if xp is np else xp.exp(l.clamp(max=0.0))
        delta, x, out = rho * (r + gamma * v_next - v), v[:, 0] * 0, []
        for t in range(l.shape[1] - 1, -1, -1):
            x = delta[:, t] + gamma[:, t] * rho[:, t] * x
            out.append(x)
        target = v + xp.stack(out[::-1], 1)
        after = xp.concatenate([target[:, 1:], v_next[:, -1:]], 1)
        return target, rho * (r + gamma * after - v)

    given = (l, r, v, v_next, gamma)
    ours, theirs = together(lambda: uw.ope.rl.vtrace(*given), lambda: loop(np, *given))
    said("vtrace, 64 x 1000, NumPy", ours, theirs, 1.5, "a loop over time")
    if importlib.util.find_spec("torch") is None:
        print("torch is not installed: left out")
        return
    import torch

    torch.set_num_threads(1)
    tensors = [torch.asarray(x) for x in given]
    ours, theirs = together(lambda: uw.ope.rl.vtrace(*tensors), lambda: loop(torch, *tensors))
    said("vtrace, 64 x 1000, PyTorch", ours, theirs, 5, "a loop over time")


def memory(n: int) -> None:
    r, pi, p = log_of(n)
    w = uw.ratio(pi, p)
    tracemalloc.start()
    uw.ope.evaluate(r, w)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    missed = "" if peak <= 5 * r.nbytes else ": MISSED"
    print(f"evaluate, {n:.0e} rows: traced peak {peak / r.nbytes:.1f} columns of float64, demand <= 5{missed}")


def main() -> None:
    n = int(float(sys.argv[1])) if len(sys.argv) > 1 else 1_000_000
    packages = ["numpy", "scipy", *(x for x in ("vw-estimators", "obp", "torch") if _installed(x))]
    print(f"Python {platform.python_version()}, " + ", ".join(f"{x} {version(x)}" for x in packages))
    against_vw(n)
    against_obp(min(n, 100_000))
    clips(n)
    episodes(n)
    slates()
    vtraces()
    memory(n)


def _installed(package: str) -> bool:
    try:
        return bool(version(package))
    except ImportError:
        return False


if __name__ == "__main__":
    main()
