"""Serves bodies under signed URLs: as a download, an image, or a sandboxed HTML preview."""

from __future__ import annotations

import hmac

from starlette.requests import Request
from starlette.responses import Response

from drhttp.inbox.api.context import Context
from drhttp.inbox.api.records import side_of
from drhttp.inbox.errors import ApiError
from drhttp.inbox.principal import OPERATOR, Principal, acting
from drhttp.inbox.view.bodies import shown
from drhttp.inbox.view.content import content_of, image_type

_NOTHING = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'"
PREVIEW = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


class Files:
    """The handlers of ``/raw``, ``/image`` and ``/preview``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def raw(self, request: Request) -> Response:
        """Return the stored bytes as a download."""
        n, side, principal = self._opened("raw", request)
        with acting(principal):
            await self._context.audit(f"GET /raw/{n}/{side}")
            body = await self._context.readers.run(lambda store: side_of(store.read(store.entry(n)), side).body or b"")
        name = f'attachment; filename="record-{n}-{side}.bin"'
        headers = {"Content-Disposition": name, "Content-Security-Policy": _NOTHING}
        return Response(body, media_type="application/octet-stream", headers=headers)

    async def image(self, request: Request) -> Response:
        """Return a raster image with the type detected from its bytes."""
        n, side, principal = self._opened("image", request)
        with acting(principal):
            await self._context.audit(f"GET /image/{n}/{side}")
            content = await self._context.view(lambda store: content_of(side_of(store.read(store.entry(n)), side)))
        media = image_type(content.data)
        if media is None:
            raise ApiError(404, "unknown", "The body is not an image that can be displayed.")
        return Response(content.data, media_type=media, headers={"Content-Security-Policy": _NOTHING})

    async def preview(self, request: Request) -> Response:
        """Return HTML under a policy that blocks scripts, requests, forms, and links."""
        n, side, principal = self._opened("preview", request)
        # Masked like the text view: the same people see it.
        with acting(principal):
            view = await self._context.view(
                lambda store: shown(side_of(store.read(store.entry(n)), side), reveal=False)
            )
        if view.content.form != "html" or view.text is None:
            raise ApiError(404, "unknown", "The body is not HTML.")
        headers = {"Content-Security-Policy": PREVIEW, "X-Frame-Options": "SAMEORIGIN"}
        return Response(view.text.encode("utf-8", "replace"), media_type="text/html; charset=utf-8", headers=headers)

    def _opened(self, kind: str, request: Request) -> tuple[int, str, Principal]:
        n, side = int(request.path_params["n"]), str(request.path_params["side"])
        who = request.query_params.get("by", "")
        key = request.query_params.get("key", "").encode("utf-8", "replace")
        valid = [hmac.compare_digest(key, one.encode()) for one in self._context.keys(kind, n, side, who)]
        principal = self._holder(who)
        if not any(valid) or principal is None:
            raise ApiError(403, "token", "The key in this URL is invalid or expired when the inbox restarted.")
        return n, side, principal

    def _holder(self, who: str) -> Principal | None:
        registry = self._context.registry
        return OPERATOR if registry is None or who == OPERATOR.id else registry.holder(who)
