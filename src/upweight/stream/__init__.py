"""Batches on one machine, on Spark, on Ray; knows batches, not methods."""

from ._draw import DRAW, draw, key_array, seed_of_purpose
from ._engine_files import open_on_engine
from ._engine_run import run_on_engine
from ._engine_source import EngineSource
from ._engines import on_ray, on_spark
from ._fold import fold
from ._kernel import Kernel, Sql
from ._output import Output, canonical
from ._run import Manifest, read_manifest, run
from ._source import POSITION, Source, frame_source, open_files, source_of
from ._source import open_source as open

__all__ = [
    "DRAW",
    "POSITION",
    "EngineSource",
    "Kernel",
    "Manifest",
    "Output",
    "Source",
    "Sql",
    "canonical",
    "draw",
    "fold",
    "frame_source",
    "key_array",
    "on_ray",
    "on_spark",
    "open",
    "open_files",
    "open_on_engine",
    "read_manifest",
    "run",
    "run_on_engine",
    "seed_of_purpose",
    "source_of",
]
