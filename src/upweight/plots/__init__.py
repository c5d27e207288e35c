"""Every result as a picture. Reached by a door of the result, `w.check().plot()`, or from here, `uw.plots.estimates({...})`.

    verdict        who holds the total, the tail with its fit, effective rows by power of tempering
    balance        love plot: differences before and after weighting
    estimates      points and intervals, one or several
    reliability    what probabilities promised and what came true, before and after a repair
    comparison     differences of remedies, precision against recall, reliability
    resample       kept, dropped and made rows
    error_weights  where the weight went
    forecast       what a sample of negatives costs
    sample_check   whether its pilot still tells the truth
    metrics        how well each figure of a model is known
    keep           keep-probability against the pilot's score
    curve          the bound of an autoencoder over the number of draws
    diagnosis      effective draws and k-hat of its rows
    log_likelihood the likelihoods of its rows, and which may be believed
    collapse       whether it uses its code
    anomaly        how strange its rows are, and which scores may be believed
    history        its bound, epoch by epoch
    margin_rule    what a margin rule asks of each class
    scores         what scores of rows promised and kept
    sampler        how much of an epoch goes to how few rows
    meter          what arrived of weights in training, and how hard they push
    trace          whether weights changed a model, beside shuffled ones
    struggles      whether lifting errors helped, group by group
    evaluation     what another policy would have earned, whether its probabilities fit, and what caps do to it
    taming_path    the same under ever stronger taming
    distribution   its distribution, with a band
    two_point      what a loss makes of weights as a network grows
    shift          what moved between two samples, and what weights can do about it
    two_sample     the ROC curve of the classifier that tells them apart, and the columns it needs
    label_shift    shares of the classes before and after
    conformal      intervals along a column, or how large the sets are
    rare_event     how a rare event was found, what each draw said of it, where it fails
    performance    what a model scores in the target, by two estimates
    draws          weighted points over two of their columns
    posterior      how a posterior was found, and its marginals
    integral       the repeats of an integral around their mean

Each takes its object first, then `ax` (None makes a figure) and gives back the Axes, or the Figure where there are several. Nothing is
shown on a screen, no style is changed, and pyplot is not used (`_canvas` says why).
"""

from ._autoencoders import anomaly, collapse, curve, diagnosis, history, log_likelihood
from ._balance import balance
from ._comparison import comparison
from ._error_weights import error_weights
from ._estimates import estimates
from ._margin_rule import margin_rule
from ._meter import meter
from ._metrics import metrics
from ._negatives import forecast, keep, sample_check
from ._policies import distribution, evaluation, taming_path
from ._posterior import draws, integral, posterior
from ._rare_event import rare_event
from ._reliability import reliability
from ._resample import resample
from ._sampler import sampler
from ._scores import scores
from ._shift import conformal, label_shift, performance, shift, two_sample
from ._struggles import struggles
from ._trace import trace
from ._two_point import two_point
from ._verdict import verdict

__all__ = [
    "anomaly",
    "balance",
    "collapse",
    "comparison",
    "conformal",
    "curve",
    "diagnosis",
    "distribution",
    "draws",
    "error_weights",
    "estimates",
    "evaluation",
    "forecast",
    "history",
    "integral",
    "keep",
    "label_shift",
    "log_likelihood",
    "margin_rule",
    "meter",
    "metrics",
    "performance",
    "posterior",
    "rare_event",
    "reliability",
    "resample",
    "sample_check",
    "sampler",
    "scores",
    "shift",
    "struggles",
    "taming_path",
    "trace",
    "two_point",
    "two_sample",
    "verdict",
]
