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


def test_the_default_of_positive_is_told(capsys):
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    assert "[default: true, or 1 beside 0 or -1, else the rarest]" in re.sub(r"[\s│]+", " ", capsys.readouterr().out)
