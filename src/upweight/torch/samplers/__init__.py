"""Which rows an epoch shows, in which order, and how a loss gives that back."""

from ._importance_sampler import ImportanceSampler
from ._indexed import Indexed
from ._presample import Pick, presample
from ._pruning_sampler import PruningSampler
from ._sampler import PlannedSampler, Shard

__all__ = ["ImportanceSampler", "Indexed", "Pick", "PlannedSampler", "PruningSampler", "Shard", "presample"]
