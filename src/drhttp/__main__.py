"""The command line: `drhttp inbox` and `drhttp check`."""

from __future__ import annotations

import argparse
import sys
from typing import Any


def main(argv: list[str] | None = None) -> int:
    """Run a command and return its exit status.

    argv: the arguments; by default, those of the process.
    """
    args = _parser().parse_args(argv)
    return int(args.func(args))


def _parser() -> argparse.ArgumentParser:
    from drhttp._version import __version__
    from drhttp.inbox.arguments import QueryParser
    from drhttp.inbox.commands import add_parser as add_inbox

    parser = argparse.ArgumentParser(prog="drhttp", description="Records the HTTP traffic of Python web applications.")
    parser.add_argument("--version", action="version", version=f"drhttp {__version__}")
    subparsers: Any = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND", parser_class=QueryParser
    )
    add_inbox(subparsers)
    check = subparsers.add_parser("check", help="send one probe record and report what happens")
    check.add_argument("dsn", nargs="?", metavar="DSN", help="where to send it; the default is $DRHTTP_DSN")
    check.add_argument("--show", action="store_true", help="print the record of a sample request instead of sending it")
    check.set_defaults(func=_check)
    return parser


def _check(args: argparse.Namespace) -> int:
    from drhttp._check import run  # not for the other commands: it loads the whole recorder

    return run(args)


if __name__ == "__main__":
    sys.exit(main())
