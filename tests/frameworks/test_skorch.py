"""The recipe for skorch: a dict with `sample_weight`, a criterion that does not reduce, and our reducer in `get_loss`."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skorch import NeuralNetClassifier

from upweight.torch import weighted_loss

pytestmark = pytest.mark.filterwarnings("ignore")


class Rows(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(2, 2)

    def forward(self, x, sample_weight=None):
        return self.net(x)


class Weighted(NeuralNetClassifier):
    def get_loss(self, y_pred, y_true, X, *given, **more):
        losses = super().get_loss(y_pred, y_true, X, *given, **more)
        return weighted_loss(losses, X["sample_weight"]) if self.module_.training else losses.mean()


def test_weights_arrive_whole_in_small_batches():
    """2 % positives, batches of 8: with balanced weights half of the rows are called positive, without hardly any."""
    rng = np.random.default_rng(0)
    y = (np.arange(2000) % 50 == 0).astype(np.int64)
    x = (rng.normal(size=(2000, 2)) + 0.3 * y[:, None]).astype(np.float32)
    called = {}
    for name, w in (("ones", np.ones(2000)), ("balanced", np.where(y, 25.0, 25 / 49))):
        torch.manual_seed(0)
        how = {
            "criterion": torch.nn.CrossEntropyLoss,
            "criterion__reduction": "none",
            "train_split": None,
            "verbose": 0,
        }
        net = Weighted(Rows, max_epochs=6, lr=0.02, batch_size=8, iterator_train__shuffle=True, **how)
        X = {"x": x, "sample_weight": w.astype(np.float32)}
        called[name] = net.fit(X, y).predict(X).mean()
    assert called["ones"] < 0.02
    assert 0.2 < called["balanced"] < 0.8
