"""Keras is there with something to run on, or one line says how to get it; imported first by the room, so that no other message comes before."""

from .._errors import MissingExtra, require_package

require_package("keras", extra="keras")
try:
    import keras as keras  # pyright: ignore[reportMissingImports]
except ModuleNotFoundError as error:
    if error.name not in ("tensorflow", "torch", "jax"):
        raise
    raise MissingExtra(
        f"upweight.keras needs what Keras runs on, and {error.name} is not installed: pip install tensorflow-cpu, or install PyTorch or JAX "
        "and set KERAS_BACKEND to torch or jax"
    ) from error
