"""Authentication of the API: a bearer token, and no requests from other web pages."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, QueryParams

from drhttp.inbox.api.responses import refusal
from drhttp.inbox.errors import ApiError, StoreError
from drhttp.inbox.principal import OPERATOR, Principal, acting

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from drhttp.inbox.api.context import Context

SAFE = ("GET", "HEAD", "OPTIONS")


class Access:
    """ASGI middleware that checks the token, the Origin header, and Sec-Fetch-Site."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app = app
        self._context = context
        self._expected = f"Bearer {context.token}".encode()
        self._origins = context.origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            principal = self._check(scope["method"], headers)
        except ApiError as problem:
            await refusal(problem)(scope, receive, send)
            return
        with acting(principal):
            if QueryParams(scope["query_string"]).get("reveal", "") in {"1", "true"}:
                try:
                    await self._context.audit(
                        f"{scope['method']} {scope['path']}?{scope['query_string'].decode('latin-1')}"
                    )
                except StoreError as problem:
                    await refusal(ApiError(503, "busy", str(problem)))(scope, receive, send)
                    return
            await self._app(scope, receive, send)

    def _check(self, method: str, headers: Headers) -> Principal:
        check_origin(method, headers, self._origins)
        principal = self._principal(headers.get("authorization", ""))
        if principal is None:
            sentence = "The token is missing or invalid. Open the URL that `drhttp inbox` printed."
            raise ApiError(401, "token", sentence)
        if method not in SAFE and not principal.admin:
            raise ApiError(403, "reader", "This token may read records, but not change them.")
        return principal

    def _principal(self, authorization: str) -> Principal | None:
        if hmac.compare_digest(authorization.encode("latin-1", "replace"), self._expected):
            return OPERATOR
        scheme, _, token = authorization.partition(" ")
        registry = self._context.registry
        return registry.principal(token) if registry is not None and scheme == "Bearer" else None


def check_origin(method: str, headers: Headers, origins: frozenset[str]) -> None:
    """Raise `ApiError` for a request that another web page makes."""
    # Browsers treat other ports of the same host as same-site, so only the same origin is accepted.
    origin = headers.get("origin")
    strange = origin is not None and origin not in origins
    if strange or (method not in SAFE and headers.get("sec-fetch-site", "same-origin") != "same-origin"):
        raise ApiError(403, "origin", "Requests from other web pages are not allowed.")
