"""Receivers as processes beside each other, on one engine, and the page's view of each."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import Any
from urllib.parse import urlencode

TOKEN = "operator" * 4
JSON_TYPE = "application/json"


class SharedReceiver:
    """One receiver: `drhttp inbox --store`."""

    def __init__(self, store: str, *options: str, token: str = TOKEN) -> None:
        command = [sys.executable, "-W", "error", "-m", "drhttp", "inbox", "--store", store, "--port", "0", *options]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "DRHTTP_INBOX_TOKEN": token},
        )
        self.store = store
        self.token = token
        assert self.process.stdout is not None
        self.welcome: list[str] = []
        while not self.welcome or "stop" not in self.welcome[-1]:
            line = self.process.stdout.readline()
            assert line, self.process.communicate()[1]
            self.welcome.append(line.rstrip())
        self.port = int(re.search(r":(\d+)/", self.welcome[0])[1])  # type: ignore[index]

    def request(
        self, method: str, path: str, body: bytes | None = None, token: str | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Send as it is; header names with "_" for "-"."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            named["Authorization"] = f"Bearer {token}"
        with contextlib.closing(connection):
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def post(self, events: list[dict[str, Any]], key: str = "local") -> int:
        """Post a batch as the recorder does, and return the status."""
        return self.answer(events, key)[0]

    def answer(self, events: list[dict[str, Any]], key: str = "local") -> tuple[int, http.client.HTTPMessage, bytes]:
        """Post a batch as the recorder does."""
        body = gzip.compress(json.dumps(events).encode(), 1)
        headers = {"Content_Type": JSON_TYPE, "Content_Encoding": "gzip", "X_Moesif_Application_Id": key.ljust(50, "a")}
        return self.request("POST", "/moesif/v1/events/batch", body, **headers)

    def api(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        """Ask the API; returns status and parsed JSON."""
        raw = None if body is None else json.dumps(body).encode()
        status, _, content = self.request(method, f"/api/v1{path}", raw, token or self.token)
        return status, json.loads(content)

    def records(self, query: str = "", token: str | None = None) -> list[dict[str, Any]]:
        """Return all records of a list, as the page loads it: piece by piece."""
        found: list[dict[str, Any]] = []
        before: int | None = None
        while True:
            further = {} if before is None else {"before": before}
            answer = self.api("GET", f"/records?{urlencode({'q': query, 'limit': 500, **further})}", token=token)[1]
            found += answer["records"]
            before = answer["next"]
            if before is None:
                return found

    def kill(self) -> None:
        """End it without a chance to finish anything."""
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()

    def stop(self) -> tuple[int, str]:
        """Ask it to stop, and return its exit status and what it said."""
        self.process.terminate()
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out + err


class LiveList:
    """What the live list of one receiver shows. ids: how often each record was told."""

    def __init__(self, receiver: SharedReceiver, query: str = "", token: str | None = None) -> None:
        self.ids: Counter[str] = Counter()
        self._connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=60)
        headers = {"Authorization": f"Bearer {token or receiver.token}"}
        self._connection.request("GET", f"/api/v1/stream?{urlencode({'q': query})}", headers=headers)
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        self._thread = threading.Thread(target=self._read, daemon=True)
        assert self._answer.readline() == b": here\n"
        self._thread.start()

    def wait(self, ids: set[str], seconds: float = 60) -> bool:
        """Wait until all of these were told."""
        end = time.monotonic() + seconds
        while not ids <= set(self.ids) and time.monotonic() < end:
            time.sleep(0.05)
        return ids <= set(self.ids)

    def close(self) -> None:
        """Leave, as a page that is closed."""
        if self._connection.sock is not None:
            self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._answer.close()
        self._connection.close()

    def _read(self) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError, AttributeError):
            while line := self._answer.readline():
                if line.startswith(b"data: "):
                    self.ids.update(one["id"] for one in json.loads(line[6:]).get("records", ()))
