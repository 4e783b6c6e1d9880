"""Keys of the WSGI environ or the ASGI scope by which an application controls the recording of its own request."""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from typing import Any

#: If true, the request is not recorded.
SKIP = "drhttp.skip"

#: Names of parameters to mask in addition to the rules. A string, such as Django's "__ALL__", means all of them.
SENSITIVE = "drhttp.sensitive"

#: The template of the path, as in `/orders/<int:id>`.
ROUTE = "drhttp.route"

#: Present if a middleware leaves the identification headers in a response that it does not record.
IDENTITY = "drhttp.identity"


def has_flags(environ: Any) -> bool:
    """Whether an application has set one of the flags above in its environ."""
    return SKIP in environ or SENSITIVE in environ or ROUTE in environ


def add_names(names: frozenset[str] | None, marked: Any) -> frozenset[str]:
    """Add what an application has marked as sensitive to the names so far. An empty set means all parameters.

    So does whatever is no list of names, because a mistake must not let a secret pass.
    """
    if isinstance(marked, str) or not hasattr(marked, "__iter__"):
        return frozenset()
    added = frozenset(map(str, marked))
    if names is None:
        return added
    return names | added if names and added else frozenset()
