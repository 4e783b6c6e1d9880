"""The integration for Django 4.2 and later: a middleware that identifies the user, and a decorator for views.

    MIDDLEWARE = ["drhttp.DjangoUserMiddleware", ...]  # first

The middleware runs after the view, and has no side effects. It does not evaluate `request.user` (which would read the
session, add `Vary: Cookie`, load the user from the database, and raise under ASGI), `request.session`, or the body.
There are two cases. If the application has loaded the user, the middleware uses that. Otherwise it reads the id of the
user from the session of the request, through a separate session object; `DRHTTP_USER_FROM_SESSION = False` in the
settings disables that. Unlike Django, it does not check that the user still exists.

Put it first. A middleware that caches or replaces responses (`UpdateCacheMiddleware`, `ConditionalGetMiddleware`) could
otherwise keep the header of one user for others, or lose it.

If no middleware of drhttp records the request (disabled, an excluded path), no user is looked up, and the middleware
removes identification headers that a view has set.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.utils.functional import LazyObject, empty

from drhttp._capture.environ_flags import IDENTITY, ROUTE, SENSITIVE, SKIP
from drhttp._capture.identity import DRHTTP_HEADER_USER, NAMES
from drhttp._capture.nesting import set_flag
from drhttp._guard import MARK, aguarded, guarded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from django.http import HttpRequest, HttpResponseBase

_UNKNOWN = object()


class DjangoUserMiddleware:
    """Sets the response header field `x-drhttp-user` to the primary key of the authenticated user.

    A header that a view has set is not changed. Parameters that the decorator `sensitive_post_parameters` of Django
    names are masked in the record. The route of the record is the one that Django has matched.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        self._async = iscoroutinefunction(get_response)
        if self._async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Handle a request, and identify its user."""
        if self._async:
            return self._answer(request)
        try:
            response: HttpResponseBase = self._get_response(request)
        finally:
            guarded(_mark, request)
        guarded(_name_user, request, response)
        return response

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response: HttpResponseBase = await self._get_response(request)
        finally:
            guarded(_mark, request)
        await aguarded(_aname_user, request, response)
        return response


def not_recorded(view: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator for views, sync or async, whose requests are not to be recorded."""
    if iscoroutinefunction(view):

        @wraps(view)
        async def async_view(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            guarded(set_flag, _flags(request), SKIP, True)
            return await view(request, *args, **kwargs)

        return async_view

    @wraps(view)
    def sync_view(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        guarded(set_flag, _flags(request), SKIP, True)
        return view(request, *args, **kwargs)

    return sync_view


def _flags(request: HttpRequest) -> dict[str, Any]:
    """Where the flags of a request are: in the scope under ASGI, in the environ under WSGI."""
    flags: dict[str, Any] = getattr(request, "scope", request.META)
    return flags


def _mark(request: HttpRequest) -> None:
    """Pass on the route, and the names from `sensitive_post_parameters`, or the string that means all of them."""
    match = request.resolver_match
    if match is not None:
        set_flag(_flags(request), ROUTE, match.route)
    names = vars(request).get("sensitive_post_parameters")
    if names is not None:
        set_flag(_flags(request), SENSITIVE, names)


def _name_user(request: HttpRequest, response: HttpResponseBase) -> None:
    session = _name_known_user(request, response)
    if session is not None:
        _set(response, session.get(SESSION_KEY))


async def _aname_user(request: HttpRequest, response: HttpResponseBase) -> None:
    session = _name_known_user(request, response)
    if session is not None:
        _set(response, await _aread(session))


def _name_known_user(request: HttpRequest, response: HttpResponseBase) -> SessionBase | dict[str, Any] | None:
    """Set the header for a user that the application has loaded; otherwise return the session to read."""
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
    """Whether a middleware will remove the identification headers, or a test may look at them."""
    meta, scope = request.META, getattr(request, "scope", {})  # an ASGI request also has a scope
    return MARK in meta or IDENTITY in meta or MARK in scope or IDENTITY in scope or _is_test(meta, scope)


def _is_test(meta: Mapping[str, Any], scope: Mapping[str, Any]) -> bool:
    """Whether a test client of Django made the request, because tests may look at the headers.

    The decision uses nothing that a client sends.
    """
    *_, port = scope.get("server") or (None,)  # a string in the scope of a test client; servers set a number
    return isinstance(port, str) or type(meta.get("wsgi.input")).__module__ == "django.test.client"


async def _aread(session: SessionBase | dict[str, Any]) -> Any:
    if isinstance(session, dict):
        return session.get(SESSION_KEY)
    if hasattr(session, "aget"):  # since Django 5.1; without a thread if the session store supports that
        return await session.aget(SESSION_KEY)
    return await sync_to_async(session.get)(SESSION_KEY)


def _set(response: HttpResponseBase, user: Any) -> None:
    if user is not None:
        response[DRHTTP_HEADER_USER] = str(user)


def _resolved_user(request: HttpRequest) -> Any:
    """The user that the application has loaded; `_UNKNOWN` or `empty` if it has not."""
    known = vars(request)
    user = known.get("user", _UNKNOWN)
    while isinstance(user, LazyObject):  # a lazy object may wrap another one that is not evaluated yet
        user = object.__getattribute__(user, "_wrapped")
    if user is empty or user is _UNKNOWN:
        user = known.get("_cached_user", known.get("_acached_user", _UNKNOWN))
    return user


def _primary_key(user: Any) -> Any:
    return getattr(user, "pk", None) if getattr(user, "is_authenticated", False) else None


def _unread_session(request: HttpRequest) -> SessionBase | dict[str, Any] | None:
    """The session of the request, to be read without side effects; `None` if there is none."""
    session = vars(request).get("session")
    # By its type, because `isinstance` makes a lazy object load the object that it wraps.
    if not issubclass(type(session), SessionBase) or not getattr(settings, "DRHTTP_USER_FROM_SESSION", True):
        return None
    loaded: dict[str, Any] | None = vars(session).get("_session_cache")
    if loaded is not None:
        return loaded
    key = session.session_key
    return _reader(type(session), key) if key else None


def _reader(store: type[SessionBase], key: str) -> SessionBase:
    """A separate session object. Reading that of the request would mark it as accessed and add `Vary: Cookie`."""
    session = store(key)
    # Some session stores, such as the file store of Django, replace an expired session with a new one.
    session.create = session.save = session.delete = _nothing
    session.acreate = session.asave = session.adelete = _anothing
    return session


def _nothing(*_: Any, **__: Any) -> None:
    return None


async def _anothing(*_: Any, **__: Any) -> None:
    return None
