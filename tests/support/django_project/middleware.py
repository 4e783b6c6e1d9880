"""Middleware of the project: one that watches, and some that users of drhttp have in their projects."""

from __future__ import annotations

import threading
from types import SimpleNamespace

from asgiref.sync import iscoroutinefunction
from django.contrib.auth import get_user
from django.utils.decorators import async_only_middleware, sync_and_async_middleware, sync_only_middleware
from django.utils.functional import SimpleLazyObject

#: The requests and answers that `witness` saw, until a test takes them.
seen = []


@sync_and_async_middleware
def witness(get_response):
    """Keeps requests and answers, and says in a header what it saw of the answer's kind and of the thread."""

    def note(request, response):
        seen.append((request, response))
        if response.streaming:
            response["x-kind"] = "async" if getattr(response, "is_async", False) else "sync"
        response["x-main-thread"] = str(threading.current_thread() is threading.main_thread())
        return response

    if iscoroutinefunction(get_response):

        async def middleware(request):
            return note(request, await get_response(request))
    else:

        def middleware(request):
            return note(request, get_response(request))

    return middleware


@sync_only_middleware
def sync_only(get_response):
    def middleware(request):
        return get_response(request)

    return middleware


@async_only_middleware
def async_only(get_response):
    async def middleware(request):
        return await get_response(request)

    return middleware


@sync_and_async_middleware
def lazy_in_lazy(get_response):
    """Puts a lazy user in the place of the lazy user, and evaluates the outer one only."""

    def replace(request):
        inner = SimpleLazyObject(lambda: get_user(request))
        outer = SimpleLazyObject(lambda: inner)
        outer._setup()
        request.user = outer

    return _before(get_response, replace)


class BrokenUser:
    """A user who cannot be asked."""

    @property
    def is_authenticated(self):
        raise RuntimeError("the directory is down")


class KeylessUser:
    """A user who is known, but whose key cannot be had."""

    is_authenticated = True

    @property
    def pk(self):
        raise RuntimeError("the directory is down")


@sync_and_async_middleware
def broken_user(get_response):
    return _before(get_response, lambda request: setattr(request, "user", BrokenUser()))


@sync_and_async_middleware
def keyless_user(get_response):
    return _before(get_response, lambda request: setattr(request, "user", KeylessUser()))


@sync_and_async_middleware
def user_from_query(get_response):
    """The user is whoever the query says."""

    def resolve(request):
        request.user = SimpleNamespace(is_authenticated=True, pk=request.GET["user"])

    return _before(get_response, resolve)


@sync_and_async_middleware
def dict_session(get_response):
    """The session is a plain dict, as some projects have it for machines."""
    return _before(get_response, lambda request: setattr(request, "session", {"_auth_user_id": "77"}))


def _before(get_response, action):
    if iscoroutinefunction(get_response):

        async def middleware(request):
            action(request)
            return await get_response(request)
    else:

        def middleware(request):
            action(request)
            return get_response(request)

    return middleware
