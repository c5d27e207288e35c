"""PyTorch's weighted sampler and published pruning against ours. Seen with PyTorch 2.13."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import WeightedRandomSampler

import upweight.torch as T


def test_more_than_2_to_the_24_categories_are_refused_there_and_drawn_here():
    w = np.random.default_rng(0).random(2**24 + 1)
    with pytest.raises(RuntimeError, match="2\\^24"):
        next(iter(WeightedRandomSampler(torch.from_numpy(w), 10)))
    s = T.ImportanceSampler(w, size=1000, rng=0)
    assert len(list(s)) == 1000


def test_there_is_no_state_and_no_rank_there():
    theirs = WeightedRandomSampler([1.0, 2.0], 4)
    assert not hasattr(theirs, "state_dict")
    assert not hasattr(theirs, "set_epoch")
    ours = T.ImportanceSampler([1.0, 2.0])
    assert ours.state_dict()["epoch"] == 0
    assert len(ours.shard(rank=0, world_size=2)) == 1


def test_independent_draws_have_six_times_the_variance():
    """Seen over 40 epochs of 2000 rows with expected counts uniform in 0 to 2."""
    w = np.random.default_rng(0).uniform(0, 2, 2000)
    w /= w.mean()

    def square(sampler):
        return np.mean([(np.bincount(list(sampler), minlength=2000) - w) ** 2 for _ in range(40)])

    torch.manual_seed(0)
    theirs, ours = square(WeightedRandomSampler(torch.from_numpy(w), 2000)), square(T.ImportanceSampler(w))
    assert theirs == pytest.approx(1.0, abs=0.06)
    assert ours == pytest.approx(1 / 6, abs=0.02)


def test_published_pruning_makes_every_step_larger():
    """Kept rows times 1/pi have a mean of n/m over draws: a learning rate of 1.66 times .1 under another name; ours is one."""
    loss = np.random.default_rng(0).exponential(size=1000)
    s = T.PruningSampler(1000, epochs=10, ratio=0.5, rng=0)
    s.update(np.arange(1000), loss)
    rows = list(s)
    theirs = np.where(loss < loss.mean(), 2.0, 1.0)[rows].mean()
    assert theirs == pytest.approx(1000 / len(rows), rel=0.01)
    assert theirs > 1.4
    assert s.loss_weight[rows].mean().item() == pytest.approx(1, abs=0.01)


def epochs_of_letters(data_folder, scores, mix=None, epochs=30, lr=0.05):
    """Training loss of an MLP 16-128-128-26, the mean after each of the last ten epochs; rows drawn by the scores, if any."""
    lines = [line.split(",") for line in (data_folder / "bandit" / "letter-recognition.data").read_text().split()][
        :16_000
    ]
    x = torch.tensor([[float(v) for v in line[1:]] for line in lines])
    x, y = (x - x.mean(0)) / x.std(0), torch.tensor([ord(line[0]) - ord("A") for line in lines])
    torch.manual_seed(0)
    layers = [
        torch.nn.Linear(16, 128),
        torch.nn.ReLU(),
        torch.nn.Linear(128, 128),
        torch.nn.ReLU(),
        torch.nn.Linear(128, 26),
    ]
    net = torch.nn.Sequential(*layers)
    opt = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)
    s = T.ImportanceSampler(len(x), scores=scores, mix=mix, rng=0)
    ended = []
    for _ in range(epochs):
        for i in torch.tensor(list(s)).split(64):
            z = net(x[i])
            if scores is not None:
                scores.update(i, T.grad_norm(z, y[i]))
            T.weighted_loss(T.margin_loss(z, y[i]), s.loss_weight[i]).backward()
            opt.step()
            opt.zero_grad()
        with torch.no_grad():
            ended.append(T.margin_loss(net(x), y).mean().item())
    return np.mean(ended[-10:])


@pytest.mark.slow
@pytest.mark.data
def test_scores_without_a_gate_ruin_a_run_and_gated_they_do_not(data_folder):
    """One seed, a constant learning rate and momentum .9. Measured: uniform .027, without a gate (mix .1) above 1, gated .054."""
    uniform = epochs_of_letters(data_folder, None)
    gated = epochs_of_letters(data_folder, T.Scores(16_000))
    open_gate = T.Scores(16_000)
    open_gate.gate = 0.0
    open_gate.gain = 1.0  # so that it is on from the first epoch
    assert epochs_of_letters(data_folder, open_gate, mix=0.1) > 10 * uniform
    assert gated <= 3 * uniform
