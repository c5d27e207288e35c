"""Demo tables: there on every machine, targets beside the columns."""

import pytest

from upweight import InputError
from upweight.files._demo import DEMOS, demo_table, demo_targets


@pytest.mark.parametrize(
    ("name", "rows", "columns", "targets", "counts"),
    [
        ("digits", 1797, 64, ["digit", "eight"], {0: 1623, 1: 174}),
        ("cancer", 569, 30, ["malignant"], {0: 357, 1: 212}),
        ("wine", 178, 13, ["cultivar"], {0: 59, 1: 71, 2: 48}),
    ],
)
def test_demos_have_the_rows_and_targets_of_the_page(name, rows, columns, targets, counts):
    table = demo_table(name)
    assert (table.num_rows, table.num_columns) == (rows, columns + len(targets))
    assert demo_targets(name) == targets
    assert {v["values"]: v["counts"] for v in table[targets[-1]].value_counts().to_pylist()} == counts


def test_an_unknown_demo_is_told_with_the_known():
    with pytest.raises(InputError, match="no demo 'digit'. Did you mean 'digits'"):
        demo_table("digit")
    assert set(DEMOS) == {"digits", "cancer", "wine"}
