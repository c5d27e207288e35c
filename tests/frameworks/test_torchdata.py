"""torchdata's StatefulDataLoader stops in mid-epoch and goes on in a new process, with workers and without (`make frameworks`)."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

if "torchdata" not in sys.modules and not os.environ.get("UPWEIGHT_FRAMEWORKS"):
    pytest.skip("frameworks are tested by `make frameworks`, in their own environment", allow_module_level=True)

from torchdata.stateful_dataloader import StatefulDataLoader

import upweight.torch as T

pytestmark = pytest.mark.filterwarnings("ignore")  # what torchdata itself deprecates
WEIGHTS = np.random.default_rng(0).lognormal(size=500)
RESUME = """
import pickle, sys
import numpy as np
from tests_frameworks_rows import loader, rows_of
made = loader(int(sys.argv[2]), sys.argv[3])
made.load_state_dict(pickle.load(open(sys.argv[1], "rb")))
print(rows_of(made), rows_of(made))
"""
SHARED = """
import numpy as np, upweight.torch as T
from torchdata.stateful_dataloader import StatefulDataLoader
WEIGHTS = np.random.default_rng(0).lognormal(size=500)
def loader(workers, part):
    sampler = T.ImportanceSampler(WEIGHTS, rng=3)
    sampler = sampler.shard(rank=1, world_size=2) if part == "shard" else sampler
    return StatefulDataLoader(T.Indexed(list(range(500))), batch_size=16, sampler=sampler, num_workers=workers)
def rows_of(made):
    return [i.tolist() for _, i in made]
"""


def loader(workers, part):
    sampler = T.ImportanceSampler(WEIGHTS, rng=3)
    sampler = sampler.shard(rank=1, world_size=2) if part == "shard" else sampler
    return StatefulDataLoader(T.Indexed(list(range(500))), batch_size=16, sampler=sampler, num_workers=workers)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("part", ["whole", "shard"])
@pytest.mark.parametrize("epochs", [0, 1])
def test_a_loader_goes_on_in_a_new_process(tmp_path, workers, part, epochs):
    made = loader(workers, part)
    for _ in range(epochs):
        list(made)
    it = iter(made)
    for _ in range(5):
        next(it)
    state = made.state_dict()
    rest, then = [i.tolist() for _, i in it], [i.tolist() for _, i in made]
    (tmp_path / "state").write_bytes(pickle.dumps(state))
    (tmp_path / "tests_frameworks_rows.py").write_text(SHARED)
    where = os.pathsep.join([str(tmp_path), str(Path(T.__file__).parents[2])])
    run = [sys.executable, "-W", "ignore", "-c", RESUME, str(tmp_path / "state"), str(workers), part]
    done = subprocess.run(run, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": where})
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{rest} {then}"
