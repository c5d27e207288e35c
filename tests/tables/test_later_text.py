"""Text of a later frame is read in the form of training, or refused."""

import numpy as np
import pandas as pd
import pytest

from upweight import InputError
from upweight.tables import Schema

TRAINED = [f"{d:02}/{m:02}/2020" for d, m in [(1, 2), (25, 3), (13, 12), (4, 5)] * 5]


def schema(values):
    return Schema.of(pd.DataFrame({"c": values}))


def read(s, values):
    return s.read(pd.DataFrame({"c": values})).numbers[:, 0]


def test_dates_of_another_order_are_refused_with_the_first_that_does_not_fit():
    s = schema(TRAINED)
    with pytest.raises(InputError) as error:
        read(s, ["03/04/2021", "12/25/2020", "12/31/2020"])
    assert (
        "column 'c' must hold dates written day/month/year, as in training; got 2 of 3 that are not, first '12/25/2020' at row 1."
        in str(error.value)
    )
    with pytest.raises(InputError, match="got 1 of 2 that are not, first 'soon' at row 1"):
        read(s, ["25/03/2020", "soon"])


def test_dates_that_could_all_be_others_are_told(recwarn):
    s = schema(TRAINED)
    read(s, ["03/03/2021", "04/04/2021"])
    read(s, ["03/04/2021", "25/04/2021"])
    read(s, ["03/04/2021"])
    read(s, TRAINED)
    assert not recwarn.list
    with pytest.warns(
        UserWarning,
        match="is read as day/month/year, as in training, but each of its 2 different values could be month",
    ):
        days = read(s, ["03/04/2021", "05/06/2021"])
    assert days.tolist() == [18720, 18783]


def test_iso_dates_are_taken_beside_local_ones_and_not_the_other_way_round(recwarn):
    assert read(schema(TRAINED), ["2020-03-25", "25/03/2020"]).tolist() == [18346, 18346]
    iso = schema(["2020-01-02", "2020-05-25", "2021-01-01"])
    assert not recwarn.list
    with pytest.raises(
        InputError,
        match="must hold dates written 2021-03-04, as in training; got 1 of 2 that are not, first '25/03/2020'",
    ):
        read(iso, ["2020-03-25", "25/03/2020"])
    with pytest.warns(UserWarning, match="holds dates, but 1 of 2 values are none, first 'soon' at row 1"):
        read(iso, ["2020-03-25", "soon"])


def test_decimals_of_the_other_mark_are_refused_or_told():
    point = schema(["1,234.50", "2.5", "3.25"])
    with pytest.raises(
        InputError,
        match=r"must hold numbers written with a decimal point, as in training; got 1 of 2 .*'1.234,50' at row 1",
    ):
        read(point, ["1.234", "1.234,50"])
    comma = schema(["3,5", "2,25", "1.234,5"])
    assert read(comma, ["3.5", "1.25"]).tolist() == [3.5, 1.25]
    with pytest.raises(InputError, match=r"written with a decimal comma, as in training; got 1 of 2 .*'3.5' at row 0"):
        read(comma, ["3.5", "2,5"])
    with pytest.warns(
        UserWarning,
        match="is read as decimal comma, as in training, but each of its 2 different values could be decimal point",
    ):
        assert read(comma, ["1.234", "2.345"]).tolist() == [1234, 2345]


def test_dates_that_fit_two_orders_in_training_are_told_in_the_opening():
    import upweight.imbalance as im

    rng = np.random.default_rng(0)
    X = pd.DataFrame({"d": rng.choice(["01/02/2020", "03/04/2020", "05/06/2021"], 200), "x": rng.normal(size=200)})
    c = im.compare(X, np.arange(200) % 4 == 0, methods="weights", cv="2x1", rng=0)
    assert "d (3 levels; looks like dates, first '" in c.setup.opening[1]
