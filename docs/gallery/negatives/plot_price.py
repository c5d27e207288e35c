"""
How many negatives must be kept?
================================

One click in 500 impressions. The clicks must all stay; of the others almost all can go, if they are chosen well and the odds are
given back. A plan says what that costs before anything is thrown away: the variance of what is learnt, over that of learning
from every row.
"""

import matplotlib.pyplot as plt

import upweight as uw

clicks = uw.negatives.demo_clicks(100_000)
asked = {"label": "clicked", "key": "impression_id", "rng": 7}
chosen = uw.negatives.plan(clicks, per_positive=5, **asked)
at_random = uw.negatives.plan(clicks, per_positive=5, rule="uniform", **asked)
print(chosen.forecast)
print(at_random.forecast)

# %%
# The law, and where this plan stands on it: with k negatives a positive, chosen in proportion to a cheap score, the price is
# 1 + 1/k. It does not depend on how rare the clicks are.

fig, axes = plt.subplots(1, 2, figsize=(12, 4.4), layout="constrained")
chosen.forecast.plot(axes[0])
chosen.plot(clicks, ax=axes[1])
plt.show()

# %%
# The right picture is the choice itself: a negative that looks like a click stays for sure, one that does not stays rarely, and
# none has no chance at all.

sample = chosen.apply(clicks)

# %%

share = len(sample) / len(clicks)
assert chosen.forecast.factor_offset < 1.25 < at_random.forecast.factor_offset
assert share < 0.02
print(
    f"Conclusion: {share:.1%} of the rows ({len(sample):,} of {len(clicks):,}) teach nearly as much as all: {chosen.forecast.factor_offset:.2f} times the variance. "
    f"As many drawn at random cost {at_random.forecast.factor_offset:.1f} times, and weighted back {at_random.forecast.factor_weights:.1f} times."
)
