from ._ratio import log_ratio, mixture, ratio
from ._weights import Weights

__all__ = ["Weights", "log_ratio", "mixture", "ratio"]
