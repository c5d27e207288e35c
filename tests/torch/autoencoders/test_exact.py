"""Linear networks are exact: probabilistic PCA is the maximum, its density the truth, and gaps have a normal conditional mean."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA, FactorAnalysis
from sklearn.preprocessing import scale

from upweight.torch import IWAE, MLP, Gaussian, Training

RAW = load_wine().data
X = scale(RAW)
FULL = {"epochs": 1200, "batch": 178, "lr": 1e-2, "schedule": "linear", "valid": 0, "progress": False}


def linear(scale="shared", *, k=10, missing="refuse", epochs=1200):
    return IWAE(
        k,
        latent=3,
        net=MLP(()),
        likelihood=Gaussian(scale),
        missing=missing,
        training=Training(**FULL | {"epochs": epochs}),
        rng=0,
    )


def normal_of(model):
    """Mean and covariance of x under a linear model, standardised units."""
    W, b = (p.detach().double().numpy() for p in (model.module_.decoder[0].weight, model.module_.decoder[0].bias))
    sigma = model.module_.own().detach().double().numpy() * np.ones(len(b))
    return b, W @ W.T + np.diag(sigma**2)


@pytest.fixture(scope="module")
def model():
    return linear().fit(X)


def test_the_maximum_is_that_of_pca_and_is_never_passed(model):
    best = PCA(3).fit(X).score(X)
    assert best - 0.05 < model.score(X) <= best + 1e-3


def test_every_row_has_the_density_of_its_own_normal(model):
    mean, cov = normal_of(model)
    truth = multivariate_normal(mean, cov).logpdf(X)
    ll = model.log_likelihood(X)
    assert (np.abs(ll.value - truth) < 5 * ll.se).all()
    assert ll.se.max() < 0.02
    assert ll.ok.all()
    assert 0.85 < np.mean(np.abs(ll.value - truth) < 1.96 * ll.se) <= 1
    assert np.abs(model.log_likelihood(X, defend=0).value - truth).max() < 0.02


def test_raw_units_cost_exactly_the_logs_of_the_standard_deviations():
    model, raw = linear(epochs=100).fit(X), linear(epochs=100).fit(RAW)
    units = np.log(RAW.std(0)).sum()
    assert abs(units - 4.1003) < 1e-4
    assert abs(model.score(X) - raw.score(RAW) - units) < 1e-3


def test_codes_are_the_posterior_means_of_factor_analysis(model):
    mean, cov = normal_of(model)
    W = model.module_.decoder[0].weight.detach().double().numpy()
    truth = (X - mean) @ np.linalg.solve(cov, W)
    found = model.encode(X, k=2000)
    assert np.sqrt(np.mean((found - truth) ** 2)) < 0.02
    assert found.dtype == np.float32


def test_what_is_drawn_has_the_models_own_mean_and_covariance(model):
    mean, cov = normal_of(model)
    drawn = model.sample(20_000, rng=0)
    assert np.abs(drawn.mean(0) - mean).max() < 4 * np.sqrt(cov.diagonal().max() / 20_000)
    assert np.abs(np.cov(drawn.T) - cov).max() < 0.05


@pytest.mark.slow
def test_one_sigma_a_column_is_factor_analysis():
    best = FactorAnalysis(3, tol=1e-8, max_iter=10_000).fit(X).score(X)
    found = linear("column", epochs=3000).fit(X).score(X)
    assert best - 0.05 < found <= best + 1e-3


@pytest.mark.slow
def test_gaps_are_filled_with_the_normal_conditional_mean_and_an_empty_row_has_likelihood_one():
    rng = np.random.default_rng(0)
    gaps = X.copy()
    gaps[rng.random(X.shape) < 0.3] = np.nan
    gaps[5] = np.nan
    model = linear(missing="mar", epochs=3000).fit(gaps)
    mean, cov = normal_of(model)
    sd, middle = np.nanstd(gaps, 0), np.nanmean(gaps, 0)
    u = (gaps - middle) / sd
    truth = u.copy()
    for i, row in enumerate(u):
        seen = ~np.isnan(row)
        gain = np.linalg.solve(cov[np.ix_(seen, seen)], cov[np.ix_(seen, ~seen)]).T if seen.any() else np.zeros((13, 0))
        truth[i, ~seen] = mean[~seen] + gain @ (row[seen] - mean[seen])
    filled = model.impute(gaps, k=2000)
    assert np.array_equal(filled[~np.isnan(gaps)], gaps[~np.isnan(gaps)])
    off = np.abs((filled - middle) / sd - truth)[np.isnan(gaps)]
    assert np.mean(off < 0.05) > 0.99
    assert model.log_likelihood(gaps).value[5] == 0


@pytest.mark.slow
def test_whole_weights_are_repeated_rows():
    counts = np.random.default_rng(1).integers(0, 4, len(X))
    repeated = np.repeat(X, counts, 0)
    best = PCA(3).fit(scale(repeated)).score(scale(repeated)) - np.log(repeated.std(0)).sum()  # in the units of X
    model = linear(epochs=3000).fit(X, sample_weight=counts)
    assert best - 0.05 < model.score(X, sample_weight=counts) <= best + 1e-3


def test_weight_zero_is_a_row_that_is_not_there():
    w = (np.arange(len(X)) % 3 > 0) * 2.0
    a = linear(epochs=20).fit(X, sample_weight=w)
    b = linear(epochs=20).fit(X[w > 0])
    assert abs(a.score(X) - b.score(X)) < 1e-5
    assert all(torch.equal(p, q) for p, q in zip(a.module_.parameters(), b.module_.parameters(), strict=True))
