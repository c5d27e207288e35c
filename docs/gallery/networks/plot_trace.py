"""
Did the weights change what the network predicts?
=================================================

A network is trained on threes and fives with weights 4 to 1 for the fives. It predicts something; would it have predicted the
same without them? A second training without weights is no answer, since any disturbance moves a network. So the same weights are
*shuffled* over the rows and trained with, again and again: they disturb as much, and mean nothing.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

import upweight as uw

T = uw.torch
torch.set_num_threads(1)
pixels, label = load_digits(return_X_y=True)
pixels = torch.as_tensor(pixels / 16, dtype=torch.float32)
rows = np.r_[np.flatnonzero(label == 3)[:90], np.flatnonzero(label == 5)[:90]]
X, y = pixels[rows], torch.as_tensor((label[rows] == 5).astype(int))
probe = pixels[(label != 3) & (label != 5)]  # which of the other digits are called 5 says where the border is
w = uw.Weights.of(np.where(y == 1, 4.0, 1.0), kind="class")


def fit(weights):
    """Weights in, predictions on the probe out, the same seed each call."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    weights, order = torch.as_tensor(weights), torch.Generator().manual_seed(0)
    for _ in range(15):
        for i in torch.randperm(180, generator=order).split(20):
            T.weighted_loss(T.margin_loss(model(X[i]), y[i]), weights[i]).backward()
            opt.step()
            opt.zero_grad()
    with torch.no_grad():
        return model(probe)[:, 0]


trace = T.trace(fit, w, twins=19, rng=0)

# %%
# Where the change by the weights lies among the changes by shuffled ones.

fig, ax = plt.subplots(figsize=(7.5, 4.4), layout="constrained")
trace.plot(ax)
plt.show()

# %%

called = [float((fit(v) > 0).float().mean()) for v in (np.ones(180), w.sample_weight)]
assert trace.p <= 0.05
assert trace.ratio > 2
assert called[1] > called[0]
print(
    f"Conclusion: yes. The weights moved the predictions {trace.ratio:.1f} times as far as shuffled ones do (p = {trace.p:.2f}); of the digits "
    f"that are neither, {called[1]:.0%} are called 5 with them and {called[0]:.0%} without."
)
