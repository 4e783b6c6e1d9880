from __future__ import annotations

from django.urls import path

from support.django_project import views

urlpatterns = [
    path("plain", views.plain),
    path("plain/<name>", views.plain),
    path("whoami", views.whoami),
    path("whoami/<name>", views.whoami),
    path("login/<name>", views.log_in),
    path("logout", views.log_out),
    path("named", views.named),
    path("crash", views.crash),
    path("async/plain", views.aplain),
    path("async/plain/<name>", views.aplain),
    path("async/whoami", views.awhoami),
    path("async/login/<name>", views.alog_in),
    path("async/logout", views.alog_out),
    path("stream", views.stream),
    path("async/stream", views.astream),
    path("async/stream-in-async", views.stream_in_async),
    path("long-stream", views.long_stream),
    path("file", views.file),
    path("form", views.form),
    path("read", views.read),
    path("rest", views.rest),
    path("rest-stream", views.rest_stream),
]
