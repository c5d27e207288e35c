"""Text, Parquet, NumPy, Excel, JSON lines and embedded data, as whole tables or as batches of columns; a file is written whole or not at all."""

from ._batches import Batch, Columns, named, open_columns
from ._json_lines import json_objects
from ._tables import SourceTable, read_source, read_text_file
from ._whole_file import is_stream, write_whole

__all__ = [
    "Batch",
    "Columns",
    "SourceTable",
    "is_stream",
    "json_objects",
    "named",
    "open_columns",
    "read_source",
    "read_text_file",
    "write_whole",
]
