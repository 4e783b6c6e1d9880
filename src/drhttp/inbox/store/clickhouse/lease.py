"""The number of a receiver, which no other receiver that runs has at the same time.

A receiver enters the number that it would like with a token of its own, and then looks who else entered it. Of two,
whoever entered it later sees the other one, withdraws, and tries another number, so that never both have it.
"""

from __future__ import annotations

import secrets
import time

from drhttp.inbox.errors import StoreError
from drhttp.inbox.store.clickhouse.engine import Engine
from drhttp.inbox.store.clickhouse.numbers import RECEIVERS

LIFETIME = 60_000
"""Milliseconds after which a receiver that says nothing counts as gone."""
_RENEWAL, _STALE = 10.0, 30.0
"""Seconds after which a lease is renewed, and after which it is taken anew."""
_NOW = "toUnixTimestamp64Milli(now64(3))"


class Lease:
    """The number of one receiver. Raises `StoreError` if all are taken."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._token = secrets.token_hex(8)
        self.number = self._take()

    def renew(self) -> bool:
        """Say that the receiver is there, every few seconds. Returns whether it has another number now."""
        silent = time.monotonic() - self._renewed
        if silent < _RENEWAL:
            return False
        if silent < _STALE:
            self._enter(self.number)
            return False
        before = self.number
        self.number = self._take()
        return self.number != before

    def release(self) -> None:
        """Give the number back."""
        self._withdraw(self.number)

    def _take(self) -> int:
        # In any order: two that meet at one number and both withdraw shall not meet at the next one, too.
        for number in _shuffled(RECEIVERS):
            self._enter(number)
            if self._alone(number):
                return number
            # Or else nobody could have this number for a while.
            self._withdraw(number)
        raise StoreError(f"{RECEIVERS} receivers use {self._engine.address.shown} already.")

    def _enter(self, number: int) -> None:
        begun = time.monotonic()
        self._engine.command(f"INSERT INTO receiver SELECT {number}, {{t:String}}, {_NOW}", {"t": self._token})
        self._renewed = begun

    def _withdraw(self, number: int) -> None:
        self._engine.command(
            f"DELETE FROM receiver WHERE number = {number} AND token = {{t:String}}", {"t": self._token}
        )

    def _alone(self, number: int) -> bool:
        others = self._engine.value(
            f"SELECT count() FROM receiver WHERE number = {number} AND token != {{t:String}}"
            f" AND seen > {_NOW} - {LIFETIME}",
            {"t": self._token},
        )
        return bool(others == 0)


def _shuffled(count: int) -> list[int]:
    return secrets.SystemRandom().sample(range(count), count)
