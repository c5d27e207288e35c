"""Which column is the question and which class the positive one: exact names first, nothing silently taken for something else."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight import InputError
from upweight.cli._target import take_apart
from upweight.files._tables import read_source


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Write a CSV file and take it apart."""
    monkeypatch.chdir(tmp_path)

    def call(text, target="y", *, positive=None, weights=None, group=None, exclude=(), name="d.csv"):
        if text is not None:
            (tmp_path / name).write_text(text)
        source = read_source(name, lambda _: None)
        return take_apart(source, target, positive=positive, weights=weights, group=group, exclude=exclude)

    return call


def column(labels, name="y"):
    return f"x,{name}\n" + "".join(f"{i * i},{label}\n" for i, label in enumerate(labels))


def refused(asked, *args, **kwargs):
    with pytest.raises(InputError) as error:
        asked(*args, **kwargs)
    return str(error.value)


@pytest.mark.parametrize(
    ("positive", "rows", "called"),
    [("'a'", 5, "a"), ('"A"', 3, "A"), ("a,A", 8, "a or A"), (" A , a ", 8, "A or a"), ("b", 1, "b")],
)
def test_spellings_of_a_class_are_taken_together_or_alone_as_asked(asked, positive, rows, called):
    made = asked(column("AAAaaaaab"), positive=positive)
    assert made.y.sum() == rows
    assert made.shown == (f"not {called}", called)


@pytest.mark.parametrize(
    ("labels", "positive", "line"),
    [
        ("aabbbc", "c", "Of the 3 classes of 'y', 'a' (2), 'b' (3) are one class, the negative."),
        ("aabbbc", "a,c", "Of the 3 classes of 'y', 'a' (2), 'c' (1) are one class, the positive."),
        (
            "aabbcd",
            "a,b",
            "Of the 4 classes of 'y', 'a' (2), 'b' (2) are one class, the positive; 'c' (1), 'd' (1) are one class, the negative.",
        ),
        (
            "abcdefghi",
            "a",
            "Of the 9 classes of 'y', 'b' (1), 'c' (1), 'd' (1), 'e' (1), 'f' (1), 'g' (1) and 2 more are one class, the negative.",
        ),
        ("aab", "b", ""),
        ("aab", "a", ""),
    ],
)
def test_classes_that_are_taken_as_one_are_named_with_their_rows(asked, labels, positive, line):
    assert asked(column(labels), positive=positive).others == line


@pytest.mark.parametrize("positive", ["yes", "Yes"])
def test_a_class_in_two_spellings_is_refused_with_both_ways_out(asked, positive):
    text = column(["No"] * 9 + ["Yes"] * 4 + ["yes"] * 2)
    assert refused(asked, text, positive=positive) == (
        "d.csv: column 'y': 'Yes' (4) and 'yes' (2) differ only in case. If they mean one class, --positive Yes,yes takes them "
        f"as one class; --positive \"'{positive}'\" takes that spelling alone."
    )
    assert "say --positive Yes,yes; it is then compared" in refused(asked, text)


def test_two_classes_that_are_one_in_two_spellings_are_refused(asked):
    said = refused(asked, column(["Yes", "yes", "yes"]))
    assert "needs two classes; 'Yes' (1) and 'yes' (2) differ only in case. Write them alike" in said
    assert asked(column(["Yes", "yes", "yes"]), positive="'yes'").y.sum() in (1, 2)


def test_other_case_will_do_where_it_is_one_class_and_is_refused_where_it_is_two(asked):
    assert asked(column(["Yes", "no", "no", "maybe"]), positive="YES").y.tolist() == [True, False, False, False]
    said = refused(asked, column(["ja", "Ja", "JA", "no"]), positive="jA")
    assert said == "d.csv: column 'y': --positive jA may be 'JA' or 'Ja' or 'ja'. Write it exactly."


@pytest.mark.parametrize(("labels", "positive"), [([1, 2, 3], "2.0"), ([0.5, 2, 7], "2"), ([0, 2, 1e20], "2e0")])
def test_a_number_is_found_however_it_is_written(asked, labels, positive):
    assert asked(column(labels), positive=positive).y.tolist() == [False, True, False]


