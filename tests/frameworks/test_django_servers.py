"""Django under real servers: what reaches the client, and what is recorded."""

from __future__ import annotations

import http.client
import importlib.util
import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.django_project.settings import AUTH, OURS, SESSIONS
from support.programs import Program, ask
from support.wide import wide

if TYPE_CHECKING:
    from support.receiver import Receiver

WITNESS = "support.django_project.middleware.witness"
USERS = [f"user{number}" for number in range(8)]
ASGI_SERVERS = {
    # Under uvloop, the hops after an answer are sometimes still to come when the next request does.
    "uvicorn": [
        *("uvicorn", "--port", "0", "--lifespan", "off", "--loop", "asyncio"),
        "support.django_project.asgi:application",
    ],
    "daphne": ["daphne", "-p", "0", "support.django_project.asgi:application"],
}
INSTALLED = [name for name in ASGI_SERVERS if importlib.util.find_spec(name)]
PREPARE = """
import django, sys
django.setup()
from django.core.management import call_command
from django.contrib.auth import get_user_model
call_command("migrate", run_syncdb=True, verbosity=0)
for name in sys.argv[1:]:
    print(name, get_user_model().objects.create(username=name).pk)
"""


class Project:
    """The project in a place of its own: a database with users, a file, and a journal of what happened."""

    def __init__(self, place: Path, **environment: str) -> None:
        self.place = place
        self.content = bytes(range(256)) * 1000
        (place / "file.bin").write_bytes(self.content)
        self._journal = place / "journal"
        self._journal.touch()
        self.environment = {
            "DJANGO_SETTINGS_MODULE": "support.django_project.settings",
            "PROJECT_DATABASE": str(place / "db.sqlite3"),
            "PROJECT_FILE": str(place / "file.bin"),
            "PROJECT_JOURNAL": str(self._journal),
            "DRHTTP_FLUSH_INTERVAL": "0.1",
            **environment,
        }
        with self.run("-c", PREPARE, *USERS) as preparing:
            preparing.wait()
        self.keys = dict(line.split() for line in preparing.output.splitlines())

    def run(self, *arguments: str, warnings: str = "error", **environment: str) -> Program:
        return Program(*arguments, cwd=self.place, env={**self.environment, **environment}, warnings=warnings)

    @property
    def journal(self) -> list[str]:
        return self._journal.read_text().splitlines()


def port_of(program: Program) -> int:
    """The port that the server says it listens on."""
    return int(program.wait_for(r"(?:http://|address )127\.0\.0\.1:(\d+)").group(1))


def paths(records: list[dict[str, Any]]) -> list[str]:
    return ["/" + record["request"]["uri"].split("/", 3)[3] for record in records]


def log_in(port: int, name: str) -> dict[str, str]:
    """The header with the cookie of a user who has logged in."""
    response, _ = ask(port, f"/login/{name}")
    return {"Cookie": (response.getheader("Set-Cookie") or "").partition(";")[0]}


@pytest.mark.parametrize(
    "model",
    [
        pytest.param("auth.User", marks=pytest.mark.wide, id="integer-keys"),
        pytest.param("django_project.Person", id="uuid-keys"),
    ],
)
def test_gunicorn(model: str, tmp_path: Path, receiver: Receiver) -> None:
    """D1, D3, S4: under gunicorn every record names the right one of 8 users at once, and no client sees the name.

    Also files and streams come whole, files are closed, and a client that leaves is noticed.
    """
    project = Project(tmp_path, PROJECT_USER_MODEL=model, DRHTTP_DSN=receiver.dsn)
    with project.run(
        "-m", "gunicorn", "--bind=127.0.0.1:0", "--workers=2", "--threads=4", "support.django_project.wsgi"
    ) as server:
        port = port_of(server)
        together = threading.Barrier(len(USERS))

        def use(name: str) -> list[tuple[http.client.HTTPResponse, bytes]]:
            cookie = log_in(port, name)
            together.wait(20)
            wanted = [f"/{view}/{name}?{number}" for number in range(5) for view in ("plain", "whoami", "async/plain")]
            return [ask(port, path, cookie) for path in wanted]

        with ThreadPoolExecutor(len(USERS)) as pool:
            answers = list(pool.map(use, USERS))
        records = receiver.wait(len(USERS) * 16)
        assert len(records) == len(USERS) * 16
        for record in records:
            name = record["request"]["uri"].partition("?")[0].rpartition("/")[2]
            assert record["user_id"] == project.keys[name]
        for name, theirs in zip(USERS, answers, strict=True):
            for response, body in theirs:
                assert (response.status, response.getheader("x-drhttp-user")) == (200, None)
                assert body.decode() in (f"plain {name}", f"I am {project.keys[name]}")

        cookie = log_in(port, "user3")
        assert ask(port, "/file", cookie)[1] == project.content
        assert ask(port, "/stream", cookie)[1] == b"first,last"
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /long-stream HTTP/1.1\r\nHost: here\r\nCookie: %s\r\n\r\n" % cookie["Cookie"].encode())
            assert client.recv(100).startswith(b"HTTP/1.1 200 OK")
        *_, sent_file, stream, left = sorted(receiver.wait(len(records) + 4), key=lambda each: each["request"]["time"])
    assert sorted(project.journal) == ["file closed", "long stream closed"]
    assert paths([sent_file, stream, left]) == ["/file", "/stream", "/long-stream"]
    assert {each["user_id"] for each in (sent_file, stream, left)} == {project.keys["user3"]}
    assert sent_file["metadata"]["response_body"]["omitted"] == "file"
    assert sent_file["metadata"]["response_body"]["size"] == len(project.content)
    assert left["metadata"]["aborted"]
    assert "Traceback" not in server.output


