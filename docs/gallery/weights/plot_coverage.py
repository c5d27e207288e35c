"""
Does the error bar cover?
=========================

The textbook's error bar of a weighted mean, the spread over the root of the effective rows, looks as sound for heavy weights as
for light ones. An interval of 95 % should hold the truth in 95 of 100 samples. Counted over 300 samples at each of six tails,
with and without what ``mean`` adds for the tail.
"""

import matplotlib.pyplot as plt
import numpy as np

import upweight as uw

ks = np.array([0.2, 0.3, 0.4, 0.5, 0.6, 0.7])


def intervals(k, seed):
    """Of the mean of x under Exp(1 - k), from 1,000 rows of Exp(1): the truth in the textbook's interval, in ours, and believed."""
    x = np.random.default_rng(seed).exponential(size=1000)
    truth = 1 / (1 - k)
    w = uw.log_ratio(np.log(1 - k) - (1 - k) * x, -x)
    e = w.mean(x)
    spread = np.sqrt(w.mean((x - e.value) ** 2).value / w.ess)
    low, high = e.interval()
    return abs(e.value - truth) < 1.96 * spread, low < truth < high, e.ok


seen = np.array([[intervals(k, seed) for seed in range(300)] for k in ks])
textbook, ours, believed = seen.mean(axis=1).T
missed = (seen[:, :, 2] & ~seen[:, :, 1]).mean(axis=1)

# %%
# The dotted line is what was promised. The heavier the tail, the fewer of the intervals are believed, and the wider they are.

fig, ax = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
ax.plot(ks, textbook, "o--", label="spread over the root of the effective rows")
ax.plot(ks, ours, "s-", label="w.mean(x).interval()")
ax.bar(ks, believed, width=0.04, color="tab:green", alpha=0.2, label="share of them that says .ok")
ax.axhline(0.95, color="black", linewidth=0.8, linestyle=":")
ax.set(
    xlabel="tail index k of the weights",
    ylabel="share of 300 samples",
    ylim=(0, 1.03),
    title="intervals of 95 %: how many held the truth",
)
ax.legend(loc="lower left")
plt.show()

# %%

assert textbook[-1] < 0.75
assert ours.min() >= 0.90
assert missed.max() < 0.08
print(
    f"Conclusion: at k = 0.7 the textbook's 95 % covers {textbook[-1]:.0%}; the interval of mean() covers {ours.min():.0%} or more at every tail, "
    f"and of all samples at most {missed.max():.0%} were believed and missed the truth."
)
