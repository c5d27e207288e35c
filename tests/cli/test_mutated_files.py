"""Files that went wrong on the way: whatever is done to them, a command ends with 0, with 1 and a verdict, or with 2 and one line.

Bytes are flipped, cut, put in; types of columns are swapped; values of documents are replaced. Seeded: a failure names its number.
"""

import copy
import csv
import datetime
import gzip
import io
import json
import random
import sys
import warnings
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from upweight.cli import main
from upweight.torch import Training
from upweight.torch.autoencoders import _iwae

ROWS = 60
TRIES = {"check": 160, "compare": 60, "impute": 25, "cite": 120, "report": 120}
COMPARE = ("--methods", "weights", "--cv", "2x1")


class Short(Training):
    """Two epochs, where a command would train two hundred."""

    def __init__(self):
        super().__init__(2, progress=False)


def quietly(args):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of learners that do not converge on noise
        main(args)


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run a command in an empty folder, refuse tracebacks; gives (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_iwae, "Training", Short)

    def call(*args):
        monkeypatch.setattr(sys, "argv", ["upweight", *args])
        with pytest.raises(SystemExit) as done:
            quietly(list(args))
        out, err = capsys.readouterr()
        return done.value.code or 0, out, err

    return call


def lawful(code, out, err):
    """Whether that is an end that a user can act on."""
    refusals = [line for line in err.splitlines() if line.startswith("upweight: ")]
    if code == 0:
        return not refusals
    if code == 1:
        return "unusable" in out
    return code == 2 and len(refusals) == 1 and err.endswith(refusals[0] + "\n") and "Traceback" not in err


def mutated(content, rng):
    """The bytes after one to three accidents."""
    content = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 3])):
        i, j = sorted(rng.randrange(len(content) + 1) for _ in range(2))
        accident = rng.choice(["flip", "flip", "cut", "lose", "put in", "twice", "swap", "zero"])
        if accident == "flip":
            for _ in range(rng.choice([1, 8])):
                content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        elif accident == "cut":
            del content[max(j, 1) :]
        elif accident == "lose":
            del content[i : min(j, i + 20)]
        elif accident == "put in":
            content[i:i] = rng.choice(
                [b'"', b"\n", b"\r", b",", b";", b"\0", b"\xff", b"\x1b[2J", b"NaN", b"[" * 3000, b"1e999"]
            )
        elif accident == "twice":
            content[i:i] = content[i : min(j, i + 200)]
        elif accident == "swap":
            content[i:j] = bytes(reversed(content[i:j]))
        else:
            content[i : i + 4] = bytes(4)
        content = content or bytearray(b"\n")
    return bytes(content)


def table():
    rng = np.random.default_rng(0)
    return pa.table(
        {
            "w": np.exp(0.3 * rng.normal(size=ROWS)),
            "day": ["mon, wed", 'a "b"', "x\ny"] * 20,
            "n": rng.integers(0, 9, ROWS),
            "y": ["yes", "no", "no"] * 20,
        }
    )


def holed():
    """The same table with gaps."""
    rng = np.random.default_rng(1)
    return pa.table({n: [None if rng.random() < 0.2 else v for v in c] for n, c in table().to_pydict().items()})


def as_csv(rows, mark=","):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=mark, lineterminator="\n")
    writer.writerow(rows.column_names)
    writer.writerows(zip(*rows.to_pydict().values(), strict=True))
    return text.getvalue().encode()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """{name: bytes} of the same table in every form."""
    return whole_files(tmp_path_factory.mktemp("whole"), table())


@pytest.fixture(scope="module")
def holed_files(tmp_path_factory):
    """{name: bytes} of the table with gaps; arrays have none."""
    made = whole_files(tmp_path_factory.mktemp("holed"), table(), holed())
    return {name: content for name, content in made.items() if not name.endswith(".npy")}


