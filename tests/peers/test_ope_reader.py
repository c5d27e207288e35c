"""A log of the Open Bandit Dataset: read here as a table, and by the reader of Open Bandit Pipeline 0.4.1, where that is installed, no longer.

Its estimators that are reported to fail with scikit-learn 1.4 came after that version, and are not run.
"""

from __future__ import annotations

import csv
import importlib
import importlib.util
import sys
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from upweight.cli import main


@pytest.fixture
def open_bandit_log(tmp_path):
    """A log with the columns of the Open Bandit Dataset, 80 items shown alike."""
    g = np.random.default_rng(2)
    folder = tmp_path / "random" / "all"
    folder.mkdir(parents=True)
    names = ["", "timestamp", "item_id", "position", "click", "propensity_score", "user_feature_0"]
    with (folder / "all.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(names)
        for i in range(400):
            table.writerow(
                [i, f"2019-11-24 00:{i // 60:02}:{i % 60:02}", g.integers(80), 1 + i % 3, i % 4 // 3, 0.0125, "a"]
            )
    with (folder / "item_context.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["", "item_id", "item_feature_0", "item_feature_1"])
        table.writerows([i, i, g.normal(), "b"] for i in range(80))
    return tmp_path


def test_a_log_of_obp_is_read_as_a_table(open_bandit_log, capsys):
    log = str(open_bandit_log / "random" / "all" / "all.csv")
    with pytest.raises(SystemExit) as ended:
        main(["ope", log, "--reward", "click", "--logged", "propensity_score", "--target", "0.0125"])
    assert ended.value.code in (0, None)
    assert "400 decisions; the target earns 0.250 each" in capsys.readouterr().out


def test_the_reader_of_obp_does_not_read_it(open_bandit_log, monkeypatch):
    """`frame.drop(name, 1)`: positional axes are gone from pandas 2 on."""
    pandas = pytest.importorskip("pandas", minversion="2")
    spec = importlib.util.find_spec("obp")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("obp is not installed: pip install --no-deps obp==0.4.1")
    folder = Path(next(iter(spec.submodule_search_locations)))
    for name, place in (("obp", folder), ("obp.dataset", folder / "dataset")):
        stub = ModuleType(name)
        stub.__path__ = [str(place)]
        monkeypatch.setitem(sys.modules, name, stub)
    types = ModuleType("obp.types")
    types.BanditFeedback = dict  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "obp.types", types)
    real = importlib.import_module("obp.dataset.real")
    warnings.simplefilter("ignore")  # theirs, on the way
    with pytest.raises(TypeError, match="positional"):
        real.OpenBanditDataset(behavior_policy="random", campaign="all", data_path=open_bandit_log)
    assert int(pandas.__version__.split(".")[0]) >= 2
    for name in [n for n in sys.modules if n.startswith("obp.")]:
        monkeypatch.delitem(sys.modules, name, raising=False)
