"""The rules of a verdict, one by one: the first that holds, and the grade at best."""

from dataclasses import replace

import pytest

from upweight.shift.diagnosis._rules import ShiftFigures, code_of, grade_of, half

MOVED = ShiftFigures(
    n=500, m=400, area=0.75, p=0.001, area_after=0.49, p_after=0.6, ess=250, max_before=0.8, max_after=0.05,
    mean_before=0.3, mean_after=0.02,
)  # fmt: skip
BY_LABEL = replace(MOVED, se=0.02, se_label=0.03, area_label=0.48, p_label=0.7, p_prior=0.001, label_usable=True)


@pytest.mark.parametrize(
    ("changed", "code", "grade"),
    [
        ({}, "repaired", "good"),
        ({"n": 49}, "too_few", "unusable"),
        ({"m": 49, "p": 0.9}, "too_few", "unusable"),
        ({"p": 0.06}, "no_shift", "good"),
        ({"kept_none": True}, "slight", "usable"),
        ({"kept_none": True, "area": 0.995}, "slight", "usable"),
        ({"area": 0.99}, "apart", "unusable"),
        ({"ratio_usable": False}, "apart", "unusable"),
        ({"p_after": 0.05}, "partly", "usable"),
        ({"area_after": 0.62, "p_after": 0.06}, "repaired", "good"),
        ({"area_after": 0.63, "p_after": 0.06}, "partly", "usable"),
        ({"area_after": 0.63, "mean_after": 0.28}, "unrepaired", "unreliable"),
        ({"area_after": 0.63, "mean_after": 0.27}, "partly", "usable"),
        ({"max_after": 0.16}, "repaired", "good"),  # 2 sqrt(1/250 + 1/400) = .161
        ({"max_after": 0.17}, "partly", "usable"),
        ({"max_after": 0.25, "ess": 20}, "partly", "unreliable"),
    ],
)
def test_the_first_rule_that_holds(changed, code, grade):
    f = replace(MOVED, **changed)
    assert (code_of(f), grade_of(code_of(f), f)) == (code, grade)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, "label_shift"),
        ({"kept_none": True}, "label_shift"),
        ({"p_label": 0.05}, "repaired"),
        ({"area_label": 0.626}, "repaired"),
        ({"area_label": 0.57}, "label_shift"),  # .625 - 1.645 sqrt(.03^2 + .01^2) = .573
        ({"area_label": 0.58}, "repaired"),
        ({"area_label": 0.48, "se_label": 0.1}, "repaired"),  # few rows show nothing
        ({"se_label": float("nan")}, "repaired"),
        ({"p_prior": 0.06}, "repaired"),
        ({"label_usable": False}, "repaired"),
        ({"p": 0.2}, "no_shift"),
    ],
)
def test_label_shift_needs_all_four(changed, code):
    assert code_of(replace(BY_LABEL, **changed)) == code


def test_half_of_the_way():
    assert half(0.7, 0.6)
    assert half(0.7, 0.3)
    assert not half(0.7, 0.61)
    assert not half(0.7, float("nan"))
