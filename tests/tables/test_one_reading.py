"""A column is read by what it holds, not by who opened the file: as Arrow reads it for the command, as pandas and as polars do."""

import io
import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import upweight.imbalance as im
from upweight import InputError
from upweight.files import read_source
from upweight.files._text import GAPS as FILE_GAPS
from upweight.tables import Schema
from upweight.tables._as_text import GAPS

day = st.dates().filter(lambda d: d.year > 999)
number = st.one_of(st.integers(-999, 999), st.decimals(-99, 99, places=2)).map(str)
VALUES = {
    "number": number,
    "bool": st.sampled_from(["True", "False"]),
    "lower bool": st.sampled_from(["true", "false"]),
    "word": st.sampled_from(["yes", "no", "Yes", "a b", "N", "x1"]),
    "date": day.map(str),
    "stamp": st.datetimes().filter(lambda d: d.year > 999).map(lambda d: d.strftime("%Y-%m-%d %H:%M:%S")),
    "clock": st.times().map(lambda t: t.strftime("%H:%M:%S")),
    "european": day.map(lambda d: d.strftime("%d/%m/%Y")),
    "american": day.map(lambda d: d.strftime("%m/%d/%Y")),
    "german": day.map(lambda d: d.strftime("%d.%m.%Y")),
    "dollars": number.map(lambda n: f"${n}"),
    "percent": number.map(lambda n: f"{n}%"),
    "mixed": st.one_of(number, st.sampled_from(["x", "True", "2021-01-01"])),
    "constant": st.just("7"),
}
gap = st.sampled_from(["", "NA", "NULL", "N/A", "?", "nan"])


@st.composite
def csv(draw):
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4))
    rows, gaps = draw(st.integers(3, 30)), draw(st.booleans())
    columns = []
    for kind in kinds:
        value = st.one_of(VALUES[kind], gap) if gaps else VALUES[kind]
        columns.append(draw(st.lists(value, min_size=rows, max_size=rows)))
    lines = ["key," + ",".join(f"c{j}" for j in range(len(kinds)))]
    lines += [",".join(["ab"[i % 2], *cells]) for i, cells in enumerate(zip(*columns, strict=True))]
    return "\n".join(lines) + "\n"


def polars_of(text):
    return pl.read_csv(io.StringIO(text), infer_schema_length=None)


def pandas_of(text):
    return pd.read_csv(io.StringIO(text))


@settings(max_examples=25, deadline=None)
@given(csv())
def test_a_file_and_the_frames_read_from_it_are_one_table(tmp_path_factory, text):
    one_table(tmp_path_factory.mktemp("one") / "d.csv", text)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(csv())
def test_many_files_and_the_frames_read_from_them_are_one_table(tmp_path_factory, text):
    one_table(tmp_path_factory.mktemp("one") / "d.csv", text)


def one_table(path, text):
    path.write_text(text)
    file = read_source(str(path), lambda _: None).table
    schema = Schema.of(file)
    table = schema.read(file)
    for read in (pandas_of, polars_of):
        frame = read(text)
        assert Schema.of(frame) == schema, read.__name__
        other = schema.read(frame)
        np.testing.assert_array_equal(other.numbers, table.numbers)
        np.testing.assert_array_equal(other.codes, table.codes)
        assert Schema.of(frame).read(file).fingerprint() == table.fingerprint()


def test_every_gap_of_the_file_reader_is_one_of_frames():
    assert {g.strip() for g in FILE_GAPS} <= set(GAPS)


def shop(n=300):
    """A small shop: dates, times, money, gaps by word, yes and no, words; the target hangs on a few of them."""
    rng = np.random.default_rng(5)
    since = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D")
    price = rng.lognormal(4, 1, n).round(2)
    odds = -2 + 0.004 * (since - pd.Timestamp("2020-01-01")).days + 0.3 * np.log(price)
    frame = pd.DataFrame(
        {
            "since": since.strftime("%Y-%m-%d"),
            "paid": since.strftime("%d/%m/%Y"),
            "price": [f'"${p:,.2f}"' for p in price],
            "share": [f"{p:.1f}%" for p in rng.random(n) * 100],
            "member": np.where(rng.random(n) < 0.1, "NA", np.where(rng.random(n) < 0.5, "True", "False")),
            "age": np.where(rng.random(n) < 0.1, "NA", rng.integers(18, 80, n).astype(str)),
            "tag": rng.choice(["red", "blue", "N/A"], n),
            "left": (rng.random(n) < 1 / (1 + np.exp(2 - odds))).astype(int),
        }
    )
    return ",".join(frame.columns) + "\n" + "\n".join(",".join(row) for row in frame.astype(str).to_numpy()) + "\n"


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """The comparison of the file, of the pandas frame and of the polars frame, and the frames."""
    text = shop()
    path = tmp_path_factory.mktemp("shop") / "shop.csv"
    path.write_text(text)
    frames = {
        "file": read_source(str(path), lambda _: None).table,
        "pandas": pandas_of(text),
        "polars": polars_of(text),
    }
    made = {}
    for name, frame in frames.items():
        X = (
            frame.drop_columns("left")
            if name == "file"
            else frame.drop(columns="left")
            if name == "pandas"
            else frame.drop("left")
        )
        y = frame["left"].to_numpy()
        made[name] = X, im.compare(X, y, methods="weights", cv="2x1", rng=0)
    return made


