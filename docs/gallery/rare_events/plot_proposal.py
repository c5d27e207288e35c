"""
Was the proposal wide enough?
=============================

Points are drawn from a proposal and weighted to a target. If the proposal is too narrow, the points that would weigh most are hardly
ever drawn, and the answer is wrong. If it is too wide, most points are wasted, which costs rows and little else. How far is the answer
from the truth, for proposals of each width, and do the weights say so?
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

import upweight as uw

widths = np.array([0.5, 0.6, 0.7, 0.8, 1, 1.5, 2, 3, 4])
target = stats.multivariate_normal(np.zeros(3)).logpdf


def run(width, seed):
    """E x1 ** 2, which is 1 under the target, from 1,000 points of a proposal that is `width` times as wide."""
    proposal = stats.multivariate_normal(np.zeros(3), width**2)
    draws = uw.montecarlo.draw(target, proposal, 1000, exact=True, rng=seed)
    e = draws.mean(lambda x: x[:, 0] ** 2, how="self")
    return e.value - 1, e.ok, draws.weights.ess


found = np.array([[run(width, seed) for seed in range(40)] for width in widths])
rms, believed, ess = (
    np.sqrt((found[..., 0] ** 2).mean(axis=1)),
    found[..., 1].mean(axis=1),
    np.median(found[..., 2], axis=1),
)

# %%

fig, ax = plt.subplots(figsize=(8, 4.6), layout="constrained")
ax.plot(widths, rms, "o-", label="error of the mean of a square (root mean square)")
ax.plot(widths, ess / 1000, "s--", label="effective rows, of all")
ax.plot(widths, believed, "^:", label="share of 40 runs that are believed (.ok)")
ax.axvline(1, color="black", linewidth=0.8, linestyle=":")
ax.set(
    xscale="log",
    xticks=widths,
    xticklabels=widths,
    xlabel="width of the proposal, over that of the target",
    ylim=(0, 1.05),
)
ax.minorticks_off()
ax.set_title("too narrow is a wrong answer, too wide a dear one")
ax.legend(loc="upper left")
plt.show()

# %%

assert rms[0] > 2 * rms[-1]
assert believed[0] == 0
assert believed[list(widths).index(2)] > 0.9
print(
    f"Conclusion: half as wide as the target it misses by {rms[0]:.0%}, twice as wide by {rms[6]:.0%}; a proposal somewhat too wide ({widths[rms.argmin()]:g} times) is the best. "
    f"Of the runs that are half as wide {believed[0]:.0%} are believed, of those twice as wide {believed[6]:.0%}."
)
