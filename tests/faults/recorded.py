"""The recorded application; the options are in the environment."""

from __future__ import annotations

import drhttp

from .app import bare

app = drhttp.WSGIMiddleware(bare)