def whole_files(folder, rows, gaps=None):
    arrays, rows = rows, rows if gaps is None else gaps
    for name, options in {"plain": {}, "packed": {"compression": "zstd", "row_group_size": 25}}.items():
        pq.write_table(rows, folder / f"{name}.parquet", **options)
    np.save(folder / "w.npy", arrays["w"].to_numpy())
    np.savez(folder / "w.npz", w=arrays["w"].to_numpy(), X=np.ones((ROWS, 2)), y=np.arange(ROWS) % 3)
    (folder / "w.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows.to_pylist()))
    (folder / "w.csv").write_bytes(as_csv(rows))
    (folder / "semi.csv").write_bytes(as_csv(rows, ";").replace(b".", b","))
    (folder / "w.csv.gz").write_bytes(gzip.compress(as_csv(rows)))
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    """{command: document} of one verdict and one comparison."""
    folder = tmp_path_factory.mktemp("documents")
    pq.write_table(table(), folder / "d.parquet")
    calls = {
        "verdict": ["check", str(folder / "d.parquet"), "--by", "day", "--exact"],
        "compare": ["compare", str(folder / "d.parquet"), "--target", "y", "--positive", "yes", *COMPARE],
    }
    for name, args in calls.items():
        with pytest.raises(SystemExit) as done:
            quietly([*args, "--json", str(folder / f"{name}.json")])
        assert not done.value.code
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in calls}


def call_of(command, name, rng):
    if command == "compare":
        return ("compare", name, "--target", "y", "--positive", rng.choice(["yes", "1"]), *COMPARE)
    if command == "impute":
        return (
            "impute",
            name,
            "-o",
            rng.choice(["out.csv", "out.parquet"]),
            *rng.choice([[], ["--draws", "2"], ["--json"]]),
        )
    by = [] if name.endswith((".npy", ".npz")) else rng.choice([[], ["--by", "day"], ["--by", "w"], ["--by", "n"]])
    return ("check", name, *by, *rng.choice([[], ["--exact"], ["--log"], ["--strict"]]))


def try_files(run, files, command, count):
    for number in range(count):
        rng = random.Random(f"{command} {number}")
        name = rng.choice([n for n in files if command == "check" or not n.endswith(".npy")])
        Path(name).write_bytes(mutated(files[name], rng))
        call = call_of(command, name, rng)
        end = run(*call)
        assert lawful(*end), (number, call, end)


@pytest.mark.parametrize("command", ["check", "compare"])
def test_a_file_with_accidents_gives_a_verdict_or_one_line(run, files, command):
    try_files(run, files, command, TRIES[command])


def test_a_file_with_gaps_and_accidents_is_filled_or_one_line(run, holed_files):
    try_files(run, holed_files, "impute", TRIES["impute"])


@pytest.mark.slow
def test_many_files_with_gaps_and_accidents_are_filled_or_one_line(run, holed_files):
    try_files(run, holed_files, "impute", 20 * TRIES["impute"])


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "compare"])
def test_many_files_with_accidents_give_a_verdict_or_one_line(run, files, command):
    try_files(run, files, command, 20 * TRIES[command])


# ---- columns of every type --------------------------------------------------------------------------------------------------

