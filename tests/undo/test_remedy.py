"""A correction without a formula says what to do instead, also after it was saved or added up."""

from __future__ import annotations

import pytest

from upweight import Correction, UndoError


def test_the_remedy_that_was_given_is_told_instead_of_the_usual_one():
    usual = Correction.impossible("rows were made")
    own = Correction.impossible("it varies by row", remedy="pass the rows")
    with pytest.raises(UndoError, match="rows were made; no formula gives the odds back: recalibrate"):
        usual.apply([0.5])
    for c in (own, Correction.from_dict(own.to_dict()), Correction.kept(negatives=0.1) + own):
        with pytest.raises(UndoError, match=r"it varies by row; pass the rows\.$"):
            c.apply([0.5])
