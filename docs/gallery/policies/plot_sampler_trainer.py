"""
Do sampler and trainer agree?
=============================

A language model is tuned on what another engine sampled. The engine cuts by top-p and keeps three tokens of six; the trainer scores
with its full softmax. Both log-probabilities look right. The mean of a ratio over what its denominator sampled is one, whatever the
two policies are, if both are normalised over the same tokens.
"""

import matplotlib.pyplot as plt
import numpy as np

from upweight.ope import rl

sampler, trainer = np.array([0.4, 0.25, 0.15, 0.1, 0.06, 0.04]), np.array([0.35, 0.3, 0.1, 0.15, 0.05, 0.05])
kept = np.where(np.arange(6) < 3, sampler, 0) / 0.8
tokens = np.random.default_rng(0).choice(6, size=(256, 100), p=kept)
mask = np.ones(tokens.shape)

# %%
# As it came; mended on the sampler's side only; on both.

pairs = {
    "as logged": (trainer, sampler / 0.8),
    "sampler without top-p": (trainer, sampler),
    "both over the tokens kept": (trainer / 0.75, sampler / 0.8),
}
stats = {
    name: rl.ratio_stats(np.log(target)[tokens], np.log(source)[tokens], mask)
    for name, (target, source) in pairs.items()
}
print(stats["as logged"])

# %%
# The mean ratio of each of 256 sequences, and the mean of all.

fig, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
for y, (name, (target, source)) in enumerate(pairs.items()):
    ratios = (target / source)[tokens].mean(axis=1)
    jitter = np.random.default_rng(1).uniform(-0.25, 0.25, 256)
    ax.plot(ratios, y + jitter, ".", markersize=3, alpha=0.5)
    ax.plot(float(stats[name].mean), y, "D", color="black")
ax.axvline(1, color="black", linewidth=0.8, linestyle=":")
ax.set(
    yticks=range(3),
    yticklabels=list(pairs),
    xlabel="mean ratio of a sequence (diamond: of all)",
    title="only the third is what the theory asks for",
)
ax.invert_yaxis()
plt.show()

# %%

means = [float(s.mean) for s in stats.values()]
assert abs(means[2] - 1) < 0.005
assert max(means[:2]) < 0.95
assert np.allclose(means[0], (trainer / (sampler / 0.8) * kept).sum(), atol=0.005)
print(
    f"Conclusion: as logged the mean ratio is {means[0]:.2f}, and no KL or clip fraction says that this is impossible. Mended on one side it is {means[1]:.2f}; "
    f"over the tokens that are kept, on both, {means[2]:.2f}."
)
