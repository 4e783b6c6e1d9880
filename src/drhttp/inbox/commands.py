"""The commands `drhttp inbox`, and below it `run`, `ls`, `tail`, `show`, `export` and `clear`.

Exit status: 0 when it worked, 1 when it did not, 2 when the command or the query cannot be understood.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from drhttp.inbox.arguments import base, days, mib, port, positive
from drhttp.inbox.errors import InboxError, QueryError

if TYPE_CHECKING:
    from drhttp.inbox.exchange import Entry
    from drhttp.inbox.query.nodes import Node
    from drhttp.inbox.store.reader import SqliteReader

KEEP = 10_000
KEEP_MIB = 256
KEEP_DAYS = 7.0
POLL = 0.2
"""Seconds between two looks of `tail`."""
_FILE_HELP = "the SQLite file; default: one for the current directory, or DRHTTP_INBOX_FILE"
_QUERY_HELP = 'such as: status:5xx path:/api/* user:42 "free text"; see docs/inbox-api.md'


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `inbox` to the command line."""
    inbox = subparsers.add_parser(
        "inbox",
        help="receive records on this machine and show them",
        description="Receives records on this machine, keeps them in one file and shows them on a page.",
    )
    inbox.add_argument("--port", type=port, help="default: 8399, or the next free one when that is busy")
    inbox.add_argument("--file", type=Path, help=_FILE_HELP)
    inbox.add_argument("--keep", type=positive, default=KEEP, metavar="N", help="default: %(default)s records")
    inbox.add_argument("--keep-bytes", type=mib, default=KEEP_MIB << 20, metavar="MIB", help=f"default: {KEEP_MIB} MiB")
    inbox.add_argument("--keep-days", type=days, default=KEEP_DAYS, metavar="DAYS", help="default: %(default)g")
    inbox.add_argument("--quiet", action="store_true", help="do not print a line a record")
    inbox.add_argument("--open", action="store_true", help="open the page in the browser")
    inbox.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="answer under this name, too, beside localhost",
    )
    inbox.add_argument("--replay-to", type=base, metavar="URL", help="where replays go instead of the recorded host")
    inbox.set_defaults(func=run_inbox)
    _add_commands(inbox.add_subparsers(title="commands", metavar="COMMAND"))


def _add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    program = commands.add_parser("run", help="run a program with DRHTTP_DSN set, and an inbox for as long as it runs")
    program.add_argument("program", nargs=argparse.REMAINDER, metavar="-- PROGRAM ...")
    ls = commands.add_parser("ls", help="list the last records, the newest last")
    tail = commands.add_parser("tail", help="list records as they come, until Ctrl-C")
    show = commands.add_parser("show", help="show one record with its headers and bodies")
    show.add_argument("id", metavar="ID", help="the id, or as much of its beginning as is unique")
    export = commands.add_parser("export", help="write records as HAR or as JSON lines, secrets masked")
    clear = commands.add_parser("clear", help="delete records but for pinned ones")
    for command, default in ((ls, 20), (tail, 10), (export, None)):
        what = "how many" if default is None else "how many; default: %(default)s"
        command.add_argument("-n", type=positive, default=default, metavar="N", help=what)
    for command in (ls, tail, export, clear):
        command.add_argument("query", nargs="*", metavar="QUERY", help=_QUERY_HELP)
    export.add_argument("--as", dest="kind", choices=("har", "jsonl"), default="har", help="default: %(default)s")
    export.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    clear.add_argument("--pinned", action="store_true", help="pinned ones, too")
    clear.add_argument("--yes", action="store_true", help="everything, when there is no query")
    functions = (run_program, run_ls, run_tail, run_show, run_export, run_clear)
    for command, function in zip((program, ls, tail, show, export, clear), functions, strict=True):
        command.set_defaults(func=function)
        # Suppressed, or its default would override `drhttp inbox --file F ls`.
        command.add_argument("--file", type=Path, default=argparse.SUPPRESS, help=_FILE_HELP)
    for command in (ls, tail, show, export):
        command.add_argument("--unsafe-include-secrets", dest="reveal", action="store_true", help="without masking")
    for command in (ls, tail, show, clear):
        command.add_argument("--json", action="store_true", help="for programs: JSON")


def run_inbox(args: argparse.Namespace) -> int:
    """Receive until a signal says stop."""
    return _launched(args, "receive")


def run_program(args: argparse.Namespace) -> int:
    """Run a program and record it; its exit status is ours."""
    args.program = args.program[1:] if args.program[:1] == ["--"] else args.program
    if not args.program:
        return _fail("Name a program: drhttp inbox run -- gunicorn app:app", 2)
    return _launched(args, "run")


def run_ls(args: argparse.Namespace) -> int:
    """Print the last records, the newest last, next to the prompt."""
    return _told(lambda: _ls(args))


