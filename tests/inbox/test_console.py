from __future__ import annotations

import io
import os
import re
import threading
import time
from dataclasses import replace

import pytest

from drhttp.inbox.console import Console, Layout, cells, clean, elapsed, fit
from drhttp.inbox.decode import Arrival, decode_event

ARRIVAL = Arrival("local", 1795363200_000000)
COLOUR = re.compile("\x1b\\[[0-9;]*m")


@pytest.fixture
def summary(event):
    return decode_event(event(), ARRIVAL).summary


@pytest.fixture
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def varied(summary):
    return [
        summary,
        replace(summary, method="PROPFIND", status=500, exception="ValueError", exception_text="no such thing " * 9),
        replace(summary, path="/" + "long/" * 60, status=404, aborted=True, duration=None),
        replace(summary, path="/日本語", user="\N{SNOWMAN}" * 40, device="デバイス" * 9, status=None),
        replace(summary, path="/\x1b[2J\r\n", user="\u202eevil", duration=10**15, query=None),
    ]


@pytest.mark.parametrize("width", [80, 100, 120, 240])
@pytest.mark.parametrize("dated", [False, True])
@pytest.mark.parametrize("color", [False, True])
def test_every_line_keeps_to_its_columns(summary, width, dated, color):
    """Whatever a record holds, its line is no wider than the terminal, and the columns stand under each other."""
    layout = Layout(width, color)
    lines = [COLOUR.sub("", line) for line in (layout.line(one, dated=dated) for one in varied(summary))]
    heading = COLOUR.sub("", layout.heading(dated=dated))

    assert all(cells(line) <= width for line in [heading, *lines])
    place = heading.index("status")
    assert [_at(line, place, 4) for line in lines] == ["201 ", "500 ", "404 ", "    ", "201 "]
    assert _at(lines[0], heading.index("user"), 5) == "alice"


def _at(line, column, count):
    """What stands in these columns of a terminal."""
    wide = "".join(char + "\0" * (cells(char) - 1) for char in line)
    return wide[column : column + count]


def test_a_line_tells_the_exchange(summary, berlin):
    """Local time, id, method, path and query, status, milliseconds, user and device, in this order."""
    line = Layout(120).line(replace(summary, id="0123456789"))

    assert line.split() == ["17:00:00.123", "01234567", "POST", "/orders/7?q=1", "201", "99.5", "alice", "ipad"]


def test_failures_are_told_in_the_line(summary):
    """A client that left and an exception are named beside the path."""
    line = Layout(120).line(replace(summary, aborted=True, exception="ValueError", exception_text="nope"))

    assert "/orders/7?q=1" in line
    assert "aborted, ValueError: nope" in line


@pytest.mark.parametrize(("status", "code"), [(204, "32"), (302, "36"), (404, "33"), (503, "1;31")])
def test_the_status_has_the_colour_of_its_class(summary, status, code):
    """Green, cyan, yellow, red; and no color when none is wanted."""
    changed = replace(summary, status=status)

    assert f"\x1b[{code}m{status}" in Layout(120, color=True).line(changed)
    assert "\x1b" not in Layout(120).line(changed)


@pytest.mark.parametrize("char", ["\x1b", "\x00", "\x9b", "\r", "\n", "\x7f", "\u202e", "\u2028", "\ud800"])
def test_no_control_character_reaches_the_terminal(char):
    """Escape sequences, line ends and reordering marks of strangers are replaced."""
    assert clean(f"a{char}b") == "a\N{REPLACEMENT CHARACTER}b"


def test_fitting_counts_columns_not_characters():
    """Wide and combining characters are padded and cut by what they take on the screen."""
    assert fit("ab", 4) == "ab  "
    assert fit("abcdef", 4) == "abc…"
    assert fit("日本語", 4) == "日… "
    assert fit("e\N{COMBINING ACUTE ACCENT}x", 3) == "e\N{COMBINING ACUTE ACCENT}x "


def test_elapsed_time_is_in_milliseconds():
    """With a decimal while it tells something; empty when it is not known."""
    assert [elapsed(each) for each in (None, 0, 1234, 99_949, 99_950, 12_345_678)] == [
        "",
        "0.0",
        "1.2",
        "99.9",
        "100",
        "12346",
    ]


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "coloured"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(stream, environ, coloured):
    """Neither a pipe nor a user who set NO_COLOR gets escape sequences."""
    assert Layout.of(stream, environ).color is coloured


def test_a_reader_who_leaves_does_not_stop_the_inbox(event):
    """After its pipe was closed the console takes records as before, and says nothing."""
    receiving, sending = os.pipe()
    os.close(receiving)
    with open(sending, "w", encoding="utf-8", closefd=False) as stream:
        with Console(stream) as console:
            for _ in range(3):
                console.show([decode_event(event(), ARRIVAL)])
        # What could not be written must not be tried again when the file is closed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sending)
    os.close(sending)


def test_a_terminal_that_stands_still_holds_nobody_up(event):
    """Records that come while nobody reads are counted, and the count is told when it goes on."""
    stream = StandingStill()
    exchanges = [decode_event(event(), ARRIVAL)]
    with Console(stream, waiting=2) as console:
        console.show(exchanges)
        stream.entered.wait()
        for _ in range(5):
            console.show(exchanges)
        stream.go_on.set()

    lines = stream.getvalue().splitlines()
    assert len([line for line in lines if "/orders/7" in line]) == 3
    assert "(3 records stored but not shown)" in lines


class StandingStill(io.StringIO):
    def __init__(self):
        super().__init__()
        self.entered, self.go_on = threading.Event(), threading.Event()

    def writelines(self, lines):
        self.entered.set()
        self.go_on.wait()
        super().writelines(lines)
