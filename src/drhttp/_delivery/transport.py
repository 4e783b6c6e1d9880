"""The only place that knows `urllib3`: one POST in, one verdict out."""

from __future__ import annotations

import _socket

# The look-up of a host name loads this codec; loaded here, it is not loaded in the worker while another thread forks.
import encodings.idna  # noqa: F401
import math
import os
import socket
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, ProxyError, SSLError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from drhttp._delivery.idle_connections import IdleConnections
from drhttp._delivery.response import Deadline, Response
from drhttp._delivery.retry import Answer, Verdict, verdict
from drhttp._version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from drhttp._dsn import Dsn

_READ_AT_MOST = 64 * 1024  # bytes of an answer's body
_BLOCK = 16 * 1024  # bytes sent at a time, between two looks at the clock
_PORTS = {"http": 80, "https": 443}
_REUSED_AT_MOST = 55.0  # seconds idle; load balancers commonly cut a connection after 60


class Transport:
    """Posts to one address over one kept-alive connection.

    Proxies and private certificate authorities come from the environment (`HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`).
    Redirects are refused: they would carry the key elsewhere. timeout: seconds for one POST, connection included.
    """

    def __init__(self, dsn: Dsn, path: str, headers: Mapping[str, str], timeout: float) -> None:
        self.url = dsn.url + path
        self._dsn = dsn
        self._headers = {"User-Agent": f"drhttp-python/{__version__}", **headers}
        self._timeout = timeout
        self._deadline = Deadline()
        self._sockets: list[socket.socket] = []
        self._pool: urllib3.PoolManager | None = None
        self._used = 0.0
        self.answer = Answer()

    def post(self, body: bytes, within: float = math.inf) -> Verdict:
        """Send one body, within the timeout and so many seconds. The verdict says what to do next; `answer` what came
        back."""
        if time.monotonic() - self._used > _REUSED_AT_MOST:
            self.close()
        timeout = min(self._timeout, max(0.001, within))
        self._deadline.begin(timeout)
        try:
            self.answer = self._exchange(body, timeout)
        except (HTTPError, OSError, ValueError) as error:
            self.answer = _trouble(error)
            self._forget()
        self._used = time.monotonic()
        return verdict(self.answer, self.url)

    def close(self) -> None:
        """Let go of the connection; the next POST makes another."""
        if self._pool is not None:
            self._pool.clear()

    def renew(self) -> None:
        """Forget connections and locks that gevent or eventlet have replaced."""
        self._pool = None

    def disown(self) -> None:
        """In a forked child: close the parent's connection on this side, and take no lock for that."""
        while self._sockets:
            with suppress(OSError):
                os.close(self._sockets.pop().detach())

    def _forget(self) -> None:
        """Read the certificates and the proxies again next time: the files may be mended meanwhile."""
        if self.answer.trouble in ("tls", "proxy"):
            self.close()
            self._pool = None

    def _exchange(self, body: bytes, timeout: float) -> Answer:
        # Made here, because the environment that it depends on may be wrong, which is an answer like others.
        if self._pool is None:
            self._pool = _pool(self._dsn, {"deadline": self._deadline, "sockets": self._sockets})
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
        try:
            _read_to_the_end(response)
            if self._deadline.cut:
                raise ProtocolError  # nobody can have taken what was not sent
        except (HTTPError, OSError, ValueError) as error:
            response.close()
            if 200 <= response.status < 300:
                raise ProtocolError from error
            # A failure is one, whole or not; and a receiver that answers before it has read the request, such as a
            # proxy that finds it too large, resets the connection and so cuts its own answer.
        finally:
            response.release_conn()
        if response.status == 407:
            return Answer(trouble="proxy", detail="the proxy requires other credentials")
        fields = response.headers
        return Answer(status=response.status, retry_after=fields.get("Retry-After"), date=fields.get("Date"))


def _read_to_the_end(response: urllib3.BaseHTTPResponse) -> None:
    """Read the body of an answer and forget it; raises if the connection breaks, or time runs out, before its end.

    Its first 64 KiB have to come. Of a longer one, the rest is not waited for, and the connection is not used again.
    """
    size, part = 0, b"-"
    while part and size <= _READ_AT_MOST:
        part = response.read(_READ_AT_MOST + 1 - size, decode_content=False)
        size += len(part)
    if size > _READ_AT_MOST:
        response.close()


class _BadProxyError(ValueError):
    """The address of a proxy that cannot be used; without its text, which may hold a password."""


def _pool(dsn: Dsn, members: dict[str, Any]) -> urllib3.PoolManager:
    proxy = proxy_for(dsn)
    if proxy is None:
        pool = urllib3.PoolManager(num_pools=1, maxsize=1, ssl_context=_context(dsn.scheme))
    else:
        pool = _through_proxy(dsn, proxy if "://" in proxy else f"http://{proxy}")
    pool.pool_classes_by_scheme = _pool_classes(members)
    return pool


