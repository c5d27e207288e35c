"""Any frame as numbers, category codes, labels, row weights and groups; folds; preparation inside a fold."""

from ._as_text import as_text, is_bytes, unnested
from ._class_labels import (
    Labels,
    first_rows,
    positive_code,
    same_spelling,
    twins_in,
    twins_line,
    twins_named,
    twins_of,
)
from ._columns import Column, numbers_rows
from ._folds import group_codes, inner_default, outer_folds, read_cv, refuse_few, stratified
from ._frame_columns import (
    arrow_array,
    column_names,
    frame_of,
    is_frame,
    is_real,
    plain_series,
    refuse_doubles,
    refuse_lazy,
    refuse_no_rows,
    row_count,
    sparse_frame,
)
from ._gaps import gap_columns
from ._live_rows import LiveRows, live_rows, warn_of, weightless_line
from ._prepare import Preparation
from ._rewrap import column_numbers, label_rows, labels_like, numbers_like
from ._row_weights import idle, live_labels, mean_one, row_weights, weights_line
from ._rows import concat_rows, interpolate, row_slice
from ._same_index import refuse_other_index
from ._table import UNNAMED, Schema, Table, matrix
from ._unseen import known_versions, seldom_seen

__all__ = [
    "UNNAMED",
    "Column",
    "Labels",
    "LiveRows",
    "Preparation",
    "Schema",
    "Table",
    "arrow_array",
    "as_text",
    "column_names",
    "column_numbers",
    "concat_rows",
    "first_rows",
    "frame_of",
    "gap_columns",
    "group_codes",
    "idle",
    "inner_default",
    "interpolate",
    "is_bytes",
    "is_frame",
    "is_real",
    "known_versions",
    "label_rows",
    "labels_like",
    "live_labels",
    "live_rows",
    "matrix",
    "mean_one",
    "numbers_like",
    "numbers_rows",
    "outer_folds",
    "plain_series",
    "positive_code",
    "read_cv",
    "refuse_doubles",
    "refuse_few",
    "refuse_lazy",
    "refuse_no_rows",
    "refuse_other_index",
    "row_count",
    "row_slice",
    "row_weights",
    "same_spelling",
    "seldom_seen",
    "sparse_frame",
    "stratified",
    "twins_in",
    "twins_line",
    "twins_named",
    "twins_of",
    "unnested",
    "warn_of",
    "weightless_line",
    "weights_line",
]
