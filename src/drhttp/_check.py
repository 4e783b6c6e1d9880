"""The command `drhttp check`: sends one probe record through queue, worker and transport, and reports the result."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from drhttp._capture.body_tap import Tap
from drhttp._capture.wsgi_exchange import WSGIExchange
from drhttp._config import Config
from drhttp._delivery.retry import Verdict
from drhttp._process.recorder import Recorder
from drhttp._version import __version__
from drhttp._wire import PROTOCOLS
from drhttp.exceptions import ConfigError

if TYPE_CHECKING:
    import argparse

    from drhttp._dsn import Dsn
    from drhttp._stats import Stats

_ANYWHERE = "http://key@localhost/"
_GRACE = 1.0  # seconds, in addition to the timeout of the POST


def run(args: argparse.Namespace) -> int:
    """Run the command. args: `dsn`, or `None` for the one of the environment, and `show`.

    The exit status is 0 if the probe was accepted, 1 if not, and 2 for a bad configuration.
    """
    try:
        # The record does not depend on the address, so `--show` works without a DSN.
        config = Config.load(args.dsn or (None if not args.show else os.environ.get("DRHTTP_DSN") or _ANYWHERE), {})
    except ConfigError as error:
        print(f"drhttp check: {error}", file=sys.stderr)
        return 2
    if config is None:
        print("drhttp check: no DSN: pass one or set DRHTTP_DSN, and do not disable drhttp", file=sys.stderr)
        return 2
    if args.show:
        return _show(config)
    _print_row("drhttp", __version__)
    _print_configuration(config)
    if _is_direct(config.dsn) and not _resolves(config):
        return _conclude("It does not work: the host name could not be resolved.", 1)
    return _probe(config)


def _show(config: Config) -> int:
    """Print the record of a sample request as it would be sent."""
    from drhttp._capture.example_exchange import example_exchange
    from drhttp._delivery.record_exporter import RecordExporter

    exporter = RecordExporter(config, dict)
    encoded_record = exporter.prepare(example_exchange())
    if isinstance(encoded_record, Verdict):
        return _conclude(f"Nothing would be sent: the record would be dropped ({encoded_record.reason}).", 0)
    print(json.dumps(json.loads(encoded_record), indent=2))
    return _conclude(f"This would be sent to {exporter.transport.url}. Nothing was sent.", 0)


def _print_configuration(config: Config) -> None:
    _print_row("to", f"{config.dsn.url}{PROTOCOLS[config.protocol].PATH}")
    given = [each for each in config.explain() if each[2] != "default" and each[0] != "dsn"]
    for name, value, source in given:
        _print_row("option", f"{name} = {value} (from {source})")


def _is_direct(dsn: Dsn) -> bool:
    """Whether there is no proxy, which would resolve the host name itself."""
    from drhttp._delivery.proxy import proxy_for  # loads urllib.request, which the other commands do not need

    proxy = proxy_for(dsn)
    if proxy is not None:
        _print_row("proxy", proxy.rpartition("@")[2])
    return proxy is None


def _resolves(config: Config) -> bool:
    """Resolve the host name, within the timeout of a POST, because the resolver has no timeout of its own."""
    found: list[Any] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(config.dsn.host, config.dsn.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.append(error)

    begin = time.monotonic()
    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(config.timeout)
    took = _milliseconds(time.monotonic() - begin)
    if not found:
        _print_row("name", f"{config.dsn.host}: no response from the name server in {took}")
    elif isinstance(found[0], Exception):
        _print_row("name", f"{config.dsn.host}: {found[0]}")
    else:
        _print_row("name", f"{config.dsn.host} is {', '.join(sorted({each[4][0] for each in found}))} ({took})")
        return True
    return False


def _probe(config: Config) -> int:
    """Send a record through queue, worker and transport, and wait for its first result."""
    recorder = Recorder(config)
    begin = time.monotonic()
    recorder.put(_exchange())
    recorder.begin_flush()
    stats = recorder.stats()
    while stats.queued and not stats.last_error and time.monotonic() - begin < config.timeout + _GRACE:
        time.sleep(0.01)
        stats = recorder.stats()
    took = _milliseconds(time.monotonic() - begin)
    recorder.begin_close(0.0)
    recorder.finish_close()
    return _judge(stats, config.dsn, took)


def _judge(stats: Stats, dsn: Dsn, took: str) -> int:
    if stats.sent:
        if dsn.scheme == "https":
            _print_row("TLS", "the certificate is trusted")
        _print_row("key", "accepted")
        _print_row("time", f"{took} from the record to the response, including the connection")
        return _conclude("It works: the probe record was delivered.", 0)
    _print_row("error", stats.last_error or f"no response in {took}")
    _print_row("time", took)
    return _conclude("It does not work: the probe record was not delivered.", 1)


def _exchange() -> WSGIExchange:
    environ = {
        "REQUEST_METHOD": "GET",
        "wsgi.url_scheme": "http",
        "HTTP_HOST": socket.gethostname() or "localhost",
        "HTTP_USER_AGENT": f"drhttp-check/{__version__}",
        "PATH_INFO": "/drhttp-check",
        "QUERY_STRING": "",
    }
    exchange = WSGIExchange(environ, None, Tap(0))
    exchange.status = "204 No Content"
    exchange.device = "drhttp check"
    exchange.finish(complete=True)
    return exchange


def _conclude(sentence: str, status: int) -> int:
    print(f"\n{sentence}")
    return status


def _print_row(label: str, text: str) -> None:
    print(f"{label:<8}{text}")


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
