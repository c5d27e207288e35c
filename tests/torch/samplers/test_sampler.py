"""Samplers: the plan on every rank, resuming, scores that act from the next epoch on, pruning, and what is refused."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, DistributedSampler

import upweight.torch as T
from upweight import InputError, Weights

W = np.random.default_rng(1).lognormal(size=1003)


def of(**more):
    return T.ImportanceSampler(W, rng=5, **more)


@pytest.mark.parametrize("method", ["systematic", "multinomial"])
def test_ranks_share_one_plan(method):
    plan = list(of(method=method, size=1004))
    parts = [list(of(method=method).shard(rank=r, world_size=4)) for r in range(4)]
    assert [len(p) for p in parts] == [251] * 4
    assert [plan[r::4] for r in range(4)] == parts
    assert [len(of().shard(rank=0, world_size=4)), len(of())] == [251, 1003]


def test_a_shard_is_a_distributed_sampler_with_all_that_a_sampler_has():
    shard = of(mix=0.2).shard(rank=1, world_size=2)
    assert isinstance(shard, DistributedSampler)
    assert (shard.rank, shard.num_replicas) == (1, 2)
    torch.testing.assert_close(shard.loss_weight, of(mix=0.2).loss_weight)
    np.testing.assert_array_equal(shard.p, of(mix=0.2).p)
    assert (shard.tau, np.isnan(shard.gain), shard.weights.n) == (of(mix=0.2).tau, True, 1003)
    shard.set_epoch(3)
    whole = of(mix=0.2, size=1004)
    whole.set_epoch(3)
    assert list(shard) == list(whole)[1::2]
    assert "rank 1 of 2" in repr(shard)
    with pytest.raises(InputError, match="already rank 1 of 2; accelerate splits batches itself"):
        shard.shard(rank=0, world_size=2)


def test_each_iteration_is_the_next_epoch_unless_it_is_said():
    s = of()
    first, second = list(s), list(s)
    assert first != second
    s.set_epoch(0)
    assert (list(s), list(s)) == (first, second)
    assert list(of().shard(rank=0, world_size=1)) == first


@pytest.mark.parametrize("at", [0, 1, 700, 1003])
@pytest.mark.parametrize("known", ["consumed", "handed out"])
def test_a_run_goes_on_where_it_was(at, known):
    a = of()
    list(a)
    it = iter(a)
    for _ in range(at):
        next(it)
    state = pickle.loads(pickle.dumps(a.state_dict(consumed=at if known == "consumed" else None)))
    assert len(pickle.dumps(state)) < 1000
    b = of()
    b.load_state_dict(state)
    b.set_epoch(state["epoch"])  # frameworks say it again
    rest = list(it)
    if at == 1003:
        assert list(b) == list(a)  # the next epoch
    else:
        assert list(b) == rest
        assert list(b) == list(a)


def test_a_shard_goes_on_too_and_only_as_it_was():
    a = of().shard(rank=1, world_size=2)
    it = iter(a)
    head = [next(it) for _ in range(100)]
    state = a.state_dict(consumed=100)
    b = of().shard(rank=1, world_size=2)
    b.load_state_dict(state)
    assert list(b) == list(it)
    assert len(head) == 100
    with pytest.raises(InputError, match="belongs to other weights"):
        of().load_state_dict(state)


@pytest.mark.parametrize("other", [{"size": 9}, {"mix": 0.1}, {"method": "multinomial"}, {"rng": 6}, {"rng": None}])
def test_a_state_of_another_sampler_is_refused_and_changes_nothing(other):
    state = of().state_dict(consumed=7)
    s = T.ImportanceSampler(W, **({"rng": 5} | other))
    before = copy.deepcopy(s)
    with pytest.raises(InputError, match=r"this state belongs to other weights \(digest"):
        s.load_state_dict(state)
    assert list(s) == list(before)


def test_a_state_of_other_weights_or_in_pieces_is_refused():
    with pytest.raises(InputError, match="belongs to other weights"):
        T.ImportanceSampler(W[:-1], rng=5).load_state_dict(of().state_dict())
    with pytest.raises(InputError, match="lacks 'epoch'"):
        of().load_state_dict({})


def test_an_iterator_itself_resumes():
    s = of()
    it = iter(s)
    for _ in range(400):
        next(it)
    state = it.state_dict()
    assert state == {"epoch": 0, "offset": 400}
    other = iter(of())
    next(other)
    other.load_state_dict(state)
    assert list(other) == list(it)
    later = iter(of())
    later.load_state_dict({"epoch": 2, "offset": 0})
    fresh = of()
    fresh.set_epoch(2)
    assert list(later) == list(fresh)
    with pytest.raises(InputError, match="has ended"):
        later.load_state_dict(state)
    with pytest.raises(InputError, match="`offset` must lie in 0 to 1,003"):
        iter(of()).load_state_dict({"epoch": 0, "offset": 9999})


def test_long_epochs_are_handed_out_in_lists(monkeypatch):
    from upweight.torch.samplers import _order as order

    whole = list(of())
    monkeypatch.setattr(order, "LIST", 10)
    it = iter(of())
    head = [next(it) for _ in range(25)]
    assert it.offset == 25
    assert head + list(it) == whole
    assert it.ended


def test_a_loader_takes_it_and_loss_weights_make_up():
    s = of(mix=0.5)
    rows = torch.cat([i for _, i in DataLoader(T.Indexed(list(range(1003))), batch_size=64, sampler=s)])
    assert len(rows) == 1003
    assert s.loss_weight[rows].mean().item() == pytest.approx(1, abs=0.01)
    assert (s.loss_weight * torch.as_tensor(s.p)).sum().item() == pytest.approx(1, abs=1e-5)


def test_loss_weights_are_one_for_weights_alone():
    s = of()
    assert s.loss_weight.unique().tolist() == [1.0]
    assert s.tau == pytest.approx(1)
    assert np.isnan(s.gain)
    assert isinstance(s.weights, Weights)


# ---- scores -----------------------------------------------------------------------------------------------------------------


def test_any_scores_leave_the_mean_unbiased_and_counts_exact():
    """Page, check 6: 200 epochs, |mean of loss_weight x - mean| < 4 SE, |count - m p| < 1 in every row of every epoch."""
    rng = np.random.default_rng(3)
    x, norm = rng.normal(size=500), rng.lognormal(sigma=1.5, size=500)
    scores = T.Scores(500)
    s = T.ImportanceSampler(500, scores=scores, rng=1)
    means = []
    for _ in range(200):
        rows = np.array(list(s))
        assert (np.abs(np.bincount(rows, minlength=500) - 500 * s.p) < 1).all()
        means.append((s.loss_weight.numpy()[rows] * x[rows]).mean())
        scores.update(torch.as_tensor(rows), torch.as_tensor(norm[rows] * rng.lognormal(sigma=0.3, size=500)))
    assert scores.on
    assert abs(np.mean(means) - x.mean()) < 4 * np.std(means, ddof=1) / np.sqrt(200)
    assert s.loss_weight.max() <= 2


def scored(epochs=4, **more):
    norm = np.random.default_rng(7).lognormal(sigma=1.5, size=300)
    scores = T.Scores(300)
    s = T.ImportanceSampler(300, scores=scores, rng=2, **more)
    for _ in range(epochs):
        rows = list(s)
        scores.update(rows, norm[rows])
    return s


def test_p_is_frozen_while_an_epoch_runs():
    s = scored()
    it = iter(s)
    next(it)
    p = s.p.copy()
    s.scores.update(np.arange(300), np.random.default_rng(0).random(300))
    np.testing.assert_array_equal(s.p, p)
    with pytest.warns(UserWarning, match="another iterator of this sampler still runs and p has changed"):
        iter(s)
    assert not np.array_equal(s.p, p)


def test_a_state_with_scores_is_four_bytes_a_row_and_goes_on():
    a = scored()
    it = iter(a)
    for _ in range(111):
        next(it)
    state = a.state_dict(consumed=111)
    assert len(pickle.dumps(state)) < 4 * 300 + 1000
    b = T.ImportanceSampler(300, scores=T.Scores(300), rng=2)
    b.load_state_dict(state)
    assert list(b) == list(it)
    torch.testing.assert_close(b.loss_weight, a.loss_weight)
    with pytest.raises(InputError, match="belongs to other weights"):
        T.ImportanceSampler(300, rng=2).load_state_dict(state)


def test_updates_of_tensors_stay_until_the_epoch_ends():
    scores = T.Scores(5)
    index, g = torch.tensor([0, 1]), torch.tensor([1.0, 2.0], dtype=torch.bfloat16)
    scores.update(index, g.requires_grad_())
    index += 1
    assert scores.seen.tolist() == [True, True, False, False, False]
    assert scores.values[:2].tolist() == [1.0, 2.0]


# ---- pruning ----------------------------------------------------------------------------------------------------------------


def test_pruning_is_unbiased_and_skips_easy_rows():
    """|error| < 4 standard errors over 300 epochs."""
    rng = np.random.default_rng(0)
    loss, x = rng.exponential(size=400), rng.normal(size=400)
    s = T.PruningSampler(400, epochs=10_000, rng=0)
    s.update(np.arange(400), loss)
    means = []
    for _ in range(300):
        rows = np.array(list(s))
        means.append((s.loss_weight.numpy()[rows] * x[rows]).mean())
        assert np.bincount(rows).max() == 1
    easy = loss < loss.mean()
    m = int(400 - 0.5 * easy.sum())
    assert len(s) == m
    assert abs(np.mean(means) - x.mean()) < 4 * np.std(means, ddof=1) / np.sqrt(300)
    np.testing.assert_allclose(s.loss_weight[easy].numpy(), 2 * s.loss_weight[~easy][0].item(), rtol=1e-6)
    assert s.loss_weight[~easy][0].item() == pytest.approx((400 - 0.5 * easy.sum()) / 400)


def test_the_last_epochs_are_whole_and_unseen_rows_are_kept():
    s = T.PruningSampler(100, epochs=8, rng=0)
    assert sorted(s) == list(range(100))
    s.update(np.arange(50), np.r_[np.zeros(49), 100.0])
    rows = list(s)
    assert len(rows) == len(s) == 75
    assert set(range(49, 100)) <= set(rows)
    s.set_epoch(7)
    assert sorted(s) == list(range(100))
    assert s.loss_weight.unique().tolist() == [1.0]


def test_pruning_goes_on_and_shards():
    def made():
        s = T.PruningSampler(60, epochs=8, rng=3)
        s.update(np.arange(60), np.arange(60.0))
        return s

    a = made()
    it = iter(a)
    next(it)
    b = T.PruningSampler(60, epochs=8, rng=3)
    b.load_state_dict(a.state_dict())
    assert list(b) == list(it)
    parts = [list(made().shard(rank=r, world_size=4)) for r in range(4)]
    assert {len(p) for p in parts} == {12}
    with pytest.raises(InputError, match="belongs to other weights"):
        T.PruningSampler(61, epochs=8, rng=3).load_state_dict(a.state_dict())


# ---- one batch --------------------------------------------------------------------------------------------------------------


def test_presampling_is_unbiased():
    """|error| < 4 standard errors over 2000 picks."""
    g = np.random.default_rng(0)
    score, x = torch.tensor(g.lognormal(sigma=1.0, size=64)), torch.tensor(g.normal(size=64))
    rng = np.random.default_rng(1)
    picks = [T.presample(score, 16, rng=rng) for _ in range(2000)]
    means = np.array([(p.weight * x[p.index]).mean().item() for p in picks])
    assert abs(means.mean() - x.mean().item()) < 4 * means.std(ddof=1) / np.sqrt(2000)
    p = score / score.sum()
    assert picks[0].tau == pytest.approx((64 * (p**2).sum()).sqrt().item())
    assert picks[0].pays == (picks[0].tau > (64 + 48) / 48)
    assert all(len(p.index) == 16 for p in picks)


def test_presampling_without_scores_is_uniform_and_zero_is_never_picked():
    pick = T.presample(torch.zeros(8), 8, rng=0)
    assert pick.index.tolist() == list(range(8))
    assert (pick.weight.tolist(), pick.tau, pick.pays) == ([1.0] * 8, 1.0, False)
    score = torch.tensor([0.0, 1.0, 0.0, 3.0, 0.0])
    for seed in range(50):
        assert set(T.presample(score, 7, rng=seed).index.tolist()) == {1, 3}


# ---- rows and refusals ------------------------------------------------------------------------------------------------------


def test_samples_know_their_rows():
    class Batched(list):
        def __getitems__(self, rows):
            return [self[i] * 10 for i in rows]

    assert T.Indexed([7, 8])[1] == (8, 1)
    assert T.Indexed(Batched([7, 8])).__getitems__([1, 0]) == [(80, 1), (70, 0)]
    assert T.Indexed([{"x": 1}]).__getitems__([0]) == [{"x": 1, "index": 0}]
    assert len(T.Indexed([7, 8])) == 2
    with pytest.raises(InputError, match='"index" of their own; got 5 in row 0'):
        _ = T.Indexed([{"index": 5}])[0]
    with pytest.raises(InputError, match="must have a length and rows; got generator"):
        T.Indexed(i for i in range(3))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: T.ImportanceSampler([1.0, np.nan]),
            "`weights` must be finite and ≥ 0; got 1 NaN, first at row 1. Set 0.",
        ),
        (lambda: T.ImportanceSampler(np.zeros(5000)), "nothing to draw: all 5,000 weights are 0"),
        (lambda: T.ImportanceSampler(W, rng=None).shard(rank=0, world_size=2), "ranks must share a seed; pass an int."),
        (lambda: of().shard(rank=4, world_size=4), "`rank` must be a whole number below `world_size`; got 4 of 4"),
        (lambda: of().shard(rank=0), "got 0 of None"),
        (lambda: of().shard(), "torch.distributed is not initialised"),
        (
            lambda: list(T.ImportanceSampler(3, method="without_replacement").shard(rank=0, world_size=2)),
            "got 4 draws of 3 rows",
        ),
        (lambda: of().set_epoch(-1), "`epoch` must be a whole number, 0 or more"),
        (lambda: of().state_dict(consumed=-1), "`consumed` must be a whole number, 0 or more"),
        (lambda: T.PruningSampler(3, epochs=0), "`epochs` must be a whole number, 1 or more"),
        (lambda: T.PruningSampler(3, epochs=1, ratio=1.0), "`ratio` must lie in [0, 1)"),
        (lambda: T.PruningSampler(3, epochs=1, stop=2), "`stop` must lie in [0, 1]"),
        (
            lambda: T.PruningSampler(3, epochs=1).update([0], [np.nan]),
            "`loss` must be finite and ≥ 0; got 1 NaN, first at row 0",
        ),
        (
            lambda: T.presample(torch.tensor([1.0, -1.0]), 1, rng=0),
            "`score` must be finite and ≥ 0; got 1 negative, first at row 1",
        ),
        (
            lambda: T.presample(np.ones(3), 1, rng=0),
            "`score` must be a flat tensor, one number a candidate; got ndarray",
        ),
        (lambda: T.presample(torch.ones(3), 0, rng=0), "`size` must be a whole number, 1 or more"),
    ],
)
def test_bad_input_is_told(call, said):
    with pytest.raises(InputError) as error:
        call()
    assert said in str(error.value)


def test_samplers_travel_and_show_themselves():
    s = of()
    it = iter(s)
    next(it)
    assert list(pickle.loads(pickle.dumps(s))) == list(s)
    assert "<table" in s._repr_html_()
    assert "<table" in T.PruningSampler(5, epochs=2)._repr_html_()
    assert repr(scored()) == "ImportanceSampler(300 rows, 300 draws, systematic, mix 0.5, scores on)"
    assert repr(T.PruningSampler(5, epochs=8)) == "PruningSampler(5 rows, 5 draws, ratio 0.5 until epoch 7 of 8)"
