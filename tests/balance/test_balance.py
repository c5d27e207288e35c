"""Balance tables: textbook differences, every kind of column, every kind of frame."""

from __future__ import annotations

import pickle
from importlib import import_module

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

import upweight as uw
from upweight import InputError, Weights, balance

FRAMES = [pd.DataFrame, pl.DataFrame, pa.table]


def samples(n: int = 400, m: int = 300, d: int = 4, seed: int = 0):
    rng = np.random.default_rng(seed)
    source, target = rng.normal(5, 2, (n, d)), rng.normal(6, 1, (m, d))
    return source, target, Weights.of(rng.exponential(size=n), kind="importance")


# ---- numbers ----------------------------------------------------------------------------------------------------------------


def test_differences_are_means_over_the_targets_sd():
    source, target, w = samples()
    b = balance(source, target, weights=w)
    sd = target.std(axis=0, ddof=1)
    np.testing.assert_allclose(b.smd_before, (source.mean(axis=0) - target.mean(axis=0)) / sd, rtol=1e-12)
    after = np.average(source, axis=0, weights=w)
    np.testing.assert_allclose(b.after, after, rtol=1e-12)
    np.testing.assert_allclose(b.smd_after, (after - target.mean(axis=0)) / sd, rtol=1e-12)


def test_pooled_scale_is_fixed_before_weighting():
    source, target, w = samples()
    b = balance(source, target, weights=w, scale="pooled")
    s = np.sqrt((source.var(axis=0, ddof=1) + target.var(axis=0, ddof=1)) / 2)
    np.testing.assert_allclose(b.smd_before, (source.mean(axis=0) - target.mean(axis=0)) / s, rtol=1e-12)
    np.testing.assert_allclose((b.after - b.target) / b.smd_after, s, rtol=1e-10)


def test_variance_ratio_is_unbiased_for_weights():
    source, target, w = samples()
    b = balance(source, target, weights=w)
    W = w.probabilities
    for j in range(4):
        x = source[:, j]
        var = (W * (x - W @ x) ** 2).sum() / (1 - (W**2).sum())
        assert b.ratio_after[j] == pytest.approx(var / target[:, j].var(ddof=1), rel=1e-12)
        assert b.ratio_before[j] == pytest.approx(x.var(ddof=1) / target[:, j].var(ddof=1), rel=1e-12)


def test_equal_weights_change_nothing():
    source, target, _ = samples()
    b = balance(source, target, weights=Weights.of(np.full(400, 7.0), kind="importance"))
    np.testing.assert_allclose(b.smd_after, b.smd_before, rtol=1e-12)
    np.testing.assert_allclose(b.ratio_after, b.ratio_before, rtol=1e-12)


def test_the_right_ratio_balances_and_its_inverse_does_not():
    rng = np.random.default_rng(1)
    source, target = rng.normal(size=(4000, 2)), rng.normal(0.7, 1, (4000, 2))
    w = uw.log_ratio(-((source - 0.7) ** 2).sum(axis=1) / 2, -(source**2).sum(axis=1) / 2)
    b = balance(source, target, weights=w)
    assert b.mean_abs_before > 0.6
    assert b.mean_abs_after < 0.15 < b.mean_abs_before
    assert b.mean_abs_inverse > 1.2  # 1/w moves the source away by as much again
    wrong = balance(
        source, target, weights=uw.log_ratio(-(source**2).sum(axis=1) / 2, -((source - 0.7) ** 2).sum(axis=1) / 2)
    )
    assert wrong.mean_abs_inverse == pytest.approx(b.mean_abs_after, rel=1e-9)


def test_inverse_needs_weights_without_zeros():
    source, target, _ = samples()
    assert np.isnan(balance(source, target).mean_abs_inverse)
    zeros = Weights.of(np.arange(400.0), kind="importance")
    assert np.isnan(balance(source, target, weights=zeros).mean_abs_inverse)


