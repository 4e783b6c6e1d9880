"""Options and commands of a receiver that may be shared: ``--store`` and ``drhttp inbox project``."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from drhttp.inbox.arguments import base, positive
from drhttp.inbox.errors import InboxError
from drhttp.inbox.output import fail, print_lines

if TYPE_CHECKING:
    from drhttp.inbox.store.clickhouse.registry import Projects

CONNECTIONS = 512
_STORE_HELP = "keep records in ClickHouse: clickhouse://USER@HOST:8123/DATABASE (default: $DRHTTP_INBOX_STORE)"


def add_store_options(inbox: argparse.ArgumentParser) -> None:
    """Add the options of a receiver whose store is not a file."""
    inbox.add_argument("--store", default=os.environ.get("DRHTTP_INBOX_STORE"), metavar="URL", help=_STORE_HELP)
    inbox.add_argument(
        "--public-url", type=base, metavar="URL", help="with --store: the address of the proxy in front, such as "
        "https://inbox.example.com"
    )  # fmt: skip
    inbox.add_argument(
        "--connections",
        type=positive,
        default=CONNECTIONS,
        metavar="N",
        help="with --store: concurrent requests (default: %(default)s)",
    )


def add_project_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add `drhttp inbox project`."""
    project = commands.add_parser("project", help="manage the projects of a shared receiver, their keys and tokens")
    inner = project.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add = inner.add_parser("add", help="add a project, and print a key, a reader token and an admin token once")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--keep-days", type=positive, default=7, metavar="DAYS", help="default: %(default)s")
    rotate = inner.add_parser("rotate", help="print another key or token; the others stay valid until revoked")
    rotate.add_argument("name", nargs="+", metavar="NAME", help="several for a token that sees several projects")
    rotate.add_argument("--what", choices=("key", "reader", "admin"), default="key", help="default: %(default)s")
    rotate.add_argument("--holder", default="", metavar="TEXT", help="who has it, for the audit")
    revoke = inner.add_parser("revoke", help="revoke a key or token, or all of a project")
    revoke.add_argument("name", metavar="NAME")
    revoke.add_argument("id", nargs="?", metavar="ID", help="as `list` shows it; without, all of the project")
    listed = inner.add_parser("list", help="list projects with their keys and tokens, which are not shown")
    audit = inner.add_parser("audit", help="list who read unmasked values, newest first")
    audit.add_argument("-n", type=positive, default=50, metavar="N", help="number of lines (default: %(default)s)")
    functions = (_add, _rotate, _revoke, _list, _audit)
    for command, function in zip((add, rotate, revoke, listed, audit), functions, strict=True):
        command.add_argument("--store", default=argparse.SUPPRESS, metavar="URL", help=_STORE_HELP)
        command.set_defaults(func=_run(function))


def password() -> str:
    """Return the password of the store, which a URL on the command line would show to other users."""
    return os.environ.get("DRHTTP_INBOX_STORE_PASSWORD", "")


def _run(function: Callable[[Projects, argparse.Namespace], Sequence[str]]) -> Callable[[argparse.Namespace], int]:
    def run(args: argparse.Namespace) -> int:
        from drhttp.inbox.store.clickhouse.engine import connect, parse_address
        from drhttp.inbox.store.clickhouse.registry import Projects
        from drhttp.inbox.store.clickhouse.schema import migrate

        if not args.store:
            return fail("No store given. Pass --store clickhouse://USER@HOST:8123/DATABASE.", 2)
        try:
            with connect(parse_address(args.store, password=password()), create=True) as engine:
                migrate(engine)
                return print_lines(function(Projects(engine), args))
        except InboxError as problem:
            return fail(str(problem))

    return run


def _add(projects: Projects, args: argparse.Namespace) -> Sequence[str]:
    projects.add(args.name, args.keep_days)
    made = [(kind, projects.issue(kind, [args.name], args.name)) for kind in ("key", "reader", "admin")]
    return [f"{kind:<6}  {secret}" for kind, secret in made]


def _rotate(projects: Projects, args: argparse.Namespace) -> Sequence[str]:
    return [f"{args.what:<6}  {projects.issue(args.what, args.name, args.holder or args.name[0])}"]


def _revoke(projects: Projects, args: argparse.Namespace) -> Sequence[str]:
    count = projects.revoke(args.name, args.id)
    return [f"{count} revoked"]


def _list(projects: Projects, args: argparse.Namespace) -> Sequence[str]:
    credentials = projects.credentials()
    lines = []
    for name, keep in projects.named():
        lines.append(f"{name}  {keep} days")
        lines += [f"  {one.id}  {one.kind:<6}  {one.name}" for one in credentials if name in one.projects]
    return lines


def _audit(projects: Projects, args: argparse.Namespace) -> Sequence[str]:
    return [
        f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(at / 1000))}  {who}  {','.join(seen) or 'all'}  {what}"
        for at, who, seen, what in projects.audited(args.n)
    ]
