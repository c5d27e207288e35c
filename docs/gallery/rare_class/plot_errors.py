"""
Should I upweight what the model gets wrong?
============================================

It is tried by everybody: find the errors, lift their weight, train again. If the errors are rows that a shortcut misleads, that
helps; if they are wrong labels, it teaches them. Both worlds are made here, and ``struggles`` tells them apart: errors are taken
out of fold, their share is capped, and the result is judged on rows that no fit has seen, beside a control.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

import upweight as uw

rng = np.random.default_rng(0)
n = 6000
label = rng.integers(0, 2, n)
side = 2 * label - 1
shortcut = np.where(rng.random(n) < 0.95, side, -side)  # right in 95 % of the rows
columns = np.c_[side + 0.7 * rng.normal(size=n), shortcut + 0.3 * rng.normal(size=n)]
noisy = np.where(rng.random(n) < 0.15, 1 - label, label)  # 15 % of the labels are wrong
one_column = (side + 0.4 * rng.normal(size=n))[:, None]


def trainer(X, y):
    """The shape that `struggles` wants: rows and weights in, a function that says which rows are wrong out."""

    def fit(rows, weight):
        model = LogisticRegression(C=1e3).fit(X[rows], y[rows], weight)
        return lambda of: model.predict(X[of]) != y[of]

    return fit


group = np.where(shortcut == side, "shortcut right", "shortcut wrong")
misled = uw.training.struggles(trainer(columns, label), n, group=group)
mislabelled = uw.training.struggles(trainer(one_column, noisy), n)
print(misled.verdict, "|", mislabelled.verdict)

# %%
# Where a shortcut misleads: the groups for which it is wrong, before and after.

fig, ax = plt.subplots(figsize=(7.5, 4.4), layout="constrained")
misled.plot(ax)
plt.show()

# %%

assert misled.verdict == "helped"
assert mislabelled.verdict == "noise"
_, before, after = misled.by_group["shortcut wrong"]
assert after > before + 0.05
print(
    f"Conclusion: it depends on what the errors are. Where a shortcut misleads the model, lifting them takes the rows that the shortcut gets wrong from "
    f"{before:.0%} to {after:.0%} right ({misled.verdict}); where labels are wrong, they are found out and the lift is refused ({mislabelled.verdict})."
)