def test_zero_is_removed_and_copies_are_repeated_rows():
    source, target, _ = samples(60)
    copies = np.arange(60) % 4
    b = balance(source, target, weights=Weights.of(copies, kind="frequency"))
    again = balance(np.repeat(source, copies, axis=0), target)
    np.testing.assert_allclose(b.smd_after, again.smd_before, rtol=1e-12)
    v = np.where(copies == 0, 0.0, 1.0 + np.arange(60))
    a = balance(source, target, weights=Weights.of(v, kind="importance"))
    kept = balance(source[v > 0], target, weights=Weights.of(v[v > 0], kind="importance"))
    np.testing.assert_allclose(a.smd_after, kept.smd_after, rtol=1e-12)
    np.testing.assert_allclose(a.ratio_after, kept.ratio_after, rtol=1e-12)


def test_constant_columns_use_the_sources_sd_then_0_or_infinity():
    source = np.c_[[1.0, 2, 3, 4], [0.1] * 4, [0.1] * 4, [0.3] * 4]
    target = np.c_[[2.0] * 3, [0.1] * 3, [0.2] * 3, [0.2] * 3]
    b = balance(source, target, weights=Weights.of([1, 2, 3, 4], kind="importance"))
    assert b.smd_before.tolist() == pytest.approx([0.5 / np.std([1, 2, 3, 4], ddof=1), 0.0, -np.inf, np.inf])
    assert b.smd_after[1:].tolist() == [0.0, -np.inf, np.inf]


def test_offsets_cost_no_digits():
    source, target, w = samples()
    a, b = balance(source, target, weights=w), balance(1e9 + source, 1e9 + target, weights=w)
    np.testing.assert_allclose(b.smd_after, a.smd_after, rtol=1e-5)
    np.testing.assert_allclose(b.ratio_after, a.ratio_after, rtol=1e-5)


def test_flags_are_set_from_a_tenth_and_outside_a_half_to_two():
    target = np.array([-1.0, 1.0] * 50)
    sd = target.std(ddof=1)
    shifted = lambda far, scale=1.0: (target * scale + far * sd)[:, None]
    flag = lambda source: balance(source, target[:, None]).flags[0]
    assert [flag(shifted(x)) for x in (0.0, 0.0999, 0.1001, -0.1001)] == ["", "", "SMD", "SMD"]
    assert [flag(shifted(0, s)) for s in (1.41, 1.42, 0.708, 0.706)] == ["", "RATIO", "", "RATIO"]
    assert flag(shifted(0.5, 2.0)) == "SMD RATIO"


# ---- levels and gaps ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", FRAMES)
def test_categories_have_a_row_a_level_and_gaps_their_own(frame):
    source = frame({"a": ["x", "y", None, "x"], "b": [True, False, True, True], "c": [1.0, None, 3.0, 4.0]})
    target = frame({"a": ["x", "z", "y", "x"], "b": [True, False, False, True], "c": [1.0, 2.0, 3.0, 4.0]})
    b = balance(source, target, weights=Weights.of([1, 1, 1, 5], kind="importance"))
    assert b.names == ("a = x", "a = y", "a = z", "a missing", "b = False", "b = True", "c", "c missing")
    assert b.before.tolist() == pytest.approx([0.5, 0.25, 0, 0.25, 0.25, 0.75, 8 / 3, 0.25])
    assert b.after.tolist() == pytest.approx([0.75, 0.125, 0, 0.125, 0.125, 0.875, 24 / 7, 0.125])
    assert b.target.tolist() == pytest.approx([0.5, 0.25, 0.25, 0, 0.5, 0.5, 2.5, 0])
    assert b["a = x"].smd_after == pytest.approx(0.25 / np.std([1, 0, 0, 1], ddof=1))
    assert b["a = z"].flag == "NO_SUPPORT"
    assert b["c missing"].smd_before == pytest.approx(0.25 / np.std([0, 1, 0, 0], ddof=1))  # nobody in the target
    assert np.isnan(b["b = True"].ratio_after)


