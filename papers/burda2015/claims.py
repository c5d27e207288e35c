"""Two claims about more draws, tried where they can be: "more accurate inference" and "better on small data".

    python papers/burda2015/claims.py inference          # a minute of CPU: two latent dimensions, everything against a grid
    python papers/burda2015/claims.py small              # a quarter of an hour: few rows, MNIST and digits

`inference`: digits darker than half, 1200 rows, MLP 64-64, 2400 steps of 100, Adam 2e-3; the exact posterior of 300 other rows, at random, from a grid
of 301 x 301. `small`: MNIST, random n rows, stopped on 500 others; digits, n = 300, eight seeds. Every figure is compared with
`expected.json` in the folder of the claim.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import softplus

from upweight.torch import IWAE, MLP, Training
from upweight.torch.iwae import expect

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]  # the folder above first: it has a `claims` of its own
from claims import judged  # noqa: E402
from digits import DATA, fitted, mnist, nll, small_digits  # noqa: E402

SIDE, REACH = 301, 5.0
KINDS = {"k1": (1, "standard"), "k10": (10, "dreg")}


# ---- more accurate inference ---------------------------------------------------------------------------------------------------


class Grid:
    """The posterior of some rows under a model with two latent dimensions, exactly but for the grid."""

    def __init__(self, model: IWAE, rows: np.ndarray) -> None:
        at = torch.linspace(-REACH, REACH, SIDE)
        self.z = torch.cartesian_prod(at, at).double()
        with torch.no_grad():
            logits = model.module_.decoder(self.z.float())
        prior = -self.z.square().sum(-1) / 2 - np.log(2 * np.pi) + 2 * np.log(2 * REACH / (SIDE - 1))
        rest = prior - softplus(logits).sum(-1)
        x = torch.as_tensor(rows, dtype=torch.float32)
        log_p, mean, sd = zip(*(self._some(part @ logits.T + rest) for part in x.split(50)), strict=True)
        self.log_p, self.mean, self.sd = (torch.cat(parts).numpy() for parts in (log_p, mean, sd))

    def _some(self, log_joint: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        l = log_joint.double()
        share = torch.softmax(l, -1)
        mean = share @ self.z
        return torch.logsumexp(l, -1), mean, (share @ self.z.square() - mean.square()).sqrt()

    def off(self, code: np.ndarray) -> float:
        """rms error of posterior means, in posterior standard deviations."""
        return float(np.sqrt(np.mean(((code - self.mean) / self.sd) ** 2)))


def defended_codes(model: IWAE, rows: np.ndarray, k: int, share: float) -> np.ndarray:
    """Posterior means by k draws of which a share comes from the prior, weighed by the mixture."""
    n_prior = int(k * share)
    d = model.draw(rows, k - n_prior)
    generator = torch.Generator().manual_seed(0)
    z = torch.cat([d.z.detach(), torch.randn(len(rows), n_prior, 2, generator=generator)], 1)
    x = torch.as_tensor(rows, dtype=torch.float32)
    with torch.no_grad():
        logits = model.module_.decoder(z)
        mean, log_scale = model.module_.layers.state(x)
        normal = lambda z, m, s: torch.distributions.Normal(m.unsqueeze(1), s.unsqueeze(1)).log_prob(z).sum(-1)
        log_prior = normal(z, torch.zeros_like(mean), torch.ones_like(mean))
        log_q = normal(z, mean, log_scale.exp())
        log_joint = torch.bmm(logits, x.unsqueeze(-1))[..., 0] - softplus(logits).sum(-1) + log_prior
        mixture = torch.logaddexp(log_q + np.log(1 - share), log_prior + np.log(share))
        return expect(log_joint - mixture, z).numpy()


def looked_at(k: int, objective: str, seed: int, *, epochs: int = 200) -> dict[str, float]:
    """What one model infers of 300 rows that it has not seen."""
    X = small_digits()
    X = X[np.random.default_rng(0).permutation(len(X))]  # the last rows of the file are of other writers
    rows = X[1200:1500]
    training = Training(epochs, batch=100, lr=2e-3, valid=0, progress=False)
    model, _ = fitted(X[:1200], k, objective, seed, training=training, net=MLP((64, 64)), latent=2)
    grid = Grid(model, rows)
    elbo = model.draw(rows, 500).log_w.detach().mean(-1).numpy()
    plain = model.log_likelihood(rows, defend=0).value
    found = {
        "nll": -float(grid.log_p.mean()),
        "kl": float((grid.log_p - elbo).mean()),
        "encoder": grid.off(model.encode(rows, k=0)),
        "weighted": grid.off(model.encode(rows, k=500)),
        "defended": grid.off(defended_codes(model, rows, 500, 0.1)),
        "ll_error": float((grid.log_p - plain).mean()),
    }
    print(f"K = {k:2} seed {seed}  " + "  ".join(f"{name} {value:.3f}" for name, value in found.items()), flush=True)
    return found


def inference(seeds: tuple[int, ...] = (0, 1, 2)) -> dict[str, float]:
    """The claims' figures over the seeds."""
    one, ten = ([looked_at(*KINDS[name], seed) for seed in seeds] for name in ("k1", "k10"))
    each = lambda f: [f(a, b) for a, b in zip(one, ten, strict=True)]
    mean = lambda name: float(np.mean([b[name] for b in ten]) / np.mean([a[name] for a in one]))
    return {
        "nll_lower_by": min(each(lambda a, b: a["nll"] - b["nll"])),
        "kl_times": min(each(lambda a, b: b["kl"] / a["kl"])),
        "encoder_alone_times": min(each(lambda a, b: b["encoder"] / a["encoder"])),
        "defended_times_worst": max(each(lambda a, b: b["defended"] / a["defended"])),
        "defended_times_mean": mean("defended"),
        "ll_error_times_mean": mean("ll_error"),
    }


