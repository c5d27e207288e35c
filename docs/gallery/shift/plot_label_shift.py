"""
The shares of the classes moved: what are they now?
===================================================

Every second case was ill when the model was made; now it is in use where illness is rarer, and nobody has labels. If ill people
look as ill people did, the model's own predictions on the new cases tell the new share, with an error that counts both samples.
The model here is too sure of itself, as models are.
"""

import matplotlib.pyplot as plt
import numpy as np

import upweight.shift as sh

rng = np.random.default_rng(0)
n = 1500
y, late = rng.random(n) < 0.5, rng.random(n) < 0.2
x, new = y + rng.normal(0, 0.7, n), late + rng.normal(0, 0.7, n)


def model(x):
    """Twice as sure, in log-odds, as it should be."""
    return 1 / (1 + np.exp(-(4 * x - 2)))


shift = sh.label_shift(model(x), y, model(new))
print(shift)

# %%

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
shift.plot(ax)
plt.show()

# %%
# Then either the probabilities are corrected for the new shares, or the model is trained anew with weights; never both.

corrected = shift.apply(model(new))

# %%

share, (low, high) = shift.prior[1].value, shift.prior[1].interval()
counted = (model(new) > 0.5).mean()
assert low < late.mean() < high
assert abs(counted - late.mean()) > 0.05
assert abs(corrected.mean() - late.mean()) < 0.05
print(
    f"Conclusion: {late.mean():.0%} of the new cases are ill. Counting what the model calls ill gives {counted:.0%}; label shift gives {share:.0%} "
    f"(interval {low:.0%} to {high:.0%}), and the corrected probabilities add up to {corrected.mean():.0%}."
)
