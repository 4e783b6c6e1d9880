"""The commands `drhttp inbox` and `drhttp inbox run`, `ls`, `tail`, `show`, `export`, `clear`, `import`, and tools.

All except `run` have a short form such as `drhttp ls`. They use the running inbox, or else its file.

Exit status: 0 for success, 1 for failure, 2 for invalid arguments or an invalid query.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drhttp.inbox.arguments import QueryParser, base, days, mib, origin, port, positive
from drhttp.inbox.errors import InboxError, QueryError
from drhttp.inbox.output import emit, fail, print_lines, save
from drhttp.inbox.store_options import add_project_commands, add_store_options
from drhttp.inbox.tool_commands import add_tools

if TYPE_CHECKING:
    from drhttp.inbox.exchange import Summary
    from drhttp.inbox.source import Source

KEEP = 10_000
KEEP_MIB = 256
KEEP_DAYS = 7.0
POLL = 0.2
"""Seconds between two polls of `tail`."""
_AT_START = (
    "keep", "keep_bytes", "keep_days", "allow_host", "allow_browser_origin", "host", "memory", "sync", "replay_to",
)  # fmt: skip
"""Options that have no effect when an inbox is already running."""
_FILE_HELP = "the SQLite file (default: $DRHTTP_INBOX_FILE, or one per working directory)"
_QUERY_HELP = 'for example: status:5xx path:/api/* user:42 "free text"; see docs/inbox-api.md'


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the `inbox` command and the short forms."""
    inbox = subparsers.add_parser(
        "inbox",
        help="receive records on this machine and show them",
        description="Receive records on this machine, store them in one SQLite file, and show them in the browser.",
    )
    add = inbox.add_argument
    add("--port", type=port, help="port to listen on (default: 8399, or the next free port)")
    add("--file", type=Path, help=_FILE_HELP)
    add("--keep", type=positive, default=KEEP, metavar="N", help="maximum number of records (default: %(default)s)")
    add(
        "--keep-bytes",
        type=mib,
        default=KEEP_MIB << 20,
        metavar="MIB",
        help=f"maximum size in MiB (default: {KEEP_MIB})",
    )
    add("--keep-days", type=days, default=KEEP_DAYS, metavar="DAYS", help="maximum age in days (default: %(default)g)")
    add("--quiet", action="store_true", help="do not print a line for each record")
    add("--open", action="store_true", help="open the inbox in the browser")
    add("--allow-host", action="append", default=[], metavar="NAME", help="also accept this host name; can be repeated")
    add(
        "--allow-browser-origin",
        type=origin,
        action="append",
        default=[],
        metavar="ORIGIN",
        help="accept records from web pages of this origin, such as http://localhost:3000; can be repeated",
    )
    add("--host", metavar="ADDRESS", help="also listen on this address; requires DRHTTP_INBOX_TOKEN")
    add("--memory", action="store_true", help="keep records in memory only and discard them when the inbox stops")
    add(
        "--sync",
        choices=("normal", "full"),
        default="normal",
        help="full: respond only after records are synced to disk, to survive a power failure (default: %(default)s)",
    )
    add_store_options(inbox)
    add("--replay-to", type=base, metavar="URL", help="send replays to this URL instead of the recorded host")
    inbox.set_defaults(func=run_inbox, standard={name: inbox.get_default(name) for name in _AT_START})
    commands = inbox.add_subparsers(title="commands", metavar="COMMAND", parser_class=QueryParser)
    _add_commands(commands)
    add_project_commands(commands)
    # Short forms for frequent commands: `drhttp ls`.
    _add_readers(subparsers)


def _add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    program = commands.add_parser(
        "run", help="run a program with DRHTTP_DSN set and record it; starts an inbox if none is running"
    )
    program.add_argument("program", nargs=argparse.REMAINDER, metavar="-- PROGRAM ...")
    program.set_defaults(func=run_program)
    program.add_argument("--file", type=Path, default=argparse.SUPPRESS, help=_FILE_HELP)
    _add_readers(commands)


