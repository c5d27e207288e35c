"""More weight where a learner was wrong."""

from ._error_fit import Lifted
from ._error_weights import ErrorWeights, upweight_errors

__all__ = ["ErrorWeights", "Lifted", "upweight_errors"]
