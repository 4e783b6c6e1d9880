"""Sends POST requests by `urllib3`, and returns a verdict for each."""

from __future__ import annotations

import logging
import math
import os
import socket
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, ProxyError, SSLError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from drhttp._delivery import idle_connections
from drhttp._delivery.connection import encrypt_in_memory, pool_classes, unused_overrides
from drhttp._delivery.deadline import PostDeadline
from drhttp._delivery.late_patching import greenlets_stall
from drhttp._delivery.proxy import proxy_for
from drhttp._delivery.retry import PostResult, Verdict, verdict
from drhttp._version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from drhttp._dsn import Dsn

_MAX_RESPONSE_BODY = 64 * 1024  # bytes that are read of the body of a response

_log = logging.getLogger("drhttp")


class Transport:
    """Sends POST requests to one address over one kept-alive connection.

    Proxies and private certificate authorities come from the environment (`HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`).
    Redirects are not followed, because they would send the key elsewhere. timeout: seconds for one POST, including the
    connection.
    """

    def __init__(self, dsn: Dsn, path: str, headers: Mapping[str, str], timeout: float) -> None:
        self.url = dsn.url + path
        self._dsn = dsn
        self._headers = {"User-Agent": f"drhttp-python/{__version__}", **headers}
        self._timeout = timeout
        self._deadline = PostDeadline()
        self._sockets: list[socket.socket] = []
        self._used_overrides: set[str] = set()
        self._overrides_checked = False
        self._pool: urllib3.PoolManager | None = None
        self._last_used_at = 0.0
        self.result = PostResult()

    def post(self, body: bytes, within: float = math.inf) -> Verdict:
        """Send one body. The verdict says what to do next, and `result` holds the result.

        within: seconds that the POST may take, if the timeout is longer.
        """
        if time.monotonic() - self._last_used_at > idle_connections.MAX_IDLE:
            self.close()
        timeout = min(self._timeout, max(0.001, within))
        self._deadline.begin(timeout)
        try:
            self.result = self._exchange(body, timeout)
        except (HTTPError, OSError, ValueError) as error:
            self.result = _failure(error)
            self._forget_failed_pool()
        self._last_used_at = time.monotonic()
        return verdict(self.result, self.url)

    def close(self) -> None:
        """Close the connection. The next POST opens another."""
        if self._pool is not None:
            self._pool.clear()

    def renew(self) -> None:
        """Drop connections and locks that gevent or eventlet have replaced."""
        self._pool = None

    def disown(self) -> None:
        """In a forked child: close the connection of the parent on this side, without taking a lock."""
        while self._sockets:
            with suppress(OSError):
                os.close(self._sockets.pop().detach())

    def _forget_failed_pool(self) -> None:
        """After an error of TLS or a proxy, read both settings again next time: they may have been repaired."""
        if self.result.failure in ("tls", "proxy"):
            self.close()
            self._pool = None

    def _check_overrides(self) -> None:
        """After the first response: log a warning if this version of `urllib3` does not use what is overridden."""
        if self._overrides_checked:
            return
        self._overrides_checked = True
        unused = unused_overrides(self._used_overrides)
        if unused:
            version = urllib3.__version__  # type: ignore[attr-defined]
            _log.warning("urllib3 %s is not fully supported: %s; install another version", version, unused)

    def _exchange(self, body: bytes, timeout: float) -> PostResult:
        # Created here, because a mistake in the environment is to be reported like other failures.
        if self._pool is None:
            members = {"deadline": self._deadline, "sockets": self._sockets, "used_overrides": self._used_overrides}
            self._pool = _pool(self._dsn, members)
        response = self._pool.request(
            "POST",
            self.url,
            body=body,
            headers=self._headers,
            timeout=urllib3.Timeout(total=timeout),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        self._check_overrides()
        try:
            _read_to_the_end(response)
            if self._deadline.cut:
                raise ProtocolError  # the receiver cannot have accepted a request that was not sent
        except (HTTPError, OSError, ValueError) as error:
            response.close()
            if 200 <= response.status < 300:
                raise ProtocolError from error
            # An error status counts, even if its body is incomplete: a receiver that answers before it has read the
            # request, such as a proxy that finds it too large, resets the connection and so cuts its own response.
        finally:
            response.release_conn()
        if response.status == 407:
            return PostResult(failure="proxy", detail="the proxy requires other credentials")
        fields = response.headers
        return PostResult(status=response.status, retry_after=fields.get("Retry-After"), date=fields.get("Date"))


def _read_to_the_end(response: urllib3.BaseHTTPResponse) -> None:
    """Read and discard the body of a response. Raises if the connection breaks or the time runs out before its end.

    Only the first 64 KiB are read. The connection is closed if the body is longer.
    """
    size, part = 0, b"-"
    while part and size <= _MAX_RESPONSE_BODY:
        part = response.read(_MAX_RESPONSE_BODY + 1 - size, decode_content=False)
        size += len(part)
    if size > _MAX_RESPONSE_BODY:
        response.close()


class _BadProxyError(ValueError):
    """An invalid proxy address. The message is empty, because the address may hold a password."""


def _pool(dsn: Dsn, members: dict[str, Any]) -> urllib3.PoolManager:
    proxy = proxy_for(dsn)
    if proxy is None:
        pool = urllib3.PoolManager(num_pools=1, maxsize=1, ssl_context=_context(dsn.scheme))
    else:
        pool = _through_proxy(dsn, proxy if "://" in proxy else f"http://{proxy}")
    pool.pool_classes_by_scheme = pool_classes(members)
    return pool


def _context(*schemes: str | None) -> ssl.SSLContext | None:
    if "https" not in schemes:
        return None
    # The default context trusts what the system trusts, and honors SSL_CERT_FILE and SSL_CERT_DIR.
    context = ssl.create_default_context()
    if greenlets_stall():
        encrypt_in_memory(context)
    return context


def _through_proxy(dsn: Dsn, proxy: str) -> urllib3.PoolManager:
    try:
        address = urllib3.util.parse_url(proxy)
        auth = unquote(address.auth, "latin-1") if address.auth else None
        headers = urllib3.make_headers(proxy_basic_auth=auth) if auth else None
        context = _context(dsn.scheme, address.scheme)
        return urllib3.ProxyManager(
            proxy, num_pools=1, maxsize=1, ssl_context=context, proxy_ssl_context=context, proxy_headers=headers
        )
    except (HTTPError, ValueError):
        raise _BadProxyError from None


def _failure(error: Exception) -> PostResult:
    """Translate an exception of `urllib3` or the standard library into a word and a sentence."""
    causes = list(_causes(error))
    message = _safe_message(causes[-1])
    for kinds, failure, sentence in _FAILURES:
        if any(isinstance(cause, kinds) for cause in causes):
            return PostResult(failure=failure, detail=f"{sentence} ({message})")
    if isinstance(error, ValueError):
        return PostResult(failure="address", detail=f"the address is invalid ({message})")
    return PostResult(failure="reset", detail=f"the connection broke before the response was complete ({message})")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _safe_message(error: BaseException) -> str:
    """The message of a system error. Of other errors only the type: their messages may contain the key."""
    return str(error)[:200] if isinstance(error, OSError) else type(error).__name__


_FAILURES: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    ((_BadProxyError,), "proxy", "the proxy address in the environment is invalid"),
    ((ProxyError,), "proxy", "the proxy refused the connection"),
    ((socket.gaierror,), "dns", "the host name could not be resolved"),
    ((SSLError, ssl.SSLError), "tls", "the TLS handshake failed, or the certificate is not trusted"),
    ((NewConnectionError,), "refused", "could not connect"),
    ((HTTPTimeoutError, TimeoutError), "timeout", "no response in time"),
)
