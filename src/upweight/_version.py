"""The version of upweight, and the versions that a result rests on."""

from __future__ import annotations

__all__ = ["__version__", "versions"]

__version__ = "0.1.0"
RESTS_ON = ("numpy", "scipy", "scikit-learn", "joblib", "pyarrow")


def versions() -> dict[str, str]:
    """Of upweight, Python and the packages that figures depend on."""
    from importlib import metadata  # inside: together ten times what `import upweight` costs
    from platform import python_version

    return {"upweight": __version__, "python": python_version(), **{name: metadata.version(name) for name in RESTS_ON}}
