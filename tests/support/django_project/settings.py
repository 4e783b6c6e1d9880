"""Settings: of a server process from its environment; tests in this process put others in the place of some."""

from __future__ import annotations

import os

OURS = "drhttp.DjangoUserMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"

SECRET_KEY = "for tests"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "support.django_project.urls"
AUTH_USER_MODEL = os.environ.get("PROJECT_USER_MODEL", "auth.User")
MIDDLEWARE = os.environ.get("PROJECT_MIDDLEWARE", f"{OURS},{SESSIONS},{AUTH}").split(",")
WSGI_APPLICATION = "support.django_project.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "rest_framework.authtoken",
    "support.django_project",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("PROJECT_DATABASE", ":memory:"),
        "OPTIONS": {"timeout": 20},  # seconds
    }
}
# Tables are made from the models as they stand; nobody needs the history of an empty database.
MIGRATION_MODULES = dict.fromkeys(("auth", "contenttypes", "sessions", "authtoken"))