def test_endless_targets_are_refused_with_their_row_and_large_ones_stay_what_they_are(asked):
    said = refused(asked, column([0, 1, "inf", 0, "-inf"]))
    assert "d.csv: column 'y', the target, must hold classes; got 2 infinite, first inf at row 2 (line 4)." in said
    np.testing.assert_array_equal(asked(column([0, 1e20, 0])).y, [0, 1e20, 0])
    assert asked(column([0.0, 1.0])).y.dtype == np.int64


def test_none_is_a_word_among_words_and_a_gap_among_numbers(asked, tmp_path):
    assert asked(column(["some", "None", "some"])).y.tolist() == ["some", "None", "some"]
    said = refused(asked, column([0, 1, "None", "None"]))
    assert "the target, has 2 missing values, first 'None' at row 2 (line 4). Drop those rows first, or write" in said
    assert "first 'NA' at row 1 (line 3)" in refused(asked, column(["some", "NA", "None"]))
    pq.write_table(pa.table({"x": [1.0, 2.0, 4.0], "y": ["some", "None", "some"]}), tmp_path / "d.parquet")
    assert asked(None, name="d.parquet").y.tolist() == ["some", "None", "some"]
    pq.write_table(pa.table({"x": [1.0, 2.0, 4.0], "y": ["some", None, "None"]}), tmp_path / "d.parquet")
    assert "has 1 missing value, first at row 1. Drop those rows first." in refused(asked, None, name="d.parquet")


def test_none_is_a_word_in_a_file_without_header_too(asked):
    text = "".join(f"{i * i},{'None' if i % 3 else 'some'}\n" for i in range(3, 11))
    assert sorted(set(asked(text, "c1").y)) == ["None", "some"]
    assert asked(text.replace(",", ",7,"), " 2", exclude=[" 1"]).X.column_names == ["c0"]


def test_blanks_around_names_do_not_matter_where_one_name_is_left(asked):
    text = "a , b,y \n1,2,0\n2,3,1\n3,5,0\n"
    found = asked(text, "y", exclude=["b"])
    assert (found.X.column_names, found.target) == (["a "], "y ")
    twice = "a,a ,y\n1,2,0\n2,3,1\n3,5,0\n"
    assert asked(twice, "y", exclude=["a"]).X.column_names == ["a "]
    assert "no column ' a' for --exclude" in refused(asked, twice, "y", exclude=[" a"])


def test_the_targets_of_a_demo_are_told(asked):
    said = refused(asked, None, "nine", name="demo:digits")
    assert said == "demo:digits: no column 'nine' for --target. Targets there: digit, eight."


def test_an_infinity_in_a_column_is_told_with_its_line_if_its_row_counts(asked):
    text = 'a,w,y\n"1",1,0\n\ninf,0,1\n-inf,2,0\n4,1,1\n'
    said = refused(asked, text)
    assert "column 'a' has 2, first inf at row 1 (line 4). Write them as missing" in said
    assert "column 'a' has 1, first -inf at row 2 (line 5)." in refused(asked, text, weights="w")
    assert asked(text.replace("-inf", "3"), weights="w").X.column_names == ["a"]


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["1.5,2,y,z,0", "1.5,word,x,0"])
def test_a_refusal_ends_in_order_every_time(tmp_path, wrong):
    """Threads of the reader must not outlive the refusal: of forty runs all end with code 2 and one line."""
    rows = [f"{i / 7:.4f},{i % 7},x,{'' if i == 30_000 else i % 2}" for i in range(60_000)]
    rows[20_000] = wrong
    path = tmp_path / "a.csv"
    path.write_text("a,b,c,t\n" + "\n".join(rows) + "\n")
    for _ in range(40):
        done = subprocess.run(
            [sys.executable, "-m", "upweight", "compare", str(path), "--target", "t"], capture_output=True, check=False
        )
        assert (done.returncode, done.stderr.count(b"\n")) == (2, 1), done.stderr
