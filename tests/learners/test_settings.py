"""Settings in a learner's name: one spelling, read back to the same learner, everywhere that a learner is named."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

import upweight.imbalance as im
from upweight import InputError, UndoError
from upweight.cli import main
from upweight.learners import as_learner, bare_learner, learner_name, with_settings
from upweight.learners._settings import split_settings

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
Y = X[:, 0] + RNG.normal(size=300) > 1


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "boosting"),
        (["max_iter=50"], "boosting(max_iter=50)"),
        (["max_iter=50", "learning_rate=.3", "max_iter=60"], "boosting(learning_rate=0.3, max_iter=60)"),
        (
            ["categorical_features=none", "early_stopping=TRUE"],
            "boosting(categorical_features=None, early_stopping=True)",
        ),
        (["scoring=loss", "verbose=0"], "boosting(scoring='loss', verbose=0)"),
        (["interaction_cst=[[0], [1]]"], "boosting(interaction_cst=[[0], [1]])"),
        (["scoring=a=b, (c"], "boosting(scoring='a=b, (c')"),
    ],
)
def test_one_spelling_that_is_read_back(words, text):
    assert with_settings("boosting", words) == text
    assert with_settings(text, []) == text
    assert learner_name(text) == text


def test_the_order_and_the_blanks_of_the_caller_do_not_matter():
    assert learner_name("boosting( max_iter = 50,learning_rate=.3)") == "boosting(learning_rate=0.3, max_iter=50)"


def test_the_learner_has_its_settings():
    assert bare_learner("logistic(C=0.5)").C == 0.5
    assert bare_learner("logistic(C=0.5)").max_iter == 1000  # what a name stands for stays
    forest = as_learner("sklearn.ensemble:RandomForestClassifier(n_estimators=7, max_depth=2)").learner
    assert (type(forest), forest.n_estimators, forest.max_depth) == (RandomForestClassifier, 7, 2)
    assert isinstance(bare_learner("boosting(max_iter=3)"), HistGradientBoostingClassifier)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "boosting(max_iters=5)",
            "HistGradientBoostingClassifier has no setting 'max_iters'. Did you mean 'max_iter'",
        ),
        ("boosting(5)", "not all of it is NAME=VALUE"),
        ("boosting(**{})", "not all of it is NAME=VALUE"),
        ("boosting(max_iter=open('x'))", "cannot be read"),
        ("boosting(max_iter=5", "cannot be read"),
        ("boostin(max_iter=5)", "unknown learner 'boostin'. Did you mean 'boosting'?"),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_run(text, message):
    with pytest.raises(InputError) as told:
        bare_learner(text)
    assert message in str(told.value)


@pytest.mark.parametrize("word", ["max_iter", "=5", "5=5", "a b=5"])
def test_words_are_name_and_value(word):
    with pytest.raises(InputError, match="takes NAME=VALUE"):
        with_settings("boosting", [word])


def test_a_bare_name_has_none():
    assert split_settings("logistic") == ("logistic", {})


def test_settings_act_are_saved_and_are_in_the_document(tmp_path):
    c = im.compare(X, Y, learner="logistic(C=0.001)", methods="none", cv="2x1", rng=0)
    plain = im.compare(X, Y, methods="none", cv="2x1", rng=0)
    assert c.to_dict()["settings"]["learner"] == "logistic(C=0.001)"
    assert [m.C for m in c.model.members_] == [0.001] * len(c.model.members_)
    assert abs(c.model.members_[0].coef_).max() < abs(plain.model.members_[0].coef_).max() / 2
    c.save(tmp_path / "m.skops")
    np.testing.assert_array_equal(im.load(tmp_path / "m.skops").predict_proba(X), c.model.predict_proba(X))


def test_a_journal_of_other_settings_is_refused(tmp_path):
    im.compare(X, Y, learner="logistic(C=0.1)", methods="none", cv="2x1", rng=0, journal=tmp_path / "j")
    with pytest.raises(InputError, match="belongs to other settings"):
        im.compare(X, Y, learner="logistic(C=0.2)", methods="none", cv="2x1", rng=0, journal=tmp_path / "j")


def test_a_setting_that_counts_classes_is_still_refused():
    with pytest.raises(UndoError, match="count twice"):
        im.Rebalanced("logistic(class_weight='balanced')", "weights").fit(X, Y)


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command; (exit code, what stood on stderr)."""

    def call(*args: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["upweight", *args])
        with pytest.raises(SystemExit) as done:
            main()
        return done.value.code or 0, " ".join(capsys.readouterr().err.split())

    return call


DEMO = ("compare", "demo:cancer", "--target", "malignant", "--methods", "none", "--cv", "2x1")


def test_the_command_sets_them(run, tmp_path):
    out = tmp_path / "r.json"
    assert run(*DEMO, "--json", str(out), "--set", "C=0.01", "--set", "max_iter=500")[0] == 0
    settings = json.loads(out.read_text())["settings"]
    assert settings["learner"] == "logistic(C=0.01, max_iter=500)"
    assert "--set C=0.01" in settings["command"]


def test_the_command_names_a_setting_that_is_not_there(run):
    code, error = run(*DEMO, "--set", "CC=1")
    assert code == 2
    assert "LogisticRegression has no setting 'CC'. Did you mean 'C'" in error


def test_an_object_is_named_as_before():
    assert learner_name(LogisticRegression(C=2)) == "LogisticRegression(C=2)"
