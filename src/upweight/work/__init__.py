"""Long work: parts in processes, an estimate of time, a bar, journals, a way out."""

from ._answers import AnswerJournal
from ._journal import Journal, PartFormat, array_parts, pack_arrays, unpack_arrays
from ._processes import Mapper, each_part
from ._progress import CallWatch, Progress, Watch, WordedWatch, count_bar, shown, terminal_watch
from ._run import Job, Run, run_job

__all__ = [
    "AnswerJournal",
    "CallWatch",
    "Job",
    "Journal",
    "Mapper",
    "PartFormat",
    "Progress",
    "Run",
    "Watch",
    "WordedWatch",
    "array_parts",
    "count_bar",
    "each_part",
    "pack_arrays",
    "run_job",
    "shown",
    "terminal_watch",
    "unpack_arrays",
]
