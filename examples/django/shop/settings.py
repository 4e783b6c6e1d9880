from __future__ import annotations

import os
from pathlib import Path

# An inbox on this machine, unless DRHTTP_DSN is set.
DRHTTP_DSN = os.environ.get("DRHTTP_DSN", "http://local@127.0.0.1:8399/")

# The payment service in ../payments; without it, orders cost nothing.
PAYMENTS_URL = os.environ.get("PAYMENTS_URL")

MIDDLEWARE = [
    "drhttp.DjangoUserMiddleware",
    "shop.device.DeviceMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "shop",
]

ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
SECRET_KEY = "for this example only"
USE_TZ = True

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SHOP_DATABASE", Path(__file__).parent.parent / "shop.sqlite3"),
        "OPTIONS": {"timeout": 20},  # seconds to wait for another worker that is writing
    }
}
