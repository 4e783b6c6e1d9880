"""Load without a server: requests to a WSGI application, and programs that record some in a process of their own."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

TESTS = Path(__file__).parents[1]


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """An application that answers with what it was sent."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(body)))])
    return [body]


def hit(app: Any, path: str, body: bytes = b"", kind: str = "application/octet-stream") -> bytes:
    """One request, from its beginning to the close of its answer."""
    environ = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": kind,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    result = app(environ, lambda status, headers, exc_info=None: lambda data: None)
    try:
        return b"".join(result)
    finally:
        if hasattr(result, "close"):
            result.close()


def program(source: str, *arguments: object, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run a program to its end. It finds the names of this module, and its arguments in `sys.argv`.

    Raises `AssertionError` if it takes longer than the timeout in seconds, with what its threads did at that moment.
    """
    line = command(source, *arguments)
    with subprocess.Popen([line[0], "-X", "faulthandler", *line[1:]], **SURROUNDINGS) as process:
        try:
            output, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            output, errors = process.communicate()
            raise AssertionError(f"it ran for more than {timeout} s\n{output}\n{errors}") from None
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(line, process.returncode, output, errors)


def command(source: str, *arguments: object) -> list[str]:
    """The command line of such a program."""
    # The warning that a process with threads forks is about what these programs are for.
    head = "import os, sys, threading, time\nimport drhttp\nfrom support.load import echo, hit\n"
    return [
        *(sys.executable, "-W", "ignore::DeprecationWarning", "-c"),
        head + textwrap.dedent(source),
        *map(str, arguments),
    ]


SURROUNDINGS: dict[str, Any] = {
    "env": {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))},
    "stdout": subprocess.PIPE,
    "stderr": subprocess.PIPE,
    "text": True,
}


def paths(records: Iterable[dict[str, Any]]) -> list[str]:
    """The paths that were recorded."""
    return [record["request"]["uri"].removeprefix("http://localhost") for record in records]
