"""Intervals by betting: do they cover, at any time, under any tail of the weights?

    python papers/waudbysmith2022/run.py              # some three minutes of CPU; exit 1 if a claim is missed
    python papers/waudbysmith2022/run.py --short      # a tenth of the runs

Weights of tail index k (a log Exp(1), a target Exp(1 - k)), a reward of 1 where x > 1. `guarantee` must cover in 95 % of logs at any number of rows;
`guarantee(anytime=True)` over all numbers of rows of one log together. The tail-adjusted interval of `value` stands beside it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

import upweight as uw

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

TAILS = (0.3, 0.5, 0.7, 0.9)
ROWS = 1000
RUNS = 1000
ALPHA = 0.025


def worst_wealth(x: np.ndarray, m: float) -> float:
    """The largest log wealth, over all first 1, 2, ..., n rows, of the anytime bet that x has a mean above m: written out from the paper."""
    i = np.arange(1, x.size + 1)
    before = np.cumsum(x) - x
    mu = np.minimum(1, (0.5 + before) / i)
    far = (x - mu) ** 2
    variance = (0.25 + np.cumsum(far) - far) / i
    stake = np.sqrt(2 * np.log(1 / ALPHA) / (variance * i * np.log1p(i)))
    return float(np.cumsum(np.log1p(np.minimum(stake, 0.75 / m) * (x - m))).max())


def one(k: float, seed: int) -> dict[str, bool]:
    """Whether each interval covers in one log, the anytime one at all of its prefixes."""
    x = np.random.default_rng([seed, round(100 * k)]).exponential(size=ROWS)
    r, w, truth = 1.0 * (x > 1), (1 - k) * np.exp(k * x), float(np.exp(-(1 - k)))
    weights = uw.Weights.of(w, kind="importance", exact=True)
    try:
        low, high = uw.ope.guarantee(r, weights)
    except uw.VerdictError:
        low, high = np.inf, -np.inf
    wealth = max(worst_wealth(w * r, truth), worst_wealth(w * (1 - r), 1 - truth))
    bottom, top = uw.ope.value(r, weights).interval()
    return {
        "fixed": bool(low <= truth <= high),
        "anytime": wealth < np.log(1 / ALPHA),
        "value": bool(bottom <= truth <= top),
    }


def run(short: bool) -> dict[str, float]:
    found = {}
    for k in TAILS:
        each = [one(k, seed) for seed in range(RUNS // 10 if short else RUNS)]
        for name in each[0]:
            found[f"{name}_covers_at_{k:g}"] = float(np.mean([e[name] for e in each]))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a tenth of the runs")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    sys.exit(main())
