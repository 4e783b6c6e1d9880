"""Which requests are not recorded: shell-style patterns of the option `exclude`, matched with percent-encoded paths.

A pattern that contains `://` is for outgoing requests, and matched with `scheme://host[:port]/path`.
"""

from __future__ import annotations

from drhttp._capture.uri import DEFAULT_PORTS, PATH_SAFE

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Callable


def path_matcher(patterns: tuple[str, ...]) -> Callable[[str], object] | None:
    """Return a function that matches a percent-encoded path with shell-style patterns; `None` if there are none."""
    return _matcher([pattern for pattern in patterns if "://" not in pattern])


def address_matcher(patterns: tuple[str, ...]) -> Callable[[str], object] | None:
    """Return a function that matches the address of an outgoing request; `None` if there are no patterns for them."""
    return _matcher([_address_pattern(pattern) for pattern in patterns if "://" in pattern])


def _address_pattern(pattern: str) -> str:
    """Write a pattern as addresses are: scheme and host in lower case, no default port, and at least the path `/`."""
    scheme, _, rest = pattern.partition("://")
    host, slash, path = rest.partition("/")
    host = host.lower().removesuffix(f":{DEFAULT_PORTS.get(scheme.lower(), '-')}")
    return f"{scheme.lower()}://{host}{slash or ('' if host.endswith('*') else '/')}{path}"


def _matcher(patterns: list[str]) -> Callable[[str], object] | None:
    if not patterns:
        return None
    import fnmatch
    import re

    return re.compile("|".join(fnmatch.translate(encoded_pattern(pattern)) for pattern in patterns)).match


def encoded_pattern(pattern: str) -> str:
    """Encode a shell-style pattern so that it matches the result of `encoded_path`."""
    import re
    from urllib.parse import quote, unquote_to_bytes

    plain = re.sub("%[0-9A-Fa-f]{2}", lambda escape: quote(unquote_to_bytes(escape[0]), PATH_SAFE), pattern)
    return quote(plain, PATH_SAFE + "?[]%")
