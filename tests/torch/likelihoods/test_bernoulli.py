"""Zeros and ones: the fused density against torch's own, gaps, redrawn grey values, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import distributions as D

from upweight import InputError
from upweight.torch.likelihoods import Bernoulli, density_of, likelihood_of
from upweight.torch.likelihoods._fused import bernoulli_log_prob

RNG = np.random.default_rng(0)
X = (RNG.random((30, 5)) < [0.1, 0.3, 0.5, 0.7, 0.9]).astype(float)
HOLES = np.where(RNG.random(X.shape) < 0.3, np.nan, X)
HOLES[4] = np.nan


def fitted(table, missing="refuse", weights=None):
    return Bernoulli().fitted(table, weights, missing=missing)


def logits(b, k, d, seed=0):
    made = 3 * torch.randn(b, k, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return made.requires_grad_()


def test_the_density_and_its_gradient_are_those_of_torch():
    d, l = fitted(X), logits(30, 4, 5)
    x, seen = d.rows(X).take(slice(None))
    ours = d.log_prob(l, x, seen, None)
    theirs = D.Bernoulli(logits=l).log_prob(x.unsqueeze(1).double()).sum(-1)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    pull = torch.randn(30, 4, dtype=torch.float64)
    ours, theirs = (torch.autograd.grad((v * pull).sum(), l)[0] for v in (ours, theirs))
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_gaps_leave_the_sum_and_its_gradient():
    d, l = fitted(HOLES, "mar"), logits(30, 4, 5)
    x, seen = d.rows(HOLES).take(slice(None))
    each = D.Bernoulli(logits=l).log_prob(x.unsqueeze(1).double()) * seen.unsqueeze(1)
    ours = d.log_prob(l, x, seen, None)
    torch.testing.assert_close(ours, each.sum(-1), rtol=1e-12, atol=1e-12)
    assert (ours[4] == 0).all()
    assert d.empty(seen).nonzero().ravel().tolist() == [4]
    grad = torch.autograd.grad(ours.sum(), l)[0]
    assert (grad[~seen.unsqueeze(1).expand_as(grad)] == 0).all()


def test_the_fused_gradient_by_differences():
    d, l = fitted(HOLES, "mar"), logits(3, 2, 5)
    x, seen = d.rows(HOLES).take(slice(3, 6))
    assert torch.autograd.gradcheck(lambda l: d.log_prob(l, x.double(), seen, None), (l,))


@pytest.mark.parametrize("width", [1, 63, 64, 65, 128, 784])
@pytest.mark.parametrize("scale", [1.0, 50.0])
def test_the_logs_of_products_keep_float32s_rounding_at_every_width(width, scale):
    generator = torch.Generator().manual_seed(width)
    l = scale * torch.randn(3, 4, width, generator=generator)
    x, seen = (torch.rand(3, width, generator=generator) < p for p in (0.3, 0.8))
    each = D.Bernoulli(logits=l.double()).log_prob(x.unsqueeze(1).double())
    torch.testing.assert_close(bernoulli_log_prob(l, x, None).double(), each.sum(-1), rtol=3e-6, atol=1e-6)
    gaps = bernoulli_log_prob(l, (x & seen), seen).double()
    torch.testing.assert_close(gaps, (each * seen.unsqueeze(1)).sum(-1), rtol=3e-6, atol=1e-6)
    lost = torch.where(torch.arange(width) == width - 1, torch.nan, l)
    assert bernoulli_log_prob(lost, x, None).isnan().all()


def test_a_second_backward_pass_through_the_same_graph_has_the_same_gradient():
    l = logits(3, 2, 70)
    value = bernoulli_log_prob(l, torch.ones(3, 70), None).sum()
    one = torch.autograd.grad(value, l, retain_graph=True)[0]
    kept = one.clone()
    two = torch.autograd.grad(value, l)[0]
    assert torch.equal(one, kept), "what was given away is written to no more"
    assert torch.equal(one, two)
    torch.testing.assert_close(one, torch.sigmoid(-l.detach()), rtol=1e-12, atol=1e-12)


def test_the_encoder_sees_the_mask_beside_zeros():
    d = fitted(HOLES, "mar")
    x, seen = d.rows(HOLES).take(torch.tensor([4, 0]))
    seen_by = d.encoder_input(x, seen)
    assert seen_by.shape == (2, d.n_inputs) == (2, 10)
    assert (seen_by[0] == 0).all()
    assert (seen_by[1, 5:] == seen[1]).all()
    assert fitted(X).n_inputs == 5


def test_the_start_is_the_weighted_mean_of_what_was_observed():
    w = RNG.random(30)
    d = fitted(HOLES, "mar", w)
    mean = np.nansum(w[:, None] * HOLES, 0) / (w[:, None] * ~np.isnan(HOLES)).sum(0)
    np.testing.assert_allclose(d.start_bias(d.rows(HOLES), w).sigmoid(), mean.clip(0.001, 0.999), rtol=1e-5)
    zeros = np.zeros((12, 2))
    assert fitted(zeros).start_bias(fitted(zeros).rows(zeros), None).sigmoid().tolist() == pytest.approx([0.001] * 2)


def test_grey_values_are_redrawn_and_said():
    grey = RNG.random((2000, 1)).repeat(3, 1)
    d = fitted(grey)
    assert d.redraws
    assert "redrawn" in d.notes[0]
    x = d.rows(grey).x
    drawn = d.redrawn(x, torch.Generator().manual_seed(0))
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    assert abs((drawn - x).mean().item()) < 4 * 0.5 / np.sqrt(6000)
    assert not fitted(X).redraws
    assert torch.equal(fitted(X).redrawn(d.rows(grey).x, None), x)


def test_samples_have_the_probabilities_of_the_logits():
    d = fitted(X)
    l = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0]).expand(20_000, 5)
    drawn = d.sample(l, None, torch.Generator().manual_seed(1))
    torch.testing.assert_close(drawn.mean(0), l[0].sigmoid(), atol=4 * 0.5 / 141, rtol=0)
    assert d.guess(d.mean(l, None)).unique().tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (X * 255, r"outside, first 255 at row \d+, column \d\. Divide by 255"),
        (X - 0.5, r"must lie in \[0, 1\].*first -0.5 at row 0, column 0. A table\? likelihood='mixed'"),
        (HOLES, r"no gap; got \d+ NaN, first at row \d+, column \d\. Missing at random\? IWAE\(missing='mar'\)"),
        (X[:9], "at least 10 rows; got n_samples = 9"),
        (np.where(X > 0, np.inf, 0.0), "infinity"),
    ],
)
def test_what_is_refused(table, said):
    with pytest.raises(InputError, match=said):
        fitted(table)


def test_the_columns_of_fit_are_asked_for():
    with pytest.raises(InputError, match="X has 4 features, but IWAE is expecting 5 features as input"):
        fitted(X).rows(X[:, :4])


def test_a_document_gives_the_same_density():
    import json

    d = fitted(np.vstack([X, X / 2]))
    again = density_of(json.loads(json.dumps(d.to_dict())))
    assert again.to_dict() == d.to_dict()
    assert again.redraws


def test_names():
    assert likelihood_of("bernoulli") == Bernoulli()
    with pytest.raises(InputError, match="Did you mean 'bernoulli'"):
        likelihood_of("bernouli")
