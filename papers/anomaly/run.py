"""Do weighted draws find what is odd? Digits, each left out of training in turn.

    python papers/anomaly/run.py            # 5 min of CPU a seed, two seeds; exit 1 if a claim is missed
    python papers/anomaly/run.py --short    # two digits, fewer epochs, wider bounds
    python papers/anomaly/run.py --digits 1 5 8 --seeds 0    # part of the long form; the 1 must be among them

No paper: a claim tested, that a tighter bound is a better detector. Grey digits, redrawn at every visit; a model of nine of them is
asked about held-out rows of the nine and about the tenth, black where they are darker than half. Scores: error of the reconstruction, minus the ELBO, minus log p by 10 and by
1000 draws. Every figure is compared with `expected.json`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

from upweight.torch import IWAE, MLP, Training

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

SCORES = ("reconstruction", "elbo", "s10", "s1000")


def one(left_out: int, k: int, seed: int, *, short: bool) -> dict[str, float]:
    """Test NLL of the nine digits, AUROC of each score, and median ESS of normal rows and of the tenth digit's."""
    X, y = load_digits(return_X_y=True)
    X = X / 16
    order = np.random.default_rng(seed).permutation(len(X))
    trained = [i for i in order if y[i] != left_out][:1200]
    normal = [i for i in order if y[i] != left_out][1200:]
    test = (np.r_[X[normal], X[y == left_out]] > 0.5) * 1.0  # the likelier value: no draw of ours in the score
    odd = np.r_[np.zeros(len(normal)), np.ones((y == left_out).sum())]
    settings = Training(30 if short else 150, batch=100, lr=2e-3, valid=0, progress=False)
    model = IWAE(k, latent=8, net=MLP((64, 64)), training=settings, rng=seed).fit(X[trained])
    return scores(model, test, odd, 200 if short else 1000)


def scores(model: IWAE, test: np.ndarray, odd: np.ndarray, k: int) -> dict[str, float]:
    """AUROC of every score, NLL, ESS."""
    ll = model.log_likelihood(test, k=k, defend=0)
    each = {
        "reconstruction": ((test - np.asarray(model.reconstruct(test, k=10))) ** 2).sum(1),
        "elbo": -model.draw(test, 10).log_w.mean(-1).detach().numpy(),
        "s10": -model.log_likelihood(test, k=10, defend=0).value,
        "s1000": model.anomaly(test, k=k).score,
    }
    found = {name: float(roc_auc_score(odd, score)) for name, score in each.items()}
    found["nll"] = -float(ll.value[odd == 0].mean())
    found["ess_normal"], found["ess_odd"] = (float(np.median(ll.ess[odd == which])) for which in (0, 1))
    return found


def run(short: bool, digits: tuple[int, ...] = (), seeds: tuple[int, ...] = ()) -> dict[str, float]:
    """Every figure that `expected.json` bounds: means over digits and seeds."""
    digits = digits or ((1, 8) if short else tuple(range(10)))
    seeds = seeds or ((0,) if short else (0, 1))
    found: dict[str, float] = {}
    gains, later, ordered = [], [], []
    for seed in seeds:
        models = {(d, k): one(d, k, seed, short=short) for k in (1, 10) for d in digits}
        for k in (1, 10):
            mean = {name: float(np.mean([models[d, k][name] for d in digits])) for name in (*SCORES, "nll")}
            print(
                f"seed {seed} K={k:<2}  " + "  ".join(f"{name} {value:.3f}" for name, value in mean.items()), flush=True
            )
            later.append((mean["s1000"] - mean["s10"], mean["s1000"] - mean["elbo"]))
        gains += [models[d, 1]["nll"] - models[d, 10]["nll"] for d in digits]
        ordered.append(sum(models[d, 10]["ess_odd"] < models[d, 10]["ess_normal"] for d in digits))
        print(f"seed {seed}  ESS, K=10: " + table(models, digits), flush=True)
        found[f"auroc_digit_1_seed_{seed}"] = models[1, 10]["s1000"]
    found["nll_gain_least"], found["nll_gain_mean"] = min(gains), float(np.mean(gains))
    found["s1000_from_s10"] = max(abs(a) for a, _ in later)
    found["s1000_from_elbo"] = max(abs(b) for _, b in later)
    found["ess_lower_for_odd"] = min(ordered) / len(digits)
    return found


def table(models: dict[tuple[int, int], dict[str, float]], digits: tuple[int, ...]) -> str:
    """Median ESS of normal rows and of the digit that was left out."""
    return "  ".join(f"{d}: {models[d, 10]['ess_normal']:.0f} v {models[d, 10]['ess_odd']:.0f}" for d in digits)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="two digits, fewer epochs, wider bounds")
    parser.add_argument("--digits", type=int, nargs="+", default=[], help="digits to leave out")
    parser.add_argument("--seeds", type=int, nargs="+", default=[], help="seeds to run")
    given = parser.parse_args()
    found = run(given.short, tuple(given.digits), tuple(given.seeds))
    return judged(HERE, found, short=given.short, may_lack=given.short)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
