"""The exceptions that `drhttp` raises."""

from __future__ import annotations


class ConfigError(ValueError):
    """An invalid DSN, option or application, raised when the middleware is created.

    The message names the option, the invalid value and what is allowed. It never contains the key of a DSN.
    """
