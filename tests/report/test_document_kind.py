"""An error about a document names the command that writes documents of its kind, whatever is wrong with it."""

import pytest

import upweight as uw
from upweight.report import posterior_page, rare_page, verdict_page


def test_a_value_of_the_wrong_kind_sends_nobody_to_another_command():
    rare = uw.montecarlo.rare(lambda x: 2 - x[:, 0], 2, rng=0).to_dict()
    for change in ({"calls": "many"}, {"history": [3]}, {"screen": [3]}):
        with pytest.raises(uw.InputError, match="got .*Write the document again with `upweight rare --json`"):
            rare_page(rare | change)
    posterior = uw.montecarlo.evidence(lambda x: -(x[:, 0] ** 2), 1, rng=0).to_dict()
    with pytest.raises(uw.InputError, match=r"with the result's `to_json\(\)`"):
        posterior_page(posterior | {"calls": "many"})
    verdict = uw.Weights.of([1.0, 2.0, 0.5], kind="importance").check().to_dict()
    with pytest.raises(uw.InputError, match="`upweight check --json`"):
        verdict_page(verdict | {"reasons": [3]})
