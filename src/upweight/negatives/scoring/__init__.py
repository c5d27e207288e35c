"""What a plan says of one row: its score, its keep-probability, its draw."""

from ._columns import (
    OWN,
    arrow_table,
    key_columns,
    key_spec,
    label_spec,
    like_input,
    positive_rows,
    refuse_batch_without_key,
    refuse_thinned,
    refuse_types,
)
from ._linear import fit_linear, rounded
from ._rule import Rule, root_of, scale_of
from ._saved_model import ModelPilot, SavedModel, model_of
from ._score import Kept, keep_probabilities, norm_of, probabilities, raw_columns, sigmoid
from ._scoring_cost import ScoringCost, scoring_cost
from ._sql import MOST_TERMS, sql_of, statement
from ._terms import column_of, is_gap, linear_score, numbers_of

__all__ = [
    "MOST_TERMS",
    "OWN",
    "Kept",
    "ModelPilot",
    "Rule",
    "SavedModel",
    "ScoringCost",
    "arrow_table",
    "column_of",
    "fit_linear",
    "is_gap",
    "keep_probabilities",
    "key_columns",
    "key_spec",
    "label_spec",
    "like_input",
    "linear_score",
    "model_of",
    "norm_of",
    "numbers_of",
    "positive_rows",
    "probabilities",
    "raw_columns",
    "refuse_batch_without_key",
    "refuse_thinned",
    "refuse_types",
    "root_of",
    "rounded",
    "scale_of",
    "scoring_cost",
    "sigmoid",
    "sql_of",
    "statement",
]
