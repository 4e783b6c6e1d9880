"""A connection to ClickHouse over HTTP, or to the embedded engine of ``chdb`` for tests."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from drhttp.inbox.errors import StoreError, UnwritableBatch

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

Scope = frozenset[str]
"""Projects to which somebody is restricted."""
TIMEOUT = 10
"""Seconds without a byte from the engine after which a statement has failed."""
_TIMED_OUT = 159
_SCOPED = ("record", "mark")
OPERATOR = "*"
"""The owner of what belongs to those who see all projects. No project has this name."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class TimeExceeded(StoreError):
    """A question took longer than it may."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the engine is: ``clickhouse://user:password@host:8123/database``, ``clickhouses://`` or ``chdb://``."""

    text: str = field(repr=False)
    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str = "drhttp"

    @property
    def shown(self) -> str:
        """The address without the password."""
        return f"{self.scheme}://{self.host}:{self.port}/{self.database}" if self.host else f"chdb:{self.database}"


def parse_address(text: str, *, password: str = "") -> Address:
    """Parse the value of ``--store``. password: used if the address has none. Raises `StoreError`."""
    parts = urlsplit(text)
    database = parts.path.strip("/") or "drhttp"
    if parts.scheme == "chdb":
        # The embedded engine has one place in a process: chdb://memory/database, or chdb:///folder#database.
        database = parts.fragment or (database if parts.netloc else "drhttp")
    sound = parts.scheme in {"clickhouse", "clickhouses", "chdb"} and _NAME.fullmatch(database)
    if not sound or (parts.scheme != "chdb" and not parts.hostname):
        raise StoreError("--store must be clickhouse://USER@HOST:8123/DATABASE.")
    try:
        port = parts.port or (8443 if parts.scheme == "clickhouses" else 8123)
    except ValueError:
        raise StoreError("--store must be clickhouse://USER@HOST:8123/DATABASE.") from None
    user, secret = unquote(parts.username or "default"), unquote(parts.password or password)
    host = "" if parts.scheme == "chdb" else parts.hostname or ""
    return Address(text, parts.scheme, host, port, user, secret, database)


def connect(address: Address, *, create: bool = False) -> Engine:
    """Open a connection. create: create the database if it does not exist. Raises `StoreError`."""
    if not create:
        return Engine(address, _client(address, address.database))
    # An embedded engine in memory ends with its last connection.
    with Engine(address, _client(address, None)) as engine:
        engine.command(f"CREATE DATABASE IF NOT EXISTS {address.database}")
        return Engine(address, _client(address, address.database))


def _client(address: Address, database: str | None) -> Client:
    try:
        import clickhouse_connect
        from clickhouse_connect.driver.exceptions import Error
    except ModuleNotFoundError as missing:
        raise StoreError(
            f'--store requires {missing.name}. Install it with: pip install "drhttp[inbox,clickhouse]"'
        ) from None
    try:
        if address.scheme == "chdb":
            folder = urlsplit(address.text)
            dsn = "chdb://memory" if folder.netloc else f"chdb://{folder.path}"
            return clickhouse_connect.get_client(dsn=dsn, database=database)
        return clickhouse_connect.get_client(
            host=address.host,
            port=address.port,
            username=address.user,
            password=address.password,
            database=database or "default",
            secure=address.scheme == "clickhouses",
            # Without sessions, since statements of one connection may overlap.
            autogenerate_session_id=False,
            connect_timeout=5,
            send_receive_timeout=TIMEOUT,
            query_retries=0,
            compress="lz4",
        )
    except (Error, OSError, ValueError) as problem:
        raise StoreError(f"Cannot use {address.shown}: {_first_line(problem)}.") from problem


