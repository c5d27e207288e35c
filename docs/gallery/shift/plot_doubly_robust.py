"""
The model is wrong, or the weights are: which answer survives?
==============================================================

The mean of an outcome is wanted where no outcome was measured. A model of the outcome answers, if it is right; weights answer, if
they are right. The doubly robust mean uses both and needs only one of them. Two models and two sets of weights, a right and a
wrong one each, over 200 samples.
"""

import matplotlib.pyplot as plt
import numpy as np

import upweight as uw
import upweight.shift as sh

n, truth = 500, 1 + 1.0  # source: x ~ N(0, 1); target: x ~ N(1, 1); y = x ** 2 + noise, so that E y = 2 in the target


def answers(seed):
    """By the model alone, by weights alone, by both; for a right or wrong model and right or wrong weights."""
    rng = np.random.default_rng(seed)
    x, new = rng.normal(0, 1, n), rng.normal(1, 1, n)
    y = x**2 + rng.normal(0, 1, n)
    for degree in (2, 1):
        model = np.polynomial.Polynomial.fit(x, y, degree)
        for log_w in (x - 0.5, np.zeros(n)):
            w = uw.Weights.of_log(log_w, kind="importance")
            yield model(new).mean(), w.mean(y).value, sh.doubly_robust(y, model(x), model(new), weights=w).value


found = np.array([list(answers(seed)) for seed in range(200)]) - truth  # 200 samples, 4 cases, 3 answers
bias = found.mean(axis=0)
print(np.round(bias, 2))

# %%

cases = ["both right", "weights wrong", "model wrong", "both wrong"]
fig, ax = plt.subplots(figsize=(8.5, 4.4), layout="constrained")
for j, (name, color) in enumerate(
    zip(("model alone", "weights alone", "doubly robust"), ("tab:orange", "tab:green", "tab:blue"), strict=True)
):
    ax.bar(
        np.arange(4) + 0.27 * (j - 1),
        bias[:, j],
        width=0.25,
        yerr=found[:, :, j].std(axis=0),
        color=color,
        label=name,
        capsize=3,
    )
ax.axhline(0, color="black", linewidth=0.8)
ax.set(
    xticks=range(4),
    xticklabels=cases,
    ylabel="bias, and spread of 200 samples",
    title="right if either is right, wrong if both are wrong",
)
ax.legend(loc="lower left")
plt.show()

# %%

both = bias[:, 2]
assert abs(both[:3]).max() < 0.15
assert abs(both[3]) > 0.3
print(
    f"Conclusion: with a wrong model alone the answer is {bias[2, 0]:+.2f} off, with wrong weights alone {bias[1, 1]:+.2f}; the doubly robust one stays "
    f"within {abs(both[:3]).max():.2f} as long as one of the two is right, and is {both[3]:+.2f} off when neither is."
)
