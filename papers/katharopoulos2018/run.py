"""Not all samples are created equal: score a large batch by one forward pass, train on the rows whose loss would move the network most.

    python papers/katharopoulos2018/run.py              # minutes of CPU; exit 1 if a claim is missed
    python papers/katharopoulos2018/run.py --short      # one seed, one learning rate an arm

Letters, 16,000 training rows. Work is counted in row-forwards: a training row costs three, a candidate that is only scored one. All arms have the work
of thirty plain epochs, and each its best constant learning rate; training loss is looked at after every thirtieth of the work.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import upweight as uw

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from claims import judged  # noqa: E402  (the folder above, see there)

T = uw.torch
DATA = Path(os.environ.get("UPWEIGHT_DATA", HERE.parents[2] / "shared" / "data")) / "bandit" / "letter-recognition.data"
ROWS, BATCH, LOOKS = 16_000, 64, 30
BUDGET = LOOKS * ROWS * 3  # row-forwards of thirty plain epochs
RATES, HISTORY_RATE = (0.05, 0.07, 0.1), 0.05
TWO_THIRDS = LOOKS * 2 // 3 - 1


@dataclass(frozen=True)
class Arm:
    """How rows are drawn: uniformly, of `candidates` scored afresh, or by remembered scores; and whether the learning rate decays."""

    candidates: int = 0
    history: bool = False
    cosine: bool = False


ARMS = {
    "uniform": Arm(),
    "presample": Arm(640),
    "presample_384": Arm(384),
    "uniform_cosine": Arm(cosine=True),
    "presample_cosine": Arm(640, cosine=True),
    "history_cosine": Arm(history=True, cosine=True),
}


@dataclass(frozen=True)
class Letters:
    """Standardised training rows and labels, and the other 4,000 as test rows."""

    x: Tensor
    y: Tensor
    x_test: Tensor
    y_test: Tensor


@dataclass(frozen=True)
class Curve:
    """After each thirtieth of the work, (30,): mean training loss and share of test rows that are wrong; and the share of steps that were presampled."""

    loss: np.ndarray
    error: np.ndarray
    scored: float


def letters() -> Letters:
    lines = [line.split(",") for line in DATA.read_text().split()]
    x = torch.tensor([[float(v) for v in line[1:]] for line in lines])
    y = torch.tensor([ord(line[0]) - ord("A") for line in lines])
    x = (x - x[:ROWS].mean(0)) / x[:ROWS].std(0)
    return Letters(x[:ROWS], y[:ROWS], x[ROWS:], y[ROWS:])


def network(seed: int) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(16, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 26))


# ---- how rows are drawn ---------------------------------------------------------------------------------------------


class Uniform:
    """Every row once an epoch. `next(net)` gives rows (b,), loss weights (b,) and the work they cost; `seen` takes the scores of these rows."""

    def __init__(self, data: Letters, arm: Arm, seed: int) -> None:
        self.data, self.arm = data, arm
        self.rng = np.random.default_rng(seed)
        self.rows = iter(())

    def some(self, size: int) -> Tensor:
        """The next rows of random orders, one after the other."""
        taken = []
        while len(taken) < size:
            taken += [i for _, i in zip(range(size - len(taken)), self.rows, strict=False)]
            if len(taken) < size:
                self.rows = iter(self.rng.permutation(ROWS).tolist())
        return torch.tensor(taken)

    def next(self, net: nn.Module) -> tuple[Tensor, Tensor, int]:
        return self.some(BATCH), torch.ones(BATCH), 3 * BATCH

    def seen(self, rows: Tensor, score: Tensor) -> None:
        """Nothing is remembered."""


class Presampled(Uniform):
    """Algorithm 1: candidates are scored once what scores promise, averaged over steps, exceeds what scoring costs."""

    def __init__(self, data: Letters, arm: Arm, seed: int) -> None:
        super().__init__(data, arm, seed)
        self.tau, self.pays = 0.0, (arm.candidates + 3 * BATCH) / (3 * BATCH)

    def next(self, net: nn.Module) -> tuple[Tensor, Tensor, int]:
        if self.tau <= self.pays:
            return super().next(net)
        rows = self.some(self.arm.candidates)
        with torch.no_grad():
            score = T.grad_norm(net(self.data.x[rows]), self.data.y[rows])
        pick = T.presample(score, BATCH, rng=self.rng)
        self.promised(pick.tau)
        return rows[pick.index], pick.weight, self.arm.candidates + 3 * BATCH

    def seen(self, rows: Tensor, score: Tensor) -> None:
        if self.tau <= self.pays:
            self.promised(T.presample(score, BATCH, rng=0).tau)

    def promised(self, tau: float) -> None:
        self.tau = 0.9 * self.tau + 0.1 * tau


class History(Uniform):
    """Scores of the last time that a row was drawn, behind the gate of `Scores`."""

    def __init__(self, data: Letters, arm: Arm, seed: int) -> None:
        super().__init__(data, arm, seed)
        self.scores = T.Scores(ROWS)
        self.sampler = T.ImportanceSampler(ROWS, scores=self.scores, rng=seed)

    def next(self, net: nn.Module) -> tuple[Tensor, Tensor, int]:
        rows = torch.tensor([i for _, i in zip(range(BATCH), self.rows, strict=False)])
        if not len(rows):
            self.rows = iter(self.sampler)
            return self.next(net)
        return rows, self.sampler.loss_weight[rows], 3 * len(rows)

    def seen(self, rows: Tensor, score: Tensor) -> None:
        self.scores.update(rows, score)


def drawn(data: Letters, arm: Arm, seed: int) -> Uniform:
    kind = History if arm.history else Presampled if arm.candidates else Uniform
    return kind(data, arm, seed)


def train(data: Letters, arm: Arm, lr: float, seed: int) -> Curve:
    net, draws = network(seed), drawn(data, arm, seed)
    opt = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)
    spent, steps, scored, loss, error = 0, 0, 0, [], []
    while spent < BUDGET:
        if arm.cosine:
            opt.param_groups[0]["lr"] = lr * (1 + math.cos(math.pi * spent / BUDGET)) / 2
        rows, weight, work = draws.next(net)
        z, y = net(data.x[rows]), data.y[rows]
        draws.seen(rows, T.grad_norm(z, y))
        T.weighted_loss(T.margin_loss(z, y), weight).backward()
        opt.step()
        opt.zero_grad()
        spent, steps, scored = spent + work, steps + 1, scored + (work > 3 * BATCH)
        while len(loss) < spent * LOOKS // BUDGET and len(loss) < LOOKS:
            loss.append(loss_of(net, data.x, data.y))
            error.append(error_of(net, data.x_test, data.y_test))
    return Curve(np.array(loss), np.array(error), scored / steps)


@torch.no_grad()
def loss_of(net: nn.Module, x: Tensor, y: Tensor) -> float:
    return float(T.margin_loss(net(x), y).mean())


@torch.no_grad()
def error_of(net: nn.Module, x: Tensor, y: Tensor) -> float:
    return float((net(x).argmax(1) != y).float().mean())


# ---- what is claimed ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mean:
    """Of an arm at one learning rate, over seeds: (30,) loss and error."""

    lr: float
    loss: np.ndarray
    error: np.ndarray

    def reaches(self, loss: float) -> float:
        """Thirtieths of the work until the loss is that low, between two looks as its log goes; infinite if it never is."""
        there = np.flatnonzero(self.loss <= loss)
        if not len(there) or there[0] == 0:
            return 1.0 if len(there) else math.inf
        high, low = np.log(self.loss[there[0] - 1 : there[0] + 1])
        return float(there[0] + (high - math.log(loss)) / (high - low))


def means(data: Letters, name: str, rates: tuple[float, ...], seeds: int) -> list[Mean]:
    """The mean curves of an arm at each learning rate."""
    out = []
    for lr in rates:
        curves = [train(data, ARMS[name], lr, seed) for seed in range(seeds)]
        m = Mean(lr, *(np.mean([getattr(c, k) for c in curves], axis=0) for k in ("loss", "error")))
        at = "  ".join(f"{k}: {m.loss[k - 1]:.4f}" for k in (10, 20, 30))
        scored = 100 * np.mean([c.scored for c in curves])
        print(
            f"{name:17} lr {lr:<5g} loss {at}   to .02 {m.reaches(0.02):5.1f}   to .05 {m.reaches(0.05):5.1f}   "
            f"test error at 20: {m.error[TWO_THIRDS]:.4f}   presampled steps {scored:.0f} %",
            flush=True,
        )
        out.append(m)
    return out


def best(arm: list[Mean], look: int) -> Mean:
    """At the learning rate with the lowest training loss then."""
    return min(arm, key=lambda m: m.loss[look])


def work(a: list[Mean], b: list[Mean], loss: float) -> float:
    """Work of `a` until the loss is that low over that of `b`, each at its fastest rate; for b the whole budget if it never is."""
    return min(m.reaches(loss) for m in a) / min(min(m.reaches(loss) for m in b), LOOKS)


def run(short: bool) -> dict[str, float]:
    torch.set_num_threads(1)
    data, seeds = letters(), 1 if short else 3
    rates = {name: (0.1,) if short else RATES for name in ARMS} | {"history_cosine": (HISTORY_RATE,)}
    rates |= {"uniform": (0.05,)} if short else {}
    arms = {name: means(data, name, rates[name], seeds) for name in ARMS if name != "history_cosine"}
    plain, scored = best(arms["uniform"], TWO_THIRDS), best(arms["presample"], TWO_THIRDS)
    decayed = [best(arms[name], LOOKS - 1).loss[-1] for name in ("uniform_cosine", "presample_cosine")]
    found = {
        "loss_at_two_thirds": scored.loss[TWO_THIRDS] / plain.loss[TWO_THIRDS],
        "work_to_02": work(arms["presample_384"], arms["uniform"], 0.02),
        "error_over_uniform": scored.error[TWO_THIRDS] - plain.error[TWO_THIRDS],
        "cosine_uniform_over_presample": decayed[0] / decayed[1],
    }
    seeds = 1 if short else 4
    (history,), (beside,) = (means(data, f"{name}_cosine", (HISTORY_RATE,), seeds) for name in ("history", "uniform"))
    found["history_work_to_05"] = work([history], [beside], 0.05)
    found["history_end"] = history.loss[-1] / beside.loss[-1]
    return {name: float(value) for name, value in found.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="one seed, one learning rate an arm")
    short = parser.parse_args().short
    if not DATA.exists():
        print("skipped  every claim: no public data (set UPWEIGHT_DATA)")
        return 0
    return judged(HERE, run(short), short=short)


if __name__ == "__main__":
    sys.exit(main())
