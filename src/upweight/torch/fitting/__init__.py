"""Training that can be killed: settings, one loop, early stopping, checkpoints that resume bit for bit, and files that run nothing."""

from ._checkpoint import key_for
from ._files import read_model, write_model
from ._float32 import in_float32, trainable
from ._loop import train
from ._run import TrainingRun
from ._steps import AdamStep, Figures, Stepper
from ._task import TrainingTask
from ._training import Training, ready_training, training_document, training_of

__all__ = [
    "AdamStep",
    "Figures",
    "Stepper",
    "Training",
    "TrainingRun",
    "TrainingTask",
    "in_float32",
    "key_for",
    "read_model",
    "ready_training",
    "train",
    "trainable",
    "training_document",
    "training_of",
    "write_model",
]
