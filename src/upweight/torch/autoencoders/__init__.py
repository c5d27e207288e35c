"""Autoencoders as models: fitted, scored, asked, saved."""

from ._anomaly import AnomalyScore
from ._collapse import Collapse
from ._imputer import IWAEImputer
from ._iwae import IWAE
from ._sequence_iwae import SequenceIWAE

__all__ = ["IWAE", "AnomalyScore", "Collapse", "IWAEImputer", "SequenceIWAE"]
