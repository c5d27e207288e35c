"""
Would a wrong propensity be noticed?
====================================

On the third of eight days a filter was put in front of the log: it dropped half of the rows in which the rare action was played, and
the propensities were logged before it. Every value comes out as smoothly as before. But right weights have a mean of one, on every day.
"""

import matplotlib.pyplot as plt
import numpy as np

import upweight as uw

rng, n = np.random.default_rng(0), 8000
day = np.arange(n) // 1000
p, pi = 0.2, 0.6  # the chance of the rare action, under the logged and under the target policy
rare = rng.random(n) < p
click = 1.0 * (rng.random(n) < np.where(rare, 0.30, 0.20))
lost = (day == 2) & rare & (rng.random(n) < 0.5)


def judged(kept):
    w = uw.ratio(target=np.where(rare, pi, 1 - pi)[kept], source=np.where(rare, p, 1 - p)[kept])
    return uw.ope.evaluate(click[kept], w, by=day[kept], bounds=(0, 1))


whole, filtered = judged(np.ones(n, bool)), judged(~lost)
print(filtered)

# %%
# The mean weight of every day.

fig, axes = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
filtered.plot(axes)
plt.show()

# %%

mean, _, z = filtered.mean
third = filtered.by[2]
assert whole.decision == "BETTER"
assert filtered.decision == "UNTRUSTED"
assert abs(z) < 1.96
assert third.broken
print(
    f"Conclusion: the log without the filter is judged {whole.decision}, the filtered one {filtered.decision}. Over all days together the mean weight is {mean:.3f}, "
    f"which chance explains (z = {z:.1f}); on the third day it is {third.mean:.2f} (z = {third.mean_z:.1f}), which chance does not. No reward could have told."
)