def test_a_level_whose_rows_all_weigh_nothing_has_no_support():
    s, t = pd.DataFrame({"a": ["x", "y", "x"]}), pd.DataFrame({"a": ["x", "y"]})
    assert balance(s, t)["a = y"].flag == "SMD"
    assert balance(s, t, weights=Weights.of([1, 0, 1], kind="importance"))["a = y"].flag == "NO_SUPPORT"


def test_levels_are_compared_by_value_whatever_the_dtype():
    s = pd.DataFrame({"a": pd.Categorical(["u", "v", "v"], categories=["v", "u", "unused"])})
    t = pd.DataFrame({"a": ["u", "v", "v"]})
    b = balance(s, t)
    assert b.names == ("a = u", "a = v")
    assert b.smd_before.tolist() == pytest.approx([0.0, 0.0], abs=1e-15)
    numbers = pd.DataFrame({"a": pd.Categorical([10, 9, 9])})
    assert balance(numbers, numbers).names == ("a = 9", "a = 10")


def test_moments_are_of_the_rows_that_are_there():
    rng = np.random.default_rng(2)
    source, target, w = samples()
    source[rng.random(source.shape) < 0.2] = np.nan
    b = balance(source, target, weights=w)
    assert len(b) == 8
    for j in range(4):
        there = ~np.isnan(source[:, j])
        x, W = source[there, j], w.probabilities[there] / w.probabilities[there].sum()
        assert b[f"{j}"].after == pytest.approx(W @ x, rel=1e-12)
        var = (W * (x - W @ x) ** 2).sum() / (1 - (W**2).sum())
        assert b[f"{j}"].ratio_after == pytest.approx(var / target[:, j].var(ddof=1), rel=1e-12)
        assert b[f"{j} missing"].after == pytest.approx(w.probabilities[~there].sum(), rel=1e-12)


def test_a_column_that_is_all_gaps_is_unknown_but_told():
    source, target, _ = samples(d=2)
    source[:, 1] = np.nan
    b = balance(source, target)
    assert np.isnan(b["1"].smd_before)
    assert b["1 missing"].before == 1.0
    assert b["1 missing"].smd_before == np.inf
    assert b.worst == "1 missing"


# ---- containers -----------------------------------------------------------------------------------------------------------------