def _add_readers(commands: argparse._SubParsersAction[Any]) -> None:
    ls = commands.add_parser("ls", help="list the most recent records, newest last")
    tail = commands.add_parser("tail", help="list new records as they arrive, until Ctrl-C")
    show = commands.add_parser("show", help="show one record with its headers and bodies")
    show.add_argument("id", metavar="ID", help="the number or ID of the record, or a unique prefix of the ID")
    export = commands.add_parser("export", help="export records as HAR or JSON Lines, with secrets masked")
    clear = commands.add_parser("clear", help="delete records; pinned records are kept")
    take = commands.add_parser("import", help="import records from a HAR file, written by any program")
    take.add_argument("har", type=Path, metavar="FILE", help="the HAR file, or - for standard input")
    for command, default in ((ls, 20), (tail, 10), (export, None)):
        what = "number of records" if default is None else "number of records (default: %(default)s)"
        command.add_argument("-n", type=positive, default=default, metavar="N", help=what)
    for command in (ls, tail, export, clear):
        command.add_argument("query", nargs="*", metavar="QUERY", help=_QUERY_HELP)
        command.set_defaults(takes_query=True)
    export.add_argument(
        "--as", dest="kind", choices=("har", "jsonl"), default="har", help="format (default: %(default)s)"
    )
    export.add_argument(
        "--openapi", dest="kind", action="store_const", const="openapi", help="describe the endpoints as OpenAPI"
    )
    export.add_argument("--output", type=Path, metavar="FILE", help="file to write (default: standard output)")
    clear.add_argument("--pinned", action="store_true", help="also delete pinned records")
    clear.add_argument("--yes", action="store_true", help="delete all records when no query is given")
    for command in (ls, tail, show, export):
        command.add_argument("--unsafe-include-secrets", dest="reveal", action="store_true", help="do not mask secrets")
    for command in (ls, tail, show, clear, take):
        command.add_argument("--json", action="store_true", help="print JSON")
    add_tools(commands)
    functions = (run_ls, run_tail, run_show, run_export, run_clear, run_import)
    for command, function in zip((ls, tail, show, export, clear, take), functions, strict=True):
        command.set_defaults(func=function)
        # SUPPRESS: otherwise the default would override `drhttp inbox --file F ls`.
        command.add_argument("--file", type=Path, default=argparse.SUPPRESS, help=_FILE_HELP)


def run_inbox(args: argparse.Namespace) -> int:
    """Run the inbox until SIGINT or SIGTERM."""
    return _run_launch(args, "receive")


def run_program(args: argparse.Namespace) -> int:
    """Run a program with DRHTTP_DSN set and return its exit status."""
    args.program = args.program[1:] if args.program[:1] == ["--"] else args.program
    if not args.program:
        return fail("No program given. Example: drhttp inbox run -- flask run", 2)
    return _run_launch(args, "run")


def run_ls(args: argparse.Namespace) -> int:
    """Print the most recent records, newest last."""
    return _exit_status(lambda: _ls(args))


def run_tail(args: argparse.Namespace) -> int:
    """Print the most recent records, then each new one."""
    try:
        return _exit_status(lambda: _tail(args))
    except KeyboardInterrupt:
        return 0


def run_show(args: argparse.Namespace) -> int:
    """Print one record with headers and bodies."""
    return _exit_status(lambda: _show(args))


def run_export(args: argparse.Namespace) -> int:
    """Export records as HAR, JSON Lines, or OpenAPI."""
    return _exit_status(lambda: _export(args))


def run_clear(args: argparse.Namespace) -> int:
    """Delete the records that match a query."""
    return _exit_status(lambda: _clear(args))


def run_import(args: argparse.Namespace) -> int:
    """Import a HAR file."""
    return _exit_status(lambda: _import(args))


def _run_launch(args: argparse.Namespace, name: str) -> int:
    try:
        from drhttp.inbox import launch
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "drhttp":
            raise
        return fail(f'The inbox requires {missing.name}. Install it with: pip install "drhttp[inbox]"')
    function: Callable[..., int] = getattr(launch, name)
    return _exit_status(lambda: function(args, _file(args), print_lines))


