"""The absolute URI of an outgoing request, from the parts that a client knows."""

from __future__ import annotations

from drhttp._capture.uri import DEFAULT_PORTS


def absolute_uri(scheme: str, host: str, port: int | None, target: str) -> str:
    """The URI without userinfo and fragment.

    target: what stands in the request line: a path with its query, or an absolute URI for a proxy.
    """
    target = target.partition("#")[0]
    if "://" in target and not target.startswith("/"):
        return _without_userinfo(target)
    host = host.lower()
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    shown = "" if port is None or str(port) == DEFAULT_PORTS.get(scheme) else f":{port}"
    return f"{scheme}://{host}{shown}{target if target.startswith('/') else f'/{target}'}"


def without_query(uri: str) -> str:
    """The part of a URI that patterns of the option `exclude` match."""
    return uri.partition("?")[0]


def _without_userinfo(uri: str) -> str:
    scheme, _, rest = uri.partition("://")
    end = min((found for mark in "/?" if (found := rest.find(mark)) >= 0), default=len(rest))
    host = rest[:end].rpartition("@")[2].lower()
    default = DEFAULT_PORTS.get(scheme.lower())
    return f"{scheme.lower()}://{host.removesuffix(f':{default}')}{rest[end:] or '/'}"
