"""
Which rows' likelihoods may be believed?
========================================

The likelihood of a row under a latent-variable model is estimated by weighted draws of an encoder. Where the encoder misses the
posterior the estimate is too low, by nats, and looks like any other. Here the model is linear and normal, so that the truth is
known, and the encoder is spoilt on purpose: right for some rows, up to three times too narrow for others. Do the weights tell?
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.distributions import MultivariateNormal, Normal

from upweight.torch import iwae

torch.manual_seed(0)
torch.set_num_threads(1)
n, latent = 300, 4
W = torch.randn(latent, 10)
X = torch.randn(n, latent) @ W + 0.5 * torch.randn(n, 10)
truth = MultivariateNormal(torch.zeros(10), W.T @ W + 0.25 * torch.eye(10)).log_prob(X).numpy()

precision = torch.eye(latent) + W @ W.T / 0.25
mean = X @ W.T / 0.25 @ torch.linalg.inv(precision)
spread = torch.linalg.cholesky(torch.linalg.inv(precision))
narrow = torch.linspace(1 / 3, 1, n)  # of the posterior's spread, row by row


def log_w(rows, first, count):
    """Log-weights of `count` draws of some rows: log p(x, z) - log q(z|x)."""
    q = MultivariateNormal(mean[rows].unsqueeze(1), scale_tril=(narrow[rows, None, None] * spread).unsqueeze(1))
    z = q.sample((count,)).squeeze(2).movedim(0, 1)
    log_x = Normal(z @ W, 0.5).log_prob(X[rows].unsqueeze(1)).sum(-1)
    return log_x + Normal(0.0, 1.0).log_prob(z).sum(-1) - q.log_prob(z)


ll = iwae.log_likelihood(log_w, n, k=1000)
print(ll)

# %%
# Each mark is a row: how far its estimate is from the truth, and whether its weights vouch for it.

error = ll.value - truth
fig, ax = plt.subplots(figsize=(7.5, 4.4), layout="constrained")
for ok, marker, name in ((True, "o", "to be believed"), (False, "x", "not to be believed")):
    ax.plot(narrow[ll.ok == ok], error[ll.ok == ok], marker, color="tab:blue" if ok else "tab:orange", label=name)
ax.axhline(0, color="black", linewidth=0.8, linestyle=":")
ax.set(
    xlabel="spread of the encoder, over that of the posterior",
    ylabel="log-likelihood less its truth (nats)",
    title="300 rows, and what their weights say of them",
)
ax.legend()
plt.show()

# %%

believed, doubted = (np.median(abs(error[ll.ok == ok])) for ok in (True, False))
assert doubted > 4 * believed
assert error[~ll.ok].mean() < -0.1
print(
    f"Conclusion: {ll.ok.sum()} of {n} rows are vouched for, and half of those are within {believed:.2f} nats of the truth; of the other {(~ll.ok).sum()}, "
    f"half miss by {doubted:.2f} or more, too low on the average ({error[~ll.ok].mean():+.2f}). A mean over all of them hides that."
)