BIG = 2**53 + 1
DATE = datetime.datetime(2024, 1, 1)
COLUMNS = {
    "int64": pa.array([BIG] * ROWS),
    "uint64": pa.array([2**64 - 1] * ROWS, pa.uint64()),
    "int8": pa.array([1, 2, 3] * 20, pa.int8()),
    "list": pa.array([[1]] * ROWS),
    "struct": pa.array([{"a": 1}] * ROWS),
    "map": pa.array([[("a", 1)]] * ROWS, pa.map_(pa.string(), pa.int64())),
    "binary": pa.array([b"\xff\x00"] * ROWS),
    "fixed": pa.array([b"\xff\x00"] * ROWS, pa.binary(2)),
    "decimal": pa.array([Decimal("1.25")] * ROWS),
    "time": pa.array([DATE.time()] * ROWS),
    "date": pa.array([DATE.date()] * ROWS),
    "far": pa.array([2**62] * ROWS, pa.timestamp("us")),
    "duration": pa.array([2**60] * ROWS, pa.duration("us")),
    "zoned": pa.array([DATE] * ROWS, pa.timestamp("us", "Europe/Rome")),
    "null": pa.nulls(ROWS),
    "bool": pa.array([True, False, None] * 20),
    "view": pa.array(["a", "b", None] * 20, pa.string_view()),
    "large": pa.array(["a", "b", "\x1b[31m"] * 20, pa.large_string()),
    "dictionary": pa.array(["a", "b", "c"] * 20).dictionary_encode(),
    "numbers": pa.array([1.5, 2.5, 3.5] * 20).dictionary_encode(),
    "infinite": pa.array([np.inf, 1.0, np.nan] * 20),
    "tiny": pa.array([5e-324, 1e308, 1.0] * 20),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_any_type_is_used_or_refused_in_every_role(run, tmp_path, name):
    rows = holed().append_column("c", COLUMNS[name])
    pq.write_table(rows, tmp_path / "g.parquet")
    rows = table().append_column("c", COLUMNS[name])
    pq.write_table(rows, tmp_path / "d.parquet")
    calls = [
        ("check", "d.parquet", "--column", "c"),
        ("check", "d.parquet", "--column", "c", "--log"),
        ("check", "d.parquet", "--by", "c", "--exact", "--json"),
        ("check", "d.parquet", "--column", "c", "--by", "c"),
        ("check", "d.parquet", "--source", "c", "--target", "w"),
        ("compare", "d.parquet", "--target", "y", *COMPARE),
        ("compare", "d.parquet", "--target", "c", "--positive", "1", *COMPARE),
        ("compare", "d.parquet", "--target", "y", "--weights", "c", *COMPARE),
        ("compare", "d.parquet", "--target", "y", "--group", "c", *COMPARE),
    ]
    calls += [("impute", "g.parquet", "-o", f"out.{ending}") for ending in ("csv", "parquet")]
    for call in calls:
        end = run(*call)
        assert lawful(*end), (call, end)
        if end[0] == 2:
            assert call[1] in end[2]


# ---- documents --------------------------------------------------------------------------------------------------------------

NESTED = json.loads("[" * 200 + "]" * 200)
VALUES = [None, True, -1, 0, 1e308, 10**400, "", "x", "\x1b[2J", "<script>", "inf", [], [None], {}, {"name": 1}, NESTED]


def paths(value, path=()):
    """The way to every value in a document."""
    yield path
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*path, key))


def replaced(document, rng):
    """The document with one to three values replaced, or taken away."""
    document = copy.deepcopy(document)
    for _ in range(rng.choice([1, 1, 2, 3])):
        *way, last = rng.choice([p for p in paths(document) if p] or [("schema",)])
        inner = document
        for key in way:
            inner = inner[key]
        if rng.random() < 0.2:
            del inner[last]
        else:
            inner[last] = copy.deepcopy(rng.choice(VALUES))
    return document


def try_documents(run, documents, command, count):
    for number in range(count):
        rng = random.Random(f"{command} {number}")
        document = documents[rng.choice(list(documents))]
        text = json.dumps(replaced(document, rng) if rng.random() < 0.7 else document).encode()
        if rng.random() < 0.3:
            text = mutated(text, rng)
        Path("r.json").write_bytes(text)
        end = run(command, "r.json", *(["-o", "r.html"] if command == "report" else []))
        assert lawful(*end), (number, end)
        assert end[0] != 2 or end[2].startswith("upweight: r.json: "), (number, end)


@pytest.mark.parametrize("command", ["cite", "report"])
def test_a_document_with_accidents_gives_a_page_or_one_line(run, documents, command):
    try_documents(run, documents, command, TRIES[command])


@pytest.mark.slow
@pytest.mark.parametrize("command", ["cite", "report"])
def test_many_documents_with_accidents_give_a_page_or_one_line(run, documents, command):
    try_documents(run, documents, command, 20 * TRIES[command])


@pytest.mark.parametrize("command", ["cite", "report"])
@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"a":' * 5000 + b"1" + b"}" * 5000, b"\xff\xfe", b"", b"NaN", b'{"schema": 1e999}']
)
def test_what_is_no_document_is_one_line(run, tmp_path, command, content):
    (tmp_path / "r.json").write_bytes(content)
    end = run(command, "r.json", *(["-o", "r.html"] if command == "report" else []))
    assert end[0] == 2
    assert lawful(*end), end
    assert len(end[2]) < 400
