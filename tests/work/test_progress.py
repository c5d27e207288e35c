"""Watches: silent, a bar, words, a function; each is told the same."""

from __future__ import annotations

import io
import sys

from upweight.work import CallWatch, Progress, Watch, WordedWatch, shown, terminal_watch
from upweight.work._progress import Bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_only_where_stderr_is_a_terminal(monkeypatch):
    assert type(terminal_watch()) is Watch
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert type(terminal_watch()) is Bar
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw
    assert type(terminal_watch()) is Watch


def test_a_bar_counts_its_parts_and_goes(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    bar = Bar()
    bar.estimate(3.0, 2, 1)
    bar.step("a")
    assert (bar.bar.tasks[0].completed, bar.bar.tasks[0].total, bar.bar.tasks[0].description) == (1, 2, "a")
    bar.close()
    assert not bar.bar.live.is_started


def test_a_bar_that_never_began_can_be_closed():
    bar = Bar()
    bar.close()
    assert not hasattr(bar, "bar")


def test_words_are_told_once_and_the_rest_goes_on():
    told, seen = [], []
    watch = WordedWatch(CallWatch(seen.append), lambda *a: told.append(a))
    watch.estimate(7.0, 2, 3)
    watch.step("a")
    watch.close()
    assert told == [(2, 7.0, 3)]
    assert [p.done for p in seen] == [0, 1]


def test_a_call_is_told_what_is_left():
    seen: list[Progress] = []
    watch = CallWatch(seen.append)
    watch.estimate(8.0, 4, 1)
    for label in "abcd":
        watch.step(label)
    assert [p.label for p in seen] == ["", "a", "b", "c", "d"]
    assert (seen[0].left, seen[1].left, seen[-1].left) == (8.0, 6.0, 0.0)


def test_shown_without_a_terminal_is_silent(capsys):
    with shown(3) as done:
        done("a")
    assert capsys.readouterr() == ("", "")


def test_shown_in_a_terminal_is_gone_in_the_end(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with shown(2) as done:
        done("a")
    assert terminal.getvalue().endswith("\x1b[2K") or terminal.getvalue() == ""
