"""Classifiers by name, fitted once with weights, asked out of fold, judged."""

from ._double_count import own_correction, refuse_double_count
from ._fit_rows import FittedLearner, Task, fit_prepared, fit_rows, prepare_rows
from ._fitting import fit_plainly, weight_parameter
from ._importances import member_mean, member_names, together
from ._learners import (
    Prepared,
    answers_with_proba,
    as_learner,
    bare_learner,
    learner_name,
    refuse_without_proba,
    seeded,
    without_proba,
)
from ._measures import average_precision, calibrate, decision, farthest, macro, recall_at, roc_auc
from ._named_samplers import named_sampler
from ._out_of_fold import inner_folds, learner_out_of_fold, out_of_fold, train_of
from ._settings import with_settings
from ._statistics import Interval, holm, known_mean, paired
from ._untrusted_trees import BOOSTED_TREE, TREE, refuse_forged, trees

__all__ = [
    "BOOSTED_TREE",
    "TREE",
    "FittedLearner",
    "Interval",
    "Prepared",
    "Task",
    "answers_with_proba",
    "as_learner",
    "average_precision",
    "bare_learner",
    "calibrate",
    "decision",
    "farthest",
    "fit_plainly",
    "fit_prepared",
    "fit_rows",
    "holm",
    "inner_folds",
    "known_mean",
    "learner_name",
    "learner_out_of_fold",
    "macro",
    "member_mean",
    "member_names",
    "named_sampler",
    "out_of_fold",
    "own_correction",
    "paired",
    "prepare_rows",
    "recall_at",
    "refuse_double_count",
    "refuse_forged",
    "refuse_without_proba",
    "roc_auc",
    "seeded",
    "together",
    "train_of",
    "trees",
    "weight_parameter",
    "with_settings",
    "without_proba",
]
