"""
What would another policy have earned?
======================================

A log holds what was done, with which probability, and what came of it. Another policy is judged by one more column: the
probability that *it* would have done what was done. Three actions; the logged policy plays the right one about half of the time,
the target nearly always. What both earn is known here.
"""

import matplotlib.pyplot as plt
import numpy as np

import upweight as uw

rng, n = np.random.default_rng(1), 6000
x = rng.normal(size=(n, 2))
best, rows = (x[:, 0] > 0).astype(int), np.arange(n)


def policy(e):
    """(1 - e) on the best action, and e spread over all three."""
    pi = np.full((n, 3), e / 3)
    pi[rows, best] += 1 - e
    return pi


logged, target = policy(0.8), policy(0.2)
action = np.minimum((np.cumsum(logged, axis=1) < rng.random(n)[:, None]).sum(axis=1), 2)
chance = 0.3 + 0.4 * np.eye(3)[best] + 0.05 * x[:, 1:].clip(-1, 1)  # of a reward, by action
reward = 1.0 * (rng.random(n) < chance[rows, action])

w = uw.ratio(target=target[rows, action], source=logged[rows, action])
evaluation = uw.ope.evaluate(reward, w, by=rows // 1000, bounds=(0, 1))
print(evaluation)

# %%
# Left: what the logged policy earns, what the target would, the gain, and what is proven. Middle: the mean weight of every day,
# which must be one if the probabilities fit. Right: what capping the weights does.

fig, axes = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
evaluation.plot(axes)
plt.show()

# %%

truth = (target * chance).sum(axis=1).mean()
low, high = evaluation.value.interval()
proven = evaluation.guarantee
assert evaluation.decision.lower() == "better"
assert low < truth < high
assert proven[0] < truth < proven[1]
print(
    f"Conclusion: the target would have earned {evaluation.value.value:.3f} (interval {low:.3f} to {high:.3f}; truth {truth:.3f}), {evaluation.gain.value:+.3f} over the "
    f"logged policy, and it is proven to earn {proven[0]:.3f} at least, whatever the tails."
)
