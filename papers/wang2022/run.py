"""Is importance weighting incompatible with interpolating classifiers? Remedies for a rare class, trained until every row is fitted.

    python papers/wang2022/run.py              # minutes of CPU; exit 1 if a claim is missed
    python papers/wang2022/run.py --short      # two pairs of digits, four seeds

Pairs of digits, 90 rows of one and 4 of the other. Of the other images of the pair, 20 of each digit say when to stop early, and the rest are the test
rows: balanced accuracy. All arms of a pair and seed start from the same network and see rows in the same order, so differences are paired over runs.
"""

from __future__ import annotations

import argparse
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
PAIRS = ((3, 5), (1, 8), (4, 9), (3, 9))
COUNTS, VALID = (90, 4), 20
HIDDEN, BATCH, LR, EPOCHS = 128, 16, 0.1, 600
LOOKS = (5, 10, 20, 30, 60, 100, 200, 400)  # epochs at which training may stop early, besides the last


@dataclass(frozen=True)
class Arm:
    """One remedy: weights to a power, a tail, a rule, weight decay, undersampling."""

    power: float = 0.0
    tail: object = None
    kind: str = ""
    l2: float = 0.0
    under: bool = False


ARMS = {
    "none": Arm(),
    "weighted": Arm(1.0),
    "l2": Arm(1.0, l2=1e-2),
    "under": Arm(under=True),
    "poly": Arm(tail=T.poly(1.0)),
    "poly_w": Arm(1.0, tail=T.poly(1.0)),
    "poly_w1.5": Arm(1.5, tail=T.poly(1.0)),
    "cdt": Arm(kind="cdt"),
    "la": Arm(kind="logit_adjust"),
    "vs": Arm(kind="vs"),
}


def rule_of(kind: str) -> uw.torch.MarginRule | None:
    if not kind:
        return None
    return T.margin_rule(COUNTS, kind=kind) if kind == "logit_adjust" else T.margin_rule(COUNTS, kind=kind, gamma=0.3)


Rows = list[tuple[Tensor, Tensor]]  # of each run


@dataclass(frozen=True)
class Runs:
    """K runs: (K, n, 64) training rows and their (n,) labels, and the validation and test rows and labels of each."""

    X: Tensor
    y: Tensor
    valid: Rows
    test: Rows


def runs(pairs: tuple, seeds: int) -> Runs:
    """Which rows train, which validate and which test is drawn by the seed."""
    X, label = load_digits(return_X_y=True)
    X = torch.as_tensor(X / 16, dtype=torch.float32)
    train, valid, test = [], [], []
    for a, b in pairs:
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            first, second = (rng.permutation(np.flatnonzero(label == d)) for d in (a, b))
            train.append(X[np.r_[first[: COUNTS[0]], second[: COUNTS[1]]]])
            first, second = first[COUNTS[0] :], second[COUNTS[1] :]
            for held, rest in ((valid, slice(VALID)), (test, slice(VALID, None))):
                rows = np.r_[first[rest], second[rest]]
                held.append((X[rows], torch.as_tensor(label[rows] == b)))
    return Runs(torch.stack(train), torch.as_tensor(np.repeat([0, 1], COUNTS)), valid, test)


def started(runs: int) -> list[Tensor]:
    """Parameters of a three-layer network with one logit a run, as torch starts them."""
    nets = []
    with torch.random.fork_rng():
        for seed in range(runs):
            torch.manual_seed(seed)
            sizes = (64, HIDDEN, HIDDEN, 1)
            nets.append([p.detach() for a, b in pairwise(sizes) for p in nn.Linear(a, b).parameters()])
    rows = [torch.stack(layer) for layer in zip(*nets, strict=True)]
    return [p.transpose(1, 2).contiguous() if p.ndim == 3 else p[:, None] for p in rows]


def logits(p: list[Tensor], x: Tensor) -> Tensor:
    """(K, m) of K networks on (K, m, 64)."""
    for W, b in zip(p[:-2:2], p[1:-2:2], strict=True):
        x = torch.relu(torch.baddbmm(b, x, W))
    return torch.baddbmm(p[-1], x, p[-2])[..., 0]


