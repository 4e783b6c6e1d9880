"""What `drhttp` raises."""

from __future__ import annotations


class ConfigError(ValueError):
    """A DSN or an option that cannot be used, found when the middleware is built.

    The message names the option, the bad value and what is allowed. It never holds the key of a DSN.
    """
