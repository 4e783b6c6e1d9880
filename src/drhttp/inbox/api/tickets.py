"""Tickets: what a link carries so that another browser on the same machine can open it.

The token itself is in no link: whoever finds it in a history, a chat or a bookmark could read everything. A ticket is
exchanged for it once, within minutes, by the page of this inbox, and is worth nothing afterwards.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from drhttp.inbox.api import parameters
from drhttp.inbox.api.access import check_origin
from drhttp.inbox.api.context import Context
from drhttp.inbox.api.responses import Json
from drhttp.inbox.errors import ApiError

LIFETIME = 600.0
"""Seconds in which a ticket can be used."""
MAX_TICKETS = 100
"""Maximum number of unused tickets; beyond it, the oldest becomes invalid."""


class Tickets:
    """The handlers. clock: tells the time in seconds."""

    def __init__(self, context: Context, clock: Callable[[], float] = time.monotonic) -> None:
        self._context = context
        self._clock = clock
        self._valid: dict[str, float] = {}

    async def issue(self, request: Request) -> Response:
        """Respond with a new ticket, to those who have the token."""
        while len(self._valid) >= MAX_TICKETS:
            self._valid.pop(next(iter(self._valid)))
        ticket = secrets.token_urlsafe(24)
        self._valid[ticket] = self._clock() + LIFETIME
        return Json({"ticket": ticket, "seconds": LIFETIME}, 201)

    async def redeem(self, request: Request) -> Response:
        """Respond with the token, once for each ticket. Needs no token."""
        check_origin(request.method, request.headers, self._context.origins)
        ticket = (await parameters.json_object(request)).get("ticket")
        # 192 random bits as the key of a dict: its hash is secret, so that timing tells nothing about them.
        until = self._valid.pop(ticket, 0.0) if isinstance(ticket, str) else 0.0
        if self._clock() >= until:
            raise ApiError(401, "ticket", "This link was opened before, or is older than ten minutes.")
        return Json({"token": self._context.token})