def test_every_container_gives_the_same_table():
    source, target, w = samples()
    names = list("abcd")
    wanted = balance(source, target, weights=w)
    forms = [
        lambda x: pd.DataFrame(x, columns=names),
        lambda x: pl.DataFrame(x, schema=names),
        lambda x: pa.table(dict(zip(names, x.T, strict=True))),
    ]
    for form in forms:
        b = balance(form(source), form(target), weights=w)
        assert b.names == tuple(names)
        np.testing.assert_allclose(b.smd_after, wanted.smd_after, rtol=1e-12)
        np.testing.assert_allclose(b.ratio_after, wanted.ratio_after, rtol=1e-12)
    mixed = balance(pd.DataFrame(source, columns=names), pl.DataFrame(target, schema=names), weights=w)
    np.testing.assert_allclose(mixed.smd_after, wanted.smd_after, rtol=1e-12)


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
@pytest.mark.parametrize("gaps", [False, True])
def test_sparse_is_dense_without_becoming_so(form, gaps, monkeypatch):
    rng = np.random.default_rng(3)
    source, target, w = samples(d=7)
    for x in (source, target):
        x[rng.random(x.shape) < 0.7] = 0.0
    source[:, 5] = 0.0
    if gaps:
        source[3, 1] = source[9, 2] = np.nan
    wanted = balance(source, target, weights=w)
    s, t = form(source), form(target)
    for kind in {type(s), type(s.tocsc())}:
        monkeypatch.setattr(kind, "toarray", lambda *_: pytest.fail("made dense"))
    b = balance(s, t, weights=w)
    assert b.names == wanted.names
    np.testing.assert_allclose(b.smd_after, wanted.smd_after, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(b.ratio_after, wanted.ratio_after, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(b.after, wanted.after, rtol=1e-9, atol=1e-12)


def test_sparse_duplicates_are_summed_in_a_copy():
    once = sparse.csc_matrix((np.array([1.0, 2.0, 3.0]), np.array([0, 0, 1]), np.array([0, 3])), shape=(3, 1))
    before = once.data.copy()
    b = balance(once, np.array([[0.0], [1.0], [5.0]]))
    assert b.before[0] == pytest.approx(2.0)
    assert np.array_equal(once.data, before)


def test_blocks_of_columns_do_not_matter(monkeypatch):
    source, target, w = samples(d=23)
    whole = balance(source, target, weights=w)
    sparse_whole = balance(sparse.csr_array(source), sparse.csr_array(target), weights=w)
    for name in ("CELLS", "STORED"):
        monkeypatch.setattr(import_module("upweight._balance._numbers"), name, 900)
    for b in (
        balance(source, target, weights=w),
        balance(sparse.csr_array(source), sparse.csr_array(target), weights=w),
    ):
        np.testing.assert_allclose(b.smd_after, whole.smd_after, rtol=1e-10)
    np.testing.assert_allclose(sparse_whole.smd_after, whole.smd_after, rtol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "int64", "uint8"])
def test_integers_and_halves_are_numbers(dtype):
    source, target, w = samples()
    a, b = source.astype(dtype), target.astype(dtype)
    np.testing.assert_allclose(
        balance(a, b, weights=w).smd_after, balance(a.astype(float), b.astype(float), weights=w).smd_after, rtol=1e-12
    )


def test_arrays_of_bools_and_strings_are_categories():
    b = balance(np.array([[True], [False], [True]]), np.array([[True], [False]]))
    assert b.names == ("0 = False", "0 = True")
    text = balance(np.array([["u"], [None], ["v"]], dtype=object), np.array([["u"], ["v"]], dtype=object))
    assert text.names == ("0 = u", "0 = v", "0 missing")


def test_columns_can_be_chosen():
    source, target, _ = samples()
    assert balance(source, target, columns=[2, 0]).names == ("2", "0")
    s, t = pd.DataFrame(source, columns=list("abcd")), pd.DataFrame(target[:, :2], columns=list("ba"))
    assert balance(s, t, columns=["b"]).names == ("b",)


def test_inputs_are_not_written():
    source, target, w = samples()
    for array in (source, target):
        array.flags.writeable = False
    s, t = pd.DataFrame(source), pd.DataFrame(target)
    kept = s.copy(), t.copy()
    _ = balance(s, t, weights=w).mean_abs_inverse
    balance(source, target, weights=w)
    pd.testing.assert_frame_equal(s, kept[0])
    pd.testing.assert_frame_equal(t, kept[1])


# ---- known means ------------------------------------------------------------------------------------------------------------------


def test_known_means_are_measured_in_the_sources_sd():
    source, _, w = samples()
    b = balance(source, {1: 7.0, 3: 4.0}, weights=w)
    np.testing.assert_allclose(
        b.smd_after, (np.average(source, axis=0, weights=w)[[1, 3]] - [7, 4]) / source[:, [1, 3]].std(axis=0, ddof=1)
    )
    assert np.isnan(b.ratio_after).all()
    assert b.n_target is None
    assert "known means" in str(b)


def test_known_shares_of_levels():
    frame = pd.DataFrame({"a": ["x", "y", "y", "x"], "b": [True, False, True, True]})
    b = balance(frame, {"a": {"x": 0.2, "y": 0.3, "z": 0.5}, "b": 0.3})
    assert b.target.tolist() == pytest.approx([0.2, 0.3, 0.5, 0.7, 0.3])
    assert b["a = z"].flag == "NO_SUPPORT"
    assert b["b = True"].smd_before == pytest.approx(0.45 / np.std([1, 0, 1, 1], ddof=1))


@pytest.mark.parametrize(
    ("means", "said"),
    [
        ({"a": 0.5}, "column 'a' is a category, which has a share a level and no mean; got 0.5"),
        ({"a": {"x": 1.0}}, "name every level and sum to one; got no share for 'y'"),
        ({"a": {"x": 0.4, "y": 0.4}}, "got a sum of 0.8"),
        ({"c": np.nan}, "target mean of column 'c' must be a finite number; got nan"),
        ({"nobody": 1.0}, "`source` lacks 1 of 1 column: 'nobody'"),
    ],
)
def test_wrong_means_are_refused(means, said):
    frame = pd.DataFrame({"a": ["x", "y", "y"], "c": [1.0, 2.0, 3.0]})
    with pytest.raises(InputError, match=said):
        balance(frame, means)


# ---- refusals -----------------------------------------------------------------------------------------------------------------------


def test_columns_of_one_side_only_are_named():
    s, t = pd.DataFrame({"a": [1, 2], "outcome": [0, 1]}), pd.DataFrame({"a": [1, 2]})
    with pytest.raises(
        InputError, match=r"`target` lacks 1 of 2 columns: 'outcome'. Choose those of both with columns="
    ):
        balance(s, t)


def test_a_number_against_a_category_is_refused():
    with pytest.raises(InputError, match="column 'a' is a category on one side and a number on the other"):
        balance(pd.DataFrame({"a": ["1", "2"]}), pd.DataFrame({"a": [1, 2]}))


def test_dates_are_refused():
    s = pd.DataFrame({"a": pd.to_datetime(["2020-01-01", "2020-01-02"])})
    with pytest.raises(InputError, match="column 'a' is neither number, category, string nor bool"):
        balance(s, s)


@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame, sparse.csr_array])
def test_infinite_values_are_refused_with_their_row(form):
    source, target, _ = samples(d=2)
    source[17, 1] = np.inf
    with pytest.raises(InputError, match="`source` column 1 must be finite; got 1 infinite, first at row 17"):
        balance(form(source), form(target))


