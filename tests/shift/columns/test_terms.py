"""Terms: which there are, their names, means and spreads, and that sparse ones are dense ones."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import upweight as uw
from upweight.shift.columns import TermPlan, known_terms

FRAME = pd.DataFrame({"a": [1.0, 2, 4, 7], "m": [0.0, 1, 1, 0], "k": ["u", "v", "u", None]})


def test_squares_leave_out_what_is_its_own_square():
    _, rows, _ = TermPlan.of(FRAME, FRAME, "squares")
    assert rows.names == ("a", "m", "a^2", "k = u", "k = v", "k missing")
    assert rows.dense[:, 2].tolist() == [1, 4, 16, 49]


def test_products_that_never_vary_are_left_out():
    _, rows, _ = TermPlan.of(FRAME, FRAME, "interactions")
    assert "a x m" in rows.names
    assert "a x k = u" in rows.names
    assert not any("k = u x k" in name for name in rows.names)
    column = np.asarray(rows.thin[:, [rows.names.index("a x k = u") - rows.dense.shape[1]]].todense()).ravel()
    assert column.tolist() == [1, 0, 4, 0]
    assert "m x k missing" not in rows.names  # m is 0 where k is missing


def test_means_and_spreads_are_those_of_the_columns():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3)) * (rng.random((50, 3)) < 0.4)
    _, dense, _ = TermPlan.of(x, x, "means")
    _, thin, _ = TermPlan.of(sparse.csr_array(x), sparse.csr_array(x), "means")
    for rows in (dense, thin):
        assert rows.means() == pytest.approx(x.mean(axis=0))
        assert rows.sds() == pytest.approx(x.std(axis=0, ddof=1))


def test_later_rows_are_read_by_the_plan():
    plan, rows, _ = TermPlan.of(FRAME, FRAME, "interactions")
    again = plan.read(FRAME[["k", "m", "a"]])
    assert again.names == rows.names
    assert again.dense == pytest.approx(rows.dense)
    assert (again.thin != rows.thin).nnz == 0
    unknown = plan.read(FRAME.assign(k=["z"] * 4))
    assert unknown.thin[:, :3].nnz == 0


def test_known_figures_take_the_columns_they_name():
    rows, wanted = known_terms(FRAME[["a", "m", "k"]].fillna("w"), {"k": {"u": 0.5, "v": 0.25, "w": 0.25}, "a": 3.0})
    assert rows.names == ("a", "k = u", "k = v", "k = w")
    assert wanted.tolist() == [3.0, 0.5, 0.25, 0.25]
    assert rows.means() == pytest.approx([3.5, 0.5, 0.25, 0.25])


def test_a_truth_may_have_one_share():
    frame = pd.DataFrame({"b": [True, False, False, True]})
    rows, wanted = known_terms(frame, {"b": 0.3})
    assert dict(zip(rows.names, wanted, strict=True)) == {"b = False": pytest.approx(0.7), "b = True": 0.3}


def test_whole_numbers_may_be_levels_and_cells():
    frame = pd.DataFrame({"age": [18, 25, 18, 40], "sex": list("fmff")})
    rows, wanted = known_terms(frame, {"age": {18: 0.5, 25: 0.25, 40: 0.25}})
    assert wanted.sum() == 1
    assert rows.names == ("age = 18", "age = 25", "age = 40")
    cells = {("f", 18): 0.5, ("m", 25): 0.2, ("f", 40): 0.3, ("m", 60): 0.0}
    rows, wanted = known_terms(frame, {("sex", "age"): cells})
    assert sorted(wanted) == [0.2, 0.3, 0.5]
    assert rows.thin.sum(axis=1).tolist() == [1, 1, 1, 1]


def test_dates_are_refused():
    frame = pd.DataFrame({"d": pd.to_datetime(["2024-01-01", "2024-01-02"])})
    with pytest.raises(uw.InputError, match="column 'd' is neither number, category, string nor bool"):
        TermPlan.of(frame, frame, "means")


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e200, 1e300])
def test_spreads_of_columns_whose_squares_are_no_floats(scale):
    x = np.array([[1.0, 2], [2, 7], [5, 1], [7, 0]])
    for made in (np.asarray, sparse.csr_array):
        _, rows, _ = TermPlan.of(made(x * scale), made(x * scale), "means")
        assert rows.sds() / scale == pytest.approx(x.std(axis=0, ddof=1), rel=1e-12)


def test_a_square_beyond_the_floats_is_refused():
    x = np.array([[1.0], [2], [5]]) * 1e200
    with pytest.raises(uw.InputError, match=r"terms must be finite; 0\^2 is too large for a float"):
        TermPlan.of(x, x, "squares")


def test_no_share_at_all_is_not_divided_by_zero():
    with pytest.raises(
        uw.InputError, match=r"shares of 'k' must sum to 1; got 0 from 0. Say \{'k': \{level: share\}\}"
    ):
        known_terms(FRAME, {"k": {}})
