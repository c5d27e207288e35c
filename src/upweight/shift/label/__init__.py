"""Label shift: how common each class has become, from predictions on unlabelled rows."""

from ._label_shift import LabelShift, label_shift

__all__ = ["LabelShift", "label_shift"]
