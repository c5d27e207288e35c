"""Safe importance sampling: a defensive mixture keeps the weights bounded, and its own densities as controls give back what it costs.

    python papers/owen2000/run.py              # 400 runs a case, one CPU minute; exit 1 if a claim is missed
    python papers/owen2000/run.py --short      # 60 runs

Owen and Zhou (2000), J. Am. Stat. Assoc. 95: E exp(-2 (x - 3)^2) under N(0, 1), n = 2000, from N(2.4, .2^2) alone, from its mixture with N(0, 1)
at .7 and .3, plain and with controls; and the mean of three Student modes of which each proposal knows one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy import stats

import upweight as uw

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

TRUTH = 0.2**0.5 * np.exp(-3.6)  # .012219540158
NARROW, WIDE, N = stats.norm(2.4, 0.2), stats.norm(0, 1), 2000


def f(x: np.ndarray) -> np.ndarray:
    return np.exp(-2 * (x[:, 0] - 3) ** 2)


def peaked(runs: int) -> dict[str, float]:
    """Variances, coverage of the trunk's interval and of 1.96 se, and tails of w f."""
    draw = uw.montecarlo.draw
    values = {how: [] for how in ("plain", "control", "wide", "narrow_khat", "mixture_khat")}
    covered = {(how, rule): 0 for how in ("plain", "control") for rule in ("tail", "normal")}
    for seed in range(runs):
        d = draw(WIDE.logpdf, [NARROW, WIDE], [1400, 600], exact=True, rng=seed)
        for how in ("plain", "control"):
            e = d.mean(f, how=how)
            low, high = e.interval()
            values[how].append(e.value)
            covered[how, "tail"] += low <= TRUTH <= high
            covered[how, "normal"] += abs(e.value - TRUTH) <= 1.96 * e.se
        x = d.x
        values["mixture_khat"].append(uw.arrays.khat(d.weights.log_w + np.log(f(x))))
        alone = draw(WIDE.logpdf, NARROW, N, exact=True, rng=seed)
        values["narrow_khat"].append(uw.arrays.khat(alone.weights.log_w + np.log(f(alone.x))))
        values["wide"].append(draw(WIDE.logpdf, WIDE, 600, exact=True, rng=seed).mean(f, how="plain").value)
    variance = {how: np.var(values[how]) for how in ("plain", "control", "wide")}
    return {
        "control_over_wide_alone": float(variance["control"] / variance["wide"]),
        "khat_narrow_alone": float(np.mean(values["narrow_khat"])),
        "khat_mixture": float(np.mean(values["mixture_khat"])),
        "bias_of_control_in_se": float((np.mean(values["control"]) - TRUTH) / np.sqrt(variance["control"] / runs)),
        **{f"covered_{how}": covered[how, "tail"] / runs for how in ("plain", "control")},
        **{
            f"more_than_normal_{how}": (covered[how, "tail"] - covered[how, "normal"]) / runs
            for how in ("plain", "control")
        },
    }


def modes() -> dict[str, float]:
    """se of the mean under three Student modes, by three proposals that each know one: with controls over without."""
    at = ([6, 0, 0, 0, 0], [-6, 4, 0, 0, 0], [0, -8, 0, 0, 0])
    target = [stats.multivariate_t(m, np.eye(5), df=7) for m in at]
    log_target = lambda x: np.logaddexp.reduce(
        [np.log(a) + q.logpdf(x) for a, q in zip((0.5, 0.3, 0.2), target, strict=True)]
    )
    proposals = [stats.multivariate_t(m, 1.2 * np.eye(5), df=5) for m in at]
    d = uw.montecarlo.draw(log_target, proposals, 3000, exact=True, rng=0)
    control, plain = (d.mean(lambda x: x[:, 0], how=how) for how in ("control", "plain"))
    return {"modes_se_ratio": control.se / plain.se, "modes_error_in_se": abs(control.value - 1.2) / control.se}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="60 runs")
    short = parser.parse_args().short
    return judged(HERE, peaked(60 if short else 400) | modes(), short=short)


if __name__ == "__main__":
    sys.exit(main())
