"""A Django project in one file, for `runserver`: its views answer as `hosted` does."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import hosted
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import re_path

import drhttp

if TYPE_CHECKING:
    from django.http import HttpRequest


def item(request: HttpRequest, name: str) -> HttpResponse:
    """The same echo."""
    body = request.body.decode()
    assert name in body
    return HttpResponse(f"{name} answers {body}", content_type="text/plain")


def aside(request: HttpRequest, name: str) -> HttpResponse:
    """What is not recorded."""
    return HttpResponse(str(hosted.ASIDE[name]()))


urlpatterns = [re_path("^item/(.+)$", item), re_path("^not/(.+)$", aside)]

if not settings.configured:
    settings.configure(
        DEBUG=True, ALLOWED_HOSTS=["*"], ROOT_URLCONF="django_site", WSGI_APPLICATION="django_site.application"
    )

if "__main__" in __name__:
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
else:
    application = drhttp.WSGIMiddleware(
        get_wsgi_application(), os.environ["RECEIVER"], exclude=["/not/*"], exit_timeout=20.0
    )
