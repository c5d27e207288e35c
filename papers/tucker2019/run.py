"""Encoder gradients that get worse with more draws, and the estimator that mends them.

    python papers/tucker2019/run.py            # about a minute of CPU; exit 1 if a claim is missed
    python papers/tucker2019/run.py --short    # a few seconds, wider bounds

The linear-Gaussian model of Rainforth et al. (2018): x|z ~ N(z, I), z ~ N(mu, I), D = 20, q(z|x) = N(m, 2/3 I) with m off the best
value by .1 standard normals. log p(x) is known. Signal-to-noise ratio: mean over coordinates of |mean| / sd of the gradient with
respect to m (encoder) or mu (model). Every figure is compared with `expected.json`.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from pathlib import Path

import numpy as np
import torch
from torch.distributions import Bernoulli, Independent, Normal

from upweight.torch import iwae
from upweight.torch.iwae import Objective

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

OBJECTIVES = {
    "iwae": Objective("dreg"),
    "miwae": Objective("dreg", groups=2),
    "ciwae": Objective("dreg", beta=0.5),
    "piwae": Objective("dreg", groups=2, split=True),
    "power_-1": Objective("dreg", power=-1.0),
    "power_0": Objective("dreg", power=0.0),
    "power_half": Objective("dreg", power=0.5),
    "power_2": Objective("dreg", power=2.0),
    "mixed": Objective("dreg", groups=2, beta=0.25, power=0.5),
}
PAIRS = 200_000  # (run, draw) pairs in memory at a time


class Model:
    """The linear-Gaussian model with its data; gradients come a run, since every run has parameters of its own."""

    def __init__(self, seed: int = 0, dim: int = 20, off: float = 0.1) -> None:
        rng = np.random.default_rng(seed)
        mu = rng.standard_normal(dim)
        x = mu + math.sqrt(2) * rng.standard_normal(dim)
        mean = (x + mu) / 2 + off * rng.standard_normal(dim)
        self.mu, self.x, self.mean = (torch.as_tensor(a) for a in (mu, x, mean))
        self.log_p = float(Normal(self.mu, math.sqrt(2)).log_prob(self.x).sum())

    def draws(
        self, runs: int, k: int, objective: Objective | str, seed: int
    ) -> tuple[iwae.Draws, torch.Tensor, torch.Tensor]:
        mean = self.mean.expand(runs, -1).clone().requires_grad_()
        mu = self.mu.expand(runs, -1).clone().requires_grad_()

        def log_joint(z: torch.Tensor) -> torch.Tensor:
            return (Normal(z, 1.0).log_prob(self.x) + Normal(mu.unsqueeze(-2), 1.0).log_prob(z)).sum(-1)

        q = Independent(Normal(mean, math.sqrt(2 / 3)), 1)
        return iwae.draw(log_joint, q, k, objective=objective, rng=seed), mean, mu

    def gradients(
        self, k: int, objective: Objective | str, runs: int, seed: int = 0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(runs, D) gradients of the bound with respect to the encoder's mean and to mu."""
        found = []
        at_once = max(1, PAIRS // k)
        for i, first in enumerate(range(0, runs, at_once)):
            d, mean, mu = self.draws(min(at_once, runs - first), k, objective, 1000 * seed + i)
            d.surrogate().sum().backward()
            found.append((mean.grad, mu.grad))
        encoder, model = (torch.cat(parts) for parts in zip(*found, strict=True))
        return encoder, model

    def bounds(self, k: int, runs: int) -> torch.Tensor:
        """(runs,) values of L_K, all runs from one stream."""
        at_once = max(1, PAIRS // k)
        with torch.no_grad():
            return torch.cat(
                [self.draws(min(at_once, runs - i), k, "standard", 7 + i)[0].bound() for i in range(0, runs, at_once)]
            )


def snr(g: torch.Tensor) -> float:
    return float((g.mean(0).abs() / g.std(0)).mean())


def slope(ks: list[int], figures: list[float]) -> float:
    return float(np.polyfit(np.log(ks), np.log(figures), 1)[0])


def gap(model: Model, k: int, runs: int) -> float:
    """log p - E L_K, with the mean weight, which is known to be one, as control variate."""
    less = model.bounds(k, runs) - model.log_p
    return float((less.exp() - 1 - less).mean())


def first_order(model: Model) -> float:
    """K times the gap as K grows: half the relative variance of the weights, which for normals is known."""
    far = (model.mean - (model.x + model.mu) / 2).square()  # posterior N((x + mu)/2, 1/2)
    second_moment = math.sqrt(2 / 3) / 0.5 / math.sqrt(2 / 0.5 - 1.5) * torch.exp(far / (2 * 2 / 3 - 0.5))
    return (float(second_moment.prod()) - 1) / 2


def signal_to_noise(short: bool) -> dict[str, float]:
    model, pairs = Model(), 150_000 if short else 2_000_000
    runs = lambda k: min(60_000, max(300, pairs // k))
    ks = [1, 4, 16, 64, 128, 256, 512, 1024]
    standard = {k: model.gradients(k, "standard", runs(k)) for k in ks}
    dreg = {k: model.gradients(k, "dreg", runs(k), seed=1) for k in ks}
    found: dict[str, float] = {}
    for k in ks[:4]:
        found[f"standard_{k}"] = snr(standard[k][0])
        found[f"dreg_{k}"] = snr(dreg[k][0])
        found[f"model_{k}"] = snr(standard[k][1])
    late = ks[4:]
    found["slope_dreg"] = slope(late, [snr(dreg[k][0]) for k in late])
    found["slope_model"] = slope(late, [snr(standard[k][1]) for k in late])
    found["standard_128_over_1"] = snr(standard[128][0]) / snr(standard[1][0])
    gaps = {k: gap(model, k, runs(k)) for k in (1, 4, 8, 16, 32, 64, 128, 256)}
    found |= {f"gap_{k}": g for k, g in gaps.items() if k in (1, 4, 16, 64, 256)}
    scaled = [k * g for k, g in gaps.items() if 8 <= k <= 128]
    found["gap_256_over_first_order"] = 256 * gaps[256] / first_order(model)
    found["gap_times_k_spread"] = max(scaled) / min(scaled)
    return found


def apart(a: torch.Tensor, b: torch.Tensor) -> float:
    """The largest difference of two means over runs, in standard errors, over the coordinates."""
    error = (a.var(0) / len(a) + b.var(0) / len(b)).sqrt()
    return float(((a.mean(0) - b.mean(0)) / error).abs().max())


def unbiased(short: bool) -> dict[str, float]:
    """Every objective at K = 8: the mean of dreg's encoder gradient against the standard one's; and stl, which is biased."""
    model, runs, found = Model(5, dim=8, off=0.2), 6_000 if short else 60_000, {}
    for name, o in OBJECTIVES.items():
        plain = Objective("standard", groups=o.groups, beta=o.beta, power=o.power, split=o.split)
        dreg, _ = model.gradients(8, o, runs, 2 * len(found) + 1)
        standard, _ = model.gradients(8, plain, runs, 2 * len(found) + 2)
        found[f"unbiased_{name}"] = apart(dreg, standard)
    stl, _ = model.gradients(8, "stl", runs, 200)
    standard, _ = model.gradients(8, "standard", runs, 201)
    found["stl_bias_in_se"] = apart(stl, standard)
    d, _, _ = model.draws(200, 256, "standard", 0)
    share = torch.softmax(d.log_w, -1)
    found["log_p_second"] = model.log_p
    found["logged_instead"] = (share * d.log_w).sum(-1).mean().item()
    return found


def two_layers(short: bool) -> dict[str, float]:
    """x|z1 ~ N(z1, 1), z1|z2 ~ N(z2, 1), z2 ~ N(0, 1); q(z1|x) = N(a, .8), q(z2|z1) = N(b z1, .8): dreg against standard."""
    means = {}
    for estimator in ("standard", "dreg"):
        parts = [_two_layer_gradients(estimator, 5_000, 10 * seed) for seed in range(2 if short else 12)]
        means[estimator] = torch.cat(parts)
    return {"two_layers": apart(means["dreg"], means["standard"])}


def _two_layer_gradients(estimator: str, runs: int, seed: int, k: int = 8) -> torch.Tensor:
    """(runs, 4): gradients of a (2) and b (2)."""
    generator = torch.Generator().manual_seed(seed + (estimator == "dreg"))
    noise = torch.randn(2, runs, k, 2, generator=generator, dtype=torch.float64)
    a = torch.tensor([0.4, -0.2], dtype=torch.float64).expand(runs, 1, 2).clone().requires_grad_()
    b = torch.tensor([0.7, 0.3], dtype=torch.float64).expand(runs, 1, 2).clone().requires_grad_()
    z1 = a + 0.8 * noise[0]
    z2 = b * z1 + 0.8 * noise[1]  # the chain sees the originals
    by_path = estimator == "dreg"
    y1, y2 = (z.view_as(z) if by_path else z for z in (z1, z2))
    a_seen, b_seen = (p.detach() if by_path else p for p in (a, b))
    log_q = Normal(a_seen, 0.8).log_prob(y1) + Normal(b_seen * y1, 0.8).log_prob(y2)
    log_p = (
        Normal(y1, 1.0).log_prob(torch.tensor([1.0, -1.0]))
        + Normal(y2, 1.0).log_prob(y1)
        + Normal(0.0, 1.0).log_prob(y2)
    )
    iwae.surrogate((log_p - log_q).sum(-1), estimator, path=(y1, y2) if by_path else ()).sum().backward()
    return torch.cat([a.grad, b.grad], -1)[:, 0]


def vimco_by_enumeration() -> dict[str, float]:
    """All outcomes of K Bernoulli draws: the mean of the estimator against the gradient of the expected bound, largest difference."""
    worst = 0.0
    for k, d in ((2, 1), (2, 2), (3, 1), (4, 1)):
        generator = torch.Generator().manual_seed(10 * k + d)
        logits = torch.randn(d, generator=generator, dtype=torch.float64, requires_grad=True)
        weight = torch.randn(d, generator=generator, dtype=torch.float64)
        each = [torch.tensor(o, dtype=torch.float64) for o in itertools.product([0.0, 1.0], repeat=k * d)]
        z = torch.stack(each).reshape(-1, k, d)
        q = Independent(Bernoulli(logits=logits), 1)
        log_q = q.log_prob(z)
        log_w = (z * weight).sum(-1).sin() - log_q  # any log-joint will do
        share = log_q.sum(-1).exp()
        l_k = torch.logsumexp(log_w, -1) - math.log(k)
        exact = torch.autograd.grad((share * l_k).sum(), logits, retain_graph=True)[0]
        mean = torch.autograd.grad((share.detach() * iwae.surrogate(log_w, "vimco", log_q=log_q)).sum(), logits)[0]
        worst = max(worst, float((exact - mean).abs().max()))
    return {"vimco": worst}


def run(short: bool) -> dict[str, float]:
    """Every figure."""
    return signal_to_noise(short) | unbiased(short) | two_layers(short) | vimco_by_enumeration()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="fewer runs, wider bounds")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
