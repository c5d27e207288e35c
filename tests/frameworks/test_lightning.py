"""The real Trainer of Lightning: our sampler is the one it iterates, a stopped run goes on in mid-epoch, two ranks cover the plan."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader, TensorDataset

import upweight
from upweight import InputError
from upweight.torch import ImportanceSampler, Indexed, Meter, margin_loss, weighted_loss
from upweight.torch import lightning as up

pytestmark = pytest.mark.filterwarnings("ignore")
N = 160
Y = (torch.arange(N) % 10 == 0).long()
X = torch.randn(N, 3, generator=torch.Generator().manual_seed(0)) + 2.0 * Y[:, None]
W = np.where(Y, 9.0, 1.0)


class Net(pl.LightningModule):
    def __init__(self, sampler, meter_too=False):
        super().__init__()
        torch.manual_seed(0)
        self.net, self.sampler, self.seen = torch.nn.Linear(3, 2), sampler, []
        self.meter = Meter(self.net, (X, Y), W) if meter_too else None

    def training_step(self, batch, _):
        (x, y), i = batch
        self.seen += i.tolist()
        z = self.net(x)
        if self.meter:
            self.meter.watch(z, y)
        return weighted_loss(margin_loss(z, y), self.sampler.loss_weight[i])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def trainer(folder, **more):
    given = {
        "accelerator": "cpu",
        "devices": 1,
        "logger": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    return pl.Trainer(default_root_dir=str(folder), **(given | more))


def loader(sampler):
    return DataLoader(Indexed(TensorDataset(X, Y)), batch_size=16, sampler=sampler)


def test_the_rows_are_those_of_the_plan_and_the_verdict_comes(tmp_path):
    sampler = ImportanceSampler(W, rng=3)
    net = Net(sampler, meter_too=True)
    callback = up.WeightsCallback(meter=net.meter, sampler=sampler)
    t = trainer(tmp_path, max_epochs=30, enable_checkpointing=False, callbacks=[callback])
    t.fit(net, loader(sampler))
    assert t.train_dataloader.sampler is sampler
    plan = ImportanceSampler(W, rng=3)
    assert net.seen[: 2 * N] == list(plan) + list(plan)
    assert callback.verdict is not None
    assert "delivered" in callback.verdict.reasons
    assert net.meter.history


def test_a_run_that_stopped_in_mid_epoch_goes_on_there(tmp_path):
    whole = Net(ImportanceSampler(W, rng=3))
    trainer(tmp_path, max_steps=25, enable_checkpointing=False).fit(whole, loader(whole.sampler))
    first = Net(ImportanceSampler(W, rng=3))
    keep = ModelCheckpoint(dirpath=tmp_path, filename="stopped", every_n_train_steps=13, save_top_k=-1)
    callbacks = [up.WeightsCallback(sampler=first.sampler), keep]
    trainer(tmp_path, max_steps=16, callbacks=callbacks).fit(first, loader(first.sampler))
    second = Net(ImportanceSampler(W, rng=3))
    t = trainer(
        tmp_path, max_steps=25, callbacks=[up.WeightsCallback(sampler=second.sampler)], enable_checkpointing=False
    )
    t.fit(second, loader(second.sampler), ckpt_path=tmp_path / "stopped.ckpt", weights_only=False)
    assert first.seen[: 13 * 16] + second.seen == whole.seen
    assert torch.allclose(second.net.weight, whole.net.weight, atol=1e-7)


def test_a_whole_sampler_on_two_ranks_is_refused():
    class Two:
        world_size = 2

    with pytest.raises(InputError, match=r"pass sampler.shard\(\)"):
        up.WeightsCallback(sampler=ImportanceSampler(W, rng=3)).setup(Two, None, "fit")


def test_two_ranks_cover_the_plan_once(tmp_path):
    """ddp in two processes: the rows of both together are the plan."""
    code = """
        import sys; sys.path.insert(0, sys.argv[2])
        import warnings; warnings.simplefilter("ignore")
        import torch, numpy as np
        import test_lightning as t
        from upweight.torch import ImportanceSampler
        from upweight.torch import lightning as up

        class Late(t.Net):
            def train_dataloader(self):
                self.sampler = ImportanceSampler(t.W, rng=3).shard()
                return t.loader(self.sampler)

        if __name__ == "__main__":
            net = Late(ImportanceSampler(t.W, rng=3))
            run = t.trainer(sys.argv[1], max_epochs=1, devices=2, strategy="ddp", enable_checkpointing=False)
            run.fit(net)
            np.save(f"{sys.argv[1]}/rank{run.global_rank}.npy", np.array(net.seen))
    """
    script = tmp_path / "ranks.py"
    script.write_text(textwrap.dedent(code))
    where = os.environ | {"PYTHONPATH": str(Path(upweight.__file__).parents[1]), "MASTER_ADDR": "127.0.0.1"}
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), here], env=where, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    ranks = [np.load(tmp_path / f"rank{r}.npy").tolist() for r in (0, 1)]
    plan = list(ImportanceSampler(W, rng=3))
    assert ranks == [plan[0::2], plan[1::2]]
