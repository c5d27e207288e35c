"""Against the truth where it is known: two latent dimensions, integrated on a grid. And the memory that thousands of draws need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from upweight.torch import IWAE, MLP, Training

X = (load_digits().data / 16 > 0.5) * 1.0
SIDE, REACH = 301, 5.0


def on_a_grid(model, rows):
    """log p(x) of rows (n, D) by the trapezoid rule over the square [-5, 5]^2; what lies outside has a prior of 1e-6."""
    at = torch.linspace(-REACH, REACH, SIDE)
    z = torch.cartesian_prod(at, at)
    area = (2 * REACH / (SIDE - 1)) ** 2
    with torch.no_grad():
        logits = model.module_.decoder(z)
        prior = -z.square().sum(-1) / 2 - np.log(2 * np.pi) + np.log(area)
        rest = prior - nn.functional.softplus(logits).sum(-1)
        x = torch.as_tensor(rows, dtype=torch.float32)
        return np.concatenate([torch.logsumexp((part @ logits.T + rest).double(), -1).numpy() for part in x.split(50)])


@pytest.mark.slow
@pytest.mark.parametrize("k", [1, 10])
def test_prior_draws_defend_against_modes_that_the_encoder_misses(k):
    """The page's table: mean error .05 and worst rows of nats without, under .02 and 1.5 with a tenth of the draws."""
    training = Training(200, batch=100, lr=2e-3, valid=0, progress=False)
    model = IWAE(k, latent=2, net=MLP((64, 64)), training=training, rng=0).fit(X[:1200])
    rows = X[1200:1500]
    truth = on_a_grid(model, rows)
    error, worst, covered = {}, {}, {}
    for a in (0.0, 0.1, 0.25):
        ll = model.log_likelihood(rows, defend=a)
        off = truth - ll.value
        error[a], worst[a] = off.mean(), off.max()
        covered[a] = np.mean(np.abs(off) < 1.96 * ll.se)
    assert error[0.1] < 0.5 * error[0.0]
    assert error[0.1] < 0.03
    assert error[0.25] < 0.01
    assert worst[0.1] < min(worst[0.0], 1.5)
    assert 0.85 < covered[0.25] <= 1


def test_a_grid_agrees_with_weighted_draws_on_an_easy_model():
    training = Training(5, batch=50, lr=2e-3, valid=0, progress=False)
    model = IWAE(2, latent=2, net=MLP((16,)), training=training, rng=0).fit(X[:600])
    ll = model.log_likelihood(X[600:620], k=2000, defend=0.25)
    assert (np.abs(ll.value - on_a_grid(model, X[600:620])) < 5 * ll.se + 0.01).all()


PEAK = """
import sys, numpy as np, torch
from pathlib import Path
from upweight.torch import IWAE, Training
torch.set_num_threads(1)
def mb(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024
X = (np.random.default_rng(0).random((200, 784)) < 0.15) * 1.0
model = IWAE(1, training=Training(1, progress=False), rng=0).fit(X[:40])
model.log_likelihood(X[:2], k=300, chunk=int(sys.argv[1]))
Path("/proc/self/clear_refs").write_text("5")
before = mb("VmRSS")
model.log_likelihood(X[:40], k=5000, chunk=int(sys.argv[1]))
print(mb("VmHWM") - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads /proc of Linux")
@pytest.mark.parametrize(("chunk", "most"), [(1024, 40), (20_000, 200)])
def test_five_thousand_draws_take_the_memory_of_a_chunk(chunk, most):
    done = subprocess.run([sys.executable, "-c", PEAK, str(chunk)], capture_output=True, text=True, check=True)
    assert float(done.stdout) < most
