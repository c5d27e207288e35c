"""Two tables as one: halves, types that meet, rows that count, and what is suspected."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

import upweight as uw
import upweight.shift as sh
from upweight.shift.columns import Pooled, halves


def test_each_sample_holds_half_of_the_rows():
    w = halves(np.array([1.0, 3.0, 0.5]), 5)
    assert w[:3].sum() == pytest.approx(4)
    assert w[3:].sum() == pytest.approx(4)
    assert w[:3] == pytest.approx(4 * np.array([1.0, 3.0, 0.5]) / 4.5)


def test_rows_of_base_zero_do_not_count():
    x = np.arange(12.0).reshape(6, 2) ** 1.5
    base = uw.Weights.of([1, 0, 2, 0, 1, 1], kind="importance")
    p = Pooled.of(x, x[:3] + 0.1, base)
    assert p.rows.tolist() == [0, 2, 4, 5]
    assert (p.n_source, p.n_target, len(p.task.codes)) == (6, 3, 7)
    assert p.of_source(np.zeros(4)).tolist() == [0, -np.inf, 0, -np.inf, 0, 0]
    assert p.task.X.numbers[:4] == pytest.approx(x[[0, 2, 4, 5]])


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1, 2, 3], [1.5, 2.5, 3.5]),
        ([True, False, True], [1.0, 0.0, 0.0]),
        ([None, None, None], [1.0, 2.0, 3.0]),
    ],
)
def test_numbers_of_two_types_meet(a, b):
    p = Pooled.of(pa.table({"x": a, "z": [1.0, 5, 2]}), pa.table({"x": b, "z": [1.0, 7, 2]}))
    numbers = p.task.X.numbers[:, [c.name for c in p.schema.columns].index("x")]
    assert numbers[3:] == pytest.approx(np.asarray(b, dtype=float))


def test_categories_of_one_side_are_known_to_both():
    a = pd.DataFrame({"k": pd.Categorical(["u", "v", "u"]), "x": [1.0, 2, 3]})
    b = pd.DataFrame({"k": pd.Categorical(["w", "v", "w"]), "x": [1.5, 2, 3]})
    p = Pooled.of(a, b)
    assert next(c.categories for c in p.schema.columns if c.name == "k") == ("u", "v", "w")


def test_a_number_beside_text_is_refused():
    with pytest.raises(uw.InputError, match="column 'x' is double in the source and string in the target. Convert one"):
        Pooled.of(pa.table({"x": [1.0, 2.0]}), pa.table({"x": ["a", "b"]}))


def test_the_index_and_the_library_are_kept():
    a = pd.DataFrame({"x": [1.0, 2, 4]}, index=[5, 7, 9])
    p = Pooled.of(a, a + 0.5)
    assert (p.container.backend, p.container.index.tolist()) == ("pandas", [5, 7, 9])
    assert Pooled.of(pl.from_pandas(a), pl.from_pandas(a + 0.5)).container.backend == "polars"


def test_the_design_has_no_gaps_and_one_column_a_level():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=60), "k": rng.choice(list("uvw"), 60)})
    frame.loc[:3, "x"] = np.nan
    s, t = Pooled.of(frame.iloc[:40], frame.iloc[40:].assign(x=lambda f: f["x"] + 1)).design()
    assert (len(s), len(t)) == (40, 20)
    assert np.isfinite(s).all()
    assert s[:, 1:4].sum(axis=1) == pytest.approx(1)


def test_sparse_stays_sparse():
    x = sparse.csr_array(np.eye(5))
    p = Pooled.of(x, x[:3] * 2)
    assert sparse.issparse(p.task.X.numbers)
    assert all(map(sparse.issparse, p.design()))


def test_a_float_is_no_identifier_and_few_rows_are_none():
    x = np.arange(100.0)[:, None]
    Pooled.of(x[:60], x[60:])
    Pooled.of(pd.DataFrame({"x": np.arange(12)}).iloc[:6], pd.DataFrame({"x": np.arange(12)}).iloc[6:])
    with pytest.raises(uw.InputError, match="column `0` alone tells the two apart"):
        Pooled.of(x[60:].astype(int), x[:60].astype(int))


@pytest.mark.parametrize(("n", "m", "start"), [(60, 40, 0), (60, 40, 30), (50, 50, 20)])
def test_a_running_number_of_either_side_is_excluded_and_not_called_a_shift(n, m, start):
    """It was "Moved: ... Most: customer_id", with weights that repair it: two files numbered from one tell their lengths apart."""
    r = np.random.default_rng(0)
    source = pd.DataFrame({"customer_id": r.permutation(n), "a": r.normal(size=n)})
    target = pd.DataFrame({"customer_id": start + np.arange(m), "a": r.normal(size=m)})
    with pytest.raises(uw.InputError, match="column `customer_id` numbers the rows of either side.*exclude it"):
        Pooled.of(source, target)
    Pooled.of(source.rename(columns={"customer_id": "size"}), target.rename(columns={"customer_id": "size"}))
    Pooled.of(source, source.assign(a=0.0 + np.arange(n)))  # the same numbers on both sides tell nothing apart


def test_a_column_whose_numbers_repeat_is_no_identifier():
    x = np.repeat(np.arange(50), 2)[:, None]
    Pooled.of(x[:60], x[60:])


@pytest.mark.parametrize("made", [lambda x: x, lambda x: pd.DataFrame(x, columns=["a", "b"])])
def test_an_infinity_is_told_by_its_side_and_its_own_row(made):
    x = np.random.default_rng(0).normal(size=(6, 2))
    bad = x.copy()
    bad[2, 1] = -np.inf
    with pytest.raises(
        uw.InputError, match=r"`target` must hold no infinity: column ('b'|1) has 1, first -inf at row 2"
    ):
        Pooled.of(made(x), made(bad))
    base = uw.Weights.of([0, 1, 1, 1, 1, 1], kind="importance")
    with pytest.raises(uw.InputError, match=r"`source` must hold no infinity: .* at row 2"):
        Pooled.of(made(bad), made(x), base)


def test_what_no_sample_is_like_is_told_by_its_name():

    a, b = pd.DataFrame({"x": [1.0, 2, 3]}), pd.DataFrame({"x": [2.5, 3.5, 4.5]})
    for call in (sh.density_ratio, sh.balancing_weights, sh.diagnose, sh.two_sample_test):
        with pytest.raises(uw.InputError, match=r"holds its rows; got a LazyFrame\. collect\(\) it first"):
            call(pl.from_pandas(a).lazy(), b)
        with pytest.raises(uw.InputError, match="`source` and `target` have no columns"):
            call(a[[]], b[[]])
    for call in (sh.density_ratio, sh.balancing_weights):
        with pytest.raises(uw.InputError, match="`base` must have a positive weight; got 3, all zero"):
            call(a, b, base=uw.Weights.of(np.zeros(3), kind="importance"))
    with pytest.raises(
        uw.InputError, match="`method` must be a name, settings such as LeastSquares\\(\\), or a classifier; got None"
    ):
        sh.density_ratio(a, b, method=None)
    with pytest.raises(uw.InputError, match="unknown learner 'lin'. Did you mean 'linear'"):
        sh.two_sample_test(a, b, learner="lin")
