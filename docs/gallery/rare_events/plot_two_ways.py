"""
Was the second way to fail found?
=================================

There are two ways to fail: a slope on the right, which a search runs into, and an island on the far side. A search that finds only
the first gives half of the probability with a small error bar, and looks finished. So two explorers search apart from each other,
and an answer of which much was found by one of them alone is not believed.
"""

import matplotlib.pyplot as plt
import numpy as np

import upweight as uw

truth = 4.863e-04  # by quadrature; half of it lies in the island


def g(x):
    return np.minimum(3.5 - x[:, 0], (x[:, 0] + 3) ** 2 + (x[:, 1] + 3) ** 2 - 1)


runs = [uw.montecarlo.rare(g, 2, rng=seed) for seed in range(5)]

# %%
# Left: the failures that one run drew, as large as their weights; the dotted lines are where g is 0. Right: what each of five runs
# says; blue is believed.

fig, axes = plt.subplots(1, 2, figsize=(12, 4.6), layout="constrained")
runs[0].draws.plot(axes[0])
x, y = np.meshgrid(np.linspace(-5, 5, 200), np.linspace(-5, 5, 200))
axes[0].contour(
    x, y, g(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape), levels=[0], colors="black", linestyles=":"
)
for i, r in enumerate(runs):
    low, high = r.interval()
    color = "tab:blue" if r.converged else "tab:orange"
    axes[1].errorbar(
        r.probability.value,
        i,
        xerr=[[r.probability.value - low], [high - r.probability.value]],
        fmt="o",
        capsize=3,
        color=color,
    )
axes[1].axvline(truth, color="black", linewidth=0.8, linestyle=":", label="truth")
axes[1].axvline(truth / 2, color="tab:red", linewidth=0.8, linestyle="--", label="the slope alone")
axes[1].set(yticks=range(5), ylabel="run", xlabel="probability of failure", title="five runs")
axes[1].legend()
plt.show()

# %%

off = np.array([r.probability.value / truth - 1 for r in runs])
assert all(r.converged for r in runs)
assert abs(off).max() < 0.1
print(
    f"Conclusion: in these {len(runs)} runs it was found each time, by {min(r.calls for r in runs):,} to {max(r.calls for r in runs):,} calls, and every answer is within {abs(off).max():.1%} "
    "of the truth; the slope alone would be 50% short. It was found because g falls towards the island: what nothing slopes to, nobody finds."
)