def ask_everything(project: Project, server: str, middleware: list[str]) -> tuple[dict[str, Any], Counter[str]]:
    """What an ASGI server answers to requests of all kinds, and what it prints meanwhile."""
    command = ["-m", *ASGI_SERVERS[server]]
    with project.run(*command, warnings="default", PROJECT_MIDDLEWARE=",".join(middleware)) as running:
        port = port_of(running)
        answers = {}
        for path in ("async/plain", "plain", "async/stream", "stream", "async/stream-in-async", "file"):
            response, body = ask(port, f"/{path}")
            seen = {name: response.getheader(name) for name in ("x-hops", "x-kind", "x-main-thread", "x-drhttp-user")}
            answers[path] = (response.status, seen, body)
        running.wait_for('"GET /file')  # in its log, behind everything else that it had to say about these requests
        said = running.output.splitlines()
    return answers, Counter(line for line in said if "Warning" in line or "Error" in line)


@pytest.mark.parametrize("server", [*INSTALLED[:1], *wide(*INSTALLED[1:])])
def test_asgi_server(server: str, tmp_path: Path) -> None:
    """D3, D4: under ASGI we add no thread hop and no warning, stay on the event loop, and iterators keep their kind.

    As nobody records there, no client sees the name of a user.
    """
    project = Project(tmp_path)
    answers, warnings = ask_everything(project, server, [WITNESS, OURS, SESSIONS, AUTH])
    bare = ask_everything(project, server, [WITNESS, SESSIONS, AUTH])
    assert (answers, warnings) == bare
    kinds = {path: seen["x-kind"] for path, (_, seen, _) in answers.items() if seen["x-kind"]}
    assert kinds == {
        "stream": "sync",
        "async/stream-in-async": "sync",
        "file": "sync",
        "async/stream": "async",
    }
    assert {seen["x-main-thread"] for _, seen, _ in answers.values()} == {"True"}
    assert answers["async/stream"][2] == answers["stream"][2] == b"first,last"
    assert answers["file"][2] == project.content
    with project.run("-m", *ASGI_SERVERS[server], warnings="default") as running:
        cookie = log_in(port := port_of(running), "user3")
        for path in ("/plain", "/whoami", "/async/plain", "/async/whoami", "/named"):
            response, _ = ask(port, path, cookie)
            assert (response.status, response.getheader("x-drhttp-user")) == (200, None)
    alone, silence = ask_everything(project, server, [WITNESS, OURS])
    assert {path: seen["x-hops"] for path, (_, seen, _) in alone.items()} == {
        path: seen["x-hops"] for path, (_, seen, _) in ask_everything(project, server, [WITNESS])[0].items()
    }
    assert silence == warnings


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


RELOADED_SETTINGS = """
from support.django_project.settings import *
WSGI_APPLICATION = "reloaded_wsgi.application"
DEBUG = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django.utils.autoreload": {"level": "DEBUG", "handlers": ["console"]}},
}
"""


def test_runserver(tmp_path: Path, receiver: Receiver) -> None:
    """F2: under `runserver` each request is recorded once, however often the code was reloaded."""
    extra = tmp_path / "extra.py"
    extra.write_text("VERSION = 0\n")
    (tmp_path / "reloaded_wsgi.py").write_text(
        "import extra, sys\nsys.stdout.write(f'version {extra.VERSION}\\n')\n"  # in one piece, as others write too
        "from support.django_project.wsgi import application\n"
    )
    (tmp_path / "reloaded.py").write_text(RELOADED_SETTINGS)
    project = Project(tmp_path, DRHTTP_DSN=receiver.dsn)
    port = free_port()
    requested = []
    command = ["-m", "django", "runserver", f"127.0.0.1:{port}", "--skip-checks"]
    with project.run(*command, DJANGO_SETTINGS_MODULE="reloaded") as server:
        for version in range(3):
            server.wait_for(rf"version {version}\n")
            server.wait_for("Quit the server with", version + 1)
            server.wait_for(r"extra.py first seen", version + 1)  # only now will it notice a change
            cookie = listening(port, version)
            requested += [f"/login/user{version}", f"/plain/{version}", f"/whoami/{version}"]
            for path in requested[-2:]:
                assert ask(port, path, cookie)[0].status == 200
            receiver.wait(len(requested))
            extra.write_text(f"VERSION = {version + 1}\n")
        server.wait_for("version 3\n")
        assert "Traceback" not in server.output  # before the interrupt, which Django's reloader answers with one
    assert Counter(paths(receiver.records)) == Counter(requested)
    assert [record["user_id"] for record in receiver.records] == [
        project.keys[f"user{version}"] for version in range(3) for _ in range(3)
    ]


def listening(port: int, version: int) -> dict[str, str]:
    """Log in as soon as the server listens: it says that it is about to, and then does."""
    while True:
        try:
            return log_in(port, f"user{version}")
        except ConnectionRefusedError:
            continue