def test_a_comparison_of_a_file_and_of_its_frames_is_the_same_document(answers):
    documents = {name: json.loads(c.to_json()) for name, (_, c) in answers.items()}
    for document in documents.values():
        del document["timing"]
    assert documents["pandas"] == documents["file"]
    assert documents["polars"] == documents["file"]
    kinds = {c["column"]: c["kind"] for c in documents["file"]["data"]["preprocessing"]}
    assert kinds == dict.fromkeys(["since", "paid", "price", "share", "age"], "numeric") | {
        "member": "categorical",
        "tag": "categorical",
    }


def test_a_saved_model_scores_the_file_and_its_frames_alike(answers, tmp_path, recwarn):
    answers["file"][1].save(tmp_path / "m.skops")
    model = im.load(tmp_path / "m.skops")
    p = model.predict_proba(answers["file"][0])
    for name in ("pandas", "polars"):
        np.testing.assert_array_equal(model.predict_proba(answers[name][0]), p)
    X = answers["pandas"][0]
    dated = X.assign(since=pd.to_datetime(X["since"]), paid=pd.to_datetime(X["paid"], format="%d/%m/%Y"))
    np.testing.assert_array_equal(model.predict_proba(dated), p)
    plain = X.assign(price=[float(v.replace("$", "").replace(",", "")) for v in X["price"]])
    plain["member"] = [None if v is None or v != v else int(v) for v in X["member"]]
    np.testing.assert_array_equal(model.predict_proba(plain), p)
    assert not [w for w in recwarn.list if issubclass(w.category, UserWarning)]


def test_what_was_read_is_told_in_the_opening_lines(answers):
    line = answers["pandas"][1].setup.opening[1]
    assert "paid (dates as days; written as day/month/year, first '" in line
    assert "price (text read as numbers; first '$" in line


def test_dates_that_could_be_two_days_are_called_dates_and_no_identifier():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "d": [f"{a:02}/{b:02}/{y}" for a, b, y in rng.integers([1, 1, 1990], [12, 12, 2020], (200, 3))],
            "x": rng.random(200),
        }
    )
    note = Schema.of(frame).columns[0].note
    assert "looks like dates, first '" in note
    assert "identifier" not in note


def test_days_are_no_numbers_and_numbers_no_days():
    dates = Schema.of(pd.DataFrame({"d": pd.to_datetime(["2020-01-01", "2021-01-01"])}))
    with pytest.raises(InputError, match="column 'd' must hold dates; got int64. Write 2021-03-04, or pass dates."):
        dates.read(pd.DataFrame({"d": [18262, 18263]}))
    with pytest.raises(
        InputError,
        match="column 'd' must hold dates; got 1 of 1 values that are none, first 'soon' at row 0. Write 2021",
    ):
        dates.read(pd.DataFrame({"d": ["soon"]}))
    with pytest.warns(UserWarning, match=r"column 'd' is empty in 1 of 1 row \(100 %\), first at row 0"):
        assert np.isnan(dates.read(pd.DataFrame({"d": [np.nan]})).numbers).all()
    numbers = Schema.of(pd.DataFrame({"a": [1.0, 2.5]}))
    with pytest.raises(
        InputError, match=r"column 'a' must hold numbers; got timestamp\[ns\]. Pass numbers, as in training."
    ):
        numbers.read(pd.DataFrame({"a": pd.to_datetime(["2020-01-01"]).astype("datetime64[ns]")}))


def test_a_column_of_values_never_met_is_refused_and_some_are_told():
    schema = Schema.of(pd.DataFrame({"k": ["yes", "no"] * 10 + [None]}))
    for other in (["Yes", "No"], [True, False], [1, 0], [1.5, 2.5]):
        with pytest.raises(
            InputError, match=r"column 'k' has 2 of 2 values \(100%\) that were not there in training, first"
        ):
            schema.read(pd.DataFrame({"k": other}))
    with pytest.warns(
        UserWarning, match=r"has 1 of 3 values \(33%\) that were not there in training, first 'Yes' at row 2"
    ):
        assert schema.read(pd.DataFrame({"k": ["yes", None, "Yes", "no"]})).codes.tolist() == [[1], [-1], [-2], [0]]
    with pytest.warns(UserWarning, match="1 of 1 values"):
        schema.read(pd.DataFrame({"k": ["new"]}))


def test_a_long_tail_of_categories_may_be_new_throughout():
    schema = Schema.of(pd.DataFrame({"k": [f"c{i % 60}" for i in range(600)]}))
    with pytest.warns(UserWarning, match="2 of 2 values"):
        assert schema.read(pd.DataFrame({"k": ["z1", "z2"]})).codes.tolist() == [[-2], [-2]]


@pytest.mark.parametrize(
    "values",
    [
        [True, False, None],
        ["true", "FALSE", None],
        [1, 0, None],
        ["1", "0", "NA"],
        [1.0, 0.0, np.nan],
        ["True", "False", "?"],
    ],
)
def test_yes_and_no_are_read_however_they_are_held(values):
    schema = Schema.of(pd.DataFrame({"b": [True, None, False, True]}))
    assert schema.columns[0].categories == ("False", "True")
    assert schema.read(pd.DataFrame({"b": values})).codes.tolist() == [[1], [0], [-1]]


def test_a_declared_category_stays_one():
    frame = pd.DataFrame({"c": pd.Categorical(["1", "2", "3"] * 5), "t": ["1", "2", "3"] * 5})
    assert [c.kind for c in Schema.of(frame).columns] == ["categorical", "numeric"]
