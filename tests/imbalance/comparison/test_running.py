"""Running a plan: what is foreseen, what ends a run at once, and who is told."""

import time

import numpy as np
import pytest

from upweight import InputError
from upweight.imbalance.comparison import Settings, Spoken, setup_comparison
from upweight.imbalance.comparison import _running as running
from upweight.imbalance.comparison._cells import Cell, Key, run_cell
from upweight.imbalance.comparison._watching import Lines, watch_for
from upweight.work import Watch

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
Y = RNG.random(400) < 1 / (1 + np.exp(2 - X[:, 0]))


def plan(methods="standard", cv="5x2"):
    return setup_comparison(X, Y, Settings.read(learner="logistic", methods=methods, cv=cv, cost=None, rng=0)).plan


def cell(seconds=0.0, error=None, name="threshold"):
    return Cell(Key(name, 0, 0), np.empty(0), np.empty(0), seconds=seconds, error=error)


def test_a_cell_is_foreseen_from_one_of_threshold_and_from_its_own_searches():
    p = plan()
    done = {Key("threshold", 0, 0): cell(2.0)}
    assert running.size(p) == pytest.approx(400 * 0.8 * 4 * 3)
    for m in p.methods:
        expected = m.work(float(Y.mean())) * 2.0 + m.extra * 1e-9 * running.size(p) * 3.0
        assert running.foresee(p, Key(m.name, 1, 0), done, 9.0, 3.0) == pytest.approx(expected)


def test_the_first_repeat_of_threshold_takes_what_trying_every_column_took():
    p = plan()
    done = {Key("threshold", 0, 0): cell(2.0)}
    assert running.foresee(p, Key("threshold", 0, 1), done, 9.0, 1.0) == 9.0
    assert running.foresee(p, Key("threshold", 1, 1), done, 9.0, 1.0) == 2.0


def test_a_cell_of_threshold_is_timed_first_where_one_is_left():
    p = plan("weights")
    assert running.reference_first(p, p.keys).name == "threshold"
    assert running.reference_first(p, [Key("weights", 0, 0)]).name == "weights"


def test_only_a_learner_that_fails_by_itself_ends_the_run():
    p = plan("weights")
    running.refuse_hopeless(p, cell(error="ValueError: no", name="weights"))
    running.refuse_hopeless(p, cell())
    with pytest.raises(InputError, match="fails on its own, without any remedy: ValueError: no"):
        running.refuse_hopeless(p, cell(error="ValueError: no"))
    with pytest.raises(InputError, match="^do this$"):
        running.refuse_hopeless(p, cell(error="InputError: do this"))


def test_the_estimate_names_the_method_that_takes_most(monkeypatch):
    slow = {"smote": 9.0}
    monkeypatch.setattr(running, "foresee", lambda plan, key, *a: slow.get(key.name, 1.0))
    told = []
    running.run_plan(plan("weights,smote", "2x1"), None, Spoken(Watch(), told.append))
    # 4 methods x 2 folds, one of threshold done: 1 + 2 + 2 + 18
    assert told[0].endswith(", 78 % of it for smote.")


def test_progress_goes_where_it_is_asked_to(capsys):
    heard = []
    watch = watch_for(lambda done, total: heard.append((done, total)))
    running.run_plan(plan("none", "2x1"), None, watch)
    assert heard == [(k, 4) for k in (1, 2, 3, 4)]
    assert isinstance(watch_for(True), Lines)  # standard error is no terminal here
    running.run_plan(plan("none", "2x1"), None, watch_for(True))
    err = capsys.readouterr().err
    assert err.startswith("4 fits, about ")
    assert err.endswith("4 of 4 fits\n")
    running.run_plan(plan("none", "2x1"), None, watch_for(False))
    running.run_plan(plan("none", "2x1"), None, watch_for(None))
    assert capsys.readouterr().err == ""
    with pytest.raises(InputError, match="`progress` must be None, True, False or a function"):
        watch_for("yes")


@pytest.mark.slow
def test_every_row_of_the_standard_set_takes_what_was_foreseen_within_a_factor_two():
    """Processor time of a cell, the least of three, 5,000 x 20 numbers with 14 % positives; "threshold" is the unit."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(5000, 20))
    y = rng.random(5000) < 1 / (1 + np.exp(2.3 - numbers[:, 0] - 0.5 * numbers[:, 1]))
    settings = Settings.read(learner="logistic", methods="standard", cv="5x2", cost=None, rng=0)
    p = setup_comparison(numbers, y, settings).plan
    run_cell(p, Key("threshold", 1, 0))  # imports

    def seconds(name):
        each = []
        for fold in range(3):
            start = time.process_time()
            run_cell(p, Key(name, 1, fold))
            each.append(time.process_time() - start)
        return min(each)

    unit = cell(seconds("threshold"))
    for m in p.methods:
        foreseen = running.foresee(p, Key(m.name, 1, 0), {Key("threshold", 1, 0): unit}, 0.0, 1.0)
        assert 0.5 < seconds(m.name) / foreseen < 2, m.name
