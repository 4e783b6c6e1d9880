"""The project as WSGI, recorded as the README says, to the DSN of the environment."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

import drhttp

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support.django_project.settings")
application = drhttp.WSGIMiddleware(get_wsgi_application())
