"""Importance-weighted autoencoders: what the encoder run once saves, and what figures and memory cost.

    python bench/iwae.py

Nets 784-200-200-50 (tanh), Bernoulli likelihood, one thread; times are median CPU seconds of calls that take turns in one process.
Demands: a training step (batch 100, K = 50) 1.6 x faster than with the encoder fed x repeated K times; `diagnose` of 10,000 x 1000
at most 4 x `torch.logsumexp`, k-hat not counted; k-hat, ESS and se of all rows at most a tenth of the decoding; `log_likelihood` of
5000 draws a row at most 40 MB over the nets at chunk 1024, 200 MB at 20,000, measured as the peak of a process of its own. Of the model
`IWAE` (`_autoencoders.py`): a step at most 1.55 x its bare products, a pair of `log_likelihood` 1.6 x; an epoch 1.3 x faster than
pythae's, a likelihood 3 x; the default fit on digits 30 s.
"""

from __future__ import annotations

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from _autoencoders import against_pythae, default_fit, model_likelihood, step_of_model
from _turns import together
from torch.distributions import Independent, Normal

from upweight.torch import iwae

LATENT, WIDTH = 50, 784


def said(ratio: float, demand: float, *, at_least: bool) -> str:
    held = ratio >= demand if at_least else ratio <= demand
    return f"{ratio:.2f}, demand {'>=' if at_least else '<='} {demand:g}{'' if held else ': MISSED'}"


class Nets(torch.nn.Module):
    """The encoder and the decoder of the bench."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        layers = lambda a, b: [torch.nn.Linear(a, 200), torch.nn.Tanh(), torch.nn.Linear(200, 200), torch.nn.Tanh(), torch.nn.Linear(200, b)]  # fmt: skip
        self.encoder = torch.nn.Sequential(*layers(WIDTH, 2 * LATENT))
        self.decoder = torch.nn.Sequential(*layers(LATENT, WIDTH))

    def q(self, x: torch.Tensor) -> Independent:
        mean, log_scale = self.encoder(x).chunk(2, -1)
        return Independent(Normal(mean, log_scale.exp(), validate_args=False), 1, validate_args=False)

    def log_joint(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """log p(x, z): sum x l - sum softplus(l), x never expanded; the constant of the prior left out."""
        logits = self.decoder(z)
        likelihood = torch.linalg.vecdot(logits, x.unsqueeze(-2)) - torch.nn.functional.softplus(logits).sum(-1)
        return likelihood - z.square().sum(-1) / 2


def step(nets: Nets, x: torch.Tensor, k: int, objective: str = "dreg") -> None:
    nets.zero_grad(set_to_none=True)
    d = iwae.draw(lambda z: nets.log_joint(x, z), nets.q(x), k, objective=objective)
    (-d.surrogate().mean()).backward()


def repeated_step(nets: Nets, x: torch.Tensor, k: int) -> None:
    """The usual way: x repeated K times before the encoder, the bound's own gradient."""
    nets.zero_grad(set_to_none=True)
    many = x.repeat_interleave(k, 0)
    q = nets.q(many)
    z = q.rsample()
    logits = nets.decoder(z)
    likelihood = -torch.nn.functional.binary_cross_entropy_with_logits(logits, many, reduction="none").sum(-1)
    log_w = (likelihood - z.square().sum(-1) / 2 - q.log_prob(z)).reshape(len(x), k)
    (-(torch.logsumexp(log_w, -1) - np.log(k)).mean()).backward()


def training() -> None:
    nets, x = Nets(), (torch.rand(100, WIDTH) < 0.15).float()
    calls = [lambda o=o: step(nets, x, 50, o) for o in ("dreg", "standard")]
    dreg, standard, repeated = together(*calls, lambda: repeated_step(nets, x, 50), repeats=5)
    print(f"step, batch 100, K = 50: dreg {dreg:.3f} s, standard {standard:.3f} s, encoder repeated {repeated:.3f} s")
    print(f"  repeated over dreg {said(repeated / dreg, 1.6, at_least=True)}; over standard {repeated / standard:.2f}")


def figures() -> None:
    l = torch.randn(10_000, 1000) - 800
    theirs, ours = together(lambda: torch.logsumexp(l, -1), lambda: iwae.diagnose(l))
    print(
        f"diagnose, 10,000 x 1000: {ours:.3f} s, torch.logsumexp {theirs:.3f} s, {said(ours / theirs, 4, at_least=False)}"
    )
    thousand, doubled = together(lambda: iwae.curve(l[:2000]), lambda: iwae.curve(l[:4000]))
    print(f"curve, growth from 2000 to 4000 rows: {doubled / thousand:.2f} x")


def log_w_of(nets: Nets, x: torch.Tensor) -> Callable[[slice, int, int], torch.Tensor]:
    """Log-weights of some draws of some rows; the encoding of a slice of rows is kept from call to call."""
    kept: dict[tuple[int, int], Independent] = {}

    def asked(rows: slice, first: int, count: int) -> torch.Tensor:
        key = rows.start, rows.stop
        if key not in kept:
            kept.clear()
            kept[key] = nets.q(x[rows])
        z = kept[key].rsample(torch.Size((count,))).movedim(0, -2)
        return nets.log_joint(x[rows], z) - kept[key].log_prob(z.movedim(-2, 0)).movedim(0, -1)

    return asked


def likelihood() -> None:
    nets, x = Nets(), (torch.rand(40, WIDTH) < 0.15).float()
    kept: list[torch.Tensor] = []
    decode = log_w_of(nets, x)
    start = time.process_time()
    iwae.log_likelihood(lambda *asked: kept.append(decode(*asked)) or kept[-1], 40)
    whole = time.process_time() - start
    answers = iter(kept)
    start = time.process_time()
    iwae.log_likelihood(lambda *asked: next(answers), 40)
    share = (time.process_time() - start) / whole
    print(f"log_likelihood, 40 rows of 5000 draws: {whole:.2f} s, {1e6 * whole / 200_000:.1f} us a pair")
    print(f"  share that is not decoding {said(share, 0.1, at_least=False)}")
    for chunk, demand in ((1024, 40), (20_000, 200)):
        done = subprocess.run([sys.executable, __file__, str(chunk)], capture_output=True, text=True, check=True)
        print(f"  peak over the nets at chunk {chunk:,}: {said(float(done.stdout), demand, at_least=False)} MB")


def peak(chunk: int) -> None:
    """MB that a process needs beyond the nets and one small call; by Linux, whose `ru_maxrss` would hold the parent's peak."""
    nets, x = Nets(), (torch.rand(64, WIDTH) < 0.15).float()
    iwae.log_likelihood(log_w_of(nets, x), 1, k=300, chunk=64)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = megabytes("VmRSS")
    iwae.log_likelihood(log_w_of(nets, x), 64, chunk=chunk)
    print(megabytes("VmHWM") - before)


def megabytes(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


if __name__ == "__main__":
    torch.set_num_threads(1)
    if len(sys.argv) > 1:
        with torch.no_grad():
            peak(int(sys.argv[1]))
    else:
        print(f"Python {platform.python_version()}, PyTorch {torch.__version__}, NumPy {np.__version__}")
        training()
        figures()
        likelihood()
        for row in (step_of_model, model_likelihood, against_pythae, default_fit):
            row(said)
