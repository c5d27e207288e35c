"""A log of more decisions than fit into memory: sums that add up, and the evaluation made of them.

_products    means and products of w, w r and r            _caps        the same clipped, for the path
_rewards     rows of each value of the reward              _labels, _buckets   by label, by hashed cluster
_result      from sums to an Evaluation                    _ledger      Ledger
"""

from ._ledger import Ledger

__all__ = ["Ledger"]
