"""Identification: two header fields of an answer name the user and the device."""

from __future__ import annotations

import pytest

import drhttp
from drhttp._capture.identity_headers import identity

TEXT = ("Content-Type", "text/plain")


def identified(headers: list[tuple[str, str]]) -> tuple[object, ...]:
    """User, device, whether to skip it, and the other header fields."""
    who = identity(headers)
    assert who is not None
    return who.user, who.device, who.skip, who.others


def test_names() -> None:
    """The names are those of the client 0.2.0."""
    assert (drhttp.DRHTTP_HEADER_USER, drhttp.DRHTTP_HEADER_DEVICE) == ("x-drhttp-user", "x-drhttp-device")


@pytest.mark.parametrize("name", ["x-drhttp-user", "X-DrHTTP-User", "X-DRHTTP-USER"])
def test_any_case(name: str) -> None:
    """A field name means the same in any case."""
    assert identified([TEXT, (name, "ada")]) == ("ada", None, False, [TEXT])


def test_both_and_repeated() -> None:
    """User and device are found together, all their fields are taken out, and the last one counts."""
    headers = [("X-DrHTTP-User", "a"), TEXT, ("x-drhttp-device", "d"), ("x-drhttp-user", "b")]
    assert identified(headers) == ("b", "d", False, [TEXT])


@pytest.mark.parametrize("headers", [[], [TEXT], [("X-Drhttp-Usex", "1"), ("X-Forwarded-By", "1")]])
def test_nobody(headers: list[tuple[str, str]]) -> None:
    """An answer without them identifies nobody, also when other names are as long."""
    assert identity(headers) is None


def test_empty() -> None:
    """An empty value names nobody, and does not leak either."""
    assert identified([("x-drhttp-user", ""), TEXT]) == (None, None, False, [TEXT])


@pytest.mark.parametrize(("value", "skip"), [("1", True), ("yes", True), ("", False), (" False ", False), ("0", False)])
def test_skip(value: str, skip: bool) -> None:
    """An answer may ask not to be recorded."""
    assert identified([("X-DrHTTP-Skip", value), TEXT]) == (None, None, skip, [TEXT])
