"""balancing_weights: hand figures, margins, edges, certificates, laws, containers, and what is refused."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

import upweight as uw
import upweight.shift as sh

LINE = np.arange(4.0)[:, None]
SQUARE = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
CELLS = pd.DataFrame(
    {"r": ["a"] * 50 + ["b"] * 50, "c": ["u"] * 40 + ["v"] * 10 + ["u"] * 20 + ["v"] * 30}
)  # [[40, 10], [20, 30]]


def table(rng, n, shift=0.0):
    x = rng.normal(shift, 1, (n, 3))
    return pd.DataFrame(
        {"a": x[:, 0], "b": np.exp(x[:, 1] / 2), "k": np.where(x[:, 2] > 0.3, "u", np.where(x[:, 2] > -0.5, "v", "w"))}
    )


# ---- by hand ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mean", "settings", "wanted"),
    [
        (2.0, {}, (0.119655072, 0.182040801, 0.276953179, 0.421350948)),
        (2.0, {"distance": "chi2"}, (0.1, 0.2, 0.3, 0.4)),
        (2.0, {"bounds": (0.5, 1.8)}, (0.517466 / 4, 0.639410 / 4, 1.168784 / 4, 1.674341 / 4)),
        (2.8, {"distance": "chi2"}, (0.0, 0.0, 0.2, 0.8)),
        (2.0, {"tolerance": 0.1 / np.std(LINE, ddof=1)}, (0.142578, 0.198272, 0.275723, 0.383427)),
    ],
)
def test_four_points_to_a_mean(mean, settings, wanted):
    w = sh.balancing_weights(LINE, {0: mean}, **settings)
    assert w.probabilities == pytest.approx(wanted, abs=5e-7)
    assert w.values.sum() == pytest.approx(4)
    assert w.kind == "importance"
    assert not w.exact


def test_the_mean_beyond_every_row_has_a_certificate():
    with pytest.raises(
        sh.Infeasible, match=r"\+1.00 column 0, in sd, averages at most 2.324 .* must be 2.711.*tolerance=0.39"
    ) as told:
        sh.balancing_weights(LINE, {0: 3.5})
    error = told.value
    assert error.tolerance == pytest.approx(0.387298, abs=1e-6)
    assert error.direction == {"0": 1.0}
    assert error.wanted - error.best == pytest.approx(error.tolerance)
    assert sh.balancing_weights(LINE, {0: 3.5}, tolerance=0.39).ess == pytest.approx(1.0, abs=0.02)
    assert sh.balancing_weights(LINE, {0: 3.5}, tolerance=error.tolerance).max_share > 0.999
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.tolerance, again.direction) == (str(error), error.tolerance, error.direction)
    assert isinstance(error, uw.InputError)


def test_raking_keeps_the_odds_ratio():
    w = sh.balancing_weights(CELLS, {"r": {"a": 0.4, "b": 0.6}, "c": {"u": 0.7, "v": 0.3}}).probabilities
    cells = w.groupby([CELLS["r"], CELLS["c"]]).sum().to_numpy()
    assert cells == pytest.approx([0.355891, 0.044109, 0.344109, 0.255891], abs=5e-7)
    assert cells[0] * cells[3] / (cells[1] * cells[2]) == pytest.approx(6, abs=1e-7)


def test_joint_cells_are_post_stratification():
    shares = {("a", "u"): 0.1, ("a", "v"): 0.2, ("b", "u"): 0.3, ("b", "v"): 0.4}
    w = sh.balancing_weights(CELLS, {("r", "c"): shares}).values
    counts = {("a", "u"): 40, ("a", "v"): 10, ("b", "u"): 20, ("b", "v"): 30}
    wanted = [100 * shares[cell] / counts[cell] for cell in zip(CELLS["r"], CELLS["c"], strict=True)]
    assert w.to_numpy() == pytest.approx(wanted, rel=1e-9)


# ---- the edge ---------------------------------------------------------------------------------------------------------------


def test_a_target_on_the_edge_leaves_rows_without_weight():
    w = sh.balancing_weights(SQUARE, {0: 0, 1: 0.3})
    assert w.probabilities == pytest.approx([0.7, 0.3, 0, 0], abs=1e-9)
    assert (w.log_w[2:] == -np.inf).all()
    assert w.trail[0].params["without_weight"] == {"0": 2}


def test_an_edge_that_no_column_shows_is_found():
    turned = SQUARE @ np.array([[1.0, 1.0], [-1.0, 2.0]])
    w = sh.balancing_weights(turned, {0: -0.3, 1: 0.6})
    assert w.probabilities == pytest.approx([0.7, 0.3, 0, 0], abs=1e-8)
    assert (w.log_w[2:] == -np.inf).all()


def test_a_lower_bound_forbids_the_edge():
    with pytest.raises(sh.Infeasible):
        sh.balancing_weights(SQUARE, {0: 0, 1: 0.3}, bounds=(0.1, 5))


def test_a_level_the_target_lacks_gets_no_weight():
    target = pd.DataFrame({"r": ["a"] * 7, "c": ["u"] * 3 + ["v"] * 4})
    w = sh.balancing_weights(CELLS, target)
    assert (w.log_w[50:] == -np.inf).all()
    assert w.trail[0].params["without_weight"] == {"r = a": 50}
    named = sh.balancing_weights(CELLS, {"r": {"a": 1.0, "b": 0.0}, "c": {"u": 3 / 7, "v": 4 / 7}})
    assert named.values.to_numpy() == pytest.approx(w.values.to_numpy())


# ---- what is promised -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("terms", ["means", "squares", "interactions"])
@pytest.mark.parametrize("tolerance", [0.0, 0.05])
def test_no_difference_exceeds_the_tolerance(terms, tolerance):
    rng = np.random.default_rng(0)
    source, target = table(rng, 600), table(rng, 400, 0.4)
    w = sh.balancing_weights(source, target, terms=terms, tolerance=tolerance)
    assert uw.balance(source, target, weights=w).max_abs_after <= tolerance + 1e-8
    if terms != "means":
        wide = lambda f: f[["a", "b"]] ** 2
        assert uw.balance(wide(source), wide(target), weights=w).max_abs_after <= tolerance + 1e-8


def test_interactions_are_those_by_hand():
    rng = np.random.default_rng(1)
    source, target = table(rng, 500), table(rng, 500, 0.3)

    def by_hand(f):
        dummies = {k: (f["k"] == k).astype(float) for k in "uvw"}
        columns = {"a": f["a"], "b": f["b"], "aa": f["a"] ** 2, "bb": f["b"] ** 2, "ab": f["a"] * f["b"], **dummies}
        columns |= {f"{n}{k}": f[n] * d for n in "ab" for k, d in dummies.items()}
        return pd.DataFrame(columns)

    w = sh.balancing_weights(source, target, terms="interactions").values
    v = sh.balancing_weights(by_hand(source), by_hand(target)).values
    assert w.to_numpy() == pytest.approx(v.to_numpy(), abs=1e-7)


def test_bounds_hold():
    rng = np.random.default_rng(2)
    source, target = table(rng, 600), table(rng, 400, 0.3)
    for distance in ("kl", "chi2"):
        w = sh.balancing_weights(source, target, distance=distance, bounds=(0.3, 3.0)).values
        assert w.min() >= 0.3 - 1e-9
        assert w.max() <= 3.0 + 1e-9


def test_log_linear_without_a_ridge_is_balancing():
    rng = np.random.default_rng(3)
    source, target = table(rng, 600), table(rng, 400, 0.3)
    r = sh.density_ratio(source, target, method=sh.LogLinear(ridge=0.0))
    assert r.weights.values.to_numpy() == pytest.approx(
        sh.balancing_weights(source, target).values.to_numpy(), abs=1e-8
    )
    assert r(source).values.to_numpy() == pytest.approx(r.weights.values.to_numpy(), abs=1e-10)


# ---- laws -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"distance": "chi2"}, {"bounds": (0.2, 4.0)}, {"tolerance": 0.05}])
def test_scales_shifts_names_and_orders_change_nothing(settings):
    rng = np.random.default_rng(4)
    source, target = table(rng, 400), table(rng, 300, 0.3)
    w = sh.balancing_weights(source, target, **settings).values.to_numpy()
    other = lambda f: f.assign(a=3e3 * f["a"] - 7e3, b=f["b"] / 100).rename(columns={"a": "z"})[["k", "z", "b"]]
    assert sh.balancing_weights(other(source), other(target), **settings).values.to_numpy() == pytest.approx(
        w, abs=1e-8
    )
    rows = rng.permutation(400)
    moved = sh.balancing_weights(source.iloc[rows], target, **settings).values.to_numpy()
    assert moved == pytest.approx(w[rows], abs=1e-8)


@pytest.mark.parametrize("settings", [{}, {"distance": "chi2"}, {"bounds": (0.2, 4.0)}])
def test_base_of_zero_is_removed_and_of_a_whole_number_repeated(settings):
    rng = np.random.default_rng(5)
    x, m = rng.normal(size=(200, 2)), {0: 0.2, 1: -0.1}
    copies = rng.integers(0, 4, 200)
    base = uw.Weights.of(copies, kind="importance")
    w = sh.balancing_weights(x, m, base=base, **settings)
    again = np.repeat(x, copies, axis=0)
    v = sh.balancing_weights(again, m, **settings)
    total = np.bincount(np.repeat(np.arange(200), copies), v.probabilities, 200)
    assert w.probabilities == pytest.approx(total, abs=1e-8)
    assert w.values.sum() == pytest.approx(copies.sum())


def test_rows_of_base_zero_reach_nothing():
    """The largest row has no weight to begin with: 2 is then the most that can be averaged."""
    base = uw.Weights.of([1, 1, 1, 0], kind="importance")
    with pytest.raises(sh.Infeasible) as told:
        sh.balancing_weights(LINE, {0: 2.5}, base=base)
    assert told.value.tolerance == pytest.approx(0.5 / np.std(LINE, ddof=1), abs=1e-6)
    assert sh.balancing_weights(LINE, {0: 2.0}, base=base).probabilities == pytest.approx([0, 0, 1, 0])


def test_the_sources_own_means_give_the_base_back():
    rng = np.random.default_rng(6)
    x, base = rng.normal(size=(150, 3)), uw.Weights.of(rng.gamma(2.0, size=150), kind="inclusion")
    m = np.average(x, axis=0, weights=base)
    for distance in ("kl", "chi2"):
        w = sh.balancing_weights(x, dict(enumerate(m)), distance=distance, base=base)
        assert w.values == pytest.approx(base.values, rel=1e-8)
        assert w.kind == "importance"


def test_kinds_follow_the_products():
    base = uw.Weights.of(np.ones(4), kind="class")
    assert sh.balancing_weights(LINE, {0: 2.0}, base=base).kind == "class"
    with pytest.raises(uw.KindError, match="frequency"):
        sh.balancing_weights(LINE, {0: 2.0}, base=uw.Weights.of(np.ones(4), kind="frequency"))


def test_inputs_are_not_written_to():
    rng = np.random.default_rng(7)
    source, target = table(rng, 60), table(rng, 50, 0.2)
    before = source.copy(), target.copy()
    sh.balancing_weights(source, target)
    pd.testing.assert_frame_equal(source, before[0])
    pd.testing.assert_frame_equal(target, before[1])


# ---- containers -------------------------------------------------------------------------------------------------------------


def test_every_library_gives_the_same_weights():
    rng = np.random.default_rng(8)
    source, target = table(rng, 200), table(rng, 150, 0.2)
    source.index = range(7, 207)
    w = sh.balancing_weights(source, target)
    assert w.values.index.equals(source.index)
    plain = w.values.to_numpy()
    arrow = lambda f: pa.Table.from_pandas(f, preserve_index=False)
    assert np.asarray(sh.balancing_weights(pl.from_pandas(source), pl.from_pandas(target)).values) == pytest.approx(
        plain
    )
    assert np.asarray(sh.balancing_weights(arrow(source), arrow(target)).values) == pytest.approx(plain)
    declared = source.assign(k=source["k"].astype("category"))
    assert sh.balancing_weights(declared, target).values.to_numpy() == pytest.approx(plain)
    numbers = lambda f: np.column_stack([f["a"], f["b"], *((f["k"] == k).astype(float) for k in "uvw")])
    assert sh.balancing_weights(numbers(source), numbers(target)).values == pytest.approx(plain, abs=1e-7)
    thin = [sparse.csr_array(numbers(f)) for f in (source, target)]
    assert sh.balancing_weights(*thin).values == pytest.approx(plain, abs=1e-7)


def test_a_gap_in_a_category_is_a_level():
    rng = np.random.default_rng(9)
    source, target = table(rng, 300), table(rng, 200, 0.1)
    source.loc[source.index[:60], "k"] = None
    target.loc[target.index[:20], "k"] = None
    w = sh.balancing_weights(source, target)
    assert w.probabilities[:60].sum() == pytest.approx(0.1, abs=1e-8)


# ---- bad input --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "settings", "said"),
    [
        ({"r": {"a": 0.4, "b": 0.7}}, {}, "must sum to 1; got 1.1"),
        (
            {"r": {"a": 0.4, "b": 0.5, "z": 0.1}},
            {},
            "share of 0.1 of 'r' = 'z', which no source row has. Merge it or drop it",
        ),
        ({"r": {"a": 1.0}}, {}, "name every level of the source; got none for 'b', first at row 50"),
        ({"r": 0.5}, {}, "has a share a level and no mean"),
        ({"q": 1.0}, {}, "no column 'q'"),
        ({}, {}, "names no column"),
        ({"r": {"a": 0.4, "b": 0.6}}, {"terms": "squares"}, "needs the rows of the target"),
        (
            {"r": {"a": 0.4, "b": 0.6}},
            {"bounds": (1.2, 3.0)},
            r"\(L, U\) with 0 <= L < 1 < U, of w over base; got \(1.2, 3.0\)",
        ),
        ({"r": {"a": 0.4, "b": 0.6}}, {"tolerance": -0.1}, "`tolerance` must be a number >= 0.*got -0.1"),
        ({"r": {"a": 0.4, "b": 0.6}}, {"distance": "l2"}, "`distance` must be 'kl' or 'chi2'"),
        ({"r": {"a": 0.4, "b": 0.6}}, {"base": np.ones(100)}, "`base` must be Weights"),
        (
            {"r": {"a": 0.4, "b": 0.6}},
            {"base": uw.Weights.of([0.0] * 100, kind="importance")},
            "`base` must have a positive weight",
        ),
        ({"r": {"a": 0.4, "b": 0.6}}, {"base": uw.Weights.of([1.0] * 9, kind="importance")}, "got 9 for 100 rows"),
    ],
)
def test_bad_input_is_told(target, settings, said):
    with pytest.raises(uw.InputError, match=said):
        sh.balancing_weights(CELLS, target, **settings)


def test_gaps_and_columns_of_one_side_are_told():
    x = LINE.copy()
    x[2] = np.nan
    with pytest.raises(
        uw.InputError, match="column 0 must be finite; got 1 missing or infinite, first missing at row 2. Impute first"
    ):
        sh.balancing_weights(x, {0: 2.0})
    with pytest.raises(
        uw.InputError,
        match="`source` alone has 'c' and `target` alone has 'd'. Leave out what one side alone has, a label too",
    ):
        sh.balancing_weights(CELLS, CELLS.rename(columns={"c": "d"}))
    with pytest.raises(uw.InputError, match="target has r = z with a share of 0.1, which no source row has"):
        sh.balancing_weights(CELLS, CELLS.assign(r=["z"] * 10 + ["a"] * 40 + ["b"] * 50))
    with pytest.raises(uw.InputError, match="category on one side and a number on the other"):
        sh.balancing_weights(CELLS, CELLS.assign(r=1.0))


def test_a_constant_column_that_must_move_is_told():
    x = np.column_stack([LINE[:, 0], np.full(4, 7.0)])
    with pytest.raises(sh.Infeasible, match="1 is 7 in every row and must average 8") as told:
        sh.balancing_weights(x, {0: 2.0, 1: 8.0})
    assert told.value.tolerance == np.inf
    assert sh.balancing_weights(x, {0: 2.0, 1: 7.0}).ess < 4


@pytest.mark.parametrize("scale", [1e-200, 1e300])
def test_scale_changes_no_weight_however_large(scale):
    x = np.array([[0.0, 1], [1, 0], [2, 2], [3, 1]])
    usual = np.asarray(sh.balancing_weights(x, {0: 2.0}))
    assert np.asarray(sh.balancing_weights(x * scale, {0: 2.0 * scale})) == pytest.approx(usual, rel=1e-8)
