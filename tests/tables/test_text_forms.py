"""Numbers and dates written as text: one form for the whole column, or none."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from upweight.tables._text_forms import days, form_of, in_form, resembles


def day(*parts):
    return (dt.datetime(*parts) - dt.datetime(1970, 1, 1)) / dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("values", "form", "read"),
    [
        (["1", "-2.5", "+4", "1e3", ".5"], "number", [1, -2.5, 4, 1000, 0.5]),
        (["2021-03-04", "2020-02-29 12:30"], "date", [day(2021, 3, 4), day(2020, 2, 29, 12, 30)]),
        (["2021-03-04T12:00:00Z", "2021-03-04 12:00:00+02:00"], "date", [day(2021, 3, 4, 12), day(2021, 3, 4, 10)]),
        (["12:00", "18:00:00"], "time", [0.5, 0.75]),
        (["13/04/2021", "01/02/2020"], "day/month/year", [day(2021, 4, 13), day(2020, 2, 1)]),
        (["04/13/2021", "01/02/2020 9:30"], "month/day/year", [day(2021, 4, 13), day(2020, 1, 2, 9, 30)]),
        (["1.12.2020", "02.03.2020"], "day.month.year", [day(2020, 12, 1), day(2020, 3, 2)]),
        (["2021/1/31", "2021/12/01"], "year/month/day", [day(2021, 1, 31), day(2021, 12, 1)]),
        (["$1,234.50", "-$3", "$ 7"], "decimal point $", [1234.5, -3, 7]),
        (["12 %", "3.5%"], "decimal point %", [12, 3.5]),
        (["1,234,567", "89"], "decimal point", [1234567, 89]),
        (["3,5", "1.234,25"], "decimal comma", [3.5, 1234.25]),
        (["3,50 €", "7 €"], "decimal comma €", [3.5, 7]),
        (["5 €", "7 €"], "decimal point €", [5, 7]),
    ],
)
def test_a_column_in_one_form_is_read(values, form, read):
    text = pa.array([*values, None])
    assert form_of(text) == form
    np.testing.assert_array_equal(in_form(form, text), [*read, np.nan])


@pytest.mark.parametrize(
    "values",
    [
        ["03/04/2021", "05/06/2021"],  # day or month first
        ["03/03/2021", "05/06/2021"],
        ["13/04/2021", "04/13/2021"],  # both
        ["31/02/2021", "13/01/2021"],  # no such day
        ["2021-02-30"],
        ["1,234", "12"],  # a thousand, or one and a bit
        ["€1,234", "€3"],
        ["$5", "€5"],
        ["$5", "5"],
        ["5%", "5"],
        ["2021-03-04", "5"],
        ["2021-03-04T12:00:00Z", "2021-03-04T12:00:00"],
        ["1", "x"],
        ["1,2,3"],
        ["$"],
        [None],
    ],
)
def test_what_fits_two_forms_or_none_is_not_read(values):
    assert form_of(pa.array(values, pa.string())) is None


def test_dollars_have_no_decimal_commas_and_equal_readings_are_no_doubt():
    assert form_of(pa.array(["$1,234", "$3"])) == "decimal point $"
    assert form_of(pa.array(["7/7/2021", "8/8/2021"])) == "day/month/year"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["03/04/2021", "n/k", "05/06/2021"], "looks like dates, first '03/04/2021'"),
        (["3 Jan 2021", "Feb 4, 2022"], "looks like dates, first '3 Jan 2021'"),
        (["$5", "€7"], "looks like numbers, first '$5'"),
        (["x", "USD 5", "USD 7"], "looks like numbers, first 'USD 5'"),
    ],
)
def test_a_column_that_cannot_be_read_is_called_what_it_looks_like(values, words):
    assert resembles(pa.array(values)).startswith(words)


@pytest.mark.parametrize(
    "values",
    [["SKU123", "INV20"], ["10.0.0.1", "192.168.1.1"], ["555-1234", "555-9876"], ["1.2.10", "1.3.4"], ["a"], [None]],
)
def test_codes_and_addresses_look_like_nothing(values):
    assert resembles(pa.array(values, pa.string())) == ""


def test_days_do_not_hang_on_the_unit():
    rng = np.random.default_rng(0)
    seconds = rng.integers(-(10**9), 4 * 10**9, 500)
    stamps = pa.array(seconds.astype("datetime64[s]"))
    read = [days(stamps.cast(pa.timestamp(unit))) for unit in ("s", "ms", "us", "ns")]
    text = in_form("date", stamps.cast(pa.string()))
    for other in (*read[1:], text):
        np.testing.assert_array_equal(other, read[0])
