"""JSON responses and error handlers of the API."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from drhttp.inbox.errors import ApiError, QueryError, RecordNotFound, StoreError

Handler = Callable[[Request, Exception], Awaitable[Response]]

_CODES = {404: "unknown", 405: "method", 413: "size"}


class Json(Response):
    """Compact JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        # Lone surrogates cannot be encoded; in JSON they are written as escapes.
        try:
            return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        except UnicodeEncodeError:
            return json.dumps(content, separators=(",", ":")).encode()


def refusal(problem: ApiError) -> Response:
    return Json({"error": str(problem), "code": problem.code, **problem.details}, problem.status)


def query_problem(text: str, problem: QueryError) -> dict[str, Any]:
    """Return what is wrong with a query as JSON. text: of the query."""
    start, end = (utf16(text, place) for place in (problem.position, problem.position + problem.length))
    where = {"position": start, "length": end - start, "suggestions": list(problem.suggestions)}
    return {"error": str(problem), "code": "query", **where}


def utf16(text: str, place: int) -> int:
    """Convert an offset in code points to one in UTF-16 code units, as JavaScript counts."""
    return place + sum(char > "\uffff" for char in text[:place])


def from_utf16(text: str, place: int) -> int:
    """Convert an offset in UTF-16 code units to one in code points."""
    at = units = 0
    while at < len(text) and units < place:
        units += 1 + (text[at] > "\uffff")
        at += 1
    return at


async def on_api_error(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, ApiError)
    return refusal(problem)


async def on_query(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, QueryError)
    return Json(query_problem(request.query_params.get("q", ""), problem), 400)


async def on_unknown(request: Request, problem: Exception) -> Response:
    return Json({"error": str(problem), "code": "unknown"}, 404)


async def on_store(request: Request, problem: Exception) -> Response:
    return Json({"error": str(problem), "code": "busy"}, 503, {"Retry-After": "5"})


async def on_http(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    sentence = "There is no such path in the API." if problem.status_code == 404 else f"{problem.detail}."
    code = _CODES.get(problem.status_code, "parameter")
    return Json({"error": sentence, "code": code}, problem.status_code, dict(problem.headers or {}))


async def on_failure(request: Request, problem: Exception) -> Response:
    """Respond to an unexpected exception. The server logs its traceback after the response."""
    sentence = f"Internal error in the inbox ({type(problem).__name__}). See its output for the traceback."
    return Json({"error": sentence, "code": "failure"}, 500)


HANDLERS: dict[type[Exception], Handler] = {
    ApiError: on_api_error,
    QueryError: on_query,
    RecordNotFound: on_unknown,
    StoreError: on_store,
    HTTPException: on_http,
    Exception: on_failure,
}