def run_tail(args: argparse.Namespace) -> int:
    """Print the last records and then every new one."""
    try:
        return _told(lambda: _tail(args))
    except KeyboardInterrupt:
        return 0


def run_show(args: argparse.Namespace) -> int:
    """Print one record."""
    return _told(lambda: _show(args))


def run_export(args: argparse.Namespace) -> int:
    """Write records for other tools."""
    return _told(lambda: _export(args))


def run_clear(args: argparse.Namespace) -> int:
    """Delete records."""
    return _told(lambda: _clear(args))


def _launched(args: argparse.Namespace, name: str) -> int:
    try:
        from drhttp.inbox import launch
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "drhttp":
            raise
        return _fail(f'The inbox needs {missing.name}: pip install "drhttp[inbox]"')
    function: Callable[..., int] = getattr(launch, name)
    return _told(lambda: function(args, _file(args), _print))


def _told(work: Callable[[], int]) -> int:
    try:
        return work()
    except QueryError as problem:
        return _fail(str(problem), 2)
    except InboxError as problem:
        return _fail(str(problem))


def _ls(args: argparse.Namespace) -> int:
    node = _node(args)
    with _reading(args) as store:
        entries = store.newest(args.n, node)
    return _print(_lines(entries, args, heading=True))


def _tail(args: argparse.Namespace) -> int:
    node = _node(args)
    with _reading(args) as store:
        last = store.state().newest
        _print(_lines(store.newest(args.n, node), args, heading=True))
        while True:
            page = store.page(node, 500, after=last, ascending=True)
            last = page.next or max(page.newest, last)
            if page.entries and not _emit(f"{line}\n" for line in _lines(page.entries, args)):
                return 0
            if not page.next:
                time.sleep(POLL)


def _show(args: argparse.Namespace) -> int:
    from drhttp.inbox.detail import json_object, text

    with _reading(args) as store:
        exchange = store.read(store.one(args.id))
    told = [json.dumps(json_object(exchange, reveal=args.reveal))] if args.json else text(exchange, reveal=args.reveal)
    return _print(told)


def _export(args: argparse.Namespace) -> int:
    from drhttp.inbox.export import whole

    node = _node(args)
    with _reading(args) as store:
        pieces = whole(store, node, args.n or 1 << 40, args.kind, reveal=args.reveal)
        if args.output is None:
            return _write(pieces)
        try:
            # Other people's requests are in it.
            descriptor = os.open(args.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.writelines(pieces)
        except OSError as problem:
            raise InboxError(f"{args.output} cannot be written: {problem.strerror or problem}.") from problem
    return 0


def _clear(args: argparse.Namespace) -> int:
    from drhttp.inbox.deletion import delete

    if not args.query and not args.yes:
        return _fail("Without a query everything is deleted; say --yes.", 2)
    node = _node(args)
    file = _checked(args)
    count = delete(file, " ".join(args.query), node, pinned=args.pinned)
    return _print([json.dumps({"deleted": count})] if args.json else [f"{count:,} deleted"])


def _lines(entries: Iterable[Entry], args: argparse.Namespace, *, heading: bool = False) -> Iterable[str]:
    from drhttp.inbox.console import Layout
    from drhttp.inbox.detail import json_line

    if args.json:
        return [json.dumps(json_line(entry.summary, reveal=args.reveal)) for entry in entries]
    layout = Layout.of(sys.stdout, reveal=args.reveal)
    first = [layout.heading(dated=True)] if heading else []
    return [*first, *(layout.line(entry.summary, dated=True) for entry in entries)]


def _node(args: argparse.Namespace) -> Node:
    from drhttp.inbox.query.parser import parse

    return parse(" ".join(args.query), time.time_ns() // 1000).node


def _file(args: argparse.Namespace) -> Path:
    from drhttp.inbox.place import default_file

    chosen: Path | None = args.file
    return chosen.expanduser() if chosen else default_file(os.environ, Path.cwd())


def _checked(args: argparse.Namespace) -> Path:
    from drhttp.inbox.place import check

    file = _file(args)
    check(file)
    return file


def _reading(args: argparse.Namespace) -> AbstractContextManager[SqliteReader]:
    from drhttp.inbox.store.sqlite import reading

    return reading(_checked(args))


def _print(lines: Iterable[str]) -> int:
    return _write(f"{line}\n" for line in lines)


def _write(pieces: Iterable[str]) -> int:
    _emit(pieces)
    return 0


def _emit(pieces: Iterable[str]) -> bool:
    """Write them; false when nobody reads any more."""
    _settle(sys.stdout)
    try:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
    except BrokenPipeError:
        # `drhttp inbox ls | head`: what is left in the buffer must not fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def _settle(stream: TextIO) -> None:
    """A terminal that cannot write a character shows a question mark instead of a traceback."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def _fail(sentence: str, status: int = 1) -> int:
    print(f"drhttp: {sentence}", file=sys.stderr)
    return status
