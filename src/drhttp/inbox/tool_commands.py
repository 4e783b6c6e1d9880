"""The commands `drhttp share` and `drhttp mcp`."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drhttp.inbox.errors import InboxError
from drhttp.inbox.output import fail, save

MAX_CALLS = 500
"""Maximum number of outbound requests of the trace of a shared record."""
_FILE_HELP = "the SQLite file (default: $DRHTTP_INBOX_FILE, or one per working directory)"


def add_tools(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands."""
    share = commands.add_parser("share", help="write one record as an HTML file that shows it offline, or as HAR")
    share.add_argument("id", metavar="ID", help="the record ID, or a unique prefix of it")
    share.add_argument(
        "--as", dest="kind", choices=("html", "har"), default="html", help="format (default: %(default)s)"
    )
    share.add_argument("--output", type=Path, metavar="FILE", help="file to write (default: standard output)")
    share.add_argument("--unsafe-include-secrets", dest="reveal", action="store_true", help="do not mask secrets")
    mcp = commands.add_parser("mcp", help="let an assistant look at the records, over MCP on standard input and output")
    for command, function in ((share, run_share), (mcp, run_mcp)):
        command.set_defaults(func=function)
        # SUPPRESS: otherwise the default would override `drhttp inbox --file F share`.
        command.add_argument("--file", type=Path, default=argparse.SUPPRESS, help=_FILE_HELP)


def run_share(args: argparse.Namespace) -> int:
    """Write one record as a file for others."""
    return _exit_status(lambda: _share(args))


def run_mcp(args: argparse.Namespace) -> int:
    """Serve MCP until standard input ends."""
    from drhttp.inbox.mcp_server import create

    try:
        server = create(_file(args))
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "drhttp":
            raise
        return fail(f'The MCP server requires {missing.name}. Install it with: pip install "drhttp[mcp]"')
    server.run("stdio")
    return 0


def _share(args: argparse.Namespace) -> int:
    from drhttp.inbox.export import alone
    from drhttp.inbox.source import source

    with source(_file(args)) as found:
        exchange = found.one(args.id)
        trace, span = exchange.summary.trace, exchange.summary.span
        related = found.newest(f"trace:{json.dumps(trace)} dir:out", MAX_CALLS) if trace and span else []
    calls = [one for one in related if one.parent == span]
    return save([alone(exchange, args.kind, calls=calls, reveal=args.reveal)], args.output)


def _exit_status(work: Callable[[], int]) -> int:
    try:
        return work()
    except InboxError as problem:
        return fail(str(problem))


def _file(args: argparse.Namespace) -> Path:
    from drhttp.inbox.database_file import default_file

    chosen: Path | None = getattr(args, "file", None)
    return chosen.expanduser() if chosen else default_file(os.environ, Path.cwd())
