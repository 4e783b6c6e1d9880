"""Tickets: what a link carries so that another browser on the same machine can open it.

The token itself is in no link: whoever finds it in a history, a chat or a bookmark could read everything. A ticket is
exchanged once, within minutes, by the page of this inbox, for the token of whoever made it; afterwards it is worth
nothing.
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
_NONE = (0.0, "")


class Tickets:
    """The handlers. clock: tells the time in seconds."""

    def __init__(self, context: Context, clock: Callable[[], float] = time.monotonic) -> None:
        self._context = context
        self._clock = clock
        self._valid: dict[str, tuple[float, str]] = {}

    async def issue(self, request: Request) -> Response:
        """Respond with a new ticket, to those who have the token."""
        while len(self._valid) >= MAX_TICKETS:
            self._valid.pop(next(iter(self._valid)))
        ticket = secrets.token_urlsafe(24)
        # Never more than whoever asks has: the token of a project is not exchanged for that of the inbox.
        token = request.headers["authorization"].partition(" ")[2]
        self._valid[ticket] = (self._clock() + LIFETIME, token)
        return Json({"ticket": ticket, "seconds": LIFETIME}, 201)

    async def redeem(self, request: Request) -> Response:
        """Respond with the token of whoever made the ticket, once. Needs no token."""
        check_origin(request.method, request.headers, self._context.origins)
        ticket = (await parameters.json_object(request)).get("ticket")
        # 192 random bits as the key of a dict: its hash is secret, so that timing tells nothing about them.
        until, token = self._valid.pop(ticket, _NONE) if isinstance(ticket, str) else _NONE
        if self._clock() >= until:
            raise ApiError(401, "ticket", "This link was opened before, or is older than ten minutes.")
        return Json({"token": token})
