"""docs/coming-from/imbalanced-learn.md against the installed package: nothing of theirs is missing, and what is ours exists.

A row of a table whose first cell names a class or function must name each of its arguments in code marks, unless the table of
shared arguments does. Every `im.` in code marks or in a code block is looked up, and its keywords are those of the signature.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

import upweight as uw
import upweight.imbalance as im

PAGE = Path(__file__).resolve().parents[2] / "docs" / "coming-from" / "imbalanced-learn.md"
TEXT = PAGE.read_text()
ROOMS = (
    "over_sampling", "under_sampling", "combine", "ensemble", "pipeline", "metrics", "metrics.pairwise", "tensorflow", "keras",
    "datasets", "model_selection", "utils", "exceptions", "base",
)  # fmt: skip
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("|---")]
CODE = re.compile(r"`([^`]+)`")


def theirs():
    """(name, object) of every public class and function of imbalanced-learn."""
    found = {"FunctionSampler": importlib.import_module("imblearn").FunctionSampler}
    for room in ROOMS:
        module = importlib.import_module(f"imblearn.{room}")
        names = getattr(module, "__all__", [n for n in dir(module) if not n.startswith("_")])
        inside = "imblearn" if hasattr(module, "__all__") else module.__name__
        for name in names:
            thing = getattr(module, name)
            if callable(thing) and thing.__module__.startswith(inside):
                found[name] = thing
    return sorted(found.items())


def row_of(name):
    """The table row whose first cell has the name in code marks."""
    rows = [row for row in ROWS if name in CODE.findall(row.split("|")[1])]
    assert len(rows) == 1, f"{name}: {len(rows)} rows of the page's tables begin with it"
    return rows[0]


def shared_arguments():
    table = TEXT.split("## Arguments that many classes share")[1].split("\n\n| `sampling_strategy=`")[0]
    return {name for row in table.splitlines() if row.startswith("| `") for name in CODE.findall(row.split("|")[1])}


def arguments(thing):
    kinds = (inspect.Parameter.VAR_KEYWORD,)
    return [n for n, p in inspect.signature(thing).parameters.items() if p.kind not in kinds and n != "self"]


def test_the_package_is_the_one_the_page_names():
    version = importlib.import_module("imblearn").__version__
    assert f"imbalanced-learn {'.'.join(version.split('.')[:2])}" in TEXT
    assert len(theirs()) > 45


@pytest.mark.parametrize(("name", "thing"), theirs(), ids=[name for name, _ in theirs()])
def test_every_class_and_every_argument_is_on_the_page(name, thing):
    named = {word for code in CODE.findall(row_of(name)) for word in re.findall(r"\w+", code)}
    missing = set(arguments(thing)) - named - shared_arguments()
    assert not missing, f"{name}: {sorted(missing)}"


def calls_of_ours():
    """Every piece of Python on the page that mentions `im.` or `uw.`: in code marks, and in blocks."""
    blocks = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)
    sources = [
        re.sub(r"^(>>>|\.\.\.) ?", "", "\n".join(x for x in b.splitlines() if x[:3] in (">>>", "...")), flags=re.M)
        for b in blocks
    ]
    return sources + [
        code
        for code in CODE.findall(re.sub(r"^```.*?^```", "", TEXT, flags=re.M | re.S))
        if "im." in code or "uw." in code
    ]


def looked_up(tree):
    """(name, keywords) of every attribute of `im` or `uw`, keywords where it is called."""
    called = {id(n.func): [k.arg for k in n.keywords] for n in ast.walk(tree) if isinstance(n, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("im", "uw"):
            yield node.value.id, node.attr, called.get(id(node), [])


def breaches(source):
    found = []
    for home, name, keywords in looked_up(ast.parse(textwrap.dedent(source))):
        thing = getattr({"im": im, "uw": uw}[home], name, None)
        if thing is None:
            found.append(f"{home}.{name} does not exist")
        elif strange := set(keywords) - set(inspect.signature(thing).parameters) if keywords else set():
            found.append(f"{home}.{name} takes no {sorted(strange)}")
    return found


def test_everything_of_ours_on_the_page_exists():
    sources = calls_of_ours()
    assert len(sources) > 50
    assert [b for source in sources for b in breaches(source)] == []


def test_a_name_or_keyword_that_is_not_ours_would_be_noticed():
    assert breaches("im.Smoat(k=5)") == ["im.Smoat does not exist"]
    assert breaches("im.SMOTE(neighbors=5)") == ["im.SMOTE takes no ['neighbors']"]


def test_every_public_name_of_ours_that_resamples_or_bags_is_on_the_page():
    ours = [n for n in im.__all__ if hasattr(getattr(im, n), "resample") or hasattr(getattr(im, n), "fit")]
    named = {name for source in calls_of_ours() for _, name, _ in looked_up(ast.parse(textwrap.dedent(source)))}
    assert set(ours) - named - {"Adopted"} == set()


def test_every_figure_in_brackets_leads_to_a_section():
    asked = {int(n) for row in ROWS for n in re.findall(r"\[(\d+)\](?!\()", row)}
    assert asked
    assert asked <= {int(n) for n in re.findall(r"^\*\*\[(\d+)\]\*\*", TEXT, re.M)}


# ---- what the page says is equal, or is not -------------------------------------------------------------------------------


def decided(seed):
    """Labels, probabilities that err on both sides, and weights that vary."""
    rng = np.random.default_rng(seed)
    y = (rng.random(200) < 0.3).astype(int)
    return y, rng.random(200) * 0.7 + 0.25 * y, rng.uniform(0.5, 2, 200)


def pairs_of_figures(y, p, w):
    """{their function: (what it says, what ours says)} with and without weights."""
    metrics = importlib.import_module("imblearn.metrics")
    said, s = (p >= 0.5).astype(int), im.score(y, p, threshold=0.5, sample_weight=w)
    iba = metrics.make_index_balanced_accuracy(alpha=0.1)(metrics.geometric_mean_score)
    report = metrics.classification_report_imbalanced(y, said, sample_weight=w, output_dict=True)["1"]
    return {
        "sensitivity_score": (metrics.sensitivity_score(y, said, sample_weight=w), s.sensitivity),
        "specificity_score": (metrics.specificity_score(y, said, sample_weight=w), s.specificity),
        "geometric_mean_score": (
            metrics.geometric_mean_score(y, said, sample_weight=w, average="binary"),
            s.gmean,
        ),
        "make_index_balanced_accuracy": (iba(y, said, sample_weight=w, average="binary"), s.iba),
        "classification_report_imbalanced": (report["spe"], s.specificity),
        "macro_averaged_mean_absolute_error": (
            metrics.macro_averaged_mean_absolute_error(y, said, sample_weight=w),
            im.macro_mae(y, said, sample_weight=w),
        ),
    }


@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")  # theirs, of a specificity below 0
@pytest.mark.parametrize("seed", range(10))
def test_metrics_are_equal_and_with_weights_those_differ_that_the_page_says(seed):
    y, p, w = decided(seed)
    for theirs, ours in pairs_of_figures(y, p, None).values():
        assert theirs == pytest.approx(ours, abs=1e-12)
    apart = {name for name, (theirs, ours) in pairs_of_figures(y, p, w).items() if not abs(theirs - ours) < 1e-9}
    assert apart == {
        name for name in pairs_of_figures(y, p, w) if "[12]" in row_of(name) and name != "sensitivity_score"
    }


@pytest.mark.parametrize("seed", range(10))
def test_weighted_specificity_and_its_mean_are_those_counted_by_hand(seed):
    y, p, w = decided(seed)
    said, s = p >= 0.5, im.score(y, p, threshold=0.5, sample_weight=w)
    right = [w[(y == c) & (said == c)].sum() / w[y == c].sum() for c in (0, 1)]
    assert [s.specificity, s.sensitivity] == pytest.approx(right, rel=1e-12)
    assert s.gmean == pytest.approx((right[0] * right[1]) ** 0.5, rel=1e-12)


@pytest.mark.parametrize("name", ["RandomOverSampler", "SMOTE", "BorderlineSMOTE", "ADASYN"])
def test_over_sampling_all_but_the_minority_changes_nothing_for_two_classes(name):
    y = np.repeat([0, 1], [467, 133])
    X = np.random.default_rng(0).normal(size=(600, 3)) + y[:, None]
    sampler = getattr(importlib.import_module("imblearn.over_sampling"), name)
    counts = {
        s: len(sampler(sampling_strategy=s).fit_resample(X, y)[1]) for s in ("not minority", "auto", "minority", "all")
    }
    assert counts["not minority"] == 600
    assert counts["auto"] == counts["minority"] == counts["all"] > 900


@pytest.mark.parametrize("name", ["RandomUnderSampler", "NearMiss", "InstanceHardnessThreshold"])
def test_under_sampling_all_but_the_majority_changes_nothing_for_two_classes(name):
    y = np.repeat([0, 1], [467, 133])
    X = np.random.default_rng(0).normal(size=(600, 3)) + y[:, None]
    sampler = getattr(importlib.import_module("imblearn.under_sampling"), name)
    assert len(sampler(sampling_strategy="not majority").fit_resample(X, y)[1]) == 600
    assert len(sampler().fit_resample(X, y)[1]) < 400


def test_of_three_classes_the_strategies_are_the_counts_the_page_names():
    over, under = (importlib.import_module(f"imblearn.{n}_sampling") for n in ("over", "under"))
    y = np.repeat([0, 1, 2], [300, 200, 100])
    X = np.zeros((600, 1))
    same = [
        (over.RandomOverSampler(sampling_strategy="minority"), im.RandomOver(to={2: 300})),
        (over.RandomOverSampler(sampling_strategy="not minority"), im.RandomOver(to={1: 300})),
        (over.RandomOverSampler(sampling_strategy="not majority"), im.RandomOver()),
        (over.RandomOverSampler(sampling_strategy="all"), im.RandomOver()),
        (under.RandomUnderSampler(sampling_strategy="majority"), im.RandomUnder(to={0: 100})),
        (under.RandomUnderSampler(sampling_strategy="not majority"), im.RandomUnder(to={1: 100})),
        (under.RandomUnderSampler(sampling_strategy="not minority"), im.RandomUnder()),
        (under.RandomUnderSampler(sampling_strategy="all"), im.RandomUnder()),
    ]
    for theirs, ours in same:
        counts = [np.bincount(s.fit_resample(X, y)[1]).tolist() for s in (theirs, ours)]
        assert counts[0] == counts[1]


@pytest.mark.parametrize("name", ["TomekLinks", "EditedNearestNeighbours"])
def test_cleaning_strategies_are_those_the_page_names(name):
    under = importlib.import_module("imblearn.under_sampling")
    ours = {"TomekLinks": im.TomekLinks, "EditedNearestNeighbours": im.EditedNN}[name]
    y = np.repeat([0, 1, 2], [300, 200, 100])
    X = np.random.default_rng(0).normal(size=(600, 3)) + y[:, None]
    for strategy, drop in (("auto", "majority"), ("not minority", "majority"), ("all", "all")):
        sampler = getattr(under, name)(sampling_strategy=strategy)
        sampler.fit_resample(X, y)
        np.testing.assert_array_equal(np.sort(sampler.sample_indices_), ours(drop=drop).resample(X, y).indices)
