"""What is the effect of importance weighting in deep learning? Weights fade as a network interpolates; L2, a heavy tail and subsampling keep them.

    python papers/byrd2019/run.py              # minutes of CPU; exit 1 if a claim is missed
    python papers/byrd2019/run.py --short      # plain, L2, poly; 300 epochs, 3 seeds

Digits 3 and 5, 90 training rows of each; the 1432 images of other digits are the instrument: the share of them called 5 says where the border went.
Spread: that share under weights 16:1 minus that under 1:16.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

import upweight as uw

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

T = uw.torch
WEIGHTS = (256.0, 16.0, 4.0, 1.0, 1 / 4, 1 / 16, 1 / 256)
HIDDEN, BATCH, ROWS = 128, 16, 90
WATCHED = (1, 3, 10, 30, 100, 300, 1000)


@dataclass(frozen=True)
class Arm:
    """How networks are trained."""

    lr: float = 0.1
    l2: float = 0.0
    dropout: float = 0.0
    tail: object = None
    subsample: bool = False


ARMS = {
    "plain": Arm(),
    "l2": Arm(l2=1e-2),
    "poly": Arm(tail=T.poly(1.0)),
    "dropout": Arm(lr=0.05, dropout=0.5),
    "subsample": Arm(subsample=True),
}


LATE = 300  # epochs after which L2's border has settled; longer runs only walk about it
STATES = {
    "plain": ("washed out",),
    "l2": ("acting",),
    "poly": ("settled", "acting"),
}  # poly is settled from about epoch 500 on


@dataclass(frozen=True)
class Digits:
    """Training rows and labels, in-domain test rows, and the images of other digits; of several networks, X and same have one set each."""

    X: Tensor
    y: Tensor
    same: Tensor
    other: Tensor


def digits(seed: int, pair: tuple[int, int] = (3, 5)) -> Digits:
    """Which rows train is drawn by the seed: the border that one choice of rows gives lies to one side."""
    X, label = load_digits(return_X_y=True)
    X = torch.as_tensor(X / 16, dtype=torch.float32)
    rng = np.random.default_rng(seed)
    first, second = (rng.permutation(np.flatnonzero(label == d)) for d in pair)
    train = np.r_[first[:ROWS], second[:ROWS]]
    y = torch.as_tensor((label[train] == pair[1]).astype(np.int64))
    same = np.r_[first[ROWS:], second[ROWS:]]
    return Digits(X[train], y, X[same], X[~np.isin(label, pair)])


def digits_of(seeds: list[int]) -> Digits:
    """The digits of several networks, one a seed."""
    each = {s: digits(s) for s in set(seeds)}
    X, same = (torch.stack([getattr(each[s], name) for s in seeds]) for name in ("X", "same"))
    return Digits(X, each[seeds[0]].y, same, each[seeds[0]].other)


# ---- many networks side by side -------------------------------------------------------------------------------------


def started(seeds: list[int], inputs: int, outputs: int = 1) -> list[Tensor]:
    """Parameters of one three-layer network a seed, stacked; as torch starts them."""
    nets = [network(seed, inputs, outputs) for seed in seeds]
    rows = [torch.stack([p.detach() for p in layer]) for layer in zip(*(n.parameters() for n in nets), strict=True)]
    return [p.transpose(1, 2).contiguous() if p.ndim == 3 else p[:, None] for p in rows]


def network(seed: int, inputs: int = 64, outputs: int = 1) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(inputs, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, outputs)
        )


def forward(p: list[Tensor], x: Tensor, dropout: float = 0.0) -> Tensor:
    """(K, m, outputs) of K networks; x is (m, d), or (K, m, d)."""
    h = x
    for W, b in zip(p[:-2:2], p[1:-2:2], strict=True):
        h = torch.relu(torch.matmul(h, W) + b)
        h = nn.functional.dropout(h, dropout) if dropout else h
    return torch.matmul(h, p[-2]) + p[-1]


def orders(seeds: list[int], n: int, epoch: int) -> Tensor:
    """(K, n) the order of rows in an epoch, one a seed."""
    return torch.stack([torch.randperm(n, generator=torch.Generator().manual_seed(1000 * s + epoch)) for s in seeds])


def train(arm: Arm, data: Digits, w: Tensor, seeds: list[int], epochs: int):
    """Yields (epoch, parameters) after each epoch that is watched. w : (K, n), mean one; seeds : one a network."""
    p = [a.requires_grad_(True) for a in started(seeds, data.X.shape[-1])]
    n, X = len(data.y), data.X.expand(len(seeds), *data.X.shape[-2:])
    net = torch.arange(len(seeds))[:, None]
    with torch.random.fork_rng():
        torch.manual_seed(seeds[0])
        for epoch in range(1, epochs + 1):
            for i in orders(seeds, n, epoch).split(BATCH, dim=1):
                z = forward(p, X[net, i], arm.dropout)[..., 0]
                losses = T.margin_loss(z.flatten(), data.y[i].flatten(), tail=arm.tail)
                loss = T.weighted_loss(losses, w.gather(1, i).flatten(), count=i.shape[1])
                for a, g in zip(p, torch.autograd.grad(loss, p), strict=True):
                    a.data -= arm.lr * (g + arm.l2 * a.data)
            if epoch in WATCHED or epoch == epochs:
                yield epoch, p


def class_rows(r: float, y: Tensor) -> Tensor:
    """(n,) weights r:1 of class 1 against class 0, mean one."""
    return torch.as_tensor(np.asarray(uw.Weights.of([1.0, r], kind="class")[y.numpy()]), dtype=torch.float32)


def kept(r: float, y: Tensor) -> Tensor:
    """(n,) ones on the rows that subsampling keeps: 1/r of the lighter class."""
    w = torch.zeros(len(y))
    for c, share in ((1, min(r, 1.0)), (0, min(1 / r, 1.0))):
        rows = (y == c).nonzero()[:, 0]
        w[rows[: max(round(share * len(rows)), 1)]] = 1.0
    return w / w.mean()


def shares(arm: Arm, seeds: int, epochs: int) -> dict[int, dict[str, np.ndarray]]:
    """{epoch: {"out", "in": (seeds, weights) share called the second digit}}."""
    each = [s for s in range(seeds) for _ in WEIGHTS]
    data = digits_of(each)
    rows = [kept(r, data.y) if arm.subsample else class_rows(r, data.y) for r in WEIGHTS]
    w = torch.stack(rows).repeat(seeds, 1)
    found = {}
    for epoch, p in train(arm, data, w, each, epochs):
        with torch.no_grad():
            called = {
                k: (forward(p, x)[..., 0] > 0).float().mean(1) for k, x in (("out", data.other), ("in", data.same))
            }
        found[epoch] = {k: v.reshape(seeds, -1).numpy() for k, v in called.items()}
    return found


def spreads(shares: np.ndarray) -> np.ndarray:
    """(seeds,) share under 16:1 minus that under 1:16."""
    return shares[:, WEIGHTS.index(16.0)] - shares[:, WEIGHTS.index(1 / 16)]


def spread(shares: np.ndarray) -> float:
    return float(spreads(shares).mean())


# ---- what the meter says --------------------------------------------------------------------------------------------


def states(arm: Arm, data: Digits, epochs: int, seed: int = 0):
    """The meter's finding on one network with weights 16:1, with its trace: the other digits are the probe."""
    w = class_rows(16.0, data.y)
    model = network(seed)
    opt = torch.optim.SGD(model.parameters(), lr=arm.lr, weight_decay=arm.l2)
    meter = T.Meter(
        model,
        (data.X, data.y),
        w,
        loss=lambda z, y: T.margin_loss(z, y, tail=arm.tail),
        probe=data.other,
        optimizer=opt,
    )
    for epoch in range(1, epochs + 1):
        for i in orders([seed], len(data.y), epoch)[0].split(BATCH):
            z = model(data.X[i])
            meter.watch(z, data.y[i])
            T.weighted_loss(T.margin_loss(z, data.y[i], tail=arm.tail), w[i]).backward()
            opt.step()
            opt.zero_grad()
            meter.step()

    def fit(w: np.ndarray) -> Tensor:
        several = torch.as_tensor(w, dtype=torch.float32)
        *_, (_, p) = train(arm, data, several, [seed] * len(several), epochs)
        with torch.no_grad():
            return forward(p, data.other)[..., 0] > 0

    return meter.report(T.trace(fit, w.numpy(), twins=19, batched=True, rng=0))


