"""Prints one aligned line per record, for terminals and pipes.

Records contain untrusted text: control characters are replaced before they reach a terminal.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import threading
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from drhttp.inbox.coerce import moment
from drhttp.inbox.exchange import Exchange, Summary
from drhttp.inbox.lazy_import import load

ID = 8
"""Characters of an ID that are shown; `drhttp inbox show` accepts any unique prefix."""
PIPE_WIDTH = 120
"""Width of a line when standard output is not a terminal."""
_DATED, _TIME, _METHOD, _STATUS, _ELAPSED = 14, 12, 7, 6, 7
_MIN_PATH_WIDTH = 16
_WIDE_TERMINAL = 110
"""Minimum width for wide gaps and long names."""
_WAITING = 1_000
_TIMEOUT = 1.0
"""Seconds."""
_STATUS_COLORS = {1: "36", 2: "32", 3: "36", 4: "33", 5: "1;31"}
_DIM, _BOLD, _RED = "2", "1", "31"


def clean(text: str) -> str:
    """Replace non-printable characters, such as escape sequences, bells, and bidirectional controls."""
    return text if text.isascii() and text.isprintable() else "".join(map(_visible, text))


def _visible(char: str) -> str:
    return char if char.isprintable() else "\N{REPLACEMENT CHARACTER}"


def cells(text: str) -> int:
    """Return the width of a text in terminal columns."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF") for char in text)


def fit(text: str, width: int) -> str:
    """Pad a text to `width` columns, or truncate it with an ellipsis."""
    if cells(text) <= width:
        return text + " " * (width - cells(text))
    while cells(text) > width - 1:
        text = text[: -max(1, (cells(text) - width + 1) // 2)]
    return text + "…" + " " * (width - 1 - cells(text))


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a line. width: in columns. color: use ANSI colors. reveal: do not mask secrets."""

    width: int = PIPE_WIDTH
    color: bool = False
    reveal: bool = False

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str] = os.environ, *, reveal: bool = False) -> Layout:
        """Return the layout for a stream. Honors NO_COLOR (https://no-color.org) and TERM=dumb."""
        columns = shutil.get_terminal_size((PIPE_WIDTH, 24)).columns
        color = stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        return cls(columns, color, reveal)

    def heading(self, *, dated: bool = False) -> str:
        """Return the line with the column names."""
        names = ("time", "id", "method", "path", "status", f"{'ms':>{_ELAPSED}}", "user", "device")
        widths = self._widths(dated)
        return self._paint(self._gap.join(map(fit, names, widths)).rstrip(), _DIM)

    def line(self, summary: Summary, *, dated: bool = False) -> str:
        """Return the line of an exchange. dated: include the date."""
        load("drhttp.inbox.view.masking")  # not before a line is printed: the rules take a while to load
        from drhttp.inbox.view import masking

        summary = masking.summary(summary, reveal=self.reveal)
        local = moment(summary.started).astimezone()
        time = f"{local:%m-%d %H:%M:%S}" if dated else f"{local:%H:%M:%S.%f}"[:_TIME]
        widths = self._widths(dated)
        columns = (
            self._cell(time, widths[0], _DIM),
            self._cell(summary.id[:ID], widths[1], _DIM),
            self._cell(summary.method, widths[2], _BOLD),
            self._path(summary, widths[3]),
            self._cell(str(summary.status or ""), widths[4], _STATUS_COLORS.get((summary.status or 0) // 100, "")),
            self._cell(elapsed(summary.duration).rjust(_ELAPSED), widths[5]),
            self._cell(summary.user or "", widths[6]),
            self._cell(summary.device or "", widths[7]),
        )
        return self._gap.join(columns).rstrip()

    def _path(self, summary: Summary, width: int) -> str:
        """Return the path and, in the same column, the failure if there is one."""
        path, failed = clean(summary.target), clean(mark(summary))
        if not failed:
            return fit(path, width)
        room = min(cells(failed), max(width // 2, width - cells(path) - 2))
        return f"{fit(path, width - room - 2)}  {self._cell(failed, room, _RED)}"

    @property
    def _gap(self) -> str:
        return "  " if self.width >= _WIDE_TERMINAL else " "

    def _widths(self, dated: bool) -> tuple[int, ...]:
        name = 12 if self.width >= _WIDE_TERMINAL else 8
        others = (_DATED if dated else _TIME, ID, _METHOD, _STATUS, _ELAPSED, name, name)
        path = max(_MIN_PATH_WIDTH, self.width - sum(others) - len(self._gap) * len(others))
        return (*others[:3], path, *others[3:])

    def _cell(self, text: str, width: int, color: str = "") -> str:
        return self._paint(fit(clean(text), width), color)

    def _paint(self, text: str, color: str) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if self.color and color else text


def elapsed(microseconds: int | None) -> str:
    """Format a duration in milliseconds: one decimal below 100 ms, none above."""
    if microseconds is None:
        return ""
    return f"{microseconds / 1000:.1f}" if microseconds < 99_950 else f"{microseconds / 1000:.0f}"


def mark(summary: Summary) -> str:
    """Describe the failure of an exchange; empty if there was none."""
    failure = ": ".join(filter(None, (summary.exception, summary.exception_text)))
    return ", ".join(filter(None, ("aborted" if summary.aborted else "", failure)))


class Console:
    """Prints lines in its own thread, so that a blocked terminal does not block the receiver.

    stream: the output. waiting: maximum number of batches in the queue.
    """

    def __init__(self, stream: TextIO, *, waiting: int = _WAITING) -> None:
        self._stream = stream
        self._lines: queue.Queue[Sequence[Exchange] | None] = queue.Queue(waiting)
        self._missed = 0
        self._thread = threading.Thread(target=self._run, name="drhttp-inbox-console", daemon=True)
        self._thread.start()

    def show(self, exchanges: Sequence[Exchange]) -> None:
        """Queue exchanges for printing. When the queue is full, only count them."""
        try:
            self._lines.put_nowait(exchanges)
        except queue.Full:
            self._missed += len(exchanges)

    def __enter__(self) -> Console:
        return self

    def __exit__(self, *problem: object) -> None:
        """Print the queued lines, unless the stream is blocked."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=_TIMEOUT)
            self._thread.join(_TIMEOUT)

    def _run(self) -> None:
        try:
            for exchanges in iter(self._lines.get, None):
                layout = Layout.of(self._stream)
                self._print(layout.line(exchange.summary) for exchange in exchanges)
                if self._missed:
                    missed, self._missed = self._missed, 0
                    self._print([f"({missed:,} records stored but not shown)"])
        except OSError:
            # The reader of the output is gone (EPIPE); the inbox continues.
            return

    def _print(self, lines: Iterable[str]) -> None:
        self._stream.writelines(f"{line}\n" for line in lines)
        self._stream.flush()