def train(arm: Arm, X: Tensor, y: Tensor, epochs: int):
    """Yields parameters at the looks and at the end; K networks side by side."""
    K = len(X)
    w = np.asarray(T.class_weights(COUNTS).values)[y.numpy()] ** arm.power
    w = torch.as_tensor(w / w.mean(), dtype=torch.float32)
    keep = torch.arange(len(y)) if not arm.under else torch.cat([(y == c).nonzero()[: min(COUNTS), 0] for c in (0, 1)])
    rule = rule_of(arm.kind)
    p = [a.requires_grad_(True) for a in started(K)]
    for epoch in range(1, epochs * (len(y) // len(keep)) + 1):
        order = [torch.randperm(len(keep), generator=torch.Generator().manual_seed(1000 * k + epoch)) for k in range(K)]
        for i in keep[torch.stack(order)].split(BATCH, dim=1):
            z = logits(p, X.gather(1, i[..., None].expand(-1, -1, 64)))
            losses = T.margin_loss(z.flatten(), y[i].flatten(), rule, tail=arm.tail)
            loss = T.weighted_loss(losses, w[i].flatten(), count=i.shape[1])
            for a, g in zip(p, torch.autograd.grad(loss, p), strict=True):
                a.data -= LR * (g + arm.l2 * a.data)
        if epoch in LOOKS:
            yield p
    yield p


def balanced(p: list[Tensor], test: Rows, shift: float = 0.0) -> np.ndarray:
    """(K,) balanced accuracy of each run on its own test rows; `shift` is added to the logits."""
    out = []
    with torch.no_grad():
        for k, (x, y) in enumerate(test):
            called = logits([a[k : k + 1] for a in p], x[None])[0] + shift > 0
            out.append(float((called[y].float().mean() + (~called[~y]).float().mean()) / 2))
    return np.array(out)


def held_out_loss(p: list[Tensor], valid: Rows) -> np.ndarray:
    """(K,) cross-entropy of each run on its validation rows, of which both classes have as many."""
    with torch.no_grad():
        each = [
            T.margin_loss(logits([a[k : k + 1] for a in p], x[None])[0], y.long()) for k, (x, y) in enumerate(valid)
        ]
        return np.array([float(losses.mean()) for losses in each])


def accuracies(short: bool) -> dict[str, np.ndarray]:
    """{arm: (runs,) balanced accuracy}, with the early stop of `weighted` and post-hoc adjustment of `none`."""
    data = runs(PAIRS[:2] if short else PAIRS, 4 if short else 8)
    found = {}
    for name, arm in ARMS.items():
        looks = [(balanced(p, data.test), held_out_loss(p, data.valid), p) for p in train(arm, data.X, data.y, EPOCHS)]
        found[name], _, p = looks[-1]
        if name == "none":  # z - tau log prior, in two columns
            columns = T.logit_adjust(np.zeros((1, 2)), source=np.array(COUNTS) / sum(COUNTS))
            found["posthoc"] = balanced(p, data.test, float(columns[0, 1] - columns[0, 0]))
        if name == "weighted":
            found["early"] = stopped([test for test, _, _ in looks], [loss for _, loss, _ in looks])
        print("  ".join(f"{k} {v.mean():.3f}" for k, v in list(found.items())[-2:]), flush=True)
    return found


def stopped(tests: list[np.ndarray], losses: list[np.ndarray]) -> np.ndarray:
    """(K,) test accuracy of each run at the look with its lowest validation loss."""
    look = np.argmin(losses, axis=0)
    print(
        "stopped at epoch    "
        + "  ".join(
            f"{e}: {n}" for e, n in zip((*LOOKS, EPOCHS), np.bincount(look, minlength=len(LOOKS) + 1), strict=True)
        )
    )
    print(
        "weighted at epoch   " + "  ".join(f"{e}: {a.mean():.3f}" for e, a in zip((*LOOKS, EPOCHS), tests, strict=True))
    )
    return np.array(tests)[look, np.arange(len(look))]


def run(short: bool) -> dict[str, float]:
    torch.set_num_threads(1)
    a = accuracies(short)
    out = {f"accuracy_{name}": float(v.mean()) for name, v in a.items()}
    pairs = {
        "weighted_over_none": ("weighted", "none"),
        "none_over_poly": ("none", "poly"),
        "la_over_weighted": ("la", "weighted"),
        "vs_over_la": ("vs", "la"),
        "poly_over_weighted": ("poly_w1.5", "weighted"),
        "early_over_weighted": ("early", "weighted"),
    }
    out |= {name: float((a[x] - a[y]).mean()) for name, (x, y) in pairs.items()}
    out["posthoc_against_la"] = abs(float((a["posthoc"] - a["la"]).mean()))
    for name, (x, y) in pairs.items():
        print(f"{name:24}{out[name]:+.3f} ± {(a[x] - a[y]).std(ddof=1) / len(a[x]) ** 0.5:.3f}")
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="two pairs, four seeds")
    short = parser.parse_args().short
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    sys.exit(main())
