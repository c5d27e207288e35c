"""Autoencoders as models: fitted, scored, asked, saved."""

from ._anomaly import AnomalyScore
from ._imputer import IWAEImputer
from ._iwae import IWAE

__all__ = ["IWAE", "AnomalyScore", "IWAEImputer"]
