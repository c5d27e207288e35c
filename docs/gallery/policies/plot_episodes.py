"""
Why do the weights of episodes explode?
=======================================

A shop shows offers to a visitor, one after the other, until the visitor leaves. A row is an offer, and its ratio is harmless; a
visit is up to ten of them, and its weight is their product. The formulas of the field differ in how much of that product a reward
has to carry. The truth is known here: under the target a visit earns 5.562.
"""

import matplotlib.pyplot as plt
import numpy as np

import upweight as uw

rng, n, truth = np.random.default_rng(0), 5000, 5.562
visitor, good, alive = [], [], np.arange(n)
for _ in range(10):
    shown = rng.random(alive.size) < 0.5  # the log shows good and dull offers alike
    visitor.append(alive)
    good.append(shown)
    alive = alive[rng.random(alive.size) >= np.where(shown, 0.1, 0.5)]
visitor, good = np.concatenate(visitor), np.concatenate(good)

w = uw.ratio(target=np.where(good, 0.9, 0.1), source=0.5)
whole = uw.ope.trajectory(w, group=visitor)
print(w)
print(whole.check())

# %%
# The product of the whole visit; the product up to the row; the row's own ratio alone; and the mean of the past's products over
# visitors in the same state.

reward = np.ones(w.n)
found = {how: uw.ope.sequence(reward, w, group=visitor, how=how) for how in ("is", "wis", "pdis", "cwpdis", "step")}
states = uw.ope.marginal(w, group=visitor, state=np.zeros(w.n))
found["marginal"] = uw.ope.sequence(reward, states, group=visitor)

fig, ax = plt.subplots(figsize=(8.5, 4.4), layout="constrained")
uw.plots.estimates(found, ax=ax)
ax.axvline(truth, color="black", linewidth=0.8, linestyle=":")
plt.show()

# %%


def reach(how):
    low, high = found[how].interval()
    return (high - low) / 2


assert w.ess > 100 * whole.ess
assert reach("is") > 5 * reach("pdis") > 3 * reach("marginal")
assert abs(found["step"].value - truth) > 10 * reach("step")
print(
    f"Conclusion: {w.n:,} rows worth {w.ess:,.0f} are {n:,} visits worth {whole.ess:.0f}. Whole products know the value to within {reach('is'):.1f}, products up to the "
    f"row {reach('pdis'):.1f}, states {reach('marginal'):.1f}. The row's own ratio says {found['step'].value:.2f} and is sure of it: here a row decides whether there is a next."
)
