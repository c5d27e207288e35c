"""Plans: from one pass over the data to a document that says which rows are kept."""

from ._explain import Explanation
from ._forecast import Forecast
from ._make_plan import plan
from ._pilot import Pilot
from ._plan import Plan, plan_from
from ._sample_tally import SampleTally

__all__ = ["Explanation", "Forecast", "Pilot", "Plan", "SampleTally", "plan", "plan_from"]
