"""Identification: two header fields of an answer name the user and the device."""

from __future__ import annotations

import pytest

import drhttp
from drhttp._identity import Identity, identity

TEXT = ("Content-Type", "text/plain")


def test_names() -> None:
    """The names are those of the client 0.2.0."""
    assert (drhttp.DRHTTP_HEADER_USER, drhttp.DRHTTP_HEADER_DEVICE) == ("x-drhttp-user", "x-drhttp-device")


@pytest.mark.parametrize("name", ["x-drhttp-user", "X-DrHTTP-User", "X-DRHTTP-USER"])
def test_any_case(name: str) -> None:
    """A field name means the same in any case."""
    assert identity([TEXT, (name, "ada")]) == Identity("ada", None, False, [TEXT])


def test_both_and_repeated() -> None:
    """User and device are found together, all their fields are taken out, and the last one counts."""
    headers = [("X-DrHTTP-User", "a"), TEXT, ("x-drhttp-device", "d"), ("x-drhttp-user", "b")]
    assert identity(headers) == Identity("b", "d", False, [TEXT])


@pytest.mark.parametrize("headers", [[], [TEXT], [("X-Drhttp-Usex", "1"), ("X-Forwarded-By", "1")]])
def test_nobody(headers: list[tuple[str, str]]) -> None:
    """An answer without them identifies nobody, also when other names are as long."""
    assert identity(headers) is None


def test_empty() -> None:
    """An empty value names nobody, and does not leak either."""
    assert identity([("x-drhttp-user", ""), TEXT]) == Identity(None, None, False, [TEXT])
