"""Weights in PyTorch that arrive and keep acting: losses, samplers, moving weights, and the measure of what they did."""

from . import _installed as _installed  # isort: split

from ..training import (
    Finding,
    MarginRule,
    Scores,
    Struggles,
    Trace,
    adapt,
    class_weights,
    combine,
    delivered_share,
    margin_rule,
    memorised,
    pace,
    self_paced,
    struggles,
    trace,
)
from . import iwae
from .autoencoders import IWAE, AnomalyScore, Collapse, IWAEImputer, SequenceIWAE
from .fitting import Training
from .generators import WeightedGAN
from .likelihoods import Bernoulli, Categorical, Counts, Gaussian, Mixed
from .losses import (
    GroupDRO,
    TwoPoint,
    focal,
    grad_norm,
    logit_adjust,
    margin,
    margin_loss,
    meta_weights,
    offset_bce,
    poly,
    superloss,
    superloss_weight,
    two_point,
    weighted_loss,
)
from .meter import Meter
from .networks import GRU, MLP, Conv
from .samplers import ImportanceSampler, Indexed, Pick, PruningSampler, Shard, presample

__all__ = [
    "GRU",
    "IWAE",
    "MLP",
    "AnomalyScore",
    "Bernoulli",
    "Categorical",
    "Collapse",
    "Conv",
    "Counts",
    "Finding",
    "Gaussian",
    "GroupDRO",
    "IWAEImputer",
    "ImportanceSampler",
    "Indexed",
    "MarginRule",
    "Meter",
    "Mixed",
    "Pick",
    "PruningSampler",
    "Scores",
    "SequenceIWAE",
    "Shard",
    "Struggles",
    "Trace",
    "Training",
    "TwoPoint",
    "WeightedGAN",
    "adapt",
    "class_weights",
    "combine",
    "delivered_share",
    "focal",
    "grad_norm",
    "iwae",
    "logit_adjust",
    "margin",
    "margin_loss",
    "margin_rule",
    "memorised",
    "meta_weights",
    "offset_bce",
    "pace",
    "poly",
    "presample",
    "self_paced",
    "struggles",
    "superloss",
    "superloss_weight",
    "trace",
    "two_point",
    "weighted_loss",
]


def __getattr__(name: str):
    if name in ("hf", "lightning"):  # they need more than PyTorch, and are read when they are asked for
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
