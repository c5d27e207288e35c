"""Another library's keyword is answered with ours, and nothing else about the class or function changes."""

from __future__ import annotations

import inspect
import pickle

import pytest
from sklearn.base import BaseEstimator, clone

from upweight import InputError
from upweight._foreign_keywords import own_keywords


class Plain(BaseEstimator):
    """Settings."""

    def __init__(self, *, k=5, to="balanced", rng=None):
        self.k, self.to, self.rng = k, to, rng


@own_keywords
class Named(BaseEstimator):
    """Settings."""

    def __init__(self, *, k=5, to="balanced", rng=None):
        self.k, self.to, self.rng = k, to, rng


class Child(Named):
    """A class that somebody else derives, with a setting more."""

    def __init__(self, *, extra=1, k=5):
        super().__init__(k=k)
        self.extra = extra


@own_keywords
def forest(y, *, members=10, rng=None):
    """Trees."""
    return y, members, rng


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"random_state": 7}, "Named takes no `random_state`: here it is `rng`. Write Named(rng=7)."),
        ({"k_neighbors": 3}, "Named takes no `k_neighbors`: here it is `k`. Write Named(k=3)."),
        ({"k_neighbors": Plain()}, "Named takes no `k_neighbors`: here it is `k`. Write Named(k=Plain())."),
        (
            {"sampling_strategy": "auto"},
            "Named takes no `sampling_strategy`: here it is `to`, 'balanced', a ratio rare/common or {label: rows}. "
            "Write Named(to=...).",
        ),
        (
            {"n_jobs": 2},
            "Named takes no `n_jobs`: threads are set by OMP_NUM_THREADS, processes by joblib.parallel_config. "
            "Leave it out.",
        ),
        ({"rgn": 1}, "Named takes no `rgn`. Did you mean 'rng'?"),
        ({"colour": 1}, "Named takes no `colour`. Known: k, to, rng."),
    ],
)
def test_a_foreign_keyword_is_answered_with_ours(keywords, text):
    with pytest.raises(InputError) as caught:
        Named(**keywords)
    assert str(caught.value) == text
    assert isinstance(caught.value, TypeError)


def test_a_function_is_answered_by_the_word_that_it_has():
    with pytest.raises(
        TypeError, match=r"forest takes no `n_estimators`: here it is `members`\. Write forest\(members=5\)\."
    ):
        forest([1], n_estimators=5)
    assert forest([1], members=3) == ([1], 3, None)


def test_a_value_nobody_types_is_left_out():
    with pytest.raises(TypeError, match=r"Write Named\(rng=\.\.\.\)\."):
        Named(random_state=list(range(100)))


def test_nothing_else_changes():
    assert inspect.signature(Named) == inspect.signature(Plain)
    assert Named(k=3).get_params() == Plain(k=3).get_params()
    assert clone(Named(k=3, rng=1)).get_params() == {"k": 3, "to": "balanced", "rng": 1}
    assert pickle.loads(pickle.dumps(Named(k=2))).k == 2
    assert repr(Named(k=2)) == "Named(k=2)"
    assert (Child(extra=2, k=3).k, clone(Child(extra=4)).extra) == (3, 4)
    assert inspect.signature(forest).parameters["members"].default == 10
    assert forest.__doc__ == "Trees."