def test_lazy_frames_are_refused():
    with pytest.raises(InputError, match="must be an eager pandas, polars or Arrow frame"):
        balance(pl.LazyFrame({"a": [1.0]}), pl.DataFrame({"a": [1.0]}))


@pytest.mark.parametrize("x", [np.arange(3.0), np.ones((0, 2)), 5.0, pd.DataFrame({"a": []})])
def test_what_is_no_table_is_refused(x):
    with pytest.raises(InputError, match=r"table of rows and columns|no rows"):
        balance(x, np.ones((2, 1)))


def test_wrong_weights_are_refused():
    source, target, w = samples()
    with pytest.raises(InputError, match=r"say what they are first: uw\.Weights\.of\(x, kind=\.\.\.\)"):
        balance(source, target, weights=np.ones(400))
    with pytest.raises(InputError, match="one entry a source row; got 10 for 400 rows"):
        balance(source, target, weights=w[:10])
    with pytest.raises(InputError, match="every weight is zero"):
        balance(source, target, weights=Weights.of(np.zeros(400), kind="importance"))
    with pytest.raises(InputError, match=r"w\.pick\(i\)"):
        balance(source, target, weights=Weights.of(np.ones((2, 400)), kind="importance"))
    shuffled = Weights.of(pd.Series(np.ones(400), index=np.arange(400)[::-1]), kind="importance")
    with pytest.raises(InputError, match="different indexes"):
        balance(pd.DataFrame(source), pd.DataFrame(target), weights=shuffled)
    with pytest.raises(InputError, match="`scale` must be 'target' or 'pooled'; got 'sd'"):
        balance(source, target, scale="sd")


# ---- the object -----------------------------------------------------------------------------------------------------------------------


