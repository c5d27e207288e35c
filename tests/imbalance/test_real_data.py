"""The comparison on public tables, as a user would run it: what the page says must come out."""

import numpy as np
import pandas as pd
import pytest

from upweight import InputError
from upweight.imbalance import compare

FIVE = "none,threshold,weights,random_under,random_over"
pytestmark = [pytest.mark.data, pytest.mark.slow]


def table(data_folder, name):
    path = data_folder / "imbalanced" / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"no {path}")
    frame = pd.read_csv(path)
    return frame.drop(columns="Class"), frame["Class"].to_numpy()


def row(c, name):
    return next(r for r in c.rows if r.name == name)


@pytest.mark.parametrize("learner", ["logistic", "boosting"])
@pytest.mark.parametrize("name", ["mammography", "abalone_19", "us_crime", "ozone_level_8hr", "yeast_me2"])
def test_every_row_keeps_its_promises_after_repair(data_folder, name, learner):
    X, y = table(data_folder, name)
    c = compare(X, y, learner=learner, methods=FIVE, cv="5x1", rng=0)
    repaired = np.array([r.oe for r in c.rows if r.name != "none"])
    assert (np.abs(np.log(repaired)) < np.log(1.1)).all()
    assert 0.95 < np.median(repaired) < 1.05
    assert row(c, "random_under").oe_raw < 0.45
    assert not c.verdict.code.startswith("use:")


def test_mammography_as_the_page_says(data_folder):
    X, y = table(data_folder, "mammography")
    c = compare(X, y, methods="weights,easy_ensemble", rng=0)
    assert row(c, "weights").oe_raw == pytest.approx(0.11, abs=0.03)
    assert row(c, "weights").oe == pytest.approx(1, abs=0.05)
    assert c.verdict.code != "use:easy_ensemble"


def test_labels_one_and_two(data_folder):
    X, y = table(data_folder, "ozone_level_8hr")
    assert set(y) == {1, 2}
    c = compare(X, y, methods="weights", cv="5x1", rng=0)
    assert c.setup.facts.positives == 160
    assert c.model.positive_ == 2


def test_mixed_columns_and_gaps_of_adult(data_folder):
    path = data_folder / "imbalanced" / "adult-train.csv"
    if not path.exists():
        pytest.skip(f"no {path}")
    frame = pd.read_csv(path, header=None, skipinitialspace=True, na_values="?")
    frame.columns = [f"c{j}" for j in range(15)]
    c = compare(frame.drop(columns="c14"), (frame["c14"] == ">50K").to_numpy(), methods="quick", rng=0)
    assert all(0.95 < r.oe < 1.05 for r in c.rows)
    assert all(r.error is None for r in c.rows)
    fresh = frame.head(50).copy()
    fresh.loc[:24, ["c1", "c3"]] = ["never met", None]
    with pytest.warns(UserWarning, match="column 'c[13]'") as told:
        assert np.isfinite(c.model.predict_proba(fresh)).all()
    words = " ".join(str(w.message) for w in told)
    assert "column 'c1' has 25 of 49 values" in words
    assert "column 'c3' is empty in 25 of 50 rows" in words
    with pytest.raises(InputError, match="column 'c1' has 50 of 50 values"):
        c.model.predict_proba(frame.head(50).assign(c1="never met"))
