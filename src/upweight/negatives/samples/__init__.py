"""Samples on disk and as a step of a pipeline, and whether they may be trusted."""

from ._check_sample import check
from ._make_sample import sample
from ._sample import Sample
from ._sample_check import SampleCheck
from ._sampler import NegativeSampler

__all__ = ["NegativeSampler", "Sample", "SampleCheck", "check", "sample"]
