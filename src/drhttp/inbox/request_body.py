"""Reads the body of a request that brings records."""

from __future__ import annotations

from starlette.requests import Request

from drhttp.inbox.bounded_json import RequestRejected


def coding(request: Request) -> str:
    """Return the content coding. Raises `RequestRejected` for what is not JSON, plain or as gzip."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RequestRejected(415, "The content type must be application/json.")
    found = request.headers.get("content-encoding", "identity").strip().lower()
    if found not in {"gzip", "identity", ""}:
        raise RequestRejected(415, "The content encoding must be gzip or identity.")
    return found


async def read(request: Request, limit: int) -> bytes:
    """Return the body as it is on the wire. Raises `RequestRejected` if it is larger than the limit."""
    too_large = RequestRejected(413, f"The body is larger than {limit:,} bytes.")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > 4 * limit:
        raise too_large
    pieces, total = [], 0
    async for piece in request.stream():
        total += len(piece)
        if total <= limit:
            pieces.append(piece)
        elif total > 4 * limit:
            break
    # Up to this size, read and discard the rest: clients often lose a response sent during an upload.
    if total > limit:
        raise too_large
    return b"".join(pieces)
