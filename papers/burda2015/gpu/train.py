"""The long schedule of Burda et al. on one GPU: k = 1, 5, 50 and 50 with DReG, one stochastic layer, as many epochs as fit.

    python papers/burda2015/gpu/train.py --data DATA/mnist --minutes 12 --out burda.json --checkpoint burda.pt

PyTorch and NumPy alone; nothing of this package is imported, so that the file can be sent to a machine that has nothing else. Batches of 20
are bound by launches (8.2 million steps in the full 3280 epochs), so fifty steps of a configuration are one CUDA graph, every configuration
has a stream of its own, and seeds are one batch of matrices. The stages have ceil(3^i f) epochs; the largest f that fits the minutes is
chosen and printed. A checkpoint is written after every stage, and with one the run goes on where it ended. On a CPU (`--device cpu`)
steps are taken one by one, for trying the script.

Model as in the paper: 784-[200-200]-50, tanh, fixed binarisation, Adam (.9, .999, eps 1e-4), lr 10^(-3 - i/7) in stage i, batches of 20
reshuffled every epoch; NLL by 5000 draws on all 10,000 test images, of the last and of the best parameters (L_5000 on 1000 validation
images after each stage).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import struct
import sys
import time
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

WIDTHS, LATENT, BATCH, STAGES, GRAPH_STEPS = (784, 200, 200), 50, 20, 8, 50
CONFIGURATIONS = {"k1": (1, False), "k5": (5, False), "k50": (50, False), "k50_dreg": (50, True)}
SHARE_OF_SCORING = 0.15  # of the minutes, kept for likelihoods


def read_amat(path: Path) -> np.ndarray:
    """The matrix of a Matlab v5 file that holds one of uint8, (rows, 784)."""
    raw = path.read_bytes()[128:]
    kind, size = struct.unpack("<II", raw[:8])
    body = raw[8 : 8 + size]
    if kind == 15:  # compressed
        body = zlib.decompress(body)[8:]
    parts, at = [], 0
    while at < len(body):
        kind, size = struct.unpack("<II", body[at : at + 8])
        if kind >> 16:  # a small element: type and length share four bytes, the data are in the other four
            kind, size = kind & 0xFFFF, kind >> 16
            parts.append(body[at + 4 : at + 4 + size])
            at += 8
        else:
            parts.append(body[at + 8 : at + 8 + size])
            at += 8 + (size + 7) // 8 * 8
    _, dims, _, data = parts[:4]
    rows, columns = struct.unpack("<ii", dims)
    return np.frombuffer(data, dtype=np.uint8).reshape(columns, rows).T


class Model:
    """Autoencoders of several seeds as batches of matrices; x (S, B, 784), z (S, B, K, 50)."""

    def __init__(self, seeds: int, mean: Tensor, device: str, start: int) -> None:
        generator = torch.Generator().manual_seed(start)
        encoder = [*WIDTHS, 2 * LATENT]
        decoder = [LATENT, *WIDTHS[::-1]]
        self.parameters: list[Tensor] = []
        for sizes in (encoder, decoder):
            for a, b in pairwise(sizes):
                reach = math.sqrt(6 / (a + b))
                w = (2 * torch.rand(seeds, a, b, generator=generator) - 1) * reach
                self.parameters += [w.to(device), torch.zeros(seeds, 1, b, device=device)]
        self.parameters[-1] += torch.logit(mean.clamp(0.001, 0.999)).to(device)
        for p in self.parameters:
            p.requires_grad_()

    def _layers(self, x: Tensor, first: int) -> Tensor:
        for i in range(first, first + 6, 2):
            x = torch.baddbmm(self.parameters[i + 1], x, self.parameters[i])
            x = torch.tanh(x) if i < first + 4 else x
        return x

    def log_w(self, x: Tensor, noise: Tensor, *, stopped: bool) -> tuple[Tensor, Tensor]:
        """log p(x, z) - log q(z|x), (S, B, K), and z; with `stopped` the parameters of q are."""
        seeds, rows, k, _ = noise.shape
        mean, log_scale = self._layers(x, 0).chunk(2, -1)
        log_scale = log_scale.clamp(-6, 3)
        z = mean.unsqueeze(2) + log_scale.exp().unsqueeze(2) * noise
        m, s = (t.detach() if stopped else t for t in (mean, log_scale))
        far = (z - m.unsqueeze(2)) * torch.exp(-s).unsqueeze(2)
        log_q = -far.square().sum(-1) / 2 - s.sum(-1, keepdim=True)
        l = self._layers(z.reshape(seeds, rows * k, LATENT), 6).reshape(seeds * rows, k, -1)
        fit = torch.bmm(l, x.reshape(seeds * rows, -1, 1))[..., 0] - softplus(l).sum(-1)
        return fit.reshape(seeds, rows, k) - z.square().sum(-1) / 2 - log_q, z

    def loss(self, x: Tensor, noise: Tensor, *, dreg: bool) -> Tensor:
        """What to call backward on: minus sum of stopped weights times log-weights, summed over seeds, a mean over rows."""
        log_w, z = self.log_w(x, noise, stopped=dreg)
        share = torch.softmax(log_w.detach(), -1)
        if dreg:
            z.register_hook(lambda g: g * share.unsqueeze(-1))
        return -(share * log_w).sum(-1).mean(1).sum()

    @torch.no_grad()
    def nll(self, X: Tensor, k: int, rows: int = 20) -> list[float]:
        """Minus the mean of L_k, a seed each; the encoder alone."""
        seeds = len(self.parameters[0])
        total = torch.zeros(seeds, dtype=torch.float64, device=X.device)
        run = 250
        for part in X.split(rows):
            x = part.expand(seeds, -1, -1)
            l = torch.full((seeds, len(part)), -math.inf, device=X.device)
            for first in range(0, k, run):
                noise = torch.randn(seeds, len(part), min(run, k - first), LATENT, device=X.device)
                l = torch.logaddexp(l, torch.logsumexp(self.log_w(x, noise, stopped=False)[0], -1))
            total += (l.double() - math.log(k)).sum(1)
        return (-total / len(X)).tolist()


class Trainer:
    """Steps of one configuration: fifty at a time as one graph, or one by one without a GPU."""

    def __init__(self, name: str, X: Tensor, seeds: int, start: int) -> None:
        self.name, self.X, self.seeds = name, X, seeds
        self.k, self.dreg = CONFIGURATIONS[name]
        self.model = Model(seeds, X.float().mean(0), str(X.device), start)
        self.cuda = X.is_cuda
        self.lr = torch.tensor(1e-3, device=X.device) if self.cuda else 1e-3
        self.adam = torch.optim.Adam(self.model.parameters, lr=self.lr, eps=1e-4, fused=True, capturable=self.cuda)
        self.index = torch.zeros(GRAPH_STEPS, seeds, BATCH, dtype=torch.int64, device=X.device)
        self.stream = torch.cuda.Stream() if self.cuda else None
        self.graph: torch.cuda.CUDAGraph | None = None

    def one(self, index: Tensor) -> None:
        """One step on rows `index` (S, B)."""
        x = self.X[index].float()
        noise = torch.randn(self.seeds, BATCH, self.k, LATENT, device=self.X.device)
        self.adam.zero_grad(set_to_none=True)
        self.model.loss(x, noise, dreg=self.dreg).backward()
        self.adam.step()

    def fifty(self) -> None:
        for i in range(GRAPH_STEPS):
            self.one(self.index[i])

    def capture(self) -> None:
        """Record fifty steps, after three that warm up on a side stream; parameters and moments are put back."""
        kept = [p.detach().clone() for p in self.model.parameters]
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            for _ in range(3):
                self.one(self.index[0])
        torch.cuda.synchronize()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, stream=self.stream):
            self.fifty()
        with torch.no_grad():
            for p, before in zip(self.model.parameters, kept, strict=True):
                p.copy_(before)
            for state in self.adam.state.values():
                for value in state.values():
                    value.zero_()

    def run(self, index: Tensor) -> None:
        """Fifty steps on rows `index` (50, S, B)."""
        if self.graph is None:
            self.index.copy_(index)
            self.fifty()
            return
        with torch.cuda.stream(self.stream):
            self.index.copy_(index, non_blocking=True)
            self.graph.replay()

    def set_lr(self, lr: float) -> None:
        if self.cuda:
            self.lr.fill_(lr)
        else:
            self.adam.param_groups[0]["lr"] = lr

    def state(self) -> dict:
        return {"parameters": [p.detach().cpu() for p in self.model.parameters], "adam": self.adam.state_dict()}

    def load(self, state: dict) -> None:
        """In place, since a graph holds the addresses."""
        with torch.no_grad():
            for p, saved in zip(self.model.parameters, state["parameters"], strict=True):
                p.copy_(saved)
            for p, saved in zip(self.model.parameters, state["adam"]["state"].values(), strict=True):
                for name, value in saved.items():
                    self.adam.state.setdefault(p, {})
                    if name in self.adam.state[p]:
                        self.adam.state[p][name].copy_(value)
                    else:
                        self.adam.state[p][name] = value.to(p.device)


def graph_equals_eager(trainer: Trainer) -> float:
    """The largest difference of a parameter after fifty steps as a graph and one by one, from the same noise."""
    start = trainer.state()
    start = {"parameters": start["parameters"], "adam": {"state": {i: {n: v.detach().cpu().clone() for n, v in s.items()} for i, s in start["adam"]["state"].items()}}}  # fmt: skip
    index = torch.randint(len(trainer.X), trainer.index.shape, device=trainer.X.device)
    found = []
    for eager in (False, True):
        trainer.load(start)
        torch.manual_seed(1)
        graph = trainer.graph
        trainer.graph = None if eager else graph
        trainer.run(index)
        torch.cuda.synchronize()
        trainer.graph = graph
        found.append([p.detach().clone() for p in trainer.model.parameters])
    trainer.load(start)
    return max((a - b).abs().max().item() for a, b in zip(*found, strict=True))


def epochs_of(f: float) -> list[int]:
    return [math.ceil(3**i * f) for i in range(STAGES)]


def largest_f(seconds_an_epoch: float, seconds: float) -> float:
    """The largest f in (0, 1] of which every stage fits."""
    for f in (1.0, *np.geomspace(0.9, 1e-4, 200)):
        if sum(epochs_of(f)) * seconds_an_epoch <= seconds:
            return float(f)
    return 0.0


def one_epoch(trainers: list[Trainer], number: int) -> None:
    """Every configuration over all rows, in the order that belongs to the epoch of this number."""
    X, seeds = trainers[0].X, trainers[0].seeds
    generator = torch.Generator().manual_seed(number)
    orders = torch.stack([torch.randperm(len(X), generator=generator) for _ in range(seeds)])
    steps = len(X) // BATCH // GRAPH_STEPS * GRAPH_STEPS
    index = orders[:, : steps * BATCH].reshape(seeds, steps, BATCH).movedim(0, 1).contiguous().to(X.device)
    for part in index.split(GRAPH_STEPS):
        for trainer in trainers:
            trainer.run(part)
    if X.is_cuda:
        torch.cuda.synchronize()


def write_whole(path: Path, content: object) -> None:
    beside = path.with_suffix(".part")
    torch.save(content, beside)
    os.replace(beside, path)


class Clock:
    """Minutes since the start, and the part of them that training may use."""

    def __init__(self, minutes: float) -> None:
        self.began, self.training = time.monotonic(), 60 * minutes * (1 - SHARE_OF_SCORING)

    @property
    def left(self) -> float:
        return self.training - (time.monotonic() - self.began)


def begun(trainers: list[Trainer], path: Path, clock: Clock) -> dict:
    """The run as its checkpoint has it; without one its first epoch, timed, and the f that fits."""
    if path.exists():
        saved = torch.load(path, weights_only=True)
        for trainer in trainers:
            trainer.load(saved["trainers"][trainer.name])
        print(f"goes on after {saved['stages']} stages, f = {saved['f']:.4f}", flush=True)
        return saved
    start = time.monotonic()
    one_epoch(trainers, 0)
    an_epoch = time.monotonic() - start
    f = largest_f(an_epoch, clock.left)
    print(f"{an_epoch:.2f} s an epoch of all configurations; f = {f:.4f}, {sum(epochs_of(f))} epochs", flush=True)
    return {"stages": 0, "f": f, "epochs": 1, "best": {}}


def trained(trainers: list[Trainer], run: dict, valid: Tensor, path: Path, clock: Clock) -> None:
    """The stages that are left, as far as the minutes go; a checkpoint after each."""
    stages = epochs_of(run["f"])
    for stage in range(run["stages"], STAGES):
        for trainer in trainers:
            trainer.set_lr(10 ** (-3 - stage / 7))
        while run["epochs"] < sum(stages[: stage + 1]):
            one_epoch(trainers, run["epochs"])
            run["epochs"] += 1
        for trainer in trainers:
            loss = trainer.model.nll(valid, 500)
            if trainer.name not in run["best"] or sum(loss) < sum(run["best"][trainer.name]["valid"]):
                run["best"][trainer.name] = {"valid": loss, "stage": stage, **trainer.state()}
            print(f"stage {stage} {trainer.name}: valid NLL_500 {loss}", flush=True)
        run["stages"] = stage + 1
        write_whole(path, {**run, "trainers": {t.name: t.state() for t in trainers}})
        if clock.left < 0:
            print(f"time is up after stage {stage}", flush=True)
            return


def scored(trainers: list[Trainer], run: dict, X: Tensor, test: Tensor) -> dict:
    """NLL_5000 on the test images, of last and best parameters, and NLL_500 on every fiftieth training image."""
    figures: dict = {"f": run["f"], "epochs": run["epochs"]}
    for trainer in trainers:
        found = {"last": trainer.model.nll(test, 5000), "train_500": trainer.model.nll(X[::50].float(), 500)}
        trainer.load(run["best"][trainer.name])
        figures[trainer.name] = {**found, "best": trainer.model.nll(test, 5000)}
        print(trainer.name, figures[trainer.name], flush=True)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path, default=Path("burda.json"))
    parser.add_argument("--checkpoint", type=Path, default=Path("burda.pt"))
    parser.add_argument("--rows", type=int, default=50_000, help="training rows, fewer for a trial")
    parser.add_argument("--tested", type=int, default=10_000, help="test images, fewer for a trial")
    args = parser.parse_args()
    clock = Clock(args.minutes)
    parts = (read_amat(args.data / f"binarized_mnist_{part}.amat").copy() for part in ("train", "valid", "test"))
    X, valid, test = (torch.from_numpy(part).to(args.device) for part in parts)
    X, valid, test = X[: args.rows], valid[::10].float(), test[:: len(test) // args.tested].float()
    trainers = [Trainer(name, X, args.seeds, 100 + i) for i, name in enumerate(CONFIGURATIONS)]
    for trainer in trainers if X.is_cuda else ():
        trainer.capture()
        print(f"{trainer.name}: graph against eager {graph_equals_eager(trainer):.1e}", flush=True)
    run = begun(trainers, args.checkpoint, clock)
    trained(trainers, run, valid, args.checkpoint, clock)
    args.out.write_text(json.dumps(scored(trainers, run, X, test), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
