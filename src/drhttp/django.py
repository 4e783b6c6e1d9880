"""What Django needs: a middleware that names the user of a request, and a decorator for views (Django 4.2 and later).

    MIDDLEWARE = ["drhttp.DjangoUserMiddleware", ...]  # first

It looks after the answer was made, and never makes Django do what the application has not done: `request.user` is not
evaluated (which would read the session, add `Vary: Cookie`, load the row of the user, and raise under ASGI), nor is
`request.session`, nor the body. A user whom the application has resolved is named. Otherwise the id is read from the
session that the cookie of the request names, through a session object of its own; `DRHTTP_USER_FROM_SESSION = False` in
the settings switches that off. Such a session is taken at its word: Django would also look whether the user is still
there.

First is the best place. Whatever keeps answers or makes new ones of them (`UpdateCacheMiddleware`,
`ConditionalGetMiddleware`) would otherwise keep the name of one user for others, or lose it.

Where no `drhttp.WSGIMiddleware` records the request (switched off, an excluded path, ASGI), no user is looked up, and
headers for the recorder that a view has set are removed from the answer.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.utils.functional import LazyObject, empty

from drhttp._capture.environ_flags import IDENTITY, SENSITIVE, SKIP
from drhttp._capture.identity import DRHTTP_HEADER_USER, NAMES
from drhttp._guard import MARK, aguarded, guarded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from django.http import HttpRequest, HttpResponseBase

_UNKNOWN = object()


class DjangoUserMiddleware:
    """Puts the primary key of the authenticated user into the header field `x-drhttp-user` of the answer.

    A view may set the field itself; then it is left as it is. The parameters that Django's own decorator
    `sensitive_post_parameters` names are masked in the record.
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
        try:
            response: HttpResponseBase = self._get_response(request)
        finally:
            guarded(_mark_sensitive, request)
        guarded(_name_user, request, response)
        return response

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response: HttpResponseBase = await self._get_response(request)
        finally:
            guarded(_mark_sensitive, request)
        await aguarded(_aname_user, request, response)
        return response


def not_recorded(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a view, sync or async, so that requests to it are not recorded."""
    if iscoroutinefunction(view):

        @wraps(view)
        async def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            request.META[SKIP] = True
            return await view(request, *args, **kwargs)

        return answer

    @wraps(view)
    def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        request.META[SKIP] = True
        return view(request, *args, **kwargs)

    return respond


def _mark_sensitive(request: HttpRequest) -> None:
    """Hand on what `sensitive_post_parameters` has noted on the request: names, or a text that means all of them."""
    names = vars(request).get("sensitive_post_parameters")
    if names is not None:
        request.META[SENSITIVE] = names


def _name_user(request: HttpRequest, response: HttpResponseBase) -> None:
    session = _name_known_user(request, response)
    if session is not None:
        _set(response, session.get(SESSION_KEY))


async def _aname_user(request: HttpRequest, response: HttpResponseBase) -> None:
    session = _name_known_user(request, response)
    if session is not None:
        _set(response, await _aread(session))


def _name_known_user(request: HttpRequest, response: HttpResponseBase) -> SessionBase | dict[str, Any] | None:
    """Name the user whom the application has resolved; if it has not, return the session to look in."""
    if not _is_identity_wanted(request):
        for name in NAMES:
            del response[name]
        return None
    if response.has_header(DRHTTP_HEADER_USER):
        return None
    user = _resolved_user(request)
    if user is _UNKNOWN or user is empty:
        return _unread_session(request)
    _set(response, _primary_key(user))
    return None


def _is_identity_wanted(request: HttpRequest) -> bool:
    """Whether somebody takes the headers for the recorder out of the answer, or is to see them there."""
    meta, scope = request.META, getattr(request, "scope", {})  # an ASGI request has its scope besides
    return MARK in meta or IDENTITY in meta or MARK in scope or IDENTITY in scope or _is_test(meta, scope)


def _is_test(meta: Mapping[str, Any], scope: Mapping[str, Any]) -> bool:
    """Whether a test client of Django's made the request: tests may look at the headers.

    Nothing that decides it comes from the client.
    """
    *_, port = scope.get("server") or (None,)  # a text in that scope; servers give a number
    return isinstance(port, str) or type(meta.get("wsgi.input")).__module__ == "django.test.client"


async def _aread(session: SessionBase | dict[str, Any]) -> Any:
    if isinstance(session, dict):
        return session.get(SESSION_KEY)
    if hasattr(session, "aget"):  # Django 5.1: without a thread where the store can do without
        return await session.aget(SESSION_KEY)
    return await sync_to_async(session.get)(SESSION_KEY)


def _set(response: HttpResponseBase, user: Any) -> None:
    if user is not None:
        response[DRHTTP_HEADER_USER] = str(user)


def _resolved_user(request: HttpRequest) -> Any:
    """The user as far as the application knows it already, `_UNKNOWN` or `empty` if it never asked."""
    known = vars(request)
    user = known.get("user", _UNKNOWN)
    while isinstance(user, LazyObject):  # one may stand for another that is still to be evaluated
        user = object.__getattribute__(user, "_wrapped")
    if user is empty or user is _UNKNOWN:
        user = known.get("_cached_user", known.get("_acached_user", _UNKNOWN))
    return user


def _primary_key(user: Any) -> Any:
    return getattr(user, "pk", None) if getattr(user, "is_authenticated", False) else None


def _unread_session(request: HttpRequest) -> SessionBase | dict[str, Any] | None:
    """The session that the request came with, to be read without a trace; `None` if there is none to be read."""
    session = vars(request).get("session")
    # By its type, because asking a lazy object for its class makes it load what it stands for.
    if not issubclass(type(session), SessionBase) or not getattr(settings, "DRHTTP_USER_FROM_SESSION", True):
        return None
    loaded: dict[str, Any] | None = vars(session).get("_session_cache")
    if loaded is not None:
        return loaded
    key = session.session_key
    return _reader(type(session), key) if key else None


def _reader(store: type[SessionBase], key: str) -> SessionBase:
    """A session object of our own: reading the request's marks it as accessed, and the answer as varying by cookie."""
    session = store(key)
    # Some stores put a new session in the place of one that has expired, and the file store of Django is one of them.
    session.create = session.save = session.delete = _nothing
    session.acreate = session.asave = session.adelete = _anothing
    return session


def _nothing(*_: Any, **__: Any) -> None:
    return None


async def _anothing(*_: Any, **__: Any) -> None:
    return None
