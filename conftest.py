"""Every module is imported once, by its own name, before pytest collects doctests from its file.

Otherwise pytest executes a file that nobody has imported yet a second time and hangs the copy on the package, so that a
monkeypatch by name, or an isinstance, would meet another module than the one in use. In a bare environment the branches
cannot be imported, and nothing there collects them.
"""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
import sys
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "src"))

if find_spec("sklearn") is not None:
    import upweight

    absent = [
        name for name in ("torch", "keras") if find_spec(name) is None
    ]  # branches that need a package which is not there
    collect_ignore = [f"src/upweight/{name}" for name in absent]
    needed = {
        "torch/hf.py": "transformers",
        "torch/lightning.py": "lightning",
        "montecarlo/answers/_integrate.py": "vegas",
    }  # files that need more than their branch
    lacking = [path for path, name in needed.items() if find_spec(name) is None]
    collect_ignore += [f"src/upweight/{path}" for path in lacking]
    unread = [f"upweight.{path.removesuffix('.py').replace('/', '.')}" for path in lacking]
    for module in pkgutil.walk_packages(upweight.__path__, "upweight."):
        if (
            not module.name.endswith("__main__")
            and module.name.split(".")[1] not in absent
            and module.name not in unread
        ):
            importlib.import_module(module.name)


def written_in(finder, module, thing, original=doctest.DocTestFinder._from_module):  # pyright: ignore
    """Whether a class is written in a module: public classes name their public home, not their file."""
    if not inspect.isclass(thing) or not thing.__module__.startswith("upweight"):
        return original(finder, module, thing)
    return re.search(rf"^class {thing.__name__}\b", inspect.getsource(module), re.M) is not None


doctest.DocTestFinder._from_module = written_in
