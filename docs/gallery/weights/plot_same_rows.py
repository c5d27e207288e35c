"""
Which rows stay when the files come in another order?
=====================================================

A tenth of a log is kept. Tomorrow the files are read in another order, by four processes instead of one, or on another engine:
is it the same tenth? With ``random()`` it is not, since the numbers go to the rows in the order in which they come. A draw that
is a function of the row's key knows no order.
"""

import matplotlib.pyplot as plt
import numpy as np

import upweight as uw

keys = np.arange(20_000)
another_order = np.random.default_rng(1).permutation(keys)


def by_order(keys):
    """The usual way: one random number after the other."""
    return keys[np.random.default_rng(7).random(len(keys)) < 0.1]


def by_key(keys):
    """A hash of the key, made a number between 0 and 1 that any engine gives alike."""
    return keys[uw.stream.draw(keys, seed=7) < 0.1]


# %%
# Two runs each, the second over the same rows in another order. Every line is a row that was kept, of the first 300.

runs = {
    "random(): run 1": by_order(keys),
    "random(): run 2": by_order(another_order),
    "by key: run 1": by_key(keys),
    "by key: run 2": by_key(another_order),
}
fig, ax = plt.subplots(figsize=(9, 3.4), layout="constrained")
colors = ["tab:orange", "tab:orange", "tab:blue", "tab:blue"]
ax.eventplot([kept[kept < 300] for kept in runs.values()], linelengths=0.8, colors=colors, lineoffsets=[3, 2, 1, 0])
ax.set(
    yticks=[3, 2, 1, 0],
    yticklabels=list(runs),
    xlabel="key of the row",
    title="rows kept, read in two orders: by key they are the same",
)
plt.show()

# %%
# The same holds for what is computed from them: tallies of parts add up to the tally of the whole.

parts = np.array_split(another_order, 4)
together = np.sort(np.concatenate([by_key(part) for part in parts]))

# %%

order_1, order_2, key_1, key_2 = runs.values()
common = len(np.intersect1d(order_1, order_2)) / len(order_1)
assert set(key_1) == set(key_2) == set(together)
assert common < 0.15
assert abs(len(key_1) / len(keys) - 0.1) < 0.01
print(
    f"Conclusion: drawn in the order of reading, the two runs share {common:.0%} of their rows, as chance would have it; drawn by key they share "
    f"{len(np.intersect1d(key_1, key_2)) / len(key_1):.0%}, and four processes with a quarter each keep the same {len(together):,} rows."
)
