"""Long work: parts in processes, an estimate of time, a bar, a journal, a way out."""

from ._journal import Journal, PartFormat, array_parts, pack_arrays, unpack_arrays
from ._progress import CallWatch, Progress, Watch, WordedWatch, shown, terminal_watch
from ._run import Job, Run, run_job

__all__ = [
    "CallWatch",
    "Job",
    "Journal",
    "PartFormat",
    "Progress",
    "Run",
    "Watch",
    "WordedWatch",
    "array_parts",
    "pack_arrays",
    "run_job",
    "shown",
    "terminal_watch",
    "unpack_arrays",
]
