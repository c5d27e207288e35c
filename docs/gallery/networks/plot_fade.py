"""
Why do weights fade when a network is trained for long?
=======================================================

Weights of 16 to 1 move a network early on, and after a thousand epochs the same network behaves as if there had been none.
Whether that happens is decided by the tail of the loss, and two points on a line are enough to see it: one weighs 16, the other
1, and the norm of the network is allowed to grow.
"""

import matplotlib.pyplot as plt
import torch

import upweight as uw

cross_entropy = uw.torch.two_point(lambda m, y: torch.nn.functional.softplus(-m))
poly = uw.torch.two_point(lambda m, y: uw.torch.poly(1.0)(m))
print(cross_entropy)
print(poly)

# %%
# What is drawn is the ratio of the two margins. At one the weights have left no trace. Cross-entropy makes of a weight a *gap*
# between margins, which fades while they grow; a polynomial tail makes of it a *ratio*, which stays.

fig, axes = plt.subplots(1, 2, figsize=(12, 4.2), layout="constrained", sharey=True)
cross_entropy.plot(axes[0])
poly.plot(axes[1])
plt.show()

# %%

early, late = cross_entropy.ratios[[0, -1]]
kept = poly.ratios[-1]
assert early > 4
assert late < 1.1
assert kept > 2.3
print(
    f"Conclusion: with cross-entropy, weights of 16 to 1 give margins of {early:.1f} to 1 while the network is small and {late:.2f} to 1 at a norm of "
    f"{cross_entropy.norms[-1]:.0f}: they wash out. With a polynomial tail the margins are {kept:.1f} to 1 there, and stay so."
)
