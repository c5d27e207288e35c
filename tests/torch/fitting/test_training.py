"""Settings of training: refused out of range, reached by name, and schedules as published."""

from __future__ import annotations

import pytest
from sklearn.base import clone

import upweight as uw
from upweight.torch.fitting import Training, ready_training


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epochs": 0}, "`epochs` must be a whole number, 1 or more; got 0"),
        ({"batch": 1.5}, "`batch`"),
        ({"lr": 0}, "`lr` must be a number above 0; got 0"),
        ({"valid": 1}, r"`valid` must be a share in \[0, 1\); got 1"),
        ({"schedule": "cosine"}, "`schedule` must be 'constant', 'linear' or 'burda'"),
        ({"patience": 0}, "`patience`"),
        ({"pairs": 0}, "`pairs`"),
        ({"device": "abacus"}, "`device` must be one of PyTorch's"),
        ({"progress": "no"}, "`progress` must be True or False"),
    ],
)
def test_settings_out_of_range_are_refused_by_constructor_and_after_set_params(settings, said):
    with pytest.raises(uw.InputError, match=said):
        Training(**settings)
    with pytest.raises(uw.InputError, match=said):
        ready_training(Training().set_params(**settings), Training())


def test_cloned_and_read_as_scikit_learn_does():
    t = Training(13, lr=3e-4)
    assert clone(t).get_params() == t.get_params()
    assert repr(t) == "Training(epochs=13, lr=0.0003)"


def test_burda_stages_have_1_3_9_27_epochs():
    t = Training(40, schedule="burda", lr=1.0)
    stages = [sum(t.lr_of(e) == 10 ** (-i / 7) for e in range(40)) for i in range(4)]
    assert stages == [1, 3, 9, 27]


def test_linear_ends_one_step_above_zero():
    t = Training(4, schedule="linear", lr=1.0)
    assert [t.lr_of(e) for e in range(4)] == [1.0, 0.75, 0.5, 0.25]