# ---- better on small data ------------------------------------------------------------------------------------------------------


def few_of_mnist(n: int, seed: int, *, epochs: int) -> float:
    """NLL_300 gained by ten draws on n random rows of MNIST."""
    X = mnist("train")
    rows = X[np.random.default_rng(seed).choice(len(X), n, replace=False)]
    valid, test = mnist("valid")[::20], mnist("test")[::10]
    losses = {}
    for name, (k, objective) in KINDS.items():
        training = Training(epochs, batch=50, patience=epochs, progress=False)
        model = IWAE(k, objective=objective, training=training, rng=seed).fit(rows, X_valid=valid)
        losses[name] = nll(model, test, 300)
    print(f"MNIST n = {n} seed {seed}: {losses['k1']:.2f} -> {losses['k10']:.2f}", flush=True)
    return losses["k1"] - losses["k10"]


def few_digits(n: int, seed: int, *, steps: int = 4000) -> float:
    """NLL_1000 gained by ten draws on n random digits."""
    X = np.unique(small_digits(), axis=0)
    X = X[np.random.default_rng(seed).permutation(len(X))]
    epochs = round(steps / np.ceil(n / 50))
    losses = {}
    for name, (k, objective) in KINDS.items():
        training = Training(epochs, batch=50, lr=2e-3, patience=epochs, progress=False)
        settings = {"objective": objective, "net": MLP((64, 64)), "latent": 8, "training": training, "rng": seed}
        model = IWAE(k, **settings).fit(X[:n], X_valid=X[1000:1200])
        losses[name] = nll(model, X[1200:], 1000)
    print(f"digits n = {n} seed {seed}: {losses['k1']:.2f} -> {losses['k10']:.2f}", flush=True)
    return losses["k1"] - losses["k10"]


def small() -> dict[str, float]:
    """The claims' figures; those of MNIST where it is there."""
    found = {"digits_300_mean_gain": float(np.mean([few_digits(300, seed) for seed in range(8)]))}
    if (DATA / "binarized_mnist_test.amat").exists():
        found["mnist_2000_least_gain"] = min(few_of_mnist(2000, seed, epochs=180) for seed in (0, 1))
        found["mnist_500_mean_gain"] = float(np.mean([few_of_mnist(500, seed, epochs=300) for seed in (0, 1, 2)]))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("claim", choices=["inference", "small"])
    claim = parser.parse_args().claim
    found = inference() if claim == "inference" else small()
    return judged(HERE / claim, found, short=False, may_lack=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
