"""Too many of one kind: keep few negatives, choose them well, give the odds back."""

from ._demo import demo_clicks
from .designs import Explanation, Forecast, Pilot, Plan, plan
from .samples import NegativeSampler, Sample, SampleCheck, check, sample
from .scoring import Rule
from .trainers import Metrics, StreamedLogistic, WithPilot, fit, metrics, start

__all__ = [
    "Explanation",
    "Forecast",
    "Metrics",
    "NegativeSampler",
    "Pilot",
    "Plan",
    "Rule",
    "Sample",
    "SampleCheck",
    "StreamedLogistic",
    "WithPilot",
    "check",
    "demo_clicks",
    "fit",
    "metrics",
    "plan",
    "sample",
    "start",
]
