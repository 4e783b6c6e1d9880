"""What an application says of its own request, as keys of the WSGI environ."""

from __future__ import annotations

#: A true value: the request is not recorded.
SKIP = "drhttp.skip"

#: Names of parameters that are masked besides those of the rules; a text, such as Django's "__ALL__", means all.
SENSITIVE = "drhttp.sensitive"

#: Present where a middleware leaves the headers for the recorder in the answer although it does not record it.
IDENTITY = "drhttp.identity"
