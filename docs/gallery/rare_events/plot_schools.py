"""
Eight schools: one effect for all, or one each?
===============================================

Eight schools tried a coaching programme; each reports an effect and its standard error. Two models: effects that differ by an
unknown spread, or one effect for all. The evidence of a model is an integral over its prior; how sure is the ratio of two?
By quadrature log Z of the first is -31.3113, and the log Bayes factor is exactly 0.467.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

import upweight as uw

mc = uw.montecarlo
effect, error = np.array([28, 8, -3, 7, -1, 1, 18, 12]), np.array([15, 10, 16, 11, 9, 11, 10, 18])


def schools(u):
    """The prior as a function of standard normals: a mean, a spread, and eight effects."""
    mu, tau = 5 * u[:, 0], stats.halfcauchy(scale=5).ppf(stats.norm.cdf(u[:, 1]))
    return np.column_stack([mu, tau, mu[:, None] + tau[:, None] * u[:, 2:]])


def log_likelihood(x):
    return stats.norm(x[:, 2:], error).logpdf(effect).sum(axis=1)


def log_likelihood_same(x):
    return stats.norm(x, error).logpdf(effect).sum(axis=1)


differ = mc.evidence(log_likelihood, mc.Inputs.transform(schools, 10), rng=0)
same = mc.evidence(log_likelihood_same, [stats.norm(0, 5)], rng=1)
print(differ)

# %%
# The log evidence step by step, and the posterior of mean and spread.

fig, axes = plt.subplots(1, 2, figsize=(12, 4.6), layout="constrained")
differ.plot(axes)
plt.show()

# %%

bayes = same.evidence - differ.evidence
low, high = bayes.interval()
spread = differ.draws.mean(lambda x: x[:, 1])
assert differ.converged
assert same.converged
assert low < 0.467 < high
print(
    f"Conclusion: one effect for all is {np.exp(bayes.log_value):.2f} times as likely a model (log Bayes factor {bayes.log_value:.3f}, interval {low:.3f} to {high:.3f}): the eight "
    f"schools hardly tell. If effects differ, their spread is {spread.value:.1f} on the average, from {differ.calls:,} calls."
)
