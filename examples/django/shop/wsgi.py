from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

import drhttp

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

application = drhttp.WSGIMiddleware(get_wsgi_application(), dsn=settings.DRHTTP_DSN, outbound=True)
