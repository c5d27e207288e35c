"""What Lightning makes of a sampler on several ranks, and of a shard of ours (`make frameworks`)."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
import torch

if "lightning" not in sys.modules and not os.environ.get("UPWEIGHT_FRAMEWORKS"):
    pytest.skip("frameworks are tested by `make frameworks`, in their own environment", allow_module_level=True)

import upweight.torch as T

pytestmark = pytest.mark.filterwarnings("ignore")  # what Lightning itself deprecates


def test_wrapped_samplers_of_four_ranks_cover_two_thirds_and_shards_all():
    """Each rank wraps a sampler of its own seed and takes every fourth row: 1 - (3/4)^4 = .684 are seen at all."""
    from lightning.fabric.utilities.distributed import DistributedSamplerWrapper
    from torch.utils.data import RandomSampler

    n, ranks = 4000, range(4)
    theirs = []
    for r in ranks:
        sampler = RandomSampler(range(n), generator=torch.Generator().manual_seed(r))
        theirs += list(DistributedSamplerWrapper(sampler, num_replicas=4, rank=r, shuffle=False))
    assert len(np.unique(theirs)) / n == pytest.approx(1 - 0.75**4, abs=0.02)
    ours = [row for r in ranks for row in T.ImportanceSampler(n, rng=0).shard(rank=r, world_size=4)]
    assert sorted(ours) == list(range(n))
