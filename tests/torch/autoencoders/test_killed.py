"""A fit that is killed without warning and begun again ends with the parameters of one that was not, bit for bit."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import upweight as uw
from upweight.torch import IWAE, MLP, Training

SCRIPT = Path(__file__).with_name("killed.py")
EPOCHS = 30
X = (np.random.default_rng(0).random((60, 30)) < 0.3) * 1.0


def begun(path):
    return subprocess.Popen([sys.executable, str(SCRIPT), str(path), str(EPOCHS)], stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_killed_at_three_random_moments_and_resumed_it_is_the_uninterrupted_fit(tmp_path):
    whole = begun("none").communicate(timeout=120)[0]
    path = tmp_path / "c.pt"
    moments = random.Random(os.getpid())
    for _ in range(3):
        child = begun(path)
        before = path.stat().st_mtime_ns if path.exists() else 0
        while child.poll() is None and (not path.exists() or path.stat().st_mtime_ns == before):
            time.sleep(0.005)
        time.sleep(moments.random() * 0.15)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert child.returncode in (-signal.SIGKILL, 0)
        assert path.exists()
    assert begun(path).communicate(timeout=120)[0] == whole


def small(path, **settings):
    training = Training(**{"epochs": 3, "checkpoint": path, "progress": False} | settings)
    return IWAE(3, latent=2, net=MLP((8,)), training=training, rng=0)


def test_resumed_inside_one_process_it_is_the_same_model(tmp_path):
    small(tmp_path / "c").fit(X)
    rest = small(tmp_path / "c", epochs=7).fit(X)
    whole = small(None, epochs=7).fit(X)
    assert np.array_equal(rest.score_samples(X), whole.score_samples(X))
    assert rest.history_ == whole.history_


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"k": 4}, r"k differs \(3 there, 4 here\)"),
        ({"latent": 3}, "latent differ"),
        ({"objective": "standard"}, "objective differ"),
        ({"net": MLP((9,))}, "net differ"),
        ({"rng": 1}, "rng differ"),
        ({"training__batch": 7}, r"training\.batch differs \(100 there, 7 here\)"),
    ],
)
def test_other_settings_are_refused_by_name(tmp_path, change, said):
    small(tmp_path / "c").fit(X)
    with pytest.raises(uw.InputError, match=said + r".*Delete it or change checkpoint="):
        small(tmp_path / "c").set_params(**change).fit(X)


def test_other_data_and_weights_are_refused(tmp_path):
    small(tmp_path / "c").fit(X)
    with pytest.raises(uw.InputError, match="data differ"):
        small(tmp_path / "c").fit(X[::-1])
    with pytest.raises(uw.InputError, match="sample_weight differ"):
        small(tmp_path / "c").fit(X, sample_weight=np.full(60, 2.0))


def test_with_no_rng_the_checkpoints_key_goes_on(tmp_path):
    first = small(tmp_path / "c").set_params(rng=None).fit(X)
    again = small(tmp_path / "c", epochs=5).set_params(rng=None).fit(X)
    assert first.key_ == again.key_
    assert again.history_[:3] == first.history_


def test_on_a_full_disk_training_ends_and_the_old_model_stays(tmp_path):
    m = small(None).fit(X)
    m.save(tmp_path / "m")
    before = (tmp_path / "m").read_bytes()
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, kept[1]))
        with pytest.raises(OSError, match="large"):
            m.save(tmp_path / "m")
        with pytest.warns(UserWarning, match="could not be written"):
            trained = small(tmp_path / "c").fit(X)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
        signal.signal(signal.SIGXFSZ, handler)
    assert (tmp_path / "m").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m"]
    assert len(trained.history_) == 3


def test_a_hostile_file_runs_nothing(tmp_path):
    import torch

    class Runs:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'ran'}",)

    torch.save(Runs(), tmp_path / "x.iwae")
    with pytest.raises(uw.InputError, match="not an upweight model"):
        IWAE.load(tmp_path / "x.iwae")
    small(None).fit(X).save(tmp_path / "good")
    content = (tmp_path / "good").read_bytes()
    (tmp_path / "half").write_bytes(content[: len(content) // 2])
    with pytest.raises(uw.InputError, match="not an upweight model"):
        IWAE.load(tmp_path / "half")
    assert not (tmp_path / "ran").exists()
