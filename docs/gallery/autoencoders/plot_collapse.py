"""
Does the autoencoder use its code?
==================================

Over text a decoder foretells the next word so well that the code is given up: the posterior becomes the prior. Nothing in the
bound shows it. Worse, what one looks at is at its best: more draws gain nothing, and every draw counts. Two models of the same
300 documents, one trained plainly, one with a rate of two nats that the code need not pay for.
"""

import matplotlib.pyplot as plt
import numpy as np

import upweight as uw

rng = np.random.default_rng(0)
words = [["wave", "ship", "salt", "gull", "tide"], ["stone", "goat", "path", "pine", "snow"]]
docs = [rng.choice(words[i % 2], rng.integers(3, 9)).tolist() for i in range(400)]
training = uw.torch.Training(25, batch=50, lr=5e-3, valid=0, progress=False)
small = {"latent": 4, "net": uw.torch.GRU(32, embed=16), "training": training, "rng": 0}
plain = uw.torch.SequenceIWAE(k=1, **small).fit(docs[:300]).collapse(docs[300:])
coded = uw.torch.SequenceIWAE(k=1, rate=2.0, **small).fit(docs[:300]).collapse(docs[300:])
print(plain)

# %%
# The bound over the number of draws, of rows that no fit has seen: flat where the code says nothing.

fig, axes = plt.subplots(1, 2, figsize=(12, 4.2), layout="constrained")
plain.plot(axes[0])
coded.plot(axes[1])
plt.show()

# %%

assert plain.verdict == "collapsed"
assert coded.verdict == "in use"
print(
    f"Conclusion: the plain model's code carries {plain.kl:.2f} nats (collapsed), the other's {coded.kl:.1f} (in use). A flat curve over the draws and "
    f"{np.median(plain.ess):.0f} effective draws of 256 are here not praise but the sign of it."
)
