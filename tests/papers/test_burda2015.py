"""papers/burda2015: a part that takes seconds, the short form among the slow tests, and the GPU script's step against the package's."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from upweight.torch import iwae

HERE = Path(__file__).resolve().parents[2] / "papers" / "burda2015"


def load(path):
    spec = importlib.util.spec_from_file_location(f"papers_burda2015_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def bounds(folder, *, short):
    claims = json.loads((folder / "expected.json").read_text())
    return {name: claim.get("short", claim["within"]) if short else claim["within"] for name, claim in claims.items()}


def test_every_claim_has_bounds_and_a_source():
    for folder in (HERE, HERE / "inference", HERE / "small"):
        for claim in json.loads((folder / "expected.json").read_text()).values():
            assert claim["within"][0] < claim["within"][1]
            assert claim["from"]


@pytest.mark.data
def test_two_epochs_on_a_few_images_beat_independent_pixels(data_folder, monkeypatch):
    monkeypatch.setenv("UPWEIGHT_DATA", str(data_folder))
    run = load(HERE / "run.py")
    X, test = run.mnist("train")[:1000], run.mnist("test")[::200]
    model, seconds = run.fitted(X, 5, "dreg", 0, training=run._stages(2))
    p = np.clip(X.mean(0), 1e-3, 1 - 1e-3)
    independent = -(test * np.log(p) + (1 - test) * np.log(1 - p)).sum(1).mean()
    assert run.nll(model, test, 50) < independent - 10
    assert seconds > 0


def test_the_exact_posterior_of_a_grid_agrees_with_weighted_codes():
    claims = load(HERE / "claims.py")
    training = claims.Training(5, batch=100, lr=2e-3, valid=0, progress=False)
    X = claims.small_digits()
    model, _ = claims.fitted(X[:600], 2, "dreg", 0, training=training, net=claims.MLP((16,)), latent=2)
    grid = claims.Grid(model, X[600:620])
    assert grid.off(model.encode(X[600:620], k=4000)) < 0.3
    assert grid.off(claims.defended_codes(model, X[600:620], 4000, 0.25)) < 0.15
    assert np.abs(grid.log_p - model.log_likelihood(X[600:620], defend=0.25).value).max() < 0.15


@pytest.mark.slow
@pytest.mark.data
def test_the_short_form_misses_no_claim(data_folder, monkeypatch):
    monkeypatch.setenv("UPWEIGHT_DATA", str(data_folder))
    found = load(HERE / "run.py").run(quick=True)
    for name, (low, high) in bounds(HERE, short=True).items():
        if name in found:
            assert low <= found[name] <= high, (name, found[name])
    assert len(found) == 6


@pytest.mark.slow
def test_inference_is_more_accurate_with_weights_and_less_without_them():
    found = load(HERE / "claims.py").inference(seeds=(0,))
    for name, (low, high) in bounds(HERE / "inference", short=False).items():
        assert low <= found[name] <= high, (name, found[name])


# ---- the GPU's script, on the CPU ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gpu():
    return load(HERE / "gpu" / "train.py")


@pytest.mark.parametrize("dreg", [False, True])
def test_the_scripts_gradient_is_that_of_the_package(gpu, dreg):
    X = (torch.rand(20, 784, generator=torch.Generator().manual_seed(0)) < 0.2).float()
    noise = torch.randn(1, 20, 5, 50, generator=torch.Generator().manual_seed(1))
    model = gpu.Model(1, X.mean(0), "cpu", 3)
    ours = torch.autograd.grad(model.loss(X[None], noise, dreg=dreg), model.parameters)
    log_w, z = model.log_w(X[None], noise, stopped=False)
    if dreg:
        mean, log_scale = model._layers(X[None], 0).chunk(2, -1)
        z = mean.unsqueeze(2) + log_scale.clamp(-6, 3).exp().unsqueeze(2) * noise
        y = z.view_as(z)
        q = torch.distributions.Independent(torch.distributions.Normal(mean, log_scale.clamp(-6, 3).exp()), 1)
        log_q = iwae.detached(q).log_prob(y.movedim(2, 0)).movedim(0, 2)
        l = model._layers(y.reshape(1, 100, 50), 6).reshape(20, 5, 784)
        fit = torch.bmm(l, X.unsqueeze(-1))[..., 0] - torch.nn.functional.softplus(l).sum(-1)
        bound = iwae.surrogate(fit[None] - y.square().sum(-1) / 2 - log_q, "dreg", path=y)
    else:
        bound = iwae.surrogate(log_w)
    theirs = torch.autograd.grad(-bound.mean(), model.parameters)
    for a, b in zip(ours, theirs, strict=True):
        assert torch.allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.data
def test_the_script_reads_the_files_without_scipy(gpu, data_folder):
    from scipy.io import loadmat

    path = data_folder / "mnist" / "binarized_mnist_test.amat"
    assert np.array_equal(gpu.read_amat(path), loadmat(path, appendmat=False)["X"])


def test_the_largest_schedule_that_fits_is_chosen(gpu):
    assert gpu.epochs_of(1.0) == [1, 3, 9, 27, 81, 243, 729, 2187]
    assert gpu.largest_f(1.0, 3280) == 1.0
    f = gpu.largest_f(1.0, 200)
    assert 150 < sum(gpu.epochs_of(f)) <= 200


def test_the_script_steps_and_saves_on_a_cpu(gpu, tmp_path):
    X = (torch.rand(1000, 784, generator=torch.Generator().manual_seed(0)) < 0.2).to(torch.uint8)
    trainers = [gpu.Trainer(name, X, 1, i) for i, name in enumerate(("k1", "k5"))]
    run = {"stages": 0, "f": 1e-9, "epochs": 7, "best": {}}
    before = [t.model.parameters[0].clone() for t in trainers]
    gpu.one_epoch(trainers, 0)
    assert all(not torch.equal(t.model.parameters[0], b) for t, b in zip(trainers, before, strict=True))
    gpu.trained(trainers, run, X[:20].float(), tmp_path / "c.pt", gpu.Clock(0.0))
    again = [gpu.Trainer(name, X, 1, 9) for name in ("k1", "k5")]
    assert gpu.begun(again, tmp_path / "c.pt", gpu.Clock(1.0))["stages"] == 1
    for a, b in zip(trainers, again, strict=True):
        assert all(torch.equal(p, q) for p, q in zip(a.model.parameters, b.model.parameters, strict=True))