class Engine:
    """A connection that translates errors and, in a scope, sees the records of some projects only.

    The engine itself applies the scope, to every statement that reads these tables, whatever it asks.
    """

    def __init__(
        self, address: Address, client: Client, scope: Scope | None = None, pace: dict[str, int] | None = None
    ) -> None:
        self.address = address
        self.scope = scope
        self.pace: dict[str, int] = {} if pace is None else pace
        """How wide the windows were in which payloads were read quickly."""
        self._client = client
        self._settings: dict[str, object] = {}
        if scope is not None:
            listed = ", ".join(f"'{_checked(each)}'" for each in sorted(scope))
            condition = f"project IN ({listed})" if listed else "0"
            filters = {f"{address.database}.{table}": condition for table in _SCOPED}
            filters[f"{address.database}.saved_view"] = f"owner = '{self.owner}'"
            self._settings["additional_table_filters"] = _map_literal(filters)

    @property
    def owner(self) -> str:
        """The owner of saved views: the set of projects to which the connection is restricted."""
        return OPERATOR if self.scope is None else ",".join(map(_checked, sorted(self.scope)))

    def within(self, scope: Scope | None) -> Engine:
        """Return the same connection, restricted to these projects."""
        return Engine(self.address, self._client, scope, self.pace)

    def rows(
        self,
        statement: str,
        parameters: Mapping[str, object] | None = None,
        *,
        seconds: float | None = None,
        raw: Sequence[str] = (),
    ) -> list[tuple[Any, ...]]:
        """Return the rows of a question. seconds: raises `TimeExceeded` beyond. raw: columns to return as bytes."""
        settings = dict(self._settings)
        if seconds is not None:
            settings["max_execution_time"] = round(max(seconds, 0.05), 3)
        formats: dict[str, str | dict[str, str]] | None = dict.fromkeys(raw, "bytes") if raw else None
        with _translated(self.address):
            found = self._client.query(
                statement, parameters=dict(parameters or {}), settings=settings, column_formats=formats
            )
            return [tuple(row) for row in found.result_rows]

    def value(self, statement: str, parameters: Mapping[str, object] | None = None) -> Any:
        """Return the first value of the first row, or None."""
        found = self.rows(statement, parameters)
        return found[0][0] if found else None

    def command(self, statement: str, parameters: Mapping[str, object] | None = None) -> None:
        """Run a statement that returns nothing."""
        with _translated(self.address):
            self._client.command(statement, parameters=dict(parameters or {}), settings={**self._settings, **_WAITING})

    def insert(self, table: str, columns: Mapping[str, tuple[str, list[Any]]], settings: Any = None) -> None:
        """Insert rows, given column by column with their types, as one block."""
        with _translated(self.address):
            self._client.insert(
                table,
                [values for _, values in columns.values()],
                column_names=list(columns),
                column_type_names=[kind for kind, _ in columns.values()],
                column_oriented=True,
                settings=settings,
            )

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()


_WAITING = {"mutations_sync": 2, "lightweight_deletes_sync": 2}


class _translated:
    """Turn the errors of the client into `StoreError`."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: object) -> None:
        from clickhouse_connect.driver.exceptions import Error

        which: type[StoreError] | None = None
        if isinstance(problem, (Error, OSError)):
            which = TimeExceeded if getattr(problem, "code", None) == _TIMED_OUT else StoreError
        elif isinstance(problem, (ValueError, TypeError, AttributeError)):
            # What cannot be serialized raises whatever the code behind it raises.
            which = UnwritableBatch
        if which is not None:
            raise which(f"Cannot use {self._address.shown}: {_first_line(problem)}.") from problem


def _first_line(problem: BaseException | None) -> str:
    lines = str(problem).strip().splitlines()
    return lines[0][:300].rstrip(".") if lines else type(problem).__name__


def _checked(project: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", project):
        raise StoreError(f"{project!r} is not the name of a project.")
    return project


def _map_literal(values: Mapping[str, str]) -> str:
    def quoted(text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    return "{" + ", ".join(f"{quoted(key)}: {quoted(value)}" for key, value in values.items()) + "}"
