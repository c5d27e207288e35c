"""From facts to one page a team can pass around.

    page(facts) -> str          the `upweight.compare/1` document as one self-contained HTML page
    write(facts, path) -> Path  the same, on disk, all or nothing
    verdict_page, write_verdict the same for an `upweight.verdict/1` document
    shift_page, write_shift     the same for an `upweight.shift/1` document
    rare_page, write_rare       the same for an `upweight.rare/1` document
    posterior_page, write_posterior, integral_page, write_integral   and for `upweight.posterior/1` and `upweight.integral/1`
    evaluation_page, write_evaluation   and for an `upweight.evaluation/1` document

The house has four rooms: `_facts` (is this the document we know?), `_words` (numbers and codes in plain English),
`_plots` (figures to coordinates) and `_page` (coordinates to HTML, by the templates beside it). None of them estimates
anything: every number on the page is in the document, or is the sum or the ratio of two that are.
"""

from ._evaluation_page import evaluation_page, write_evaluation
from ._page import page
from ._rare_page import rare_page, write_rare
from ._shift_page import shift_page, write_shift
from ._simulation_page import integral_page, posterior_page, write_integral, write_posterior
from ._verdict_page import verdict_page, write_verdict
from ._write import write

__all__ = [
    "evaluation_page",
    "integral_page",
    "page",
    "posterior_page",
    "rare_page",
    "shift_page",
    "verdict_page",
    "write",
    "write_evaluation",
    "write_integral",
    "write_posterior",
    "write_rare",
    "write_shift",
    "write_verdict",
]
