"""Calls: counted to the row, the same bits however they are made, and every answer that is none refused with its inputs."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats

import upweight as uw
from upweight.montecarlo import Inputs, Run
from upweight.montecarlo.calls import Calls, Question

QUESTION = Question("g", "If a crash is a failure return -1, if not 1.", "True is failure? return 1 - 2*failed.")
NAMED = Inputs({"R": stats.norm(), "S": stats.gumbel_r(), "T": stats.expon()})
U = np.random.default_rng(0).standard_normal((503, 3))


def asked(g, run=None, inputs=NAMED, u=U, budget=10_000):
    with Calls(g, QUESTION, to_x=inputs.to_x, budget=budget, run=run, owner={"seed": 0}) as calls:
        y = calls(u)
        assert calls.calls == len(u)
        assert calls.left == budget - len(u)
        return y


def margin(x):
    return x["R"] - x["S"] * x["T"]


@pytest.mark.parametrize(
    "run",
    [
        Run(rows=True),
        Run(batch=7),
        Run(rows=True, batch=100),
        Run(workers=2),
        Run(rows=True, workers=2),
    ],
)
def test_the_answer_is_the_same_bits_however_calls_are_made(run):
    np.testing.assert_array_equal(asked(margin, run), asked(margin))


def test_a_map_of_somebody_gives_the_same_bits():
    with ThreadPoolExecutor(2) as pool:
        np.testing.assert_array_equal(asked(margin, Run(map=pool.map)), asked(margin))


def test_batch_caps_the_rows_of_a_call_and_none_is_one_call():
    sizes = []
    count = lambda x: sizes.append(len(x["R"])) or margin(x)
    asked(count, Run(batch=200))
    assert sizes == [200, 200, 103]
    asked(count)
    assert sizes[3:] == [503]


def test_rows_are_dicts_of_floats_or_single_rows():
    kinds = set()
    asked(lambda x: kinds.add(type(x["R"])) or x["R"], Run(rows=True))
    asked(lambda x: kinds.add(x.shape) or x[0], Run(rows=True), inputs=Inputs(3))
    assert kinds == {float, (3,)}


def test_a_function_that_writes_into_its_input_harms_nobody():
    def spoil(x):
        y = x.sum(axis=1)
        x *= 0
        return y

    u = U.copy()
    np.testing.assert_array_equal(asked(spoil, inputs=Inputs(3), u=u), U.sum(axis=1))
    np.testing.assert_array_equal(u, U)


def test_minus_infinity_is_lawful_and_a_column_is_taken():
    y = asked(lambda x: np.where(x["R"] > 0, -np.inf, 1.0)[:, None])
    np.testing.assert_array_equal(np.isinf(y), U[:, 0] > 0)


def spoiled(value, at=312):
    def g(x):
        y = margin(x)
        if len(y) > at:
            y[at] = value
        return y

    return g


@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, r"\+inf")])
def test_a_value_that_is_none_is_told_with_its_call_and_inputs(value, word):
    with pytest.raises(uw.InputError, match=rf"g is {word} at call 312: R=-?\d.*S=.*T=.*\. If a crash is a failure"):
        asked(spoiled(value))


@pytest.mark.parametrize(
    ("g", "said"),
    [
        (lambda x: x["R"] > 0, "True is failure. return 1 - 2"),
        (lambda x: "a", "one number a row"),
        (lambda x: x["R"][:5], r"shape \(503,\); got shape \(5,\)"),
        (lambda x: np.ones((503, 2)), r"got shape \(503, 2\)"),
        (lambda x: x["R"] + 1j, "complex128"),
        (lambda x: None, "object"),
    ],
)
def test_what_is_no_number_a_row_is_refused(g, said):
    with pytest.raises(uw.InputError, match=said):
        asked(g)


def test_what_the_function_raises_comes_with_its_inputs():
    def g(x):
        if x["R"] > 2:
            raise KeyError("load")
        return 1.0

    row = int(np.argmax(U[:, 0] > 2))
    with pytest.raises(KeyError, match="load") as raised:
        asked(g, Run(rows=True))
    assert f"raised at row {row}: R={U[row, 0]:.6g}" in raised.value.__notes__[0]
    with pytest.raises(KeyError) as raised:
        asked(lambda x: {}["load"])
    assert f"raised by g on 503 rows, the first: R={U[0, 0]:.6g}" in raised.value.__notes__[0]
    assert raised.value.__notes__[1] == "no journal is kept: Run(journal=...)"


def test_the_budget_is_never_exceeded():
    with pytest.raises(RuntimeError, match="503 rows asked of 502 left"):
        asked(margin, budget=502)


def test_a_journal_answers_what_it_holds_whatever_the_batch(tmp_path):
    path = tmp_path / "run.uwj"
    want = asked(margin, Run(journal=path, batch=100))
    seen = []
    again = asked(lambda x: seen.append(1) or margin(x), Run(journal=path, rows=True))
    np.testing.assert_array_equal(again, want)
    assert not seen


def test_answers_before_a_bad_one_stay_in_the_journal(tmp_path):
    path = tmp_path / "run.uwj"
    with pytest.raises(uw.InputError, match="NaN at call 312"):
        asked(spoiled(np.nan), Run(journal=path))
    rows = []
    want = asked(margin)
    np.testing.assert_array_equal(asked(lambda x: rows.append(len(x["R"])) or margin(x), Run(journal=path)), want)
    assert rows == [503 - 312]


def test_what_was_raised_tells_how_many_calls_are_kept(tmp_path):
    def g(x):
        if x["R"] > 2:
            raise KeyError("load")
        return 1.0

    with pytest.raises(KeyError) as raised:
        asked(g, Run(rows=True, journal=tmp_path / "run.uwj"))
    assert raised.value.__notes__[1] == f"{int(np.argmax(U[:, 0] > 2))} calls kept in the journal"


def test_progress_goes_to_a_function():
    seen = []
    asked(margin, Run(batch=250, progress=seen.append))
    assert [p.done for p in seen] == [0, 250, 500, 503]
    assert {p.parts for p in seen} == {10_000}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"workers": 2, "map": map}, "both say where calls run"),
        ({"batch": 0}, "`batch` must be a whole number, 1 or more; got 0"),
        ({"workers": 0}, "`workers` must be a whole number"),
        ({"rows": "no"}, "`rows` must be True or False"),
        ({"map": 3}, "`map` must be a function"),
        ({"progress": "yes"}, "`progress` must be"),
    ],
)
def test_settings_that_contradict_are_refused(settings, said):
    with pytest.raises(uw.InputError, match=said):
        Run(**settings)


def test_what_is_no_function_is_refused():
    with pytest.raises(uw.InputError, match="`g` must be a function; got int"):
        asked(3)


@pytest.mark.parametrize(
    ("g", "words"),
    [
        (lambda x: np.ma.masked_greater(x["R"], 0), "got [0-9]+ masked. Fill them"),
        (lambda x: x["R"].astype(object), "must give real numbers; got object"),
        (lambda x: x["R"] + 0j, "must give real numbers; got complex128"),
    ],
)
def test_values_that_hide_or_are_no_real_numbers_are_refused(g, words):
    with pytest.raises(uw.InputError, match=words):
        asked(g)


def test_a_map_that_loses_pieces_is_found_out():
    """Rows without an answer would hold whatever was in memory."""
    with pytest.raises(uw.InputError, match="`map` must give one answer for each of the 8 pieces it is handed; got 1"):
        asked(lambda x: x["R"], Run(map=lambda f, pieces: [f(p) for p in list(pieces)[:1]]))


def test_a_journal_is_a_path():
    with pytest.raises(uw.InputError, match="`journal` must be the path of a file; got True"):
        Run(journal=True)


def test_a_resumed_question_gives_the_function_the_same_bits(tmp_path):
    """Correlated inputs are a matrix product, whose last digit depends on how many rows it has: all rows are made, then those that are missing."""
    g = np.random.default_rng(1)
    a = g.standard_normal((20, 60))
    c = a @ a.T
    c /= np.sqrt(np.outer(np.diag(c), np.diag(c)))
    np.fill_diagonal(c, 1.0)
    inputs, u = Inputs(20, correlation=(c + c.T) / 2), g.standard_normal((503, 20))
    path, want = tmp_path / "run.uwj", asked(lambda x: x[:, 7], inputs=inputs, u=u)
    with pytest.raises(uw.InputError, match="NaN at call 313"):
        asked(lambda x: np.where(np.arange(503) == 313, np.nan, x[:, 7]), Run(journal=path), inputs, u)
    np.testing.assert_array_equal(asked(lambda x: x[:, 7], Run(journal=path), inputs, u), want)
    assert len(path.read_text().splitlines()) == 3


class Unreadable(Exception):
    """Pickled, it cannot be made again."""

    def __init__(self, part, size):
        super().__init__(f"{part} of {size}")


def diverges(x):
    if x["R"] > 1:
        raise Unreadable("mesh", 3)
    return 1.0


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"
)  # loky's thread, when it is broken off
def test_what_another_process_raised_comes_back_with_its_words_its_line_and_no_warning():
    """It was "A result has failed to un-serialize", and a warning of joblib's about cancelled tasks."""
    with pytest.raises(RuntimeError, match="Unreadable: mesh of 3") as raised:
        asked(diverges, Run(rows=True, workers=2))
    notes = raised.value.__notes__
    assert notes[0].startswith("raised at row ")
    assert notes[1].startswith("raised in diverges (test_calls.py, line ")
    assert notes[2].startswith("no journal is kept")
    with pytest.raises(Unreadable) as raised:
        asked(diverges, Run(rows=True))
    assert len(raised.value.__notes__) == 2


def test_a_series_in_another_order_is_refused_and_one_in_order_taken():
    """Its values were read by place, whatever its index said: a probability six times too large converged."""
    pd = pytest.importorskip("pandas")
    with pytest.raises(uw.InputError, match="a Series whose index is in another. Sort it"):
        asked(lambda x: pd.Series(x["R"]).sort_values())
    np.testing.assert_allclose(asked(lambda x: pd.Series(x["R"]).sort_values().sort_index()), U[:, 0], rtol=1e-12)
    dated = lambda x: pd.Series(x["R"], index=pd.date_range("2020", periods=len(x["R"]))[::-1])
    np.testing.assert_allclose(asked(dated), U[:, 0], rtol=1e-12)


def test_what_is_larger_than_a_float_is_infinite_without_a_warning():
    if np.finfo(np.longdouble).max > np.finfo(float).max:
        with pytest.raises(uw.InputError, match=r"g is \+inf at call 0"):
            asked(lambda x: np.full(len(x["R"]), np.longdouble("1e4000")))
