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


def letters(data_folder):
    """16,000 standardised rows and their labels."""
    lines = [line.split(",") for line in (data_folder / "bandit" / "letter-recognition.data").read_text().split()]
    x = torch.tensor([[float(v) for v in line[1:]] for line in lines[:16_000]])
    return (x - x.mean(0)) / x.std(0), torch.tensor([ord(line[0]) - ord("A") for line in lines[:16_000]])


def started(seeds):
    """Parameters of an MLP 16-128-128-26 a seed, stacked."""
    nets = []
    for seed in seeds:
        torch.manual_seed(seed)
        nets.append(
            [p.detach() for a, b in ((16, 128), (128, 128), (128, 26)) for p in torch.nn.Linear(a, b).parameters()]
        )
    rows = [torch.stack(layer) for layer in zip(*nets, strict=True)]
    return [(p.transpose(1, 2).contiguous() if p.ndim == 3 else p[:, None]).requires_grad_() for p in rows]


def logits(p, x):
    """(K, m, 26) of K networks."""
    for W, b in zip(p[:-2:2], p[1:-2:2], strict=True):
        x = torch.relu(torch.matmul(x, W) + b)
    return torch.matmul(x, p[-2]) + p[-1]


def end_on_letters(data_folder, scores, *, mix=None, epochs=30):
    """(K,) training loss of K networks, the mean after each of the last ten epochs; lr .05, momentum .9. Rows drawn by `scores`, one a network, or plainly."""
    torch.set_num_threads(1)
    x, y = letters(data_folder)
    p = started(range(len(scores)))
    opt = torch.optim.SGD(p, lr=0.05, momentum=0.9)
    samplers = [T.ImportanceSampler(len(x), scores=s, mix=mix, rng=k) for k, s in enumerate(scores)]
    ended = []
    for epoch in range(epochs):
        rows = torch.stack([torch.tensor(list(s)) for s in samplers])
        weight = torch.stack([s.loss_weight[r] for s, r in zip(samplers, rows, strict=True)])
        for i, v in zip(rows.split(64, dim=1), weight.split(64, dim=1), strict=True):
            z = logits(p, x[i])
            for s, at, g in zip(scores, i, T.grad_norm(z, y[i]), strict=True):
                if s is not None:
                    s.update(at, g)
            T.weighted_loss(T.margin_loss(z, y[i]), v, count=i.shape[1]).backward()
            opt.step()
            opt.zero_grad()
        if epoch >= epochs - 10:
            with torch.no_grad():
                ended.append(
                    [
                        T.margin_loss(logits([a[k : k + 1] for a in p], x)[0], y).mean().item()
                        for k in range(len(scores))
                    ]
                )
    return np.mean(ended, axis=0)


def without_a_gate():
    """Scores that are drawn by from the first epoch on, whatever they keep of their promise."""
    scores = T.Scores(16_000)
    scores.gate, scores.gain = 0.0, 1.0
    return scores


@pytest.mark.slow
@pytest.mark.data
def test_scores_without_a_gate_ruin_a_run_and_gated_they_do_not(data_folder):
    """A constant learning rate and momentum .9. Measured over ten seeds: uniform .026, gated .028, without a gate (mix .1, four seeds) 2.0.

    A single gated run may end at twice its uniform twin (.15 to 2.2 times were seen; three of ten above 2), so the claim is on the mean: its ratio is
    1.06 with a standard error of .27, and passes 2 by chance once in some thousands.
    """
    uniform = end_on_letters(data_folder, [None] * 10).mean()
    gated = end_on_letters(data_folder, [T.Scores(16_000) for _ in range(10)]).mean()
    assert gated <= 2 * uniform
    assert end_on_letters(data_folder, [without_a_gate() for _ in range(4)], mix=0.1).mean() > 10 * uniform


def plain_descent(data_folder, lr, *, pruned="", steps=7_500):
    """Training loss of the MLP after so many steps of SGD without momentum; `pruned` by PruningSampler at unit scale, or at the published one."""
    torch.set_num_threads(1)
    x, y = letters(data_folder)
    p = started([0])
    opt = torch.optim.SGD(p, lr=lr)
    s = T.PruningSampler(len(x), epochs=1000, stop=1.0, rng=0) if pruned else T.ImportanceSampler(len(x), rng=0)
    while steps > 0:
        rows = torch.tensor(list(s))
        scale = len(x) / len(rows) if pruned == "published" else 1.0  # 1/pi instead of m/(n pi)
        for i in rows.split(64)[:steps]:
            losses = T.margin_loss(logits(p, x[i])[0], y[i])
            if isinstance(s, T.PruningSampler):
                s.update(i, losses.detach())
            T.weighted_loss(losses, scale * s.loss_weight[i]).backward()
            opt.step()
            opt.zero_grad()
            steps -= 1
    with torch.no_grad():
        return T.margin_loss(logits(p, x)[0], y).mean().item()


@pytest.mark.slow
@pytest.mark.data
def test_what_published_pruning_gains_is_a_larger_learning_rate(data_folder):
    """InfoBatch's formula, computed here as it is published, since it is no package of ours to install: weights 1/(1 - r) on the easy rows it keeps. At
    equal steps, the work of 30 epochs, and a constant rate without momentum. Measured, training loss: plain draws .081 at rate .1 and .044 at .166;
    pruned at rate .1 .039 with the published scale and .072 with ours.
    """
    plain, faster = (plain_descent(data_folder, lr) for lr in (0.1, 0.166))
    published, unit = (plain_descent(data_folder, 0.1, pruned=scale) for scale in ("published", "unit"))
    assert published < 0.65 * plain
    assert faster < 0.7 * plain
    assert 0.6 < published / faster < 1.1
    assert 0.8 < unit / plain < 1.1
