"""The house as a table: which rooms there are, which way imports go, what each may take, and which doors lead upward.

`check_imports.py` holds the code to it. A room is a folder of src/upweight, a single file there, or a folder of a branch. A room imports
rooms of a lower floor only; a new room gets its floor here and its line in docs/design.md.
"""

from __future__ import annotations

BRANCHES = ["imbalance", "negatives", "shift", "ope", "montecarlo", "torch", "keras"]
FLOORS = [  # from the ground up; rooms of one floor never import each other
    ["_version", "_set_module"],
    ["_errors"],
    ["_rng", "_frames", "_html", "_foreign_keywords"],
    ["arrays"],
    ["_weights"],
    ["_estimate", "_undo", "_cite"],
    ["_balance"],
    ["_check"],
    ["files", "tables"],
    ["learners", "neighbours", "work"],
    ["stream", "training"],
    BRANCHES,
    ["plots", "report"],
    ["cli"],
    ["__main__", "__init__"],
]
INSIDE = {  # floors inside a branch
    "imbalance": [
        ["weights", "synthetic_sets", "selection_rules"],
        ["resamplers"],
        ["ensembles"],
        ["rebalance"],
        ["errors", "scores"],
        ["comparison"],
    ],
    "negatives": [["scoring"], ["designs"], ["trainers"], ["samples"]],
    "ope": [["values"], ["episodes", "proofs", "tuning"], ["logs", "rl"], ["evaluation"], ["ledger"]],
    "torch": [
        ["losses"],
        ["samplers", "meter", "iwae"],
        ["likelihoods", "networks", "keyed"],
        ["fitting"],
        ["autoencoders", "generators"],
    ],
    "montecarlo": [["inputs", "proposals"], ["calls", "draws"], ["judging"], ["explorers"], ["answers"]],
    "shift": [["solvers", "columns"], ["ratios", "balancing", "label"], ["testing", "use"], ["diagnosis"]],
}
PICTURED = [
    "_estimate",
    "_balance",
    "_check",
    "_undo",
    "training",
    "imbalance",
    "montecarlo",
    "negatives",
    "ope",
    "shift",
    "torch",
]  # rooms whose results have `.plot()`
DOORS = {  # the methods that call upward from inside, by name: (room, room above) -> methods
    ("_weights", "_estimate"): {"mean", "integral", "quantile", "cdf", "var", "std", "cov", "corr"},
    ("_weights", "_check"): {"check"},
    **{(room, "plots"): {"plot"} for room in PICTURED},
}
PACKAGES = {"__init__": {*BRANCHES, "plots"}}  # reached by name, lazily
LIGHT = {"numpy"}  # what the trunk imports at the top
LATER = {"scipy", "narwhals", "array_api_compat"}  # what the trunk imports inside functions
TRUNK = {room for floor in FLOORS[:8] for room in floor}
HOMES = {  # a heavy package -> the rooms that may import it
    "torch": {"torch"},
    "transformers": {"torch"},
    "lightning": {"torch"},
    "keras": {"keras"},
    "tensorflow": set(),
    "pyspark": {"stream"},
    "ray": {"stream"},
    "matplotlib": {"plots"},
    "jinja2": {"report"},
    "markupsafe": {"report"},
    "typer": {"cli"},
    "rich": {"cli", "work"},
    "sklearn": {"files", "tables", "learners", "neighbours", *BRANCHES} - {"keras"},
    "vegas": {"montecarlo"},
    "skops": {"imbalance", "negatives"},
    "joblib": {"work"},
    "threadpoolctl": {"imbalance", "work"},
    "pyarrow": {"files", "tables", "learners", "neighbours", "stream", "cli", *BRANCHES} - {"torch", "keras"},
    "openpyxl": {"files"},
    "pandas": set(),
    "polars": set(),
    "numba": {*BRANCHES, "arrays"},
}
EVERYWHERE = {"narwhals", "scipy", "numpy"}  # from the shared floor up