# ---- two Gaussians --------------------------------------------------------------------------------------------------


def separable(steps: int = 100_000, rate: float = 0.5) -> dict[int, float]:
    """Spread of a linear model on separable rows, by gradient steps: share of a ring of directions called positive.

    Two narrow clusters at distance 2: on ones further apart margins grow faster, and a good part has faded by step 100 already.
    """
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    X = rng.normal(size=(200, 2)) * 0.25 + np.where(y[:, None] == 1, 1.0, -1.0) * np.array([1.0, 0.25])
    angle = np.linspace(0, 2 * np.pi, 2000)
    ring = torch.as_tensor(np.c_[2 * np.cos(angle), 2 * np.sin(angle), np.ones(2000)])
    rows, label = torch.as_tensor(np.c_[X, np.ones(200)]), torch.as_tensor(y)
    w = torch.stack([class_rows(r, label) for r in (16.0, 1 / 16)]).double()
    theta = torch.zeros(2, 3, dtype=torch.float64)
    found = {}
    for step in range(1, steps + 1):
        slope = (torch.sigmoid(theta @ rows.T) - label) * w
        theta -= rate * slope @ rows / 200
        if step in (100, steps):
            called = (theta @ ring.T > 0).double().mean(1)
            found[step] = float(called[0] - called[1])
    return found


