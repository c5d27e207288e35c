"""The rows of `iwae.py` on whole models: IWAE against its own matrix products, and against pythae where it is installed.

pythae 0.1.2 is installed without its dependencies' pins: pip install --no-deps pythae==0.1.2. Both have nets 784-200-200-50, tanh, the
same 5000 rows, batches of 100 and Adam; pythae's BaseTrainer is timed by its own `train_step`, one epoch.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import time
import warnings
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from _turns import together
from sklearn.datasets import load_digits

from upweight.torch import IWAE, Training

__all__ = ["against_pythae", "default_fit", "model_likelihood", "step_of_model"]

WIDTHS = (784, 200, 200)
ROWS = (np.random.default_rng(0).random((5000, 784)) < 0.15).astype(np.float32)


def _weights(latent: int = 50) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Matrices of encoder and decoder."""
    encoder = [torch.randn(a, b) / a**0.5 for a, b in ((784, 200), (200, 200), (200, 2 * latent))]
    decoder = [torch.randn(a, b) / a**0.5 for a, b in ((latent, 200), (200, 200), (200, 784))]
    return encoder, decoder


def _products(x: torch.Tensor, matrices: list[torch.Tensor], *, backward: bool) -> None:
    """The bare products of a forward and, if asked, a backward pass."""
    kept = [x]
    for w in matrices:
        kept.append(kept[-1] @ w)
    if backward:
        g = kept[-1]
        for w, h in zip(matrices[::-1], kept[-2::-1], strict=True):
            _ = h.T @ g
            g = g @ w.T


def step_of_model(said: Any) -> None:
    """One epoch of a model at K = 50 against the bare products of its steps; whole, and cut at 500 pairs."""
    encoder, decoder = _weights()
    X = ROWS[:500]

    def epoch(pairs: int | None) -> None:
        training = Training(1, batch=100, valid=0, pairs=pairs, progress=False)
        IWAE(50, training=training, rng=0).fit(X)

    def bare() -> None:
        for _ in range(5):
            _products(torch.rand(100, 784), encoder, backward=True)
            _products(torch.rand(5000, 50), decoder, backward=True)

    whole, cut, products = together(lambda: epoch(None), lambda: epoch(1000), bare, repeats=5)
    print(
        f"five steps of IWAE, batch 100, K = 50: {whole:.3f} s, with pairs=1000 {cut:.3f} s, bare products {products:.3f} s"
    )
    print(f"  over the products {said(whole / products, 1.55, at_least=False)}; with pairs {cut / products:.2f}")


def model_likelihood(said: Any) -> None:
    """A (row, draw) pair of log_likelihood at the default chunk against the bare products of the decoder."""
    _, decoder = _weights()
    model = IWAE(1, training=Training(1, valid=0, progress=False), rng=0).fit(ROWS[:100])

    def bare() -> None:
        for _ in range(40):
            _products(torch.rand(2048, 50), decoder, backward=False)

    ours, products = together(lambda: model.log_likelihood(ROWS[:16], k=5120), bare, repeats=3)
    pairs = 16 * 5120
    print(f"log_likelihood of IWAE: {1e6 * ours / pairs:.2f} us a pair, bare products {1e6 * products / pairs:.2f}")
    print(f"  over the products {said(ours / products, 1.6, at_least=False)}")


def default_fit(said: Any) -> None:
    """The default model on scikit-learn's digits."""
    X = load_digits().data / 16
    start = time.process_time()
    IWAE(rng=0, training=Training(progress=False)).fit(X)
    print(f"IWAE().fit on digits {said(time.process_time() - start, 30, at_least=False)} s")


# ---- pythae ---------------------------------------------------------------------------------------------------------------------


def against_pythae(said: Any) -> None:
    """One epoch at K = 1, 5, 50, and the likelihood of ten rows."""
    if find_spec("pythae") is None:
        print("pythae is not installed: its rows are left out (pip install --no-deps pythae==0.1.2)")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k in (1, 5, 50):
            rows = ROWS if k < 50 else ROWS[:1000]
            trainer = _trainer(k, rows)
            epochs = lambda n, k=k, r=rows: IWAE(
                k, objective="standard", training=Training(n, batch=100, valid=0, progress=False), rng=0
            ).fit(r)
            theirs, one, three = together(
                lambda t=trainer: _quiet(lambda: t.train_step(1)),
                lambda e=epochs: e(1),
                lambda e=epochs: e(3),
                repeats=3,
            )
            ours = (three - one) / 2  # fit looks at its data first, which train_step does not
            print(f"one epoch of {len(rows):,} rows, K = {k}: IWAE {ours:.2f} s, pythae {theirs:.2f} s")
            print(f"  pythae over IWAE {said(theirs / ours, 1.3, at_least=True)}")
        peer = _trainer(5, ROWS[:100]).model.eval()
        model = IWAE(5, training=Training(1, valid=0, progress=False), rng=0).fit(ROWS[:100])
        x = torch.from_numpy(ROWS[:5])
        theirs, ours = together(
            lambda: _quiet(lambda: peer.get_nll(x, n_samples=1000, batch_size=100)),
            lambda: model.log_likelihood(ROWS[:5], k=1000),
            repeats=3,
        )
        print(f"1000 draws of 5 rows: log_likelihood {ours:.3f} s, pythae get_nll {theirs:.3f} s")
        print(f"  pythae over IWAE {said(theirs / ours, 3, at_least=True)}")


def _quiet(call: Any) -> Any:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return call()


def _trainer(k: int, rows: np.ndarray) -> Any:
    """pythae's trainer with our nets, ready for a step; its logger is silenced."""
    logging.disable(logging.CRITICAL)
    from pythae.data.datasets import BaseDataset
    from pythae.models import IWAE as Peer
    from pythae.models import IWAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    nn = torch.nn

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(
                nn.Linear(784, 200), nn.Tanh(), nn.Linear(200, 200), nn.Tanh(), nn.Linear(200, 100)
            )

        def forward(self, x: torch.Tensor) -> Any:
            mean, log_variance = self.layers(x).chunk(2, -1)
            return ModelOutput(embedding=mean, log_covariance=log_variance)

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(
                nn.Linear(50, 200), nn.Tanh(), nn.Linear(200, 200), nn.Tanh(), nn.Linear(200, 784), nn.Sigmoid()
            )

        def forward(self, z: torch.Tensor) -> Any:
            return ModelOutput(reconstruction=self.layers(z))

    config = IWAEConfig(input_dim=(784,), latent_dim=50, reconstruction_loss="bce", number_samples=k)
    settings = BaseTrainerConfig(
        output_dir=tempfile.mkdtemp(), num_epochs=1, per_device_train_batch_size=100, learning_rate=1e-3, no_cuda=True
    )
    data = BaseDataset(torch.from_numpy(rows), torch.zeros(len(rows)))

    def made() -> Any:
        trainer = BaseTrainer(Peer(config, encoder=Encoder(), decoder=Decoder()), data, training_config=settings)
        trainer.prepare_training()
        return trainer

    return _quiet(made)
