"""Middleware against DNS rebinding and other attacks by web pages: Host check, CORS, and security headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEYS = ("x-moesif-application-id", "drhttp-apikey")
"""Request headers that carry the API key of a recorder."""
_RECEIVING = ("/v1/events", "/v1/events/batch", "/v1/config", "/v1/rules", "/v1/http_record/record")
_NAMES = ("localhost", "127.0.0.1", "[::1]")
PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Content-Security-Policy of the page and its files."""
_ANSWERED = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class SecurityMiddleware:
    """ASGI middleware that checks the Host header of every request and adds security headers to every response.

    port: the port of the inbox, required in Host. names: host names accepted in addition to loopback.
    browsers: origins whose pages may send records (CORS).
    """

    def __init__(
        self, app: ASGIApp, *, port: int, names: Sequence[str] = (), browsers: frozenset[str] = frozenset()
    ) -> None:
        self._app = app
        self._browsers = browsers
        known = {*_NAMES, *(name.lower() for name in names)}
        self._hosts = {f"{name}:{port}" for name in known} | (known if port == 80 else set(names))
        sentence = (
            f"The inbox accepts requests for localhost:{port} only. To "
            "accept another host name, start it with --allow-host NAME."
        )
        self._refusal = JSONResponse({"error": sentence}, 421)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        allowed = self._allowed(scope) if path.endswith(_RECEIVING) else ()

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if path == "/" or path.startswith("/ui/"):
                    headers.setdefault("Content-Security-Policy", PAGE)
                for name, value in (*_ANSWERED.items(), *allowed):
                    headers.setdefault(name, value)
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif Headers(scope=scope).get("host", "").lower() in self._hosts:
            is_preflight = allowed and scope["method"] == "OPTIONS"
            await (Response(status_code=204) if is_preflight else self._app)(scope, receive, guarded)
        else:
            await self._refusal(scope, receive, guarded)

    def _allowed(self, scope: Scope) -> tuple[tuple[str, str], ...]:
        """Return the CORS headers for an allowed origin, or an empty tuple."""
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin is None or origin.lower() not in self._browsers:
            return ()
        return (
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Methods", "GET, POST"),
            ("Access-Control-Allow-Headers", ", ".join(("content-type", "content-encoding", *KEYS))),
            ("Access-Control-Allow-Private-Network", "true"),
            ("Vary", "Origin"),
        )
