"""Settings that are NumPy's numbers, of which grids are made: fitted, written, resumed and read as whole numbers are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from upweight.torch import GRU, IWAE, MLP, Conv, SequenceIWAE, Training, WeightedGAN
from upweight.torch.iwae import Objective

I = np.int64
RNG = np.random.default_rng(0)
ONES = (RNG.random((60, 64)) < 0.4) * 1.0
DOCS = [("a", "b", "c")[: 1 + i % 3] for i in range(40)]


def training(path, number=int):
    return Training(
        number(2), batch=number(20), patience=number(2), pairs=number(40), valid=0.2, checkpoint=path, progress=False
    )


MODELS = {
    "IWAE": lambda n, t: IWAE(
        n(4), latent=(n(2), n(2)), net=MLP((n(8),)), objective=Objective(groups=n(2)), training=t, rng=n(0)
    ),
    "IWAE, conv": lambda n, t: IWAE(
        n(2), latent=n(2), net=Conv((n(2), n(3)), hidden=n(8), shape=(n(1), n(8), n(8))), training=t, rng=n(0)
    ),
    "SequenceIWAE": lambda n, t: SequenceIWAE(
        n(2), latent=n(2), net=GRU(n(8), embed=n(4)), max_vocab=n(9), training=t, rng=n(0)
    ),
    "WeightedGAN": lambda n, t: WeightedGAN(n(2), net=MLP((n(8),)), training=t, rng=n(0)),
}


@pytest.mark.parametrize("name", MODELS)
def test_numpys_numbers_are_numbers(name, tmp_path):
    data = DOCS if name == "SequenceIWAE" else ONES
    plain, numpys = (
        MODELS[name](number, training(tmp_path / f"{number.__name__}.pt", number)).fit(data) for number in (int, I)
    )
    numpys.fit(data)  # from the checkpoint
    numpys.save(tmp_path / "model")
    read = type(numpys).load(tmp_path / "model")
    for other in (numpys, read):
        pairs = zip(plain.module_.state_dict().values(), other.module_.state_dict().values(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
    shown = plain.get_params(), read.get_params()
    other = [k for k in shown[0] if k not in ("net", "training", "training__checkpoint") and shown[0][k] != shown[1][k]]
    assert not other


@pytest.mark.parametrize("name", MODELS)
def test_what_is_written_is_what_was_fitted_whatever_the_settings_became(name, tmp_path):
    data = DOCS if name == "SequenceIWAE" else ONES
    fitted = MODELS[name](int, Training(1, batch=20, valid=0, progress=False)).fit(data)
    fitted.set_params(latent=7)
    fitted.save(tmp_path / "model")
    read = type(fitted).load(tmp_path / "model")
    assert read.latent != 7
    assert np.array_equal(np.array(fitted.sample(3, rng=0), object), np.array(read.sample(3, rng=0), object))
