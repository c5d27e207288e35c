"""
Which line is right for tomorrow?
=================================

Training rows lie around 0.5, tomorrow's around 0, and the curve is not a line. A line fitted to the training rows is right for
them and wrong for tomorrow; weighted by the density ratio it is right where tomorrow's rows lie. No label of tomorrow is used.
(The example of Sugiyama, Krauledat and Müller, 2007.)
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import Ridge

import upweight.shift as sh

rng = np.random.default_rng(0)


def curve(x):
    return -x + x**3


x, tomorrow = rng.normal(0.5, 0.5, 400), rng.normal(0, 0.3, 400)
y, later = (curve(z) + rng.normal(0, 0.3, 400) for z in (x, tomorrow))
ratio = sh.density_ratio(x[:, None], tomorrow[:, None], method="quadratic", rng=0)
plain = Ridge().fit(x[:, None], y)
weighted = sh.WeightedEstimator(Ridge(), ratio).fit(x[:, None], y)
print(ratio.weights.check())

# %%
# Marks of the training rows are as large as their weights.

grid = np.linspace(-1, 1.8, 200)
fig, ax = plt.subplots(figsize=(8, 4.8), layout="constrained")
ax.scatter(x, y, s=12 * ratio.weights.sample_weight, color="tab:gray", alpha=0.5, label="training rows, by weight")
ax.plot(tomorrow, later, "x", color="tab:green", alpha=0.4, label="tomorrow")
ax.plot(grid, curve(grid), color="black", linestyle=":", label="truth")
ax.plot(grid, plain.predict(grid[:, None]), "--", color="tab:orange", label="line, unweighted")
ax.plot(grid, weighted.predict(grid[:, None]), color="tab:blue", label="line, weighted")
ax.set(xlabel="x", ylabel="y", ylim=(-1.8, 2.8), title="a line for the rows of today, and one for those of tomorrow")
ax.legend(fontsize="small")
plt.show()

# %%


def error(model):
    return np.mean((later - model.predict(tomorrow[:, None])) ** 2)


assert error(weighted) < 0.5 * error(plain)
print(
    f"Conclusion: on tomorrow's rows the unweighted line has a squared error of {error(plain):.2f}, the weighted one {error(weighted):.2f}; the noise alone "
    f"is 0.09. The price: {len(x)} rows are worth {ratio.weights.ess:.0f}."
)
