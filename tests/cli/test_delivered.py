"""upweight delivered: shares by class and batch size, in words and as JSON, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from upweight.cli import main
from upweight.training import class_weights, delivered_share


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.csv").write_text("x,y\n" + "1,no\n" * 990 + "2,yes\n" * 10)
    (tmp_path / "gap.csv").write_text("x,y\n1,a\n2,\n3,b\n")
    (tmp_path / "one.csv").write_text("x,y\n1,a\n2,a\n")

    def call(*args):
        with pytest.raises(SystemExit) as done:
            main(["delivered", *map(str, args)])
        out, err = capsys.readouterr()
        return done.value.code or 0, out, err

    return call


def test_the_table_and_the_conclusion(run):
    code, out, _ = run("d.csv", "--target", "y")
    assert code == 0
    assert "16 a batch  64 a batch" in out
    assert "yes      10      50    50.0 %      13.0 %      31.2 %" in out
    assert "Not delivered: class yes: 13.0 % of an intended 50.0 % in batches of 16." in out


@pytest.mark.parametrize("kind", ["balanced", "effective"])
def test_json_has_the_figures_of_the_function(run, kind):
    code, out, _ = run("d.csv", "--target", "y", "--batch-size", "64, 8,8", "--weights", kind, "--json")
    facts = json.loads(out)
    w = class_weights([990, 10], kind=kind).values
    assert (code, facts["schema"], facts["classes"], facts["rows"]) == (
        0,
        "upweight.delivered/1",
        ["no", "yes"],
        [990, 10],
    )
    assert list(facts["delivered"]) == ["8", "64"]
    for size, shares in facts["delivered"].items():
        np.testing.assert_allclose(shares, delivered_share([990, 10], w, batch_size=int(size)))
    np.testing.assert_allclose(facts["intended"], delivered_share([990, 10], w, batch_size=1, by="population"))


def test_json_goes_to_a_file_beside_the_screen(run, tmp_path):
    code, out, err = run("demo:digits", "--target", "digit", "--batch-size", "256", "--json", "out.json")
    assert code == 0
    assert "Delivered: class" in out
    assert "wrote" in err
    assert len(json.loads((tmp_path / "out.json").read_text())["classes"]) == 10


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["d.csv", "--target", "z"], "d.csv: no column 'z' for --target"),
        (["d.csv", "--target", "y", "--batch-size", "0"], "--batch-size must be whole numbers above 0"),
        (["d.csv", "--target", "y", "--batch-size", "a"], "got 'a'. Say 16,64."),
        (
            ["d.csv", "--target", "y", "--weights", "balance"],
            "--weights must be balanced or effective; got 'balance'. Did you mean 'balanced'?",
        ),
        (["gap.csv", "--target", "y"], "column 'y', the target, has 1 missing value"),
        (["one.csv", "--target", "y"], "column 'y' holds one class only, 'a'"),
        (["no.csv", "--target", "y"], "no.csv"),
    ],
)
def test_bad_use_is_told(run, args, said):
    code, _, err = run(*args)
    assert code == 2
    assert said in " ".join(err.split())
