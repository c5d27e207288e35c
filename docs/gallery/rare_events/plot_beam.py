"""
How likely is it that the beam fails?
=====================================

A beam fails if its resistance is less than its load; both are random. Plain simulation needs a hundred failures to say how likely
that is, some two million calls. ``rare`` explores, fits a proposal, freezes it, draws afresh, and judges what it found. The
truth is known by quadrature.
"""

import matplotlib.pyplot as plt
from scipy import stats

import upweight as uw

beam = {"R": stats.lognorm(0.1, scale=300), "S": stats.gumbel_r(150, 12)}  # resistance and load, in kN m
truth = stats.norm.expect(lambda z: beam["S"].sf(beam["R"].ppf(stats.norm.cdf(z))), lb=-8, ub=8)
r = uw.montecarlo.rare(lambda x: x["R"] - x["S"], beam, rng=0)  # failure is g <= 0
print(r)

# %%
# The search, level by level; what each draw said; and the failures themselves, in standard deviations.

fig, axes = plt.subplots(1, 3, figsize=(14, 4.4), layout="constrained")
r.plot(axes)
axes[1].axhline(truth, color="black", linewidth=0.8, linestyle=":")
plt.show()

# %%
# The draws are weighted failures: averages over them say what failing looks like.

load = r.draws.mean(lambda x: x["S"])
print(load)

# %%

low, high = r.interval()
plain = (1 / truth - 1) / (r.probability.se / truth) ** 2  # calls that give the same standard error
assert r.converged
assert low < truth < high
assert plain > 1000 * r.calls
print(
    f"Conclusion: the beam fails with probability {r.probability.value:.2e} (interval {low:.2e} to {high:.2e}; truth {truth:.2e}), found by {r.calls:,} calls; "
    f"plain simulation would need {plain / 1e6:.0f} million to be as sure. When it fails the load is {load.value:.0f} kN m on the average, where usually it is {beam['S'].mean():.0f}."
)
