"""docs/coming-from/weighted-random-sampler.md beside PyTorch's sampler: the rows of its table."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import WeightedRandomSampler

import upweight as uw


def counts_of(sampler, n, epochs):
    return np.array([np.bincount(list(sampler), minlength=n) for _ in range(epochs)])


@pytest.fixture(scope="module")
def page(run_page):
    return run_page("weighted-random-sampler")


def test_the_mean_is_the_same_and_the_variance_is_not(page):
    w = page["w"] / page["w"].mean()
    for sampler in (page["theirs"], page["ours"]):
        rare = counts_of(sampler, 2000, 30)[:, page["y"] == 1].sum(axis=1).mean()
        assert rare == pytest.approx(w[page["y"] == 1].sum(), rel=0.03)
    assert page["off"](page["theirs"]) > 3 * page["off"](page["ours"])


def test_independent_draws_have_the_same_law():
    w = np.random.default_rng(0).uniform(0, 2, 500)
    theirs = WeightedRandomSampler(torch.from_numpy(w), 500, generator=torch.Generator().manual_seed(0))
    ours = uw.torch.ImportanceSampler(w, method="multinomial", rng=0)
    spread = [counts_of(s, 500, 200).var(axis=0).mean() for s in (theirs, ours)]
    assert spread[0] == pytest.approx(spread[1], rel=0.05)


def test_without_replacement_heavy_rows_come_as_often_as_asked_here_and_less_often_there(page):
    four, g = page["four"], torch.Generator().manual_seed(1)
    theirs = WeightedRandomSampler(four, 2, replacement=False, generator=g)
    exact = 3 / 6 + 3 * (1 / 6) * (3 / 5)  # drawn first, or second after one of the others
    assert page["first"](theirs) == pytest.approx(exact, abs=0.04)
    assert page["first"](uw.torch.ImportanceSampler(four, size=2, method="without_replacement", rng=1)) == 1


def test_a_balanced_sampler_and_a_balanced_loss_count_twice(page):
    share = page["twice"] / page["twice"].sum()
    assert share[1] == pytest.approx(0.98)


def test_probabilities_after_balanced_draws_promise_too_much_and_the_formula_gives_them_back(page):
    share = page["y"].mean()
    assert page["p"].mean() > 8 * share
    assert page["c"].apply(page["p"]).mean() == pytest.approx(share, rel=0.5)
