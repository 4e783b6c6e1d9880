"""Views that say of their own requests what is not recorded and what is masked, sync and async."""

from __future__ import annotations

import django
from django.http import HttpResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters

from drhttp.django import not_recorded


def read(request, name=""):
    """Read all there is, and say nothing of it."""
    return HttpResponse(f"{name} {len(request.body)} read")


async def aread(request, name=""):
    """The same without a thread."""
    return HttpResponse(f"{name} {len(request.body)} read")


def fail(request):
    """Fail, having read all there is."""
    raise ValueError(f"no tea in {len(request.body)} bytes")


async def afail(request):
    """The same without a thread."""
    raise ValueError(f"no tea in {len(request.body)} bytes")


def parse(request):
    """Have Django parse the form."""
    return HttpResponse(f"{len(request.POST)} fields")


class Quiet(View):
    """A class-based view, decorated as Django's documentation says."""

    @method_decorator(not_recorded)
    def dispatch(self, *args, **kwargs):
        return super().dispatch(*args, **kwargs)

    def get(self, request):
        return HttpResponse("quiet")


SOME, ALL = sensitive_post_parameters("nickname", "pet"), sensitive_post_parameters()

urlpatterns = [
    path("read", read),
    path("quiet", not_recorded(read)),
    path("quiet/<name>", not_recorded(read)),
    path("quiet-fail", not_recorded(fail)),
    path("quiet-class", Quiet.as_view()),
    path("some", SOME(read)),
    path("some-form", SOME(parse)),
    path("some-fail", SOME(fail)),
    path("all", ALL(read)),
    path("all-form", ALL(parse)),
    path("all-fail", ALL(fail)),
    path("quiet-all", not_recorded(ALL(read))),
    path("async/read", aread),
    path("async/quiet", not_recorded(aread)),
    path("async/quiet/<name>", not_recorded(aread)),
    path("async/quiet-fail", not_recorded(afail)),
]

#: Django's own decorator takes async views since 5.0.
ASYNC_SENSITIVE = django.VERSION >= (5,)
if ASYNC_SENSITIVE:
    urlpatterns += [
        path("async/some", SOME(aread)),
        path("async/some-fail", SOME(afail)),
        path("async/all", ALL(aread)),
        path("async/all-fail", ALL(afail)),
        path("async/quiet-all", not_recorded(ALL(aread))),
    ]