def overlapping(r: float = 16.0) -> float:
    """How far weights r:1 move the intercept of a logistic regression on overlapping rows, minus log r."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    y = rng.random(20_000) < 0.5
    X = rng.normal(size=(20_000, 2)) + 0.5 * y[:, None]
    w = np.asarray(class_rows(r, torch.as_tensor(y.astype(int))), dtype=float)
    fits = [LogisticRegression(C=1e6, tol=1e-8).fit(X, y, sample_weight=v) for v in (None, w)]
    return float(fits[1].intercept_[0] - fits[0].intercept_[0]) - math.log(r)


def run(short: bool) -> dict[str, float]:
    torch.set_num_threads(1)
    epochs, seeds = (300, 3) if short else (1000, 5)
    found: dict[str, float] = {}
    for name, arm in ARMS.items():
        if short and name in ("dropout", "subsample"):
            continue
        by_epoch = shares(arm, seeds, epochs)
        line = {e: spread(s["out"]) for e, s in by_epoch.items()}
        error = spreads(by_epoch[epochs]["out"]).std(ddof=1) / seeds**0.5
        print(
            f"{name:10} spread by epoch  " + "  ".join(f"{e}: {v:.3f}" for e, v in line.items()) + f" ± {error:.3f}",
            flush=True,
        )
        found |= {f"{name}_{e}": v for e, v in line.items()}
        if name == "plain":
            late = [v for e, v in line.items() if e >= 3]
            found["plain_falls"] = float(all(a >= b for a, b in pairwise(late)) and late[0] > late[-1])
            found["balanced"] = float(by_epoch[epochs]["out"][:, WEIGHTS.index(1.0)].mean())
            found["in_domain"] = spread(by_epoch[epochs]["in"])
        if name in STATES and not (short and name == "plain"):  # its pull falls below .1 after epoch 300
            said = states(arm, digits(0), LATE if name == "l2" else epochs)
            print(f"           {said}", flush=True)
            found[f"state_{name}"] = float(said.state in STATES[name])
    found["poly_over_plain"] = found[f"poly_{epochs}"] / found[f"plain_{epochs}"]
    if not short:
        found["poly_change"] = abs(found["poly_1000"] / found["poly_300"] - 1)
        found["dropout_over_plain"] = found["dropout_1000"] - found["plain_1000"]
    fading = separable(10_000 if short else 100_000)
    found["separable_left"] = list(fading.values())[-1] / fading[100]
    found["overlapping"] = overlapping()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="plain, L2 and poly only; 300 epochs, 3 seeds")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short, may_lack=short)


if __name__ == "__main__":
    sys.exit(main())
