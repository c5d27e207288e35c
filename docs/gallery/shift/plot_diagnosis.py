"""
The world moved: can weights repair it?
=======================================

A model was trained on 500 rows of one world and must speak about another, of which there are 400 rows without labels. Did it move,
in which columns, and what are the rows worth once they are weighted to look like the new ones?
"""

import matplotlib.pyplot as plt
import numpy as np

import upweight.shift as sh

rng = np.random.default_rng(0)
train, live = rng.normal(0, 1, (500, 3)), rng.normal([0.7, 0, 0], 1, (400, 3))
diagnosis = sh.diagnose(train, live, rng=0)
print(diagnosis)

# %%
# Columns before and after weighting; how well a classifier tells the worlds apart, before and after; the weights; and what tamer
# weights would be worth.

fig, axes = plt.subplots(2, 2, figsize=(12, 8.4), layout="constrained")
diagnosis.plot(axes.ravel())
plt.show()

# %%
# The weights average to what the new rows say, with an error bar that counts what weighting costs.

weighted = diagnosis.weights.mean(train[:, 0])
low, high = weighted.interval()
print(weighted)

# %%

assert diagnosis.verdict.code == "repaired"
assert low < live[:, 0].mean() < high
assert diagnosis.before.moved
assert not diagnosis.after.moved
print(
    f"Conclusion: it moved (a classifier tells the worlds apart with an AUC of {diagnosis.before.auc.value:.2f}) and weights repair it ({diagnosis.after.auc.value:.2f}): {len(train)} "
    f"rows are worth {diagnosis.weights.ess:.0f}, and say {weighted.value:.2f} for a column whose mean moved from {train[:, 0].mean():.2f} to {live[:, 0].mean():.2f}."
)
