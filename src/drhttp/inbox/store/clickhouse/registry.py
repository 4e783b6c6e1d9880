"""The projects of a shared receiver: their write-only keys, the tokens that read them, and how long they are kept.

Keys and tokens are kept as digests. A receiver asks for them every few seconds, so that what is revoked is refused
everywhere soon after.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drhttp.inbox.decode import Arrival
from drhttp.inbox.errors import InboxError, StoreError
from drhttp.inbox.principal import Principal
from drhttp.inbox.store.clickhouse.engine import Engine

REFRESH = 3.0
"""Seconds after which a receiver knows of a change."""
MOST_DAYS = 3_650
KINDS = ("key", "reader", "admin")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A key or a token, bound to projects. id: the beginning of its digest."""

    sha256: str
    kind: str
    name: str
    projects: frozenset[str]

    @property
    def id(self) -> str:
        return self.sha256[:16]


def digest(kind: str, secret: str) -> str:
    """Return what is kept of a key or token."""
    # Senders pad keys, which is why these have a digest of their own.
    return Arrival(secret, 0).project if kind == "key" else hashlib.sha256(secret.encode()).hexdigest()


class Projects:
    """The table of projects, for the commands that change it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, name: str, keep_days: int) -> None:
        """Add a project, or change how long its new records are kept."""
        if not _NAME.fullmatch(name):
            raise InboxError("The name of a project has up to 64 letters, digits, dots, hyphens and underscores.")
        if keep_days > MOST_DAYS:
            raise InboxError(f"Records are kept for up to {MOST_DAYS:,} days.")
        self._enter("project", {"name": name, "keep": keep_days, "created": _now(), "gone": 0, "version": _now()})

    def issue(self, kind: str, projects: Sequence[str], name: str) -> str:
        """Return a new key or token for these projects. It is not kept and cannot be shown again."""
        known = {row[0] for row in self.named()}
        for project in projects:
            if project not in known:
                raise InboxError(f"Project {project!r} does not exist.")
        if kind == "key" and len(projects) != 1:
            raise InboxError("A key belongs to one project.")
        secret = f"dr{kind[0]}_{secrets.token_urlsafe(36)}"
        for project in projects:
            row = {"sha256": digest(kind, secret), "kind": kind, "project": project, "name": name, "created": _now()}
            self._enter("credential", {**row, "revoked": 0, "version": _now()})
        return secret

    def named(self) -> list[tuple[str, int]]:
        """Return the projects and how many days their records are kept."""
        return [
            (name, keep)
            for name, keep in self._engine.rows("SELECT name, keep FROM project FINAL WHERE NOT gone ORDER BY name")
        ]

    def credentials(self) -> list[Credential]:
        """Return the keys and tokens that are valid."""
        rows = self._engine.rows(
            "SELECT sha256, kind, any(name), groupArray(project) FROM credential FINAL WHERE revoked = 0"
            " AND project IN (SELECT name FROM project FINAL WHERE NOT gone)"
            " GROUP BY sha256, kind ORDER BY min(created)"
        )
        return [
            Credential(sha256=sha256, kind=kind, name=name, projects=frozenset(projects))
            for sha256, kind, name, projects in rows
        ]

    def revoke(self, project: str, identity: str | None) -> int:
        """Revoke a key or token of a project by its ID, or all of them and the project. Returns how many."""
        chosen = [
            one
            for one in self.credentials()
            if project in one.projects and (identity is None or one.id.startswith(identity))
        ]
        if identity is not None and len(chosen) != 1:
            raise InboxError(f"Project {project!r} has {len(chosen)} credentials whose ID begins with {identity!r}.")
        for one in chosen:
            row = {"sha256": one.sha256, "kind": one.kind, "project": project, "name": one.name, "created": 0}
            self._enter("credential", {**row, "revoked": _now(), "version": _now()})
        return len(chosen)

    def known(self) -> bool:
        """Return whether there ever was a project."""
        return bool(self._engine.value("SELECT count() FROM project"))

    def audited(self, limit: int) -> list[tuple[int, str, Sequence[str], str]]:
        """Return who read unmasked values, newest first: milliseconds, name, projects and request."""
        return [
            (at, who, projects, what)
            for at, who, projects, what in self._engine.rows(
                f"SELECT at, who, projects, what FROM audit ORDER BY at DESC LIMIT {int(limit)}"
            )
        ]

    def audit(self, who: Principal, what: str, receiver: int) -> None:
        """Enter that somebody read unmasked values."""
        row = {"at": _now(), "who": f"{who.name} ({who.id})", "projects": sorted(who.projects or ()), "what": what}
        self._enter("audit", {**row, "receiver": receiver})

    def secret(self) -> bytes:
        """Return the secret that signs URLs of files for all receivers. The first one makes it."""
        statement = "SELECT v FROM meta FINAL WHERE k = 'secret'"
        if self._engine.value(statement) is None:
            # Of several, the earliest stays.
            version = (1 << 62) - _now()
            self._enter("meta", {"project": "", "k": "secret", "v": secrets.token_hex(32), "version": version})
        return bytes.fromhex(str(self._engine.value(statement)))

    def _enter(self, table: str, row: Mapping[str, Any]) -> None:
        self._engine.insert(table, {name: (_TYPES[table, name], [value]) for name, value in row.items()})


_TYPES = {
    ("project", "name"): "String",
    ("project", "keep"): "UInt16",
    ("project", "created"): "UInt64",
    ("project", "gone"): "UInt8",
    ("project", "version"): "UInt64",
    ("credential", "sha256"): "String",
    ("credential", "kind"): "LowCardinality(String)",
    ("credential", "project"): "String",
    ("credential", "name"): "String",
    ("credential", "created"): "UInt64",
    ("credential", "revoked"): "UInt64",
    ("credential", "version"): "UInt64",
    ("audit", "at"): "UInt64",
    ("audit", "who"): "String",
    ("audit", "projects"): "Array(String)",
    ("audit", "what"): "String",
    ("audit", "receiver"): "UInt8",
    ("meta", "project"): "String",
    ("meta", "k"): "String",
    ("meta", "v"): "String",
    ("meta", "version"): "UInt64",
}


class ClickHouseRegistry:
    """What one receiver knows of the projects; it looks again every `REFRESH` seconds, in a thread.

    open_engine: opens a connection. on_audit: gets every line, too. receiver: number of this receiver, if known.
    """

    def __init__(self, open_engine: Callable[[], Engine], *, on_audit: Callable[[str], object]) -> None:
        self._engine = open_engine()
        self._projects = Projects(self._engine)
        self.receiver = 0
        self._on_audit = on_audit
        self.keep: dict[str, int] = {}
        """Days for each project. The dictionary stays the same, and is changed in place."""
        self.secret = self._projects.secret()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.refresh()
        self._thread = threading.Thread(target=self._run, name="drhttp-inbox-projects", daemon=True)
        self._thread.start()

    @property
    def closed(self) -> bool:
        """Whether only keys of projects may send records: as soon as there was one project."""
        return self._closed

    def project_of(self, sha256: str) -> str | None:
        """Return the project of a write-only key, given by its digest."""
        return self._keys.get(sha256)

    def principal(self, token: str) -> Principal | None:
        """Return the holder of a token."""
        return self._tokens.get(hashlib.sha256(token.encode("utf-8", "replace")).hexdigest())

    def holder(self, identity: str) -> Principal | None:
        """Return the holder of a token that is still valid, by the ID of the holder."""
        return self._holders.get(identity)

    def audit(self, who: Principal, what: str) -> None:
        """Note that somebody read unmasked values. Raises `StoreError` if that cannot be noted."""
        with self._lock:
            self._projects.audit(who, what[:2_000], self.receiver)
        self._on_audit(f"audit: {who.name} ({who.id}) read unmasked values: {what}")

    def refresh(self) -> None:
        """Ask for projects, keys and tokens."""
        with self._lock:
            closed, listed, credentials = (
                self._projects.known(), self._projects.named(), self._projects.credentials(),
            )  # fmt: skip
        self.keep.update(listed)
        self._keys = {one.sha256: next(iter(one.projects)) for one in credentials if one.kind == "key"}
        self._tokens = {
            one.sha256: Principal(id=one.id, name=one.name, projects=one.projects, admin=one.kind == "admin")
            for one in credentials
            if one.kind != "key"
        }
        self._holders = {one.id: one for one in self._tokens.values()}
        self._closed = closed

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._engine.close()

    def __enter__(self) -> ClickHouseRegistry:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def _run(self) -> None:
        while not self._stop.wait(REFRESH):
            try:
                self.refresh()
            except StoreError:
                # The engine is away; what was known stays until it is back.
                continue


def _now() -> int:
    return time.time_ns() // 1_000_000
