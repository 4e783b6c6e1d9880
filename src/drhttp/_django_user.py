"""The user of a Django request: the one that the application has loaded, or the id in the session.

`request.user` is not evaluated (that would read the session, add `Vary: Cookie`, load the user from the database, and
raise under ASGI), nor is `request.session`. There are two cases. If the application has loaded the user, that is the
user. Otherwise the id is read from the session of the request, through a separate session object;
`DRHTTP_USER_FROM_SESSION = False` in the settings disables that. Unlike Django, nobody checks that the user still
exists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.utils.functional import LazyObject, empty

from drhttp._capture.environ_flags import IDENTITY
from drhttp._capture.identity_headers import DRHTTP_HEADER_USER, NAMES
from drhttp._guard import MARK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponseBase

_UNKNOWN = object()


def name_user(request: HttpRequest, response: HttpResponseBase) -> None:
    """Set the header field `x-drhttp-user` of a response to the primary key of the authenticated user, if there is one.

    A header that a view has set stays. If nobody records the request, identification headers are removed instead.
    """
    session = _name_known_user(request, response)
    if session is not None:
        _set(response, session.get(SESSION_KEY))


async def aname_user(request: HttpRequest, response: HttpResponseBase) -> None:
    """Set the header field under ASGI, where a session may have to be awaited."""
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
