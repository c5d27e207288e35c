"""What torch and keras share: findings, traces, moving weights (NumPy and SciPy only); offered as `uw.torch` and `uw.keras`."""

from ._finding import Finding, said
from ._memorised import memorised
from ._moving import adapt, pace, self_paced
from ._struggles import Struggles, struggles
from ._trace import Trace, mean_one, trace

__all__ = [
    "Finding",
    "Struggles",
    "Trace",
    "adapt",
    "mean_one",
    "memorised",
    "pace",
    "said",
    "self_paced",
    "struggles",
    "trace",
]
