"""Who asks: what a token is allowed to see and to change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The holder of a token. projects: those whose records it sees, or None for all. admin: may change and delete."""

    id: str
    name: str
    projects: frozenset[str] | None
    admin: bool


OPERATOR = Principal(id="operator", name="operator", projects=None, admin=True)
"""Whoever has the token of the inbox itself."""
_current: ContextVar[Principal] = ContextVar("principal")


class Registry(Protocol):
    """What a shared receiver knows of projects. The methods answer from memory, but for `audit`."""

    @property
    def closed(self) -> bool:
        """Whether only keys of projects may send records."""

    def project_of(self, sha256: str) -> str | None:
        """Return the project of a write-only key, given by its digest."""

    def principal(self, token: str) -> Principal | None:
        """Return the holder of a token."""

    def holder(self, identity: str) -> Principal | None:
        """Return the holder of a token that is still valid, by the ID of the holder."""

    def audit(self, who: Principal, what: str) -> None:
        """Note that somebody read unmasked values. Raises `StoreError` if that cannot be noted."""


def current() -> Principal:
    """Return who asks in this request. Raises `LookupError` outside of a request that was let in."""
    return _current.get()


@contextmanager
def acting(principal: Principal) -> Iterator[None]:
    """Let everything in the context be asked by this principal."""
    token = _current.set(principal)
    try:
        yield
    finally:
        _current.reset(token)
