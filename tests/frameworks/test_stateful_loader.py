"""torchdata's StatefulDataLoader: stopped in mid-epoch, reloaded in a new process, with workers and without."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import upweight

pytestmark = pytest.mark.filterwarnings("ignore")

CODE = """
    import pickle, sys, warnings
    warnings.simplefilter("ignore")
    import numpy as np, torch
    from torch.utils.data import TensorDataset
    from torchdata.stateful_dataloader import StatefulDataLoader
    from upweight.torch import ImportanceSampler, Indexed

    def loader(workers):
        w = np.random.default_rng(1).lognormal(size=500)
        rows = Indexed(TensorDataset(torch.arange(500.0)))
        return StatefulDataLoader(rows, batch_size=16, sampler=ImportanceSampler(w, rng=5), num_workers=workers)

    if __name__ == "__main__":
        what, path, workers = sys.argv[1], sys.argv[2], int(sys.argv[3])
        made = loader(workers)
        if what == "whole":
            out = [i.tolist() for _ in range(2) for _, i in made]
        elif what == "head":
            epoch, out = iter(made), []
            for _ in range(9):
                out.append(next(epoch)[1].tolist())
            pickle.dump(made.state_dict(), open(path + ".state", "wb"))
        else:
            made.load_state_dict(pickle.load(open(path + ".state", "rb")))
            out = [i.tolist() for _ in range(2) for _, i in made]
        pickle.dump(out, open(path + "." + what, "wb"))
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_a_new_process_goes_on_with_the_next_batch(tmp_path, workers):
    script, path = tmp_path / "part.py", str(tmp_path / "x")
    script.write_text(textwrap.dedent(CODE))
    where = os.environ | {"PYTHONPATH": str(Path(upweight.__file__).parents[1])}
    for what in ("whole", "head", "tail"):
        call = [sys.executable, str(script), what, path, str(workers)]
        done = subprocess.run(call, env=where, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr[-3000:]
    whole, head, tail = (pickle.loads(Path(f"{path}.{what}").read_bytes()) for what in ("whole", "head", "tail"))
    assert head + tail == whole
