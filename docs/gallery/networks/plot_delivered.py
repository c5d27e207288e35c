"""
Do class weights reach the network?
===================================

One row in a hundred is rare, and class weights ask for half of the gradient to be about those rows. Most losses divide the
weights of a batch by their sum. A batch without a rare row then divides its weights away, and most small batches have none. How
much is left, for which batch?
"""

import matplotlib.pyplot as plt
import numpy as np
import torch

import upweight as uw

share = np.array([0.99, 0.01])
weights = 0.5 / share  # asked for: one half each
sizes = 2 ** np.arange(2, 11)


def delivered(size, by):
    return uw.torch.delivered_share(share, weights, batch_size=int(size), by=by)[1]


by_batch = [delivered(size, "batch") for size in sizes]
by_population = [delivered(size, "population") for size in sizes]

# %%
# No training is needed to know. But it can be seen in any loss: here the rare rows' part of PyTorch's weighted cross-entropy, of
# 4,000 batches of 16 rows.

rng = np.random.default_rng(0)
labels = torch.as_tensor((rng.random((4000, 16)) < share[1]).astype(int))
each = torch.as_tensor(weights)[labels]
measured = float((each * labels).sum(dim=1).div(each.sum(dim=1)).mean())  # a loss of one for every row

fig, ax = plt.subplots(figsize=(7.5, 4.4), layout="constrained")
ax.plot(sizes, by_population, "s-", label="divided by the population's weights (weighted_loss)")
ax.plot(sizes, by_batch, "o--", label="divided by the batch's weights (most losses)")
ax.plot(16, measured, "*", markersize=16, color="black", label="measured, batches of 16")
ax.set(
    xscale="log",
    xticks=sizes,
    xticklabels=sizes,
    xlabel="rows of a batch",
    ylabel="share of the loss on rare rows",
    ylim=(0, 0.55),
)
ax.minorticks_off()
ax.set_title("one row in a hundred is rare, and is to have half")
ax.legend(loc="lower right")
plt.show()

# %%

at_16 = by_batch[2]
assert abs(measured - at_16) < 0.02
assert np.allclose(by_population, 0.5)
assert by_batch[-1] > 0.4
print(
    f"Conclusion: of the half that was asked for, {at_16:.0%} arrives in batches of 16 (measured: {measured:.0%}) and {by_batch[4]:.0%} in batches of 64; "
    f"divided by the population's weights it is {by_population[0]:.0%} at every size."
)
