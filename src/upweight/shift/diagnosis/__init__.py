"""Did it move, where, can weights repair it, what are the repaired rows worth?"""

from ._diagnosis import Diagnosis, ShiftCurve, ShiftVerdict, diagnose

__all__ = ["Diagnosis", "ShiftCurve", "ShiftVerdict", "diagnose"]