def _exit_status(work: Callable[[], int]) -> int:
    try:
        return work()
    except QueryError as problem:
        return fail(str(problem), 2)
    except InboxError as problem:
        return fail(str(problem))


def _ls(args: argparse.Namespace) -> int:
    with _source(args) as source:
        return print_lines(_lines(source.newest(_query(args), args.n), args, heading=True))


def _tail(args: argparse.Namespace) -> int:
    query = _query(args)
    with _source(args) as source:
        last = source.last()
        print_lines(_lines(source.newest(query, args.n), args, heading=True))
        while True:
            found, last, more = source.following(query, last)
            if found and not emit(f"{line}\n" for line in _lines(found, args)):
                return 0
            if not more:
                time.sleep(POLL)


def _show(args: argparse.Namespace) -> int:
    from drhttp.inbox.detail import json_object, text

    with _source(args) as source:
        exchange = source.one(args.id)
    lines = [json.dumps(json_object(exchange, reveal=args.reveal))] if args.json else text(exchange, reveal=args.reveal)
    return print_lines(lines)


def _export(args: argparse.Namespace) -> int:
    query, limit = _query(args), args.n or 1 << 40
    with _source(args) as source:
        if args.kind == "openapi":
            from drhttp.inbox.openapi import described

            return save(described(source.export(query, "har", limit, reveal=True)), args.output)
        pieces = source.export(query, args.kind, limit, reveal=args.reveal)
        return save(pieces, args.output)


def _clear(args: argparse.Namespace) -> int:
    if not args.query and not args.yes:
        return fail("No query given. To delete all records, pass --yes.", 2)
    query = _query(args)
    with _source(args) as source:
        count = source.clear(query, pinned=args.pinned)
    return print_lines([json.dumps({"deleted": count})] if args.json else [f"{count:,} deleted"])


def _import(args: argparse.Namespace) -> int:
    from drhttp.inbox.har import MAX_FILE_SIZE
    from drhttp.inbox.source import source

    try:
        with sys.stdin.buffer if str(args.har) == "-" else args.har.open("rb") as file:
            raw: bytes = file.read(MAX_FILE_SIZE + 1)
    except OSError as problem:
        raise InboxError(f"Cannot read {args.har}: {problem.strerror or problem}.") from problem
    if len(raw) > MAX_FILE_SIZE:
        raise InboxError(f"{args.har} is larger than {MAX_FILE_SIZE >> 20} MiB.")
    with source(_file(args), may_be_new=True) as found:
        counts = found.take(raw)
    sentence = "{imported:,} imported, {known:,} already present, {refused:,} rejected".format(**counts)
    print_lines([json.dumps(counts)] if args.json else [sentence])
    for remark in counts["remarks"] if not args.json and isinstance(counts["remarks"], list) else ():
        print(f"drhttp: {remark}", file=sys.stderr)
    return 1 if counts["refused"] else 0


def _lines(found: Iterable[Summary], args: argparse.Namespace, *, heading: bool = False) -> Iterable[str]:
    from drhttp.inbox.console import Layout
    from drhttp.inbox.detail import json_line

    if args.json:
        return [json.dumps(json_line(one, reveal=args.reveal)) for one in found]
    layout = Layout.of(sys.stdout, reveal=args.reveal)
    first = [layout.heading(dated=True)] if heading else []
    return [*first, *(layout.line(one, dated=True) for one in found)]


def _query(args: argparse.Namespace) -> str:
    """Join the words of the query. Raises `QueryError` early, before any other work."""
    from drhttp.inbox.query.parser import parse

    text = " ".join(args.query)
    parse(text, time.time_ns() // 1000)
    return text


def _file(args: argparse.Namespace) -> Path:
    from drhttp.inbox.database_file import default_file

    chosen: Path | None = getattr(args, "file", None)
    return chosen.expanduser() if chosen else default_file(os.environ, Path.cwd())


def _source(args: argparse.Namespace) -> AbstractContextManager[Source]:
    from drhttp.inbox.source import source

    return source(_file(args))
