"""LightGBM, XGBoost (and CatBoost where it is installed) as learners: repaired, refused when they count twice, saved, quiet."""

import importlib
import importlib.util
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import make_classification

import upweight.imbalance as im
from upweight import InputError, UndoError

LIBRARIES = {
    "lightgbm:LGBMClassifier": {"class_weight": "balanced", "is_unbalance": True, "scale_pos_weight": 9.0},
    "xgboost:XGBClassifier": {"scale_pos_weight": 9.0},
    "catboost:CatBoostClassifier": {"auto_class_weights": "Balanced", "scale_pos_weight": 9.0},
}
X, Y = make_classification(6000, n_features=8, n_informative=5, weights=[0.94], flip_y=0.02, random_state=0)
SEEN, NEW = slice(0, 3000), slice(3000, None)


if (
    importlib.util.find_spec("catboost") is None
):  # 100 MB, not among the tools of development: tried where somebody has it
    del LIBRARIES["catboost:CatBoostClassifier"]


@pytest.fixture(params=sorted(LIBRARIES))
def library(request):
    pytest.importorskip(request.param.partition(":")[0])
    return request.param


def made(library: str, **settings):
    module, _, name = library.partition(":")
    return getattr(importlib.import_module(module), name)(**settings)


def test_weights_are_undone(library):
    m = im.Rebalanced(library, "weights", inner=3, rng=0).fit(X[SEEN], Y[SEEN])
    assert 0.85 < im.score(Y[NEW], m.predict_proba(X[NEW])[:, 1]).oe < 1.15
    assert m.correction_.status == "approximate"


def test_each_way_of_counting_classes_is_refused_beside_a_method(library):
    for name, value in LIBRARIES[library].items():
        with pytest.raises(UndoError, match=f"{name}={value!r} and method 'weights' count twice"):
            im.Rebalanced(made(library, **{name: value}), "weights").fit(X, Y)


def test_compare_takes_frames_with_text_and_gaps(library):
    pd = pytest.importorskip("pandas")
    some = pd.DataFrame(X[:1200], columns=[f"x{i}" for i in range(8)])
    some["plan"] = np.random.default_rng(0).choice(["basic", "family", "business"], 1200)
    some.loc[::7, "x3"] = np.nan
    c = im.compare(some, Y[:1200], learner=library, methods="weights,smote", cv="3x1", rng=0)
    assert [row.error for row in c.rows] == [None] * 4
    assert all(0.7 < row.oe < 1.4 for row in c.rows[1:])


def test_the_command_is_quiet_and_says_how_to_load_a_model_of_foreign_types(library, tmp_path):
    call = "compare demo:cancer --target malignant --methods weights --cv 3x1 --rng 0 --save m.skops --learner"
    ran = subprocess.run(
        [sys.executable, "-m", "upweight", *call.split(), library],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.startswith("569 rows, 30 columns, 212 positives")
    assert len(ran.stdout.splitlines()) < 15
    assert [p.name for p in tmp_path.iterdir()] == ["m.skops"]
    with pytest.raises(InputError, match="not known to be safe"):
        im.load(tmp_path / "m.skops")
    told = ran.stderr.partition("trusted=")[2].partition("]")[0] + "]"
    trusted = told.strip("[]").replace("'", "").split(", ")
    model = im.load(tmp_path / "m.skops", trusted=trusted)
    assert model.method == "none"
    assert 0 < model.threshold_ < 1
