"""Keys: the same noise for the same row or step, whatever came before or beside it."""

from __future__ import annotations

import numpy as np
import torch

from upweight.torch.keyed import RowNoise, data_digest, normal_noise, row_keys, row_order, seed_of, take_key


def test_an_int_gives_one_key_and_none_another_each_time():
    assert take_key(3) == take_key(3)
    assert take_key(None) != take_key(None)
    assert take_key(np.random.default_rng(3)) == take_key(3)


def test_places_are_told_apart_by_type_and_order():
    seeds = {
        seed_of(1, 2, 3),
        seed_of(1, 3, 2),
        seed_of(1, "2", 3),
        seed_of(2, 2, 3),
        seed_of(1, 23),
        seed_of(1, b"2", 3),
    }
    assert len(seeds) == 6


def test_equal_rows_have_equal_keys_and_a_zero_has_no_sign():
    x = np.array([[0.0, 1.0], [-0.0, 1.0], [0.0, 2.0]], dtype=np.float32)
    a, b, c = row_keys(7, x)
    assert a == b != c
    seen = np.array([[True, True], [True, False], [True, True]])
    assert len(set(row_keys(7, x, seen))) == 3


def test_draws_of_a_row_do_not_depend_on_who_is_beside_it_nor_on_where_they_are_cut():
    keys = row_keys(7, np.arange(5.0)[:, None])
    whole = RowNoise(keys, 3).draws(slice(0, 5), 0, 600)
    alone = RowNoise(keys[3:4], 3).draws(slice(0, 1), 0, 600)
    assert torch.equal(whole[3], alone[0])
    cut = RowNoise(keys, 3)
    parts = [cut.draws(slice(0, 5), first, min(100, 600 - first)) for first in range(0, 600, 100)]
    assert torch.equal(torch.cat(parts, 1), whole)


def test_noise_is_standard_normal_and_blocks_differ():
    draws = RowNoise(row_keys(1, np.arange(20.0)[:, None]), 10).draws(slice(0, 20), 0, 512).double()
    n = draws.numel()
    assert abs(draws.mean().item()) < 4 / n**0.5
    assert abs(draws.var().item() - 1) < 4 * (2 / n) ** 0.5
    assert (draws[:, :256] * draws[:, 256:]).mean().abs() < 4 / (n / 2) ** 0.5


def test_noise_of_a_step_and_order_of_an_epoch_follow_from_the_key_alone():
    before = torch.random.get_rng_state()
    assert torch.equal(normal_noise((4, 2), 9, "noise", 1, 2), normal_noise((4, 2), 9, "noise", 1, 2))
    assert not torch.equal(normal_noise((4, 2), 9, "noise", 1, 2), normal_noise((4, 2), 9, "noise", 2, 1))
    assert sorted(row_order(10, 9, 0).tolist()) == list(range(10))
    assert not torch.equal(row_order(10, 9, 0), row_order(10, 9, 1))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_digest_hears_of_every_value_and_of_shape_and_type():
    a = np.arange(6.0)
    others = [a.reshape(2, 3), a.astype(np.float32), a + 1e-15 * (a == 3), None]
    assert len({data_digest(x) for x in [a, *others]}) == 5
