"""
What are ten thousand weighted rows worth?
==========================================

A shop showed an offer mostly to the interested, and logged 10,000 visits with the probability of what was done. Weighted by
target over source, the same visits speak for a rule that shows the offer to every second visitor, whoever it is. The visits
are simulated, so the truth is known. How many rows does the answer rest on, and may it be believed?
"""

import matplotlib.pyplot as plt
import numpy as np

import upweight as uw

rng = np.random.default_rng(0)


def expit(z):
    return 1 / (1 + np.exp(-z))


interest = rng.normal(size=10_000)
old = expit(2 * interest - 3)
shown = rng.random(10_000) < old
click = rng.random(10_000) < np.where(shown, expit(interest - 2.5), 0.01)
truth = np.mean(0.5 * expit(interest - 2.5) + 0.5 * 0.01)

# %%
# Make the weights and check them. Rows that the old rule hardly ever made, an offer to somebody who is not interested, weigh
# most: the new rule makes them as often as any other.

w = uw.ratio(target=0.5, source=np.where(shown, old, 1 - old))
verdict = w.check()
print(verdict)

# %%
# Three views of the same weights. Left: what the largest rows hold of the total. Middle: how the tail falls; a power law is a
# straight line, and the steeper it is the better. Right: what making the weights tamer would buy in effective rows.

fig, axes = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
verdict.plot(axes)
plt.show()

# %%
# And the average itself: a value, an interval, and whether to believe it.

average = w.mean(click)
low, high = average.interval()
print(average)

# %%

assert not average.ok
assert low < truth < high
assert w.ess < 0.03 * len(w)
print(
    f"Conclusion: {len(w):,} rows are worth {w.ess:.0f}, and one row holds {w.max_share:.0%} of the total. The interval, widened for the tail, reaches "
    f"from {low:.3f} to {high:.3f} around a truth of {truth:.3f}: true, useless, and the estimate says so itself (ok is {average.ok})."
)
