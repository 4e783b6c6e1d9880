"""The integration for Django 4.2 and later: a middleware that identifies the user, and a decorator for views.

    MIDDLEWARE = ["drhttp.DjangoUserMiddleware", ...]  # first

The middleware runs after the view, and has no side effects; `_django_user.py` finds out who the user is.

Put it first. A middleware that caches or replaces responses (`UpdateCacheMiddleware`, `ConditionalGetMiddleware`) could
otherwise keep the header of one user for others, or lose it.

If no middleware of drhttp records the request (disabled, an excluded path), no user is looked up, and the middleware
removes identification headers that a view has set.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

from drhttp._capture.environ_flags import ROUTE, SENSITIVE, SKIP
from drhttp._capture.nesting import set_flag
from drhttp._django_user import aname_user, name_user
from drhttp._guard import aguarded, guarded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.http import HttpRequest, HttpResponseBase


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
        guarded(name_user, request, response)
        return response

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response: HttpResponseBase = await self._get_response(request)
        finally:
            guarded(_mark, request)
        await aguarded(aname_user, request, response)
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