def _context(*schemes: str | None) -> ssl.SSLContext | None:
    # The default context trusts what the system trusts, and honours SSL_CERT_FILE and SSL_CERT_DIR.
    return ssl.create_default_context() if "https" in schemes else None


def proxy_for(dsn: Dsn) -> str | None:
    """The proxy that the environment prescribes. An entry of `NO_PROXY` may be a host, or a host with its port."""
    host = f"[{dsn.host}]" if ":" in dsn.host else dsn.host
    places = (dsn.host, f"{host}:{dsn.port or _PORTS[dsn.scheme]}")
    return None if any(map(proxy_bypass, places)) else getproxies().get(dsn.scheme)


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


class _Timed(HTTPConnection):
    """A connection that ends with the deadline.

    The timeout of a socket is for one operation: a receiver that takes or gives a byte now and then would never exceed
    it, and a name with several dead addresses would take it several times.
    """

    deadline: Deadline
    sockets: list[socket.socket]  # that of the latest connection, of which there is one at a time

    def connect(self) -> None:
        super().connect()
        # TLS inside of the TLS of a proxy is no socket, but has one.
        self.sockets[:] = [getattr(self.sock, "socket", self.sock)]

    def _new_conn(self) -> socket.socket:
        addresses = _addresses(self._dns_host, self.port)
        failure: OSError | None = None
        for index, (family, kind, protocol, _, address) in enumerate(addresses):
            share = self.deadline.remaining_seconds() / (
                len(addresses) - index
            )  # so that a dead one leaves time for the next
            sock = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                sock.settimeout(share)
                sock.connect(address)
                sock.settimeout(self.deadline.remaining_seconds())
            except OSError as error:
                failure = error
                sock.close()
            else:
                return sock
        if isinstance(failure, TimeoutError):
            raise failure
        raise NewConnectionError(self, "no address could be connected to") from failure

    def send(self, data: Any) -> None:
        view = memoryview(data)
        for start in range(0, len(view), _BLOCK):
            if self.sock is not None:
                self.sock.settimeout(self.deadline.remaining_seconds())
            try:
                super().send(view[start : start + _BLOCK])
            except (BrokenPipeError, ConnectionResetError) as error:
                self.deadline.cut = True
                # Under this name it makes urllib3 look for an answer that came before the end of the body.
                raise BrokenPipeError(error.errno, error.strerror) from error

    # A method in the place of a class, because it is only called, and has to know the deadline.
    def response_class(self, sock: socket.socket, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        return Response(sock, self.deadline, *args, **kwargs)


def _addresses(host: str, port: int | None) -> list[tuple[Any, ...]]:
    """Look up a host. gevent does so in a thread, and none can be started any more while the interpreter ends."""
    try:
        return [*socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except RuntimeError:
        return [*_socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _pool_classes(members: dict[str, Any]) -> dict[str, type[HTTPConnectionPool]]:
    plain = type("_TimedHTTP", (_Timed,), members)
    secure = type("_TimedHTTPS", (_Timed, HTTPSConnection), members)
    return {
        "http": type("_HTTPPool", (HTTPConnectionPool,), {"ConnectionCls": plain, "QueueCls": IdleConnections}),
        "https": type("_HTTPSPool", (HTTPSConnectionPool,), {"ConnectionCls": secure, "QueueCls": IdleConnections}),
    }


def _trouble(error: Exception) -> Answer:
    """An exception of the libraries below as a word and a sentence."""
    causes = list(_causes(error))
    words = _words(causes[-1])
    for kinds, trouble, sentence in _TROUBLES:
        if any(isinstance(cause, kinds) for cause in causes):
            return Answer(trouble=trouble, detail=f"{sentence} ({words})")
    if isinstance(error, ValueError):
        return Answer(trouble="address", detail=f"the address is invalid ({words})")
    return Answer(trouble="reset", detail=f"the connection broke before the response was complete ({words})")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _words(error: BaseException) -> str:
    """What the system says. The words of libraries may repeat what was sent or received, and so the key."""
    return str(error)[:200] if isinstance(error, OSError) else type(error).__name__


_TROUBLES: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    ((_BadProxyError,), "proxy", "the proxy address in the environment is invalid"),
    ((ProxyError,), "proxy", "the proxy refused the connection"),
    ((socket.gaierror,), "dns", "the host name could not be resolved"),
    ((SSLError, ssl.SSLError), "tls", "the TLS handshake failed, or the certificate is not trusted"),
    ((NewConnectionError,), "refused", "could not connect"),
    ((HTTPTimeoutError, TimeoutError), "timeout", "no response in time"),
)
