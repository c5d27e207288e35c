"""Two real processes (gloo): shards are disjoint and cover the plan, and scores of one rank are known to the other."""

from __future__ import annotations

import json
import socket

import numpy as np
import pytest
import torch.distributed as dist
import torch.multiprocessing as mp

import upweight.torch as T

NORM = np.random.default_rng(0).lognormal(sigma=1.5, size=201)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def train(rank: int, port: int, folder: str, sharded: bool) -> None:
    """Four epochs of one rank; what it drew and what it knows at the end."""
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    scores = T.Scores(201)
    sampler = T.ImportanceSampler(201, scores=scores, rng=4)
    mine = sampler.shard() if sharded else sampler
    drawn = []
    for _ in range(5):
        rows = list(mine) if sharded else list(mine)[rank::2]
        scores.update(rows, NORM[rows])
        drawn.append(rows)
    iter(mine)
    known = {
        "drawn": drawn,
        "scores": scores.settled().tolist(),
        "p": mine.p.tolist(),
        "on": scores.on,
        "gain": scores.gain,
    }
    with open(f"{folder}/{rank}.json", "w") as file:
        json.dump(known, file)
    dist.destroy_process_group()


@pytest.mark.parametrize("sharded", [True, False])
def test_two_ranks_draw_one_plan_by_the_same_scores(tmp_path, sharded):
    mp.spawn(train, args=(free_port(), str(tmp_path), sharded), nprocs=2)
    a, b = (json.loads((tmp_path / f"{r}.json").read_text()) for r in (0, 1))
    assert a["scores"] == b["scores"]
    assert a["p"] == b["p"]
    assert (a["on"], a["gain"]) == (True, b["gain"])
    whole = T.ImportanceSampler(201, size=202 if sharded else 201, scores=T.Scores(201), rng=4)
    plan = list(whole)  # the first epoch, before any score
    assert (a["drawn"][0], b["drawn"][0]) == (plan[0::2], plan[1::2])
    seen = np.unique(np.concatenate(a["drawn"] + b["drawn"]))
    np.testing.assert_allclose(np.array(a["scores"])[seen], NORM[seen], rtol=1e-6)
