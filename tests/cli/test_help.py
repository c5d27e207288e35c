"""What `--help` shows is what was written: brackets are not eaten as markup."""

import re

import pytest
import typer

from upweight.cli import COMMANDS, app, main


def words(text: str) -> str:
    """The text without escapes, markup, boxes and line breaks."""
    text = re.sub(r"\\\[", "(", text)
    text = re.sub(r"\[/?bold\]", "", text)
    return re.sub(r"[\s│╭╮╰╯─]+", " ", text.replace("[", "(")).strip()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_string_is_shown_whole(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.setenv("TERMINAL_WIDTH", "240")
    command = typer.main.get_command(app()).commands[name]
    with pytest.raises(SystemExit):
        main([name, "--help"])
    shown = words(capsys.readouterr().out)
    for param in command.params:
        assert words(param.help or "") in shown, param.name
        assert words(param.metavar or "") in shown, param.name
    for line in (command.help or "").splitlines():
        assert words(line) in shown


def test_only_the_terminal_breaks_the_lines_of_a_paragraph():
    commands = typer.main.get_command(app()).commands
    for command in (*commands.values(), *commands["negatives"].commands.values()):
        for paragraph in command.help.split("\n\n"):
            assert "\n" not in paragraph or all(line.startswith(" ") for line in paragraph.split("\n")), command.name


@pytest.mark.parametrize("args", [[], ["negatives"]])
def test_without_a_command_the_help_is_shown_once(args, capsys):
    with pytest.raises(SystemExit):
        main(args)
    told = capsys.readouterr()
    assert (told.out + told.err).count("Usage: ") == 1


def test_the_default_of_positive_is_told(capsys):
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    assert "[default: true, or 1 beside 0 or -1, else the rarest]" in re.sub(r"[\s│]+", " ", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (
            ["compare", "churn.csv"],
            "upweight compare: churn.csv: missing option '--target', column to predict: say --target COL. upweight compare -h shows what it takes.",
        ),
        (["compare"], "upweight compare: missing argument"),
        (
            ["compare", "churn.csv", "--target", "t", "--rng", "x"],
            "upweight compare: invalid value for '--rng'",
        ),
        (["compare", "churn.csv", "--traget", "t"], "upweight compare: no such option: --traget"),
        (["cmpare"], "upweight: no such command 'cmpare'"),
        (["check", "w.csv", "more.csv"], "upweight check: got unexpected extra argument"),
        (["negatives", "plan", "--x"], "upweight negatives plan: no such option: --x"),
    ],
)
def test_bad_use_is_one_line(args, line, capsys):
    with pytest.raises(SystemExit) as end:
        main(args)
    assert end.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(line)
    assert told.err.count("\n") == 1
    assert "shows what it takes" in told.err


def test_no_words_at_all_show_the_help(capsys):
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 2
    assert "compare" in capsys.readouterr().out
