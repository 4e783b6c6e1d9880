"""Finds the proxy that the environment names for an address: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

if TYPE_CHECKING:
    from drhttp._dsn import Dsn

_PORTS = {"http": 80, "https": 443}


def proxy_for(dsn: Dsn) -> str | None:
    """The proxy from the environment, if any. An entry of `NO_PROXY` may be a host, or a host with its port."""
    host = f"[{dsn.host}]" if ":" in dsn.host else dsn.host
    places = (dsn.host, f"{host}:{dsn.port or _PORTS[dsn.scheme]}")
    return None if any(map(proxy_bypass, places)) else getproxies().get(dsn.scheme)
