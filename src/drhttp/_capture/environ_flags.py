"""Keys of the WSGI environ or the ASGI scope by which an application controls the recording of its own request."""

from __future__ import annotations

#: If true, the request is not recorded.
SKIP = "drhttp.skip"

#: Names of parameters to mask in addition to the rules. A string, such as Django's "__ALL__", means all of them.
SENSITIVE = "drhttp.sensitive"

#: The template of the path, as in `/orders/<int:id>`.
ROUTE = "drhttp.route"

#: Present if a middleware leaves the identification headers in a response that it does not record.
IDENTITY = "drhttp.identity"
