"""Batches on one machine, on Spark, on Ray; knows batches, not methods."""

from ._draw import DRAW, draw, key_array, seed_of_purpose
from ._engines import on_ray, on_spark
from ._fold import fold
from ._kernel import Kernel, Sql
from ._output import Output, canonical
from ._run import Manifest, read_manifest, run
from ._source import POSITION, Source, open_files, source_of
from ._source import open_source as open

__all__ = [
    "DRAW",
    "POSITION",
    "Kernel",
    "Manifest",
    "Output",
    "Source",
    "Sql",
    "canonical",
    "draw",
    "fold",
    "key_array",
    "on_ray",
    "on_spark",
    "open",
    "open_files",
    "read_manifest",
    "run",
    "seed_of_purpose",
    "source_of",
]
