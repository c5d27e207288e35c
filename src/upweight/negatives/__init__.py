"""Too many of one kind: keep few negatives, choose them well, give the odds back."""

from ._check_sample import check
from ._demo import demo_clicks
from ._explain import Explanation
from ._fit import fit
from ._forecast import Forecast
from ._make_plan import plan
from ._make_sample import sample
from ._metrics import Metrics, metrics
from ._pilot import Pilot
from ._plan import Plan
from ._rule import Rule
from ._sample import Sample
from ._sample_check import SampleCheck
from ._sampler import NegativeSampler
from ._start import start
from ._streamed_logistic import StreamedLogistic
from ._with_pilot import WithPilot

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
