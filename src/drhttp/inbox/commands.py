"""The commands `drhttp inbox`, `drhttp inbox ls` and `drhttp inbox show`."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from drhttp.inbox.errors import InboxError

if TYPE_CHECKING:
    from drhttp.inbox.exchange import Exchange
    from drhttp.inbox.server import Listener
    from drhttp.inbox.store.reader import SqliteReader

KEEP = 10_000
KEEP_BYTES = 256 * 1024 * 1024
_FILE_HELP = "the SQLite file; default: one for the current directory, or DRHTTP_INBOX_FILE"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `inbox` to the command line."""
    inbox = subparsers.add_parser(
        "inbox",
        help="receive records on this machine and show them",
        description="Receives records on this machine, keeps them in one file and prints a line for each.",
    )
    inbox.add_argument("--port", type=_port, help="default: 8399, or the next free one when that is busy")
    inbox.add_argument("--file", type=Path, help=_FILE_HELP)
    inbox.add_argument("--keep", type=_positive, default=KEEP, metavar="N", help="default: %(default)s records")
    inbox.add_argument("--quiet", action="store_true", help="do not print a line a record")
    inbox.set_defaults(func=run_inbox)
    commands = inbox.add_subparsers(title="commands on what was received")

    ls = commands.add_parser("ls", help="list the last records, the newest last")
    ls.add_argument("-n", type=_positive, default=20, metavar="N", help="how many; default: %(default)s")
    ls.set_defaults(func=run_ls)
    show = commands.add_parser("show", help="show one record with its headers and bodies")
    show.add_argument("id", metavar="ID", help="the id, or as much of its beginning as is unique")
    show.set_defaults(func=run_show)
    for command in (ls, show):
        command.add_argument("--json", action="store_true", help="for programs: JSON")
        # Suppressed, or its default would override `drhttp inbox --file F ls`.
        command.add_argument("--file", type=Path, default=argparse.SUPPRESS, help=_FILE_HELP)


def run_inbox(args: argparse.Namespace) -> int:
    """Receive until a signal says stop."""
    try:
        from drhttp.inbox import server
        from drhttp.inbox.app import create_app
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "drhttp":
            raise
        return _fail(f'The inbox needs {missing.name}: pip install "drhttp[inbox]"')
    from drhttp.inbox.console import Console
    from drhttp.inbox.place import prepare
    from drhttp.inbox.writer import Writer

    file = _file(args)
    _settle(sys.stdout)
    try:
        prepare(file)
        with server.listen(args.port) as listener, Console(sys.stdout) as console:
            on_stored = _silent if args.quiet else console.show
            with Writer(file, keep=args.keep, keep_bytes=KEEP_BYTES, on_stored=on_stored) as writer:
                _print(_welcome(listener, file, args))
                server.serve(create_app(writer, port=listener.port), listener)
    except InboxError as problem:
        return _fail(str(problem))
    return 0


def run_ls(args: argparse.Namespace) -> int:
    """Print the last records, the newest last, next to the prompt."""
    from drhttp.inbox.console import Layout
    from drhttp.inbox.detail import json_line

    try:
        with _reading(args) as store:
            summaries = store.newest(args.n)
    except InboxError as problem:
        return _fail(str(problem))
    if args.json:
        return _print(json.dumps(json_line(summary)) for summary in summaries)
    layout = Layout.of(sys.stdout)
    return _print([layout.heading(dated=True), *(layout.line(summary, dated=True) for summary in summaries)])


def run_show(args: argparse.Namespace) -> int:
    """Print one record."""
    from drhttp.inbox.detail import json_object, text

    try:
        with _reading(args) as store:
            exchange = store.read(store.one(args.id))
    except InboxError as problem:
        return _fail(str(problem))
    return _print([json.dumps(json_object(exchange))] if args.json else text(exchange))


def _file(args: argparse.Namespace) -> Path:
    from drhttp.inbox.place import default_file

    chosen: Path | None = args.file
    return chosen.expanduser() if chosen else default_file(os.environ, Path.cwd())


def _reading(args: argparse.Namespace) -> AbstractContextManager[SqliteReader]:
    from drhttp.inbox.place import check
    from drhttp.inbox.store.sqlite import reading

    file = _file(args)
    check(file)
    return reading(file)


def _welcome(listener: Listener, file: Path, args: argparse.Namespace) -> Iterator[str]:
    from drhttp.inbox.console import Layout
    from drhttp.inbox.server import DEFAULT_PORT

    yield f"The inbox listens on http://127.0.0.1:{listener.port}/"
    if args.port is None and listener.port != DEFAULT_PORT:
        yield f"  (port {DEFAULT_PORT} is busy)"
    yield f"  DSN   http://local@127.0.0.1:{listener.port}/"
    yield f"  file  {file}, the last {args.keep:,} records"
    yield "  stop  Ctrl-C"
    if not args.quiet:
        yield ""
        yield Layout.of(sys.stdout).heading()


def _print(lines: Iterable[str]) -> int:
    _settle(sys.stdout)
    try:
        sys.stdout.writelines(f"{line}\n" for line in lines)
        sys.stdout.flush()
    except BrokenPipeError:
        # `drhttp inbox ls | head`: what is left in the buffer must not fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _settle(stream: TextIO) -> None:
    """A terminal that cannot write a character shows a question mark instead of a traceback."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def _fail(sentence: str) -> int:
    print(f"drhttp: {sentence}", file=sys.stderr)
    return 1


def _silent(new: Sequence[Exchange]) -> None:
    return None


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError
    return number


def _positive(text: str) -> int:
    number = int(text)
    if not 0 < number <= 1 << 53:
        raise ValueError
    return number


_port.__name__ = "port"  # argparse says "invalid port value"
_positive.__name__ = "number"
