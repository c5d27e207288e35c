"""Keras is there, or one line says how to get it; imported first by the room, so that no other message comes before."""

from .._errors import require_package

require_package("keras", extra="keras")
