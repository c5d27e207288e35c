"""A row's figures are its own: no chunk, batch, order or earlier call moves them, and prior draws are where they should be."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

import upweight as uw
from upweight.torch import GRU, IWAE, MLP, SequenceIWAE, Training, WeightedGAN
from upweight.torch.autoencoders._layers import defended, drawn_from_prior

GREY = load_digits().data / 16
X = (GREY > 0.5) * 1.0


@pytest.fixture(scope="module", params=[4, (4, 2)], ids=["one layer", "two layers"])
def model(request):
    return IWAE(5, latent=request.param, net=MLP((32,)), training=Training(3, progress=False), rng=0).fit(X[:300])


def same(a, b, tol=1e-5):
    return all(
        np.nanmax(np.abs(getattr(a, name) - getattr(b, name))) <= tol
        for name in ("value", "khat", "ess", "se", "max_share")
    )


def test_chunks_of_one_or_many_rows_or_parts_of_a_block_give_the_same_figures(model):
    a = model.log_likelihood(X[:20], k=600)
    for chunk in (100, 256, 9999):
        assert same(a, model.log_likelihood(X[:20], k=600, chunk=chunk))


def test_order_and_company_do_not_matter(model):
    """Whole blocks of 256 draws: in every bit; a part of a block: but for rounding."""
    for k, tol in ((512, 0.0), (300, 1e-5)):
        a = model.log_likelihood(X[:20], k=k)
        turned = model.log_likelihood(X[:20][::-1], k=k)
        alone = np.concatenate([model.log_likelihood(X[i : i + 1], k=k).value for i in range(20)])
        assert np.abs(a.value - turned.value[::-1]).max() <= tol
        assert np.abs(a.value - alone).max() <= tol
    one_by_one = np.concatenate([model.encode(X[i : i + 1]) for i in range(20)])
    assert np.allclose(model.encode(X[:20]), one_by_one, rtol=1e-4, atol=1e-5)


def test_equal_rows_have_equal_figures_and_calls_do_not_remember(model):
    a = model.log_likelihood(X[[3, 4, 3]], k=100)
    assert a.value[0] == a.value[2] != a.value[1]
    assert np.array_equal(model.log_likelihood(X[[3, 4, 3]], k=100).value, a.value)


def test_grey_rows_are_redrawn_once_by_their_own_key():
    model = IWAE(5, latent=4, net=MLP((32,)), training=Training(2, progress=False), rng=0).fit(GREY[:300])
    assert any("redrawn" in note for note in model.notes_)
    a = model.score_samples(GREY[:30], k=50)
    assert np.array_equal(a[7:9], model.score_samples(GREY[7:9], k=50))


def test_pytorchs_own_generator_is_left_alone(model):
    before = torch.random.get_rng_state()
    model.score(X[:5])
    model.sample(5, rng=1)
    IWAE(2, latent=2, net=MLP((4,)), training=Training(1, progress=False), rng=0).fit(X[:50])
    assert torch.equal(before, torch.random.get_rng_state())


def test_prior_draws_are_spread_so_that_the_first_k_hold_their_share():
    for share in (0.1, 0.25, 0.29, 1 / 3, 0.5, 1.0):
        mask = defended(0, 5000, share).numpy()
        for k in (1, 5, 26, 100, 256, 1000, 5000):
            assert mask[:k].sum() == drawn_from_prior(k, share) == int(k * share + 1e-9)
        assert np.array_equal(defended(256, 100, share).numpy(), mask[256:356])


def test_few_draws_are_not_all_the_priors(model):
    """A prefix of prior draws would cost ten nats at K = 5."""
    plain, mixed = (model.log_likelihood(X[:200], k=5, defend=a).value.mean() for a in (0.0, 0.1))
    assert plain == mixed


def test_with_every_draw_from_the_prior_it_is_the_plain_monte_carlo_estimate(model):
    """Against log p(x) by half a million draws of the prior, in these few dimensions."""
    d = model.module_
    noise = torch.randn(100_000, d.layers.width, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        logits = d.decoder(d.layers.sampled(noise))
        x = torch.as_tensor(X[:5], dtype=torch.float32)
        l = x @ logits.T - torch.nn.functional.softplus(logits).sum(-1)
        truth = (torch.logsumexp(l, -1) - np.log(100_000)).numpy()
    for share in (0.1, 0.5, 1.0):
        ll = model.log_likelihood(X[:5], k=5000, defend=share)
        assert (np.abs(ll.value - truth) < 5 * ll.se + 0.02).all(), share
    assert (model.log_likelihood(X[:5], defend=0).value < truth + 0.1).all()


@pytest.mark.parametrize("defend", [-0.1, 1.5, "half", True])
def test_a_share_that_is_none_is_refused(model, defend):
    with pytest.raises(uw.InputError, match=r"`defend` must be a share in \[0, 1\]"):
        model.log_likelihood(X[:5], defend=defend)


MODES = {
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
}


@pytest.mark.parametrize("mode", MODES)
def test_no_mode_of_pytorch_changes_a_model_or_its_figures(mode):
    X = (np.random.default_rng(0).random((40, 70)) < 0.3) * 1.0
    docs = [("a", "b", "c")[: 1 + i % 3] for i in range(40)]
    quick = Training(2, progress=False)
    makes = (
        lambda: _figures(IWAE(2, latent=(3, 2), net=MLP((8,)), training=quick, rng=0).fit(X), X),
        lambda: _figures(
            IWAE(2, latent=2, net=MLP((8,)), likelihood="gaussian", missing="mar", training=quick, rng=0).fit(R), R
        ),
        lambda: _figures(SequenceIWAE(2, latent=2, net=GRU(8, embed=4), training=quick, rng=0).fit(docs), docs),
        lambda: [WeightedGAN(2, net=MLP((8,)), training=quick, rng=0).fit(R).sample(3, rng=0)],
    )
    for make in makes:
        wanted = make()
        with MODES[mode]():
            found = make()
        assert all(np.array_equal(a, b) for a, b in zip(wanted, found, strict=True))


R = np.random.default_rng(1).normal(size=(40, 5))


def _figures(m, X):
    figures = [m.score_samples(X, k=30), m.encode(X, k=10), m.encode(X, k=0), m.collapse(X, k=8).curve.values]
    return [*figures, np.array(m.sample(3, rng=0), object), np.array(m.reconstruct(X), object)]
