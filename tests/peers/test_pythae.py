"""pythae 0.1.2 beside ours, on the same log-weights: what it logs as a bound is none, and how many draws its likelihood takes.

Run where it is installed (pip install --no-deps pythae==0.1.2); the facts themselves are held without the package in `test_iwae_loss`.
"""

from __future__ import annotations

import math
import warnings
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from upweight.torch import IWAE, MLP, Training, iwae

pytestmark = pytest.mark.skipif(find_spec("pythae") is None, reason="pythae is not installed; no dependency of ours")


@pytest.fixture(scope="module")
def peer():
    """pythae's model of a linear decoder with unit variance: log p(x) is that of a normal distribution."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pythae.models import IWAE as Peer
        from pythae.models import IWAEConfig
        from pythae.models.base.base_utils import ModelOutput
        from pythae.models.nn import BaseDecoder, BaseEncoder

        class Encoder(BaseEncoder):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(8, 8)

            def forward(self, x):
                mean, log_variance = self.layer(x).chunk(2, -1)
                return ModelOutput(embedding=mean, log_covariance=log_variance)

        class Decoder(BaseDecoder):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 8)

            def forward(self, z):
                return ModelOutput(reconstruction=self.layer(z))

        torch.manual_seed(0)
        config = IWAEConfig(input_dim=(8,), latent_dim=4, reconstruction_loss="mse", number_samples=256)
        return Peer(config, encoder=Encoder(), decoder=Decoder())


def truth(peer, x):
    """log p(x) without the constants that pythae leaves out."""
    W, b = (p.detach().double() for p in peer.decoder.layer.parameters())
    normal = torch.distributions.MultivariateNormal(b, W @ W.T + torch.eye(8, dtype=torch.float64))
    return normal.log_prob(x.double()) + 8 * math.log(2 * math.pi) / 2


def test_its_logged_loss_lies_above_log_p_where_the_bound_lies_below(peer):
    x = torch.randn(300, 8, generator=torch.Generator().manual_seed(1)) * 2
    q = peer.encoder(x)
    sd = (0.5 * q.log_covariance).exp()
    torch.manual_seed(1)
    z = q.embedding.unsqueeze(1) + sd.unsqueeze(1) * torch.randn(300, 256, 4)
    back = peer.decoder(z.reshape(-1, 4)).reconstruction.reshape(300, 256, 8)
    mean, log_variance = (t.unsqueeze(1).expand_as(z) for t in (q.embedding, q.log_covariance))
    loss, _, _ = peer.loss_function(back, x, mean, log_variance, z)
    log_w = -(back - x.unsqueeze(1)).square().sum(-1) / 2 - z.square().sum(-1) / 2
    log_w = log_w + (log_variance + (z - mean).square() / log_variance.exp()).sum(-1) / 2
    log_p = truth(peer, x).mean().item()
    assert -loss.item() > log_p > iwae.bound(log_w.detach()).mean().item()


def test_its_likelihood_of_one_draw_takes_a_hundred_and_ours_one(peer):
    x = torch.randn(5, 8, generator=torch.Generator().manual_seed(1))
    calls = []
    decoder = type(peer.decoder).forward
    type(peer.decoder).forward = lambda self, z: calls.append(len(z)) or decoder(self, z)
    try:
        peer.get_nll(x, n_samples=1, batch_size=100)
    finally:
        type(peer.decoder).forward = decoder
    assert sum(calls) == 5 * 100
    B = (np.random.default_rng(0).random((30, 8)) < 0.3) * 1.0
    model = IWAE(2, latent=2, net=MLP(()), training=Training(1, progress=False), rng=0).fit(B)
    made = []
    model.module_.decoder.register_forward_hook(lambda module, given, found: made.append(found.shape[:-1].numel()))
    ll = model.log_likelihood(B[:5], k=1)
    assert sum(made) == 5
    assert np.isnan(ll.se).all()
    assert len(ll.value) == 5
