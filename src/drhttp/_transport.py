"""The only place that knows `urllib3`: one POST in, one verdict out."""

from __future__ import annotations

# The look-up of a host name loads this codec; loaded here, it is not loaded in the worker while another thread forks.
import encodings.idna  # noqa: F401
import socket
import ssl
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InvalidHeader,
    LocationParseError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from drhttp._verdict import DONE, Verdict
from drhttp._version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drhttp._dsn import Dsn

_RETRIED = frozenset((429, 502, 503, 504))
_RETRIED_TWICE = frozenset((408, 500))
_WRONG_KEY = frozenset((401, 402, 403))
_WRONG_PLACE = frozenset((404, 405, 410))
_PAUSE = 60.0  # seconds, after an answer that the next POST would get too
_LONGEST_RETRY_AFTER = 300.0  # seconds
_READ_AT_MOST = 64 * 1024  # bytes of an answer's body, so that the connection can be used again
_REUSED_AT_MOST = 55.0  # seconds idle; load balancers commonly cut a connection after 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of a POST: a status, or what prevented one.

    trouble: "dns", "refused", "timeout", "tls", "proxy", "reset" or "address". detail: the same as a sentence.
    """

    status: int | None = None
    retry_after: str | None = None
    trouble: str | None = None
    detail: str = ""


class Transport:
    """Posts to one address over one kept-alive connection.

    Proxies and private certificate authorities come from the environment (`HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`).
    Redirects are refused: they would carry the key elsewhere. timeout: seconds for one POST, connection included.
    """

    def __init__(self, dsn: Dsn, path: str, headers: Mapping[str, str], timeout: float) -> None:
        self.url = dsn.url + path
        self._headers = {"User-Agent": f"drhttp-python/{__version__}", **headers}
        self._timeout = timeout
        self._pool = _pool(dsn)
        self._used = 0.0
        self.answer = Answer()

    def post(self, body: bytes) -> Verdict:
        """Send one body. The verdict says what to do next; `answer` what came back."""
        if time.monotonic() - self._used > _REUSED_AT_MOST:
            self._pool.clear()
        self.answer = self._exchange(body)
        self._used = time.monotonic()
        return verdict(self.answer, self.url)

    def _exchange(self, body: bytes) -> Answer:
        try:
            response = self._pool.request(
                "POST",
                self.url,
                body=body,
                headers=self._headers,
                timeout=urllib3.Timeout(total=self._timeout),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except (HTTPError, OSError) as error:
            return _trouble(error)
        try:
            response.read(_READ_AT_MOST, decode_content=False)
            response.drain_conn() if response.length_remaining == 0 else response.close()
        except (HTTPError, OSError):
            response.close()  # the status has come, and that is what counts
        finally:
            response.release_conn()
        return Answer(status=response.status, retry_after=response.headers.get("Retry-After"))


def verdict(answer: Answer, url: str) -> Verdict:
    """What an answer means for the batch."""
    status = answer.status
    if status is None:
        return Verdict(action="retry", reason="unreachable", error=f"{url}: {answer.detail}")
    if 200 <= status < 300:
        return DONE
    reason = f"status_{status}"
    error = f"{url} answered {status}"
    if status in _RETRIED:
        return Verdict(action="retry", reason=reason, error=error, after=retry_after(answer.retry_after, time.time()))
    if status in _RETRIED_TWICE:
        return Verdict(action="retry", reason=reason, error=error, limit=2)
    if status == 413:
        return Verdict(action="split", reason="too_large", error=f"{error}: the batch is too large for it")
    return Verdict(action="drop", reason=reason, error=error + _advice(status), after=_pause(status))


def retry_after(text: str | None, now: float) -> float | None:
    """Seconds that a `Retry-After` asks for (RFC 9110 section 10.2.3), at most five minutes; `None` if invalid."""
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        # Texts of digits without end are digits too, and longer than the conversion takes.
        return _LONGEST_RETRY_AFTER if len(text) > 9 else min(float(text), _LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(moment - now, 0.0), _LONGEST_RETRY_AFTER)


def _pause(status: int) -> float | None:
    return _PAUSE if status in _WRONG_KEY | _WRONG_PLACE or 300 <= status < 400 else None


def _advice(status: int) -> str:
    if status in _WRONG_KEY:
        return ": it does not accept the key of the DSN"
    if status in _WRONG_PLACE:
        return ": it does not take records there; check host, port and path of the DSN, and the option protocol"
    if 300 <= status < 400:
        return ": redirects are refused, because they would carry the key elsewhere; set the DSN to the final address"
    return ""


def _pool(dsn: Dsn) -> urllib3.PoolManager:
    # The default context trusts what the system trusts, and honours SSL_CERT_FILE and SSL_CERT_DIR.
    context = ssl.create_default_context() if dsn.scheme == "https" else None
    proxy = None if proxy_bypass(dsn.host) else getproxies().get(dsn.scheme)
    if proxy is None:
        return urllib3.PoolManager(num_pools=1, maxsize=1, ssl_context=context)
    return _through_proxy(proxy if "://" in proxy else f"http://{proxy}", context)


def _through_proxy(proxy: str, context: ssl.SSLContext | None) -> urllib3.PoolManager:
    parsed = urllib3.util.parse_url(proxy)
    headers = urllib3.make_headers(proxy_basic_auth=parsed.auth) if parsed.auth else None
    return urllib3.ProxyManager(proxy, num_pools=1, maxsize=1, ssl_context=context, proxy_headers=headers)


def _trouble(error: Exception) -> Answer:
    """An exception of the libraries below as a word and a sentence."""
    if isinstance(error, MaxRetryError) and error.reason is not None:
        error = error.reason
    for kinds, trouble, sentence in _TROUBLES:
        if isinstance(error, kinds):
            return Answer(trouble=trouble, detail=f"{sentence} ({_root(error)})")
    return Answer(trouble="reset", detail=f"the connection broke before an answer came ({_root(error)})")


def _root(error: BaseException) -> str:
    """The cause at the bottom, in its own words: those of the layers above repeat it."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    text = str(error) or type(error).__name__
    return text[:200]


_TROUBLES: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    ((ProxyError,), "proxy", "the proxy did not let the connection through"),
    ((NameResolutionError, socket.gaierror), "dns", "the name of the host could not be resolved"),
    ((SSLError, ssl.SSLError), "tls", "the TLS connection was not trusted or failed"),
    ((ConnectTimeoutError, ReadTimeoutError, TimeoutError), "timeout", "no answer came in time"),
    ((NewConnectionError, ConnectionRefusedError), "refused", "the connection could not be made"),
    ((InvalidHeader, LocationParseError), "address", "the address of the DSN cannot be used"),
)