def test_summaries_are_over_the_rows_of_the_table():
    source, target, w = samples()
    b = balance(source, target, weights=w)
    assert b.mean_abs_after == pytest.approx(np.abs(b.smd_after).mean())
    assert b.max_abs_before == np.abs(b.smd_before).max()
    assert b.worst == b.names[np.abs(b.smd_after).argmax()]
    assert [row.name for row in b] == list(b.names)
    assert b[1].after == b.after[1]
    assert not b.ok
    assert balance(target, target).ok
    with pytest.raises(InputError, match="no row 'zz'"):
        _ = b["zz"]
    with pytest.raises(ValueError, match="read-only"):
        b.smd_after[0] = 0.0


def test_tables_travel_between_processes():
    source, target, w = samples()
    b = balance(source, target, weights=w)
    back = pickle.loads(pickle.dumps(b))
    assert str(back) == str(b)
    assert back.mean_abs_inverse == b.mean_abs_inverse


def test_lists_make_a_frame():
    source, target, w = samples()
    b = balance(source, target, weights=w)
    frame = pd.DataFrame(b.to_dict())
    assert frame.shape == (4, 9)
    np.testing.assert_array_equal(frame["smd_after"], b.smd_after)


def test_the_printed_table():
    source = pd.DataFrame({"age": [20.0, 30, 40, 50], "pay": [1e4, 2e4, 3e4, 4e4], "sex": ["f", "f", "m", "f"]})
    target = pd.DataFrame({"age": [22.0, 30, 41, 47], "pay": [3e4, 1e4, 4e4, 5e4], "sex": ["f", "m", "m", "m"]})
    b = balance(source, target, weights=Weights.of([1, 1, 2, 2], kind="importance"))
    assert str(b).splitlines() == [
        "balance of 4 source rows worth 3.6 with 4 target rows: mean |SMD| 0.610 before, 0.552 after",
        "         target  source  weighted     SMD   after  ratio  after",
        "age          35      35     38.33  +0.000  +0.299   1.34   1.26  SMD",
        "pay      32,500  25,000    28,333  -0.439  -0.244   0.57   0.54  SMD",
        "sex = f    0.25    0.75    0.6667  +1.000  +0.833                SMD",
        "sex = m    0.75    0.25    0.3333  -1.000  -0.833                SMD",
    ]
    assert "weighted" not in str(balance(source, target))
    assert str(b).encode("latin-1")


def test_long_tables_show_the_worst_rows():
    source, target, _ = samples(d=60)
    b = balance(source, target)
    lines = str(b).splitlines()
    assert lines[-1] == "... and 20 rows with smaller differences"
    assert any(line.startswith(f"{b.worst} ") for line in lines)


# ---- real rows --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.data
def test_lalonde_before_weighting(data_folder):
    source = pd.read_stata(data_folder / "shift" / "cps_controls.dta")
    target = pd.read_stata(data_folder / "shift" / "nsw_dw.dta").query("treat == 1")
    columns = ["age", "education", "black", "married", "nodegree", "re74", "re75"]
    b = balance(source, target, columns=columns)
    figures = [1.0355, 0.8363, -2.1113, 1.3306, -0.9044, 2.4396, 3.7645]
    assert b.smd_before.tolist() == pytest.approx(figures, abs=5e-5)
    assert b["re75"].ratio_before == pytest.approx(8.2925, abs=5e-5)
    assert (b.n_source, b.n_target) == (15992, 185)


def test_a_copy_is_as_read_only_as_its_original():
    b = uw.balance(np.arange(6.0).reshape(3, 2), np.ones((3, 2)))
    assert b.smd_after.shape == (2,)
    assert not pickle.loads(pickle.dumps(b)).smd_after.flags.writeable


def test_names_print_control_characters_written_out():
    b = uw.balance(pd.DataFrame({"\x1b[31mred": ["\x07a", "b"]}), pd.DataFrame({"\x1b[31mred": ["\x07a", "b"]}))
    assert "\x1b" not in str(b)
    assert r"\x1b[31mred = \x07a" in str(b)
    assert b["\x1b[31mred = \x07a"].target == 0.5
