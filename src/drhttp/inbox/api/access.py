"""Authentication of the API: a bearer token, and no requests from other web pages."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from drhttp.inbox.api.responses import refusal
from drhttp.inbox.errors import ApiError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from drhttp.inbox.api.context import Context

SAFE = ("GET", "HEAD", "OPTIONS")


class Access:
    """ASGI middleware that checks the token, the Origin header, and Sec-Fetch-Site."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app = app
        self._expected = f"Bearer {context.token}".encode()
        self._origins = context.origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            self._check(scope["method"], headers)
        except ApiError as problem:
            await refusal(problem)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, method: str, headers: Headers) -> None:
        check_origin(method, headers, self._origins)
        if not hmac.compare_digest(headers.get("authorization", "").encode("latin-1", "replace"), self._expected):
            sentence = "The token is missing or invalid. Open the URL that `drhttp inbox` printed."
            raise ApiError(401, "token", sentence)


def check_origin(method: str, headers: Headers, origins: frozenset[str]) -> None:
    """Raise `ApiError` for a request that another web page makes."""
    # Browsers treat other ports of the same host as same-site, so only the same origin is accepted.
    origin = headers.get("origin")
    strange = origin is not None and origin not in origins
    if strange or (method not in SAFE and headers.get("sec-fetch-site", "same-origin") != "same-origin"):
        raise ApiError(403, "origin", "Requests from other web pages are not allowed.")
