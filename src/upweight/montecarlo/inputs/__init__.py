"""What goes into a simulation: inputs as functions of independent standard normals."""

from ._inputs import Inputs, as_inputs

__all__ = ["Inputs", "as_inputs"]
