"""Long work: parts in processes, an estimate of time, a bar, a journal, a way out."""

from ._journal import Journal, PartFormat, pack_arrays, unpack_arrays
from ._progress import Watch, WordedWatch, shown, terminal_watch
from ._run import Job, Run, run_job

__all__ = [
    "Job",
    "Journal",
    "PartFormat",
    "Run",
    "Watch",
    "WordedWatch",
    "pack_arrays",
    "run_job",
    "shown",
    "terminal_watch",
    "unpack_arrays",
]
