from __future__ import annotations

import os
from pathlib import Path

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model, login, logout
from django.http import FileResponse, HttpResponse, JsonResponse, RawPostDataException, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.authentication import TokenAuthentication
from rest_framework.decorators import api_view, authentication_classes
from rest_framework.response import Response

BACKEND = "django.contrib.auth.backends.ModelBackend"
LINE = b"0123456789abcdef" * 64


def journal(text):
    """Write down that something happened, for the test to read: workers share nothing else."""
    with Path(os.environ["PROJECT_JOURNAL"]).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")


def plain(request, name=""):
    return HttpResponse(f"plain {name}")


def whoami(request, name=""):
    return HttpResponse(f"I am {request.user.pk}")


def log_in(request, name):
    login(request, get_user_model().objects.get(username=name), BACKEND)
    return HttpResponse("in")


def log_out(request):
    logout(request)
    return HttpResponse("out")


def named(request):
    return HttpResponse("named", headers={"X-DrHTTP-User": "somebody"})


def crash(request):
    return HttpResponse(str(request.user.pk / 0))


async def aplain(request, name=""):
    return HttpResponse(f"plain {name}")


async def awhoami(request):
    """Ask as Django 5 offers it, or as one had to before."""
    user = await request.auser() if hasattr(request, "auser") else await sync_to_async(_evaluated)(request)
    return HttpResponse(f"I am {user.pk}")


async def alog_in(request, name):
    await sync_to_async(log_in)(request, name)
    return HttpResponse("in")


async def alog_out(request):
    await sync_to_async(logout)(request)
    return HttpResponse("out")


def _evaluated(request):
    request.user.pk  # noqa: B018 - asking is what evaluates it
    return request.user


def stream(request):
    def lines():
        yield b"first,"
        yield b""
        yield b"last"

    return StreamingHttpResponse(lines())


async def astream(request):
    async def lines():
        yield b"first,"
        yield b"last"

    return StreamingHttpResponse(lines())


async def stream_in_async(request):
    return stream(request)


def long_stream(request):
    def lines():
        try:
            for _ in range(100_000):
                yield LINE
        finally:
            journal("long stream closed")

    return StreamingHttpResponse(lines())


class NotedFile:
    """A file that says when it is closed, in one of the ways that Django knows of closing files."""

    def __init__(self, path):
        self._file = Path(path).open("rb")  # noqa: SIM115 - the answer closes it
        self.name = path

    def read(self, size=-1):
        return self._file.read(size)

    def fileno(self):
        return self._file.fileno()

    def seek(self, *args):
        return self._file.seek(*args)

    def tell(self):
        return self._file.tell()

    def close(self):
        self._file.close()
        journal("file closed")


def file(request):
    return FileResponse(NotedFile(os.environ["PROJECT_FILE"]))


@csrf_exempt
def form(request):
    files = {name: each.read().decode() for name, each in request.FILES.items()}
    return JsonResponse({"form": {name: len(value) for name, value in request.POST.items()}, "files": files})


@csrf_exempt
def read(request):
    """Read the body as a stream, in small pieces; then ask for the whole, which Django refuses."""
    pieces = [len(piece) for piece in iter(lambda: request.read(7), b"")]
    try:
        whole = len(request.body)
    except RawPostDataException as error:
        whole = type(error).__name__
    return JsonResponse({"pieces": pieces, "whole": whole})


@api_view(["POST"])
@authentication_classes([TokenAuthentication])
def rest(request):
    return Response({"data": request.data, "user": str(request.user.pk)})


@api_view(["POST"])
@authentication_classes([TokenAuthentication])
def rest_stream(request):
    return Response({"stream": request.stream.read().decode()})
