"""One loop: every way that training may end leaves the best parameters, and a killed run goes on bit for bit."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import nn

import upweight as uw
from upweight.torch.fitting import AdamStep, Training, TrainingTask, key_for, train
from upweight.torch.keyed import normal_noise, seeded

X = torch.randn(64, 3, generator=seeded(0, "X"))
Y = X @ torch.tensor([1.0, -2.0, 0.5])


def task(judged=None, *, losses_of=None, key=5, data="d", weight=None):
    """Noisy linear regression: its noise is a function of (key, epoch, step)."""
    torch_state = torch.random.get_rng_state()
    module = nn.Linear(3, 1)
    torch.random.set_rng_state(torch_state)
    with torch.no_grad():
        module.weight.zero_()
        module.bias.zero_()

    def noisy(rows, epoch, step):
        noise = 0.1 * normal_noise((len(rows),), key, "noise", epoch, step)
        yield slice(None), (module(X[rows])[:, 0] - Y[rows] - noise).square()

    w = torch.ones(64) if weight is None else weight
    return TrainingTask(module, 64, AdamStep(module, losses_of or noisy, w), judged, key, data, "w", {"k": 5})


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def quiet(epochs=6, **settings):
    return Training(epochs, batch=10, lr=0.05, valid=0.1, progress=False).set_params(**settings)


def test_same_key_same_parameters_another_key_others():
    a, b, c = task(), task(), task(key=6)
    for t in (a, b, c):
        train(t, quiet())
    assert same(a.module, b.module)
    assert not same(a.module, c.module)


@pytest.mark.parametrize("schedule", ["constant", "burda"])
def test_a_run_resumed_after_any_epoch_is_the_uninterrupted_run_bit_for_bit(tmp_path, schedule):
    judged = lambda epoch: float(epoch)
    whole = task(judged)
    run = train(whole, quiet(schedule=schedule))
    for stop in (1, 3):
        path = tmp_path / f"{stop}.pt"
        train(task(judged), quiet(stop, schedule=schedule, checkpoint=path))
        rest = task(judged)
        again = train(rest, quiet(schedule=schedule, checkpoint=path))
        assert same(whole.module, rest.module)
        assert run.history == again.history
        assert len(again.history) == 6


def test_best_parameters_are_put_back_and_patience_ends_the_run():
    values = [1.0, 5.0, 4.0, 4.5, 4.9, 3.0]
    t = task(lambda epoch: values[epoch])
    run = train(t, quiet(patience=3))
    short = task(lambda epoch: values[epoch])
    train(short, quiet(2))
    assert (run.best_epoch, len(run.history)) == (1, 5)
    assert same(t.module, short.module)


def test_control_c_keeps_the_best_and_says_so():
    calls = []

    def judged(epoch):
        calls.append(epoch)
        if epoch == 3:
            raise KeyboardInterrupt
        return -float(epoch)

    t = task(judged)
    with pytest.warns(UserWarning, match="interrupted in epoch 3; the parameters of epoch 0 are kept"):
        run = train(t, quiet())
    first = task(lambda epoch: 0.0)
    train(first, quiet(1))
    assert same(t.module, first.module)
    assert "interrupted" in run.notes[0]


def test_control_c_before_an_epoch_has_ended_is_a_control_c():
    def stopped(rows, epoch, step):
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        train(task(losses_of=stopped), quiet())


def test_a_loss_that_is_not_finite_names_epoch_and_step_and_keeps_the_last_good_parameters():
    holder = []

    def losses(rows, epoch, step):
        module = holder[0].module
        losses = (module(X[rows])[:, 0] - Y[rows]).square()
        yield slice(None), losses * (math.nan if (epoch, step) == (2, 3) else 1)

    holder.append(task(losses_of=losses))
    with pytest.raises(
        uw.UpweightError, match=r"epoch 2, step 3: loss is nan; last good parameters kept\. Try lr=0.005\."
    ):
        train(holder[0], quiet())
    assert all(torch.isfinite(p).all() for p in holder[0].module.parameters())
    assert holder[0].module.weight.abs().sum() > 0


def test_parts_of_a_batch_add_up_to_the_batch():
    def cut(module):
        def losses(rows, epoch, step):
            for part in (slice(0, 3), slice(3, 4), slice(4, 10)):
                if len(rows[part]):
                    yield part, (module(X[rows[part]])[:, 0] - Y[rows[part]]).square()

        return losses

    w = torch.rand(64, generator=seeded(0, "w")) + 0.5
    whole = task(weight=w / w.mean())
    plain = lambda rows, epoch, step: iter([(slice(None), (whole.module(X[rows])[:, 0] - Y[rows]).square())])
    whole.stepper.losses_of = plain
    parts = task(weight=w / w.mean())
    parts.stepper.losses_of = cut(parts.module)
    a, b = train(whole, quiet()), train(parts, quiet())
    assert torch.allclose(whole.module.weight, parts.module.weight, rtol=0, atol=1e-5)
    assert abs(a.history[-1]["value"] - b.history[-1]["value"]) < 1e-5


def test_a_checkpoint_of_another_run_is_refused_with_the_field_and_stays(tmp_path):
    path = tmp_path / "c.pt"
    train(task(), quiet(2, checkpoint=path))
    before = path.read_bytes()
    with pytest.raises(uw.InputError, match=r"belongs to another run: data differ\. Delete it or change checkpoint="):
        train(task(data="other"), quiet(checkpoint=path))
    with pytest.raises(uw.InputError, match=r"training\.lr differs \(0\.05 there, 0\.1 here\)"):
        train(task(), quiet(checkpoint=path, lr=0.1))
    with pytest.raises(uw.InputError, match="rng differ"):
        train(task(key=6), quiet(checkpoint=path))
    with pytest.raises(uw.InputError, match=r"training\.epochs differs \(2 there, 1 here\)"):
        train(task(), quiet(1, checkpoint=path))
    assert path.read_bytes() == before


def test_a_truncated_checkpoint_is_refused(tmp_path):
    path = tmp_path / "c.pt"
    train(task(), quiet(2, checkpoint=path))
    content = path.read_bytes()
    for length in (0, 10, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(uw.InputError, match="truncated or no checkpoint"):
            train(task(), quiet(checkpoint=path))


def test_without_rng_the_key_is_the_checkpoints(tmp_path):
    path = tmp_path / "c.pt"
    train(task(), quiet(2, checkpoint=path))
    assert key_for(None, quiet(checkpoint=path)) == 5
    assert key_for(None, quiet()) != key_for(None, quiet())
    assert key_for(3, quiet(checkpoint=path)) == key_for(3, quiet())


def test_a_disk_that_says_no_is_told_and_training_goes_on(tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("upweight.torch.fitting._checkpoint.write_whole", full)
    t = task()
    with pytest.warns(UserWarning, match=r"could not be written \(No space left on device\); training goes on"):
        run = train(t, quiet(2, checkpoint=tmp_path / "c.pt"))
    assert len(run.history) == 2


def test_a_folder_that_is_not_there_is_told_before_training(tmp_path):
    with pytest.raises(uw.InputError, match="a folder that is there"):
        train(task(), quiet(checkpoint=Path(tmp_path) / "none" / "c.pt"))
