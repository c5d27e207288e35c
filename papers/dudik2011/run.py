"""Doubly robust policy evaluation, on two public tables: who errs how much.

    python papers/dudik2011/run.py              # some two minutes of CPU; exit 1 if a claim is missed
    python papers/dudik2011/run.py --short      # a tenth of the runs

A table of classes becomes a log of decisions (the right class pays 1), the true value of the target is known, and inverse propensities, their
self-normalised form, a model of the reward and both together are compared over many logs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge

import upweight as uw

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)
from decisions import Classified, rmse, table  # noqa: E402

RUNS = {"optdigits": 200, "letter": 100}


def errors(world: Classified, run: int) -> dict[str, float]:
    """The error of each formula on one log."""
    X, action, reward, w, target = world.log(run)
    model = uw.ope.outcome(Ridge(), X, action, reward, target, folds=2, rng=run)
    found = {
        "plain": uw.ope.value(reward, w, how="plain").value,
        "self": uw.ope.value(reward, w, how="self").value,
        "dm": float(np.mean(model.v)),
        "dr": uw.ope.value(reward, w, how="plain", outcome=model).value,
    }
    return {name: value - world.value for name, value in found.items()}


def run(short: bool, folder: Path | None = None) -> dict[str, float]:
    """Ratios of errors over the runs, for each table that is there."""
    found = {}
    for name, runs in RUNS.items():
        held = table(name, folder)
        if held is None:
            continue
        world = Classified(*held)
        each = [errors(world, s) for s in range(runs // 10 if short else runs)]
        by = {formula: np.array([e[formula] for e in each]) for formula in each[0]}
        found |= {
            f"{name}_value": world.value,
            f"{name}_value_logged": world.value_logged,
            f"{name}_mean_square_weight": world.square,
            f"{name}_self_over_plain": rmse(by["self"]) / rmse(by["plain"]),
            f"{name}_dr_over_self": rmse(by["dr"]) / rmse(by["self"]),
            f"{name}_dm_over_dr": rmse(by["dm"]) / rmse(by["dr"]),
            f"{name}_bias_of_dr": abs(float(by["dr"].mean())) / rmse(by["dr"]),
        }
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a tenth of the runs")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=True)


if __name__ == "__main__":
    sys.exit(main())
