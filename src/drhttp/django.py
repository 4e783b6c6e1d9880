"""The Django middleware that names the user of a request (Django 4.2 and later, sync and async).

    MIDDLEWARE = ["drhttp.DjangoUserMiddleware", ...]  # first

It looks after the answer was made, and never makes Django do what the application has not done: `request.user` is not
evaluated (which would read the session, add `Vary: Cookie`, load the row of the user, and raise under ASGI), nor is
`request.session`, nor the body. A user whom the application has resolved is named. Otherwise the id is read from the
session that the cookie of the request names, through a session object of its own; `DRHTTP_USER_FROM_SESSION = False` in
the settings switches that off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.utils.functional import LazyObject, empty

from drhttp._guard import aguarded, guarded
from drhttp._identity import DRHTTP_HEADER_USER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest, HttpResponseBase

_UNKNOWN = object()


class DjangoUserMiddleware:
    """Puts the primary key of the authenticated user into the header field `x-drhttp-user` of the answer.

    A view may set the field itself; then it is left as it is.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        self._async = iscoroutinefunction(get_response)
        if self._async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer a request, and name its user."""
        if self._async:
            return self._answer(request)
        response: HttpResponseBase = self._get_response(request)
        guarded(_name_user, request, response)
        return response

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await self._get_response(request)
        await aguarded(_aname_user, request, response)
        return response


def _name_user(request: HttpRequest, response: HttpResponseBase) -> None:
    user = _resolved_user(request)
    if user is not _UNKNOWN:
        _set(response, _primary_key(user))
    elif (session := _unread_session(request)) is not None:
        _set(response, session.get(SESSION_KEY))


async def _aname_user(request: HttpRequest, response: HttpResponseBase) -> None:
    user = _resolved_user(request)
    if user is not _UNKNOWN:
        _set(response, _primary_key(user))
    elif (session := _unread_session(request)) is not None:
        _set(response, await _aread(session))


async def _aread(session: SessionBase | dict[str, Any]) -> Any:
    if isinstance(session, dict):
        return session.get(SESSION_KEY)
    if hasattr(session, "aget"):  # Django 5.1: without a thread where the store can do without
        return await session.aget(SESSION_KEY)
    return await sync_to_async(session.get)(SESSION_KEY)


def _set(response: HttpResponseBase, user: Any) -> None:
    if user is not None and not response.has_header(DRHTTP_HEADER_USER):
        response[DRHTTP_HEADER_USER] = str(user)


def _resolved_user(request: HttpRequest) -> Any:
    """The user as far as the application knows it already, `_UNKNOWN` if it never asked."""
    known = vars(request)
    user = known.get("user", _UNKNOWN)
    if isinstance(user, LazyObject):
        user = object.__getattribute__(user, "_wrapped")
    if user is empty or user is _UNKNOWN:
        user = known.get("_cached_user", known.get("_acached_user", _UNKNOWN))
    return user


def _primary_key(user: Any) -> Any:
    return getattr(user, "pk", None) if getattr(user, "is_authenticated", False) else None


def _unread_session(request: HttpRequest) -> SessionBase | dict[str, Any] | None:
    """The session that the request came with, to be read without a trace; `None` if there is none to be read."""
    session = vars(request).get("session")
    if session is None or not getattr(settings, "DRHTTP_USER_FROM_SESSION", True):
        return None
    loaded: dict[str, Any] | None = vars(session).get("_session_cache")
    if loaded is not None:
        return loaded
    key = session.session_key
    # An object of our own: reading the request's marks it as accessed, and the answer as varying by cookie.
    return type(session)(key) if key else None
