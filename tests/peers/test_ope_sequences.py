"""Off-policy evaluation of episodes and rankings by the field's libraries: where they differ, an invariant shows who is right.

scope-rl 0.2.1 is read one function at a time, for it does not import with what is installed here; absent, it is skipped, saying so.
"""

from __future__ import annotations

import ast
import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest

import upweight as uw
from upweight.ope import sequence, trajectory


def source_of(package: str, file: str) -> str:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"{package} is not installed: pip install --no-deps {package}")
    return (Path(next(iter(spec.submodule_search_locations))) / file).read_text()


def function_of(package: str, file: str, name: str, names: dict):
    """One function of a package, without importing it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in its docstrings
        tree = ast.parse(source_of(package, file))
    found = next(x for x in ast.walk(tree) if isinstance(x, ast.FunctionDef) and x.name == name)
    exec(compile(ast.Module([found], []), file, "exec"), names)
    return names[name]


@pytest.fixture
def scope_rl():
    from typing import Any

    import scipy
    import scipy.stats

    names: Any = {"np": np, "scipy": scipy, "Dict": dict, "check_scalar": lambda *a, **_: None}
    return lambda name: function_of("scope_rl", "utils.py", name, names)


def test_hoeffdings_bound_falls_with_the_root_of_n(scope_rl):
    """Theirs multiplies by n where it divides: of U(0, 1) it is ± 13.5, 42.9, 136 at n = 100, 1,000, 10,000; right are .136, .043, .014."""
    f = scope_rl("estimate_confidence_interval_by_hoeffding")
    widths = []
    for n in (100, 1000, 10_000):
        x = np.random.default_rng(0).random(n)
        low, high = [v for k, v in f(x).items() if "CI" in k]
        widths.append((high - low) / 2)
        ours = uw.ope.guarantee(x, uw.Weights.of(np.ones(n), kind="importance", exact=True))
        assert ours[0] <= 0.5 <= ours[1]
        assert (ours[1] - ours[0]) / 2 < np.sqrt(np.log(2 / 0.05) / 2 / n)
    np.testing.assert_allclose(widths, [13.5, 42.9, 136], rtol=0.02)


def test_a_t_interval_has_two_sides(scope_rl):
    """Theirs takes the one-sided quantile: of 4,000 normal samples of 50 a nominal 95 % covers .90; 3 errors are .014."""
    f = scope_rl("estimate_confidence_interval_by_t_test")
    rng, theirs, ours = np.random.default_rng(0), [], []
    for x in rng.normal(size=(4000, 50)):
        low, high = [v for k, v in f(x).items() if "CI" in k]
        theirs.append(low <= 0 <= high)
    for x in rng.normal(size=(1000, 50)):
        w = uw.Weights.of(np.ones(50), kind="importance", exact=True)
        low, high = sequence(x, w, group=np.arange(50)).interval()
        ours.append(low <= 0 <= high)
    assert 0.885 < np.mean(theirs) < 0.92
    assert np.mean(ours) > 0.93


def test_products_of_probabilities_are_0_over_0_where_logs_are_1():
    """400 steps of .1 against .1."""
    p = np.full(400, 0.1)
    with np.errstate(invalid="ignore"):
        assert np.isnan(np.prod(p) / np.prod(p))
    w = uw.ratio(p, p)
    assert trajectory(w, group=np.zeros(400)).values.tolist() == [1.0]
    assert sequence(np.ones(400), w, group=np.zeros(400), how="pdis", discount=0.5).value == pytest.approx(2.0)


def test_discounting_starts_with_the_second_reward():
    """One step of reward 1 is worth 1, whatever the discount."""
    w = uw.Weights.of([1.0, 1.0], kind="importance", exact=True)
    for how in ("is", "wis", "pdis", "cwpdis", "step", "pi"):
        assert sequence([1.0, 1.0], w, group=[0, 1], how=how, discount=0.5).value == pytest.approx(1.0)
