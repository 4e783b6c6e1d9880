"""Real services for these tests: the inbox, nginx in front of it, and a name server that fails."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PATIENCE = 60.0  # seconds after which a test stops waiting
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
IS_ROOT = os.geteuid() == 0
NAMESPACES = IS_ROOT and shutil.which("unshare") is not None and shutil.which("nsenter") is not None


def free_port() -> int:
    """A port on which nobody listens, below those that connections get, so that it stays free for a restart."""
    while True:
        port = 10_000 + int.from_bytes(os.urandom(2), "big") % 20_000
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Inbox:
    """`drhttp inbox` on a port that it keeps when it is started again. A context manager.

    folder: for its log, and for its file if that has no place of its own. wrap: words in front of the command.
    """

    def __init__(self, folder: Path, wrap: Sequence[str] = (), file: Path | None = None) -> None:
        self.port = free_port()
        self.file = file or folder / "inbox.db"
        self._output = folder / "inbox.log"
        self._wrap = wrap
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Inbox:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [*self._wrap, sys.executable, "-m", "drhttp", "inbox", "--quiet", f"--port={self.port}"]
        with self._output.open("ab") as output:
            self._process = subprocess.Popen([*command, f"--file={self.file}"], stdout=output, stderr=output)
        end = time.monotonic() + PATIENCE
        while not self._is_up():
            assert self._process.poll() is None, self._output.read_text()
            assert time.monotonic() < end, self._output.read_text()
            time.sleep(0.05)

    def freeze(self) -> None:
        """Stop it with SIGSTOP; its connections stay open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def post(self, body: bytes) -> None:
        """Post a batch to it, as it came from the recorder."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "X-Moesif-Application-Id": "key"}
        try:
            connection.request("POST", "/moesif/v1/events/batch", body, headers)
            assert connection.getresponse().status == 201
        finally:
            connection.close()

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)

    def paths(self, wrap: Sequence[str] = ()) -> list[str]:
        """The paths of all its records, sorted."""
        command = [*wrap, sys.executable, "-m", "drhttp", "inbox", "ls", "--json", "-n100000", f"--file={self.file}"]
        listed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout
        return sorted(json.loads(line)["path"] for line in listed.splitlines())

    def _is_up(self) -> bool:
        return speaks_http("127.0.0.1", self.port)


def speaks_http(host: str, port: int) -> bool:
    """Whether an HTTP server responds there."""
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 600
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Nginx:
    """Debian's nginx in front of something on this machine. A context manager.

    listen: what follows the port in the directive of that name. server, http: directives of those blocks.
    """

    def __init__(self, folder: Path, upstream: int, listen: str = "", server: str = "", http: str = "") -> None:
        assert NGINX is not None
        self.port = free_port()
        self._folder = folder
        self._upstream = upstream
        self._command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "errors.log")]
        self._write(listen, server, http)

    def __enter__(self) -> Nginx:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait()
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)

    def configure(self, listen: str = "", server: str = "", http: str = "") -> None:
        """Reload with another configuration: new workers take over, and the old ones end."""
        before = self._workers()
        self._write(listen, server, http)
        self._process.send_signal(signal.SIGHUP)
        end = time.monotonic() + PATIENCE
        while before & (now := self._workers()) or not now:
            assert time.monotonic() < end, (self._folder / "errors.log").read_text()
            time.sleep(0.05)
        self._wait()

    def _workers(self) -> set[str]:
        return set(Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split())

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while not speaks_http("127.0.0.1", self.port):
            assert time.monotonic() < end, (self._folder / "errors.log").read_text()
            time.sleep(0.05)

    def _write(self, listen: str, server: str, http: str) -> None:
        folders = "\n".join(
            f"{kind}_temp_path {self._folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if IS_ROOT else ""  # who may write into the folder of the test
        (self._folder / "nginx.conf").write_text(
            f"daemon off; {user} worker_processes 1; pid {self._folder}/nginx.pid;\n"
            "worker_shutdown_timeout 1s;\n"
            "events { worker_connections 100; }\n"
            f"http {{ access_log off; {folders} {http}\n"
            f"server {{ listen 127.0.0.1:{self.port} {listen}; keepalive_timeout 60; {server}\n"
            f"location / {{ proxy_pass http://127.0.0.1:{self._upstream}; }} }} }}\n"
        )


class NameServer:
    """A name server on an address of its own, for one name. A context manager; needs port 53.

    behavior: "answers" with `answer`; "hangs"; "fails".
    """

    def __init__(self, host: str, answer: str, behavior: str) -> None:
        self.host = host
        self.behavior = behavior
        self.query_count = 0
        self._answer = socket.inet_aton(answer)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 53))
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _loop(self) -> None:
        with suppress(OSError):
            while True:
                query, sender = self._socket.recvfrom(4096)
                if not query:
                    return
                self.query_count += 1
                if self.behavior != "hangs":
                    self._socket.sendto(self._reply(query), sender)

    def _reply(self, query: bytes) -> bytes:
        """RFC 1035 section 4.1: the question again, and for an address of the old kind (A) one answer."""
        question = re.match(rb"(?s).*?\0....", query[12:])
        assert question is not None
        is_a = question[0][-4:-2] == b"\0\1"
        if self.behavior == "fails":
            flags, count, answer = b"\x81\x82", 0, b""  # SERVFAIL
        else:
            flags, count = b"\x81\x80", int(is_a)
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + self._answer if is_a else b""
        return query[:2] + flags + b"\0\1" + count.to_bytes(2, "big") + b"\0\0\0\0" + question[0] + answer


def with_name_server(folder: Path, host: str) -> list[str]:
    """Words in front of a command that let it ask that name server, and no file, for names."""
    resolver, order = folder / "resolv.conf", folder / "nsswitch.conf"
    resolver.write_text(f"nameserver {host}\n")
    order.write_text("hosts: dns\n")
    mounts = f"mount --bind {resolver} /etc/resolv.conf && mount --bind {order} /etc/nsswitch.conf"
    return ["unshare", "--mount", "sh", "-ec", f'{mounts}; exec "$@"', "sh"]
