"""Rankings: which estimate is unbiased in which world, exactly and in a sample.

    python papers/swaminathan2017/run.py              # a minute of CPU; exit 1 if a claim is missed
    python papers/swaminathan2017/run.py --short      # exact means and a sample of 20,000

Three slots of three items, a product policy, and three worlds: the reward of a slot depends on its own item only (additive), on those above too (cascade),
or on the next, around the corner (full). Every ranking is enumerated as a group of three rows whose weight carries its probability.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np

import upweight as uw

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)
from decisions import drawn  # noqa: E402

LOGGED = np.array([[0.25, 0.17, 0.58], [0.22, 0.32, 0.46], [0.23, 0.37, 0.4]])
TARGET = np.array([[0.28, 0.41, 0.31], [0.14, 0.79, 0.07], [0.35, 0.4, 0.25]])
BASE = np.array([[0.1, 0.3, 0.5], [0.2, 0.1, 0.4], [0.3, 0.2, 0.1]])
FORMULAS = ("step", "pdis", "is", "pi")
UNBIASED = {"additive": FORMULAS, "cascade": ("pdis", "is"), "full": ("is",)}


def rewards(world: str, s: np.ndarray) -> np.ndarray:
    """Reward (m, 3) of each slot of rankings s (m, 3)."""
    b = BASE[np.arange(3), s]
    if world == "cascade":
        return b * np.stack([np.ones(len(s)), (1 + s[:, 0]) / 2, (1 + s[:, 0]) * (1 + s[:, 1]) / 4], axis=1)
    return b * (1 + np.roll(s, -1, axis=1)) / 2 if world == "full" else b


def values(s: np.ndarray, r: np.ndarray, how: str) -> uw.Estimate:
    """The value of these rankings, each of equal weight."""
    rho = uw.ratio(TARGET[np.arange(3), s].ravel(), LOGGED[np.arange(3), s].ravel())
    return uw.ope.sequence(r.ravel(), rho, group=np.repeat(np.arange(len(s)), 3), how=how)


def exact(world: str, how: str) -> float:
    """The mean of a formula over all 27 rankings under the logged policy: its influence is that of each ranking's own term."""
    s = np.array(list(itertools.product(range(3), repeat=3)))
    e = values(s, rewards(world, s), how)
    terms = np.asarray(e.influence) + e.value
    return float((LOGGED[np.arange(3), s].prod(axis=1) * terms).sum())


def truth(world: str) -> float:
    s = np.array(list(itertools.product(range(3), repeat=3)))
    return float((TARGET[np.arange(3), s].prod(axis=1) * rewards(world, s).sum(axis=1)).sum())


def run(short: bool) -> dict[str, float]:
    found = {}
    n = 20_000 if short else 200_000
    g = np.random.default_rng(0)
    s = np.stack([drawn(np.broadcast_to(LOGGED[slot], (n, 3)), g.random(n)) for slot in range(3)], axis=1)
    for world, unbiased in UNBIASED.items():
        found[f"{world}_value"] = truth(world)
        for how in FORMULAS:
            found[f"{world}_{how}"] = exact(world, how)
            e = values(s, rewards(world, s), how)
            z = abs(e.value - truth(world)) / e.se
            found[f"{world}_{how}_{'z' if how in unbiased else 'biased_z'}"] = z
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a sample of 20,000")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    sys.exit(main())
