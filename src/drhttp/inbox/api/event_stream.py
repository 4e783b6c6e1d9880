"""The live stream: server-sent events, which the page reads with ``fetch``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from drhttp.inbox.api import parameters
from drhttp.inbox.api.context import Context
from drhttp.inbox.broadcaster import Subscriber
from drhttp.inbox.errors import InboxError
from drhttp.inbox.principal import current
from drhttp.inbox.store import Follower, Step
from drhttp.inbox.view.summary import summary_json

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

PING = 10.0
"""Seconds of silence after which a ping is sent."""
PAUSE = 0.1
"""Seconds between two frames."""
RECORDS_PER_SECOND = 2_500
"""Each this many records in a frame extend the pause after it by one second."""
MAX_RECORDS = 500
"""Maximum records in a frame. Beyond it, a ``gap`` event makes the page reload its list."""


class EventStream:
    """The handler of ``/api/v1/stream``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def stream(self, request: Request) -> Response:
        node = parameters.query(request)
        last_event_id = request.headers.get("last-event-id", "")
        numeric = last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19
        last = int(last_event_id) if numeric else None
        follower, poll = await self._context.readers.run(
            lambda store: (store.follower(node, last), store.traits.poll or PING)
        )
        stack = ExitStack()
        subscriber = stack.enter_context(self._context.broadcaster.subscribe())
        # A generator that never ran does not release the subscriber, so the response does.
        return _Stream(self._frames(subscriber, follower, poll), stack)

    async def _frames(self, subscriber: Subscriber, follower: Follower, poll: float) -> AsyncIterator[str]:
        yield ": here\n\n"
        while not subscriber.ended and self._context.admits(current()):
            last = follower.reached
            try:
                step = await self._context.readers.run(lambda store: follower.step(store, MAX_RECORDS))
            except InboxError:
                return
            if step.gap is not None or step.reached != last:
                yield _frame_of(step)
            for word in _words(subscriber):
                yield word
            if step.more:
                continue
            count = len(step.entries) if step.gap is None else MAX_RECORDS
            await asyncio.sleep(PAUSE + count / RECORDS_PER_SECOND)
            # Where others write, too, nothing reports their records: look again.
            while not await subscriber.wait(poll) and poll == PING:
                yield ": ping\n\n"


class _Stream(StreamingResponse):
    media_type = "text/event-stream"

    def __init__(self, frames: AsyncIterator[str], stack: ExitStack) -> None:
        super().__init__(frames, headers={"X-Accel-Buffering": "no"})
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._stack:
            await super().__call__(scope, receive, send)


def _frame_of(step: Step) -> str:
    if step.gap is not None:
        return _frame("gap", {"gap": step.gap, "newest": step.reached}, step.reached)
    records = [summary_json(entry) for entry in step.entries]
    overlap = {"overlap": True} if step.overlaps else {}
    return _frame("records", {"records": records, "newest": step.reached, **overlap}, step.reached)


def _words(subscriber: Subscriber) -> list[str]:
    words = []
    if subscriber.changed:
        words.append(_frame("changed", {"n": sorted(subscriber.changed)}))
        subscriber.changed.clear()
    if subscriber.cleared:
        words.append(_frame("cleared", {"deleted": subscriber.cleared}))
        subscriber.cleared = 0
    return words


def _frame(event: str, data: object, identity: int | None = None) -> str:
    # JSON has no line ends of its own, so that a value cannot end a frame.
    head = "" if identity is None else f"id: {identity}\n"
    return f"{head}event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"
