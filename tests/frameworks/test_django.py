"""The Django middleware, in this process: through Django's own WSGI and ASGI handlers, on a real database."""

from __future__ import annotations

import asyncio
import base64
import email.header
import io
import json
import subprocess
import sys
import weakref
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.conf import settings
from django.core.cache import caches
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.signals import got_request_exception
from django.db import connection, connections
from django.db.backends.signals import connection_created
from django.test import override_settings
from django.utils.functional import empty
from support import asgi_calls
from support.django_project import settings as project_settings
from support.django_project.middleware import seen
from support.django_project.settings import AUTH, OURS, SESSIONS
from support.threads import collect_garbage
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Response

import drhttp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.receiver import Receiver

WITNESS = "support.django_project.middleware.witness"
PLACES = {
    "first": [WITNESS, OURS, SESSIONS, AUTH],
    "between": [WITNESS, SESSIONS, OURS, AUTH],
    "last": [WITNESS, SESSIONS, AUTH, OURS],
}
FIRST = PLACES["first"]
BARE = [WITNESS, SESSIONS, AUTH]
ENGINES = [
    f"django.contrib.sessions.backends.{name}" for name in ("db", "cached_db", "cache", "file", "signed_cookies")
]
LONG_AGO = datetime(2001, 1, 1, tzinfo=timezone.utc)

both_kinds = pytest.mark.parametrize("kind", ["wsgi", "asgi"])
every_place = pytest.mark.parametrize("middleware", PLACES.values(), ids=PLACES)
either_view = pytest.mark.parametrize("view", ["", "async/"], ids=["sync", "async"])

pytestmark = pytest.mark.usefixtures("project")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Django set up for this process, with two users."""
    place = tmp_path_factory.mktemp("project")
    values = {name: value for name, value in vars(project_settings).items() if name.isupper()}
    values["DATABASES"]["default"]["NAME"] = str(place / "db.sqlite3")
    (place / "sessions").mkdir()
    settings.configure(**{**values, "SESSION_FILE_PATH": str(place / "sessions")})
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from django.contrib.auth import get_user_model

    for number, name in ((1, "anna"), (2, "ben")):
        get_user_model().objects.create(pk=number, username=name)
    connections.close_all()
    yield
    connections.close_all()


@pytest.fixture
def queries() -> Iterator[list[str]]:
    """The SQL that is sent from now on, from any thread."""
    sent: list[str] = []

    def note(execute: Any, sql: str, *args: Any) -> Any:
        sent.append(sql)
        return execute(sql, *args)

    def watch(connection: Any, **_: Any) -> None:
        if note not in connection.execute_wrappers:
            connection.execute_wrappers.append(note)

    connections.close_all()
    connection_created.connect(watch)
    yield sent
    connection_created.disconnect(watch)
    connection.execute_wrappers.clear()


@dataclass
class Answer:
    """What came back. user: the identification. request: Django's, as the outermost middleware saw it.

    Two are equal if the client could not tell them apart.
    """

    status: int
    headers: dict[str, list[str]]
    body: bytes
    user: str | None = field(compare=False)
    request: Any = field(compare=False)


WANTED = {"drhttp.identity": True}  # as if a middleware around Django left the headers in the answer


def serve(kind: str, path: str, session: str | None = None, **overrides: Any) -> Answer:
    """Ask Django, set up anew with some settings of its own."""
    seen.clear()
    with override_settings(**{"MIDDLEWARE": FIRST, **overrides}):
        cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"} if session else {}
        status, headers, body = (ask if kind == "wsgi" else aask)(path, cookie)
    grouped: dict[str, list[Any]] = defaultdict(list)
    for name, value in headers:
        grouped[name.lower()].append(value)
    (request, _), *others = seen or [(None, None)]
    assert not others
    seen.clear()
    (user,) = grouped.pop("x-drhttp-user", [None])
    return Answer(status, dict(grouped), body, user, request)


def ask(path: str, headers: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
    client = Client(WSGIHandler(), Response, use_cookies=False)
    response = client.get(path, headers=headers, buffered=True, environ_overrides=WANTED)
    return response.status_code, list(response.headers), response.data


def aask(path: str, headers: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
    route, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": "GET",
        "path": route,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        **WANTED,
    }
    sent: list[dict[str, Any]] = []

    async def exchange() -> None:
        messages = iter([{"type": "http.request", "body": b""}])
        never = asyncio.Event()

        async def receive() -> dict[str, Any]:
            for message in messages:
                return message
            await never.wait()
            raise AssertionError("nobody sets the event")

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await ASGIHandler()(scope, receive, send)

    asyncio.run(exchange())
    start, *rest = sent
    fields = [(name.decode(), value.decode("latin-1")) for name, value in start["headers"]]
    return start["status"], fields, b"".join(message.get("body", b"") for message in rest)


def log_in(name: str = "anna", expires: datetime | None = None) -> str:
    """A session of a user, in the store of the settings; returns its key, the value of the cookie."""
    from importlib import import_module

    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model

    user = get_user_model().objects.get(username=name)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    if expires is not None:
        session.set_expiry(expires)
    session.save()
    connections.close_all()
    return str(session.session_key)


def unevaluated(request: Any) -> bool:
    lazy = vars(request)["user"]
    return object.__getattribute__(lazy, "_wrapped") is empty and "_cached_user" not in vars(request)


@both_kinds
@every_place
@either_view
def test_without_a_session_nothing_happens(kind: str, middleware: list[str], view: str, queries: list[str]) -> None:
    """D1: a request without a session cookie costs no query, varies by nothing, and gets no header."""
    answer = serve(kind, f"/{view}plain", MIDDLEWARE=middleware)
    assert (answer.status, answer.user, queries) == (200, None, [])
    assert "vary" not in answer.headers
    assert not answer.request.session.accessed
    assert unevaluated(answer.request)


@both_kinds
@every_place
@either_view
def test_named_from_the_session(kind: str, middleware: list[str], view: str, queries: list[str]) -> None:
    """D1: a user whom the view does not ask for is named from the session, by one query, and nobody else notices."""
    session = log_in("ben")
    queries.clear()
    answer = serve(kind, f"/{view}plain", session, MIDDLEWARE=middleware)
    assert answer.user == "2"
    assert ["django_session" in query for query in queries] == [True]
    assert "vary" not in answer.headers
    assert not answer.request.session.accessed
    assert not answer.request.session.modified
    assert unevaluated(answer.request)
    assert answer == serve(kind, f"/{view}plain", session, MIDDLEWARE=BARE)


@both_kinds
@every_place
def test_switched_off(kind: str, middleware: list[str], queries: list[str]) -> None:
    """D1: with `DRHTTP_USER_FROM_SESSION = False` the session is not looked into."""
    session = log_in()
    queries.clear()
    answer = serve(kind, "/plain", session, MIDDLEWARE=middleware, DRHTTP_USER_FROM_SESSION=False)
    assert (answer.user, queries) == (None, [])
    assert serve(kind, "/whoami", session, MIDDLEWARE=middleware, DRHTTP_USER_FROM_SESSION=False).user == "1"


@both_kinds
@every_place
@either_view
def test_resolved_user(kind: str, middleware: list[str], view: str, queries: list[str]) -> None:
    """D1: a user whom the view evaluated (`request.user`, `await request.auser()`) is named without a further query."""
    session = log_in()
    queries.clear()
    bare = serve(kind, f"/{view}whoami", session, MIDDLEWARE=BARE)
    of_the_view = len(queries)
    answer = serve(kind, f"/{view}whoami", session, MIDDLEWARE=middleware)
    assert (answer.user, answer.body) == ("1", b"I am 1")
    assert answer == bare
    assert len(queries) == 2 * of_the_view


@both_kinds
@every_place
@either_view
def test_login_and_logout_in_the_view(kind: str, middleware: list[str], view: str) -> None:
    """D1: who logs in is named, who logs out is not, and who logs in as another is the other."""
    assert serve(kind, f"/{view}login/anna", MIDDLEWARE=middleware).user == "1"
    assert serve(kind, f"/{view}login/ben", log_in("anna"), MIDDLEWARE=middleware).user == "2"
    assert serve(kind, f"/{view}logout", log_in("anna"), MIDDLEWARE=middleware).user is None


@both_kinds
@every_place
def test_login_and_logout_without_request_user(kind: str, middleware: list[str]) -> None:
    """D1: the same where Django's authentication middleware is not in use."""
    without = [entry for entry in middleware if entry != AUTH]
    assert serve(kind, "/login/anna", MIDDLEWARE=without).user == "1"
    assert serve(kind, "/plain", log_in("anna"), MIDDLEWARE=without).user == "1"
    assert serve(kind, "/logout", log_in("anna"), MIDDLEWARE=without).user is None


@both_kinds
@every_place
@either_view
def test_anonymous(kind: str, middleware: list[str], view: str) -> None:
    """D1: an anonymous user has no name, whether or not there is a session."""
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session["basket"] = ["tea pot"]
    session.save()
    for key in (None, session.session_key):
        for path in ("plain", "whoami"):
            answer = serve(kind, f"/{view}{path}", key, MIDDLEWARE=middleware)
            assert (answer.status, answer.user) == (200, None)


@both_kinds
@pytest.mark.parametrize("neighbour", ["sync_only", "async_only"])
@pytest.mark.parametrize("before", [True, False], ids=["outside", "inside"])
@either_view
def test_neighbours_of_one_kind(kind: str, neighbour: str, before: bool, view: str) -> None:
    """D1, D4: it works next to middleware that is only sync or only async, in stacks of either kind."""
    other = f"support.django_project.middleware.{neighbour}"
    middleware = [WITNESS, other, OURS, SESSIONS, AUTH] if before else [WITNESS, OURS, other, SESSIONS, AUTH]
    bare = [entry for entry in middleware if entry != OURS]
    session = log_in()
    for path in ("plain", "whoami"):
        answer = serve(kind, f"/{view}{path}", session, MIDDLEWARE=middleware)
        assert answer.user == "1"
        assert answer == serve(kind, f"/{view}{path}", session, MIDDLEWARE=bare)
    assert drhttp.stats().failures == 0


@both_kinds
def test_error_answers_name_the_user(kind: str) -> None:
    """D1: a view that fails is answered by Django's error page, and the record says whom it hit."""
    answer = serve(kind, "/crash", log_in())
    assert (answer.status, answer.user) == (500, "1")


@both_kinds
@every_place
def test_view_names_the_user_itself(kind: str, middleware: list[str], queries: list[str]) -> None:
    """D1: a header field that the view sets is left alone, and nothing is looked up."""
    session = log_in()
    queries.clear()
    assert serve(kind, "/named", session, MIDDLEWARE=middleware).user == "somebody"
    assert queries == []


def stored() -> tuple[list[Any], dict[str, Any], dict[Path, tuple[bytes, int]]]:
    """What the stores of sessions hold: rows, files, and such entries of the cache as have not expired."""
    from django.contrib.sessions.models import Session

    rows = list(Session.objects.order_by("pk").values_list())
    connections.close_all()
    files = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path(settings.SESSION_FILE_PATH).iterdir()}
    cache = caches["default"]
    living = {key: value for key, value in cache._cache.items() if not cache._has_expired(key)}
    return rows, living, files


@both_kinds
@pytest.mark.parametrize("engine", ENGINES)
def test_session_engines(kind: str, engine: str) -> None:
    """D1: the user is named from every kind of session that Django offers."""
    with override_settings(SESSION_ENGINE=engine):
        session = log_in("ben")
        before = stored()
        answer = serve(kind, "/plain", session)
        assert (answer.user, answer.request.session.accessed) == ("2", False)
        assert "vary" not in answer.headers
        assert stored() == before
        assert answer == serve(kind, "/plain", session, MIDDLEWARE=BARE)


@both_kinds
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("cookie", ["expired", "a" * 32, "short", "../../../etc/passwd", "a:b:c", "%00"])
def test_sessions_that_are_not_good(kind: str, engine: str, cookie: str) -> None:
    """D1: an expired or forged session names nobody, is no error, and leaves every store as it was."""
    with override_settings(SESSION_ENGINE=engine):
        # A signed session carries its own age, which is measured against the setting.
        age = {"SESSION_COOKIE_AGE": -1} if engine.endswith("signed_cookies") else {}
        session = log_in(expires=None if age else LONG_AGO) if cookie == "expired" else cookie
        before = stored()
        answer = serve(kind, "/plain", session, **age)
        assert (answer.status, answer.user) == (200, None)
        assert stored() == before
        assert answer == serve(kind, "/plain", session, MIDDLEWARE=BARE, **age)
        assert drhttp.stats().failures == 0


@both_kinds
def test_database_without_sessions(kind: str, queries: list[str]) -> None:
    """D1: an error of the database while the session is read is counted, and the answer is what it would have been."""
    session = log_in()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_session RENAME TO elsewhere")
    try:
        connections.close_all()
        answer = serve(kind, "/plain", session)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO django_session")
    assert (answer.status, answer.user) == (200, None)
    assert answer == serve(kind, "/plain", session, MIDDLEWARE=BARE)
    assert drhttp.stats().failures == 1
    assert serve(kind, "/plain", session).user == "1"


@both_kinds
@pytest.mark.parametrize("broken", ["broken_user", "keyless_user"])
def test_users_that_raise(kind: str, broken: str) -> None:
    """D1: a user object that raises when asked costs the name, and is counted."""
    middleware = [*FIRST, f"support.django_project.middleware.{broken}"]
    answer = serve(kind, "/plain", MIDDLEWARE=middleware)
    assert (answer.status, answer.user) == (200, None)
    assert answer == serve(kind, "/plain", MIDDLEWARE=[*BARE, middleware[-1]])
    assert drhttp.stats().failures == 1


@both_kinds
def test_lazy_user_in_a_lazy_user(kind: str, queries: list[str]) -> None:
    """D1: a lazy user that stands for another lazy user is not evaluated either."""
    session = log_in()
    queries.clear()
    answer = serve(kind, "/plain", session, MIDDLEWARE=[*FIRST, "support.django_project.middleware.lazy_in_lazy"])
    assert answer.user == "1"
    assert len(queries) == 1
    assert not answer.request.session.accessed


@both_kinds
def test_session_of_another_kind(kind: str) -> None:
    """D1: what is called a session but is none of Django's is left alone."""
    middleware = [OURS, "support.django_project.middleware.dict_session"]
    assert serve(kind, "/plain", MIDDLEWARE=middleware).user is None
    assert drhttp.stats().failures == 0


@both_kinds
@pytest.mark.parametrize("name", ["зоя", "名前", "zo\u00eb", "a\nb", "a\r\nX-Evil: 1", "\ud800", "\x00"], ids=ascii)
def test_ids_that_are_not_plain(kind: str, name: str) -> None:
    """D1: an id that a header field cannot carry is encoded or left out; nothing else changes."""
    from urllib.parse import quote

    path = f"/plain?user={quote(name, errors='surrogatepass')}"
    middleware = [*FIRST, "support.django_project.middleware.user_from_query"]
    answer = serve(kind, path, MIDDLEWARE=middleware)
    assert answer == serve(kind, path, MIDDLEWARE=[*BARE, middleware[-1]])
    if "\n" in name:
        assert answer.user is None
        assert drhttp.stats().failures == 1
    elif name.isalpha():
        ((text, charset),) = email.header.decode_header(answer.user or "")
        assert (text.decode(charset) if isinstance(text, bytes) else text) == name


def test_without_sessions_and_users(tmp_path: Path) -> None:
    """D1: a project that has neither sessions nor users installed runs as before, and loads no model."""
    program = """
import sys
import drhttp
assert not [name for name in sys.modules if name.startswith(("django", "drhttp.django"))]
from django.conf import settings
settings.configure(INSTALLED_APPS=[], MIDDLEWARE=["drhttp.DjangoUserMiddleware"], ROOT_URLCONF=__name__,
                   SECRET_KEY="test", ALLOWED_HOSTS=["*"])
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
from werkzeug.test import Client
urlpatterns = [path("", lambda request: HttpResponse("hello"))]
answer = Client(get_wsgi_application()).get("/", headers={"Cookie": "sessionid=" + 32 * "a"})
assert answer.data == b"hello", answer.data
assert "x-drhttp-user" not in answer.headers
assert drhttp.stats().failures == 0
assert "drhttp.django" in sys.modules
assert not {"django.contrib.auth.models", "django.contrib.sessions.models"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_importable_by_dotted_path() -> None:
    """The name in `MIDDLEWARE` leads to the class, which says that it can be sync and async."""
    from django.utils.module_loading import import_string

    middleware = import_string(OURS)
    assert middleware is drhttp.DjangoUserMiddleware
    assert middleware.sync_capable
    assert middleware.async_capable


def test_djangos_test_clients() -> None:
    """D1, D4: both test clients of Django get the answer, and the name."""
    from django.contrib.auth import get_user_model
    from django.test import AsyncClient
    from django.test import Client as DjangoClient

    anna = get_user_model().objects.get(username="anna")
    with override_settings(MIDDLEWARE=FIRST):
        client, aclient = DjangoClient(), AsyncClient()
        client.force_login(anna)
        aclient.cookies = client.cookies
        assert client.get("/plain").headers["x-drhttp-user"] == "1"
        assert b"".join(client.get("/stream")) == b"first,last"
        assert asyncio.run(aclient.get("/async/plain")).headers["x-drhttp-user"] == "1"
        connections.close_all()


NAMES = ("x-drhttp-user", "x-drhttp-device", "x-drhttp-skip")


@pytest.fixture
def unwanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody around Django wants the headers for the recorder."""
    monkeypatch.delitem(WANTED, "drhttp.identity")


@pytest.mark.usefixtures("unwanted")
@both_kinds
@every_place
@either_view
def test_nobody_records(kind: str, middleware: list[str], view: str, queries: list[str]) -> None:
    """Where nobody records, under ASGI for instance, no session is read, and the answer is the bare one."""
    session = log_in()
    queries.clear()
    answer = serve(kind, f"/{view}plain", session, MIDDLEWARE=middleware)
    assert (answer.user, queries) == (None, [])
    assert answer == serve(kind, f"/{view}plain", session, MIDDLEWARE=BARE)
    assert serve(kind, f"/{view}whoami", session, MIDDLEWARE=middleware).user is None


@pytest.mark.usefixtures("unwanted")
@both_kinds
def test_headers_of_a_view_that_nobody_records(kind: str) -> None:
    """Headers for the recorder that a view has set are removed there."""
    answer = serve(kind, "/named")
    assert answer.user is None
    assert not answer.headers.keys() & set(NAMES)


@pytest.mark.usefixtures("unwanted")
@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, False),
        ({"dsn": None}, False),
        ({"enabled": False}, False),
        ({"exclude": ["/*"]}, False),
        ({"sample_rate": 0.0}, False),
        ({"expose_identity": True}, True),
        ({"expose_identity": True, "dsn": None}, True),
        ({"expose_identity": True, "exclude": ["/*"]}, True),
    ],
)
@pytest.mark.parametrize("path", ["/plain", "/whoami", "/named"])
def test_what_clients_see(options: dict[str, Any], named: bool, path: str, receiver: Receiver) -> None:
    """No client sees the name, recorded or not, but for those whom `expose_identity` shows it."""
    options = {"dsn": receiver.dsn, **options}
    cookie = {"Cookie": f"sessionid={log_in()}"}
    with override_settings(MIDDLEWARE=FIRST):
        app = drhttp.WSGIMiddleware(WSGIHandler(), **options)
        response = Client(app, Response, use_cookies=False).get(path, headers=cookie, buffered=True)
    assert {name for name in NAMES if name in response.headers} == ({NAMES[0]} if named else set())
    assert drhttp.flush()
    recorded = options["dsn"] and not options.keys() & {"enabled", "exclude", "sample_rate"}
    assert [record["user_id"] for record in receiver.records] == ["somebody" if path == "/named" else "1"] * bool(
        recorded
    )


# -- bodies, with the recorder around ----------------------------------------------------------------------------------


def post(app: Any, path: str, body: bytes, content_type: str, token: str = "") -> tuple[int, str, bytes]:
    """Ask with a body; returns status, user and body of the answer."""
    builder = EnvironBuilder(
        path=path, method="POST", input_stream=io.BytesIO(body), content_type=content_type, environ_overrides=WANTED
    )
    builder.headers["Content-Length"] = str(len(body))
    if token:
        builder.headers["Authorization"] = f"Token {token}"
    with builder.get_request().input_stream:
        response = Client(app, Response).open(builder, buffered=True)
    return response.status_code, response.headers.get("x-drhttp-user", ""), response.data


def multipart(**fields: bytes) -> tuple[bytes, str]:
    lines = [
        b'--cut\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (name.encode(), b'; filename="f"' if name == "file" else b"", value)
        for name, value in fields.items()
    ]
    return b"".join(lines) + b"--cut--\r\n", "multipart/form-data; boundary=cut"


BODIES = {
    "form": ("/form", b"a=1&b=22", "application/x-www-form-urlencoded"),
    "multipart": ("/form", *multipart(a=b"1", file=b"content")),
    "large file": ("/form", *multipart(a=b"1", file=b"x" * 5000)),
    "large field": ("/form", *multipart(a=b"x" * 5000)),
    "large form": ("/form", b"a=" + b"x" * 5000, "application/x-www-form-urlencoded"),
    "read": ("/read", b"twenty bytes of text", "text/plain"),
    "read large": ("/read", b"x" * 5000, "text/plain"),
    "json": ("/rest", b'{"tea": ["pot", 1]}', "application/json"),
    "bad json": ("/rest", b'{"tea": ', "application/json"),
    "json as stream": ("/rest-stream", b'{"tea": 1}', "application/json"),
    "rest form": ("/rest", b"a=1", "application/x-www-form-urlencoded"),
    "unknown type": ("/rest", b"a", "application/tea"),
}


@pytest.fixture
def token() -> str:
    """A token of anna's."""
    from rest_framework.authtoken.models import Token

    key = str(Token.objects.get_or_create(user_id=1)[0].key)
    connections.close_all()
    return key


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@every_place
def test_bodies(body: tuple[str, bytes, str], middleware: list[str], token: str, receiver: Receiver) -> None:
    """D2: whatever a view does with the body of a request, it gets what it would get without us."""
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=2000, MIDDLEWARE=middleware):
        named = post(WSGIHandler(), *body, token=token)
        recorded = post(drhttp.WSGIMiddleware(WSGIHandler(), receiver.dsn), *body, token=token)
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=2000, MIDDLEWARE=BARE):
        bare = post(WSGIHandler(), *body, token=token)
    assert (named[0], named[2]) == (recorded[0], recorded[2]) == (bare[0], bare[2])
    assert drhttp.flush()
    (record,) = receiver.records
    assert record["response"]["status"] == bare[0]
    assert record.get("user_id", "") == named[1]
    assert drhttp.stats().failures == 0


def test_token_authentication(token: str, receiver: Receiver) -> None:
    """D1, D2: who authenticates by a token of the REST framework is named; `request.data` is untouched."""
    answer = post(WSGIHandler(), *BODIES["json"], token=token)
    assert answer[:2] == (200, "1")
    assert json.loads(answer[2]) == {"data": {"tea": ["pot", 1]}, "user": "1"}


# -- streams -----------------------------------------------------------------------------------------------------------


@both_kinds
@every_place
@pytest.mark.parametrize("path", ["stream", "async/stream-in-async", "async/stream"])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_streams(kind: str, middleware: list[str], path: str) -> None:
    """D3, D4: a stream passes as it is, and stays what it was: sync or async."""
    session = log_in()
    answer = serve(kind, f"/{path}", session, MIDDLEWARE=middleware)
    bare = serve(kind, f"/{path}", session, MIDDLEWARE=BARE)
    assert answer == bare
    assert answer.headers["x-kind"] == ["async" if path == "async/stream" else "sync"]
    assert (answer.body, answer.user) == (b"first,last", "1")


@pytest.mark.parametrize("path", ["/plain", "/stream"])
def test_reading_after_a_peek(path: str, receiver: Receiver) -> None:
    """D3, W5: whoever looks at the first block, and asks the iterator for an iterator for the rest, gets each once."""
    with override_settings(MIDDLEWARE=FIRST):
        app = drhttp.WSGIMiddleware(WSGIHandler(), receiver.dsn)
        result = app(EnvironBuilder(path=path).get_environ(), lambda *_: lambda data: None)
        blocks = iter(result)
        body = next(blocks) + b"".join(iter(blocks))
        result.close()
    assert body == {"/plain": b"plain ", "/stream": b"first,last"}[path]


# -- what is kept ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/plain", "/whoami", "/stream"])
def test_nothing_of_django_is_kept(path: str, receiver: Receiver) -> None:
    """C4: request and answer are gone while the record still waits."""
    session = log_in()
    seen.clear()
    with override_settings(MIDDLEWARE=FIRST):
        app = drhttp.WSGIMiddleware(WSGIHandler(), receiver.dsn, flush_interval=60.0)
        environ = EnvironBuilder(path=path, headers={"Cookie": f"sessionid={session}"}).get_environ()
        result = app(environ, lambda status, headers, exc_info=None: lambda data: None)
        body = b"".join(result)
        result.close()
    ((request, response),) = seen
    kept = [weakref.ref(request), weakref.ref(response)]
    seen.clear()
    del result, request, response, environ
    collect_garbage()
    assert [reference() for reference in kept] == [None, None]
    assert drhttp.stats().queued == 1
    assert body
    assert drhttp.flush()
    assert [record["user_id"] for record in receiver.records] == ["1"]


# -- what views say of their own requests ------------------------------------------------------------------------------

MARKED = {"ROOT_URLCONF": "support.django_project.marked"}
STACKS = {"sync": FIRST, "async": [WITNESS, "support.django_project.middleware.async_only", *FIRST[1:]]}
SECRET = "s3cretpotofjam"
CONTENTS = {
    "form": (f"nickname={SECRET}&a=1".encode(), "application/x-www-form-urlencoded"),
    "multipart": multipart(nickname=SECRET.encode(), a=b"1"),
    "json": (json.dumps({"deep": [{"nickname": SECRET}], "a": 1}).encode(), "application/json"),
}
sensitive_views = pytest.mark.parametrize("view", ["", *(["async/"] if django.VERSION >= (5,) else [])])

every_stack = pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)


def recorded(receiver: Receiver, stack: list[str], *posts: tuple[Any, ...]) -> list[dict[str, Any]]:
    """What arrives of some POSTs to the views that mark their requests; the last one is a plain one, and is left out.

    The answers are checked to be what they would be without us.
    """
    posts = (*posts, ("/read", b"the end", "text/plain"))
    with override_settings(**MARKED, MIDDLEWARE=[entry for entry in stack if entry != OURS]):
        bare = [post(WSGIHandler(), *each) for each in posts]
    with override_settings(**MARKED, MIDDLEWARE=stack):
        app = drhttp.WSGIMiddleware(WSGIHandler(), receiver.dsn)
        assert [post(app, *each) for each in posts] == bare
    assert drhttp.flush()
    assert drhttp.stats().failures == 0
    *records, last = receiver.records
    assert last["request"]["uri"].endswith("/read")
    return records


def body_sent(record: dict[str, Any]) -> bytes:
    """The body of a request, as the bytes that a receiver would make of it."""
    body = record["request"].get("body", "")
    if record["request"].get("transfer_encoding") == "base64":
        return base64.b64decode(body)
    return json.dumps(body).encode()


@every_stack
@either_view
@pytest.mark.parametrize("path", ["quiet", "quiet/name", "quiet-fail"])
def test_requests_that_a_view_keeps_out(stack: list[str], view: str, path: str, receiver: Receiver) -> None:
    """A view under `not_recorded` answers as ever and leaves no record, also when it fails; the next one does."""
    assert recorded(receiver, stack, (f"/{view}{path}", b"some body", "text/plain")) == []
    assert drhttp.stats().recorded == 1


@every_stack
def test_a_class_that_keeps_its_requests_out(stack: list[str], receiver: Receiver) -> None:
    """`not_recorded` decorates methods as well."""
    with override_settings(**MARKED, MIDDLEWARE=stack):
        client = Client(drhttp.WSGIMiddleware(WSGIHandler(), receiver.dsn), Response)
        assert client.get("/quiet-class").data == b"quiet"
        assert client.get("/read").data == b" 0 read"
    assert drhttp.flush()
    assert [record["request"]["uri"].rpartition("/")[2] for record in receiver.records] == ["read"]


def test_not_recorded_needs_no_middleware(receiver: Receiver) -> None:
    """The decorator works in projects that do not name `DjangoUserMiddleware`."""
    for view in ("", "async/"):
        assert recorded(receiver, BARE, (f"/{view}quiet", b"some body", "text/plain")) == []
        receiver.posts.clear()


def test_the_decorator_keeps_the_view_what_it_was() -> None:
    """Name, module and kind of a view are those of the view that was decorated, and its mark that it needs no CSRF."""
    from asgiref.sync import iscoroutinefunction
    from django.views.decorators.csrf import csrf_exempt
    from support.django_project import marked

    from drhttp.django import not_recorded

    for view in (marked.read, marked.aread):
        decorated = not_recorded(csrf_exempt(view))
        assert (decorated.__name__, decorated.__module__) == (view.__name__, view.__module__)
        assert iscoroutinefunction(decorated) == iscoroutinefunction(view)
        assert decorated.csrf_exempt


@every_stack
@sensitive_views
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("path", ["some", "some-fail"])
def test_parameters_that_a_view_marks(
    stack: list[str], view: str, content: tuple[bytes, str], path: str, receiver: Receiver
) -> None:
    """R6: what `sensitive_post_parameters` names is masked in bodies of each form, also when the view fails."""
    (record,) = recorded(receiver, stack, (f"/{view}{path}?nickname={SECRET}&b=2", *content))
    assert record["request"]["uri"].endswith("?nickname=[redacted]&b=2")
    sent = body_sent(record)
    assert b"nickname" in sent
    assert b"redacted" in sent
    assert SECRET not in json.dumps(record)
    assert SECRET.encode() not in sent
    assert record["metadata"]["request_body"]["redacted"] == 1
    # The next request is not masked so: the mark is this request's.
    assert "redacted" not in receiver.records[-1]["metadata"]


@every_stack
@sensitive_views
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("path", ["all", "all-fail"])
def test_all_parameters_that_a_view_marks(
    stack: list[str], view: str, content: tuple[bytes, str], path: str, receiver: Receiver
) -> None:
    """R6: without names, `sensitive_post_parameters` means all: the body of the request does not leave."""
    (record,) = recorded(receiver, stack, (f"/{view}{path}", *content))
    assert "body" not in record["request"]
    assert record["metadata"]["request_body"]["omitted"] == "sensitive"
    assert record["metadata"]["request_body"]["size"] == len(content[0])
    assert SECRET not in json.dumps(record)


@every_stack
@pytest.mark.parametrize("content", ["form", "multipart"])
def test_marked_parameters_that_django_parses(stack: list[str], content: str, receiver: Receiver) -> None:
    """R6: the same when the view has the form parsed, which reads the stream; the view sees what was sent."""
    some, everything = recorded(receiver, stack, ("/some-form", *CONTENTS[content]), ("/all-form", *CONTENTS[content]))
    assert SECRET.encode() not in body_sent(some)
    assert b"redacted" in body_sent(some)
    assert everything["metadata"]["request_body"]["omitted"] == "sensitive"


@every_stack
@sensitive_views
def test_marks_for_both(stack: list[str], view: str, receiver: Receiver) -> None:
    """A view that is not recorded and marks its parameters is not recorded."""
    assert recorded(receiver, stack, (f"/{view}quiet-all", *CONTENTS["form"])) == []


@pytest.mark.parametrize("path", ["/read", "/some"])
def test_what_is_not_marked_is_not_masked(path: str, receiver: Receiver) -> None:
    """Without the mark, or in fields that it does not name, the same values arrive as they were sent."""
    content = (b"nickname=visible&a=1" if path == "/read" else b"nick=visible&a=1", CONTENTS["form"][1])
    (record,) = recorded(receiver, FIRST, (path, *content))
    assert body_sent(record) == content[0]


# -- with the recorder around, under both interfaces -------------------------------------------------------------------


def ask_both(kind: str, path: str, receiver: Receiver, content: tuple[bytes, str] = (b"", ""), **headers: str) -> Any:
    """Ask the bare and the recorded application, which answer alike; status, header fields and body of the answer."""
    body, content_type = content
    method = "POST" if content_type else "GET"
    fields = {"Content-Type": content_type, "Content-Length": str(len(body)), **headers} if content_type else headers
    answers = []
    for wrapped in (False, True):
        if kind == "wsgi":
            app: Any = drhttp.WSGIMiddleware(WSGIHandler(), receiver.dsn) if wrapped else WSGIHandler()
            environ = EnvironBuilder(path=path, method=method, headers=fields, input_stream=io.BytesIO(body))
            response = Client(app, Response, use_cookies=False).open(environ, buffered=True)
            answers.append((response.status_code, list(response.headers), response.data))
        else:
            app = drhttp.ASGIMiddleware(ASGIHandler(), receiver.dsn) if wrapped else ASGIHandler()
            answers.append(ask_asgi(app, method, path, fields, body))
    assert answers[0] == answers[1]
    assert drhttp.stats().failures == 0
    return answers[1]


def ask_asgi(app: Any, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, bytes]:
    route, _, query = path.partition("?")
    fields = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    server = asgi_calls.Server([asgi_calls.asked(body[:5], True), asgi_calls.asked(body[5:])])
    scope = asgi_calls.scope(method, route, fields, query_string=query.encode(), http_version="1.1")
    asgi_calls.run(server.serve(app, scope))
    return server.sent[0]["status"], server.headers, server.body


def the_record(receiver: Receiver) -> dict[str, Any]:
    """The one record."""
    assert drhttp.flush()
    (record,) = receiver.records
    return record


@both_kinds
@every_stack
@either_view
@pytest.mark.parametrize("path", ["quiet", "quiet/name", "quiet-fail"])
def test_kept_out(kind: str, stack: list[str], view: str, path: str, receiver: Receiver) -> None:
    """A23: a view under `not_recorded` leaves no record, under either interface, also when it fails."""
    with override_settings(**MARKED, MIDDLEWARE=stack):
        ask_both(kind, f"/{view}{path}", receiver, (b"some body", "text/plain"))
    assert drhttp.flush()
    assert receiver.records == []


@both_kinds
@every_stack
@sensitive_views
@pytest.mark.parametrize("path", ["some", "some-fail", "all", "all-fail"])
def test_marked(kind: str, stack: list[str], view: str, path: str, receiver: Receiver) -> None:
    """A23, R6: `sensitive_post_parameters` masks what it names, or all, under either interface."""
    with override_settings(**MARKED, MIDDLEWARE=stack):
        query = f"?nickname={SECRET}" if path.startswith("some") else ""
        ask_both(kind, f"/{view}{path}{query}", receiver, CONTENTS["form"])
    record = the_record(receiver)
    assert SECRET not in json.dumps(record)
    assert SECRET.encode() not in body_sent(record)
    marks = record["metadata"]["request_body"]
    assert marks.get("omitted") == ("sensitive" if path.startswith("all") else None)


@both_kinds
@every_place
@either_view
@pytest.mark.parametrize("path", ["plain", "whoami", "stream"])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")  # of Django, which streams the other kind
def test_users(kind: str, middleware: list[str], view: str, path: str, receiver: Receiver) -> None:
    """A23, D1: the user is in the record and not in the answer; views and their streams stay sync or async."""
    seen.clear()
    with override_settings(MIDDLEWARE=middleware):
        ask_both(kind, f"/{view}{path}", receiver, Cookie=f"sessionid={log_in('ben')}")
    kinds = [response["x-kind"] for _, response in seen if response.streaming]
    seen.clear()
    assert kinds == (["async" if view else "sync"] * 2 if path == "stream" else [])
    assert the_record(receiver)["user_id"] == "2"


@both_kinds
@pytest.mark.parametrize("path", ["/form", "/read"])
@pytest.mark.parametrize("content", ["form", "multipart"])
def test_forms(kind: str, path: str, content: str, receiver: Receiver) -> None:
    """A23: a form that Django parses, and a body that it reads in pieces, are whole in the view and in the record."""
    with override_settings(MIDDLEWARE=FIRST):
        ask_both(kind, path, receiver, CONTENTS[content])
    record = the_record(receiver)
    assert b"a" in body_sent(record)
    assert record["metadata"].get("request_body", {}).get("read") is None


@both_kinds
@pytest.mark.parametrize("middleware", [FIRST, BARE], ids=["with", "without"])
def test_exceptions_of_which_django_makes_a_page(kind: str, middleware: list[str], receiver: Receiver) -> None:
    """An exception of a view that Django answers with status 500 is in the record, with the place that raised it."""
    with override_settings(MIDDLEWARE=middleware):
        status, _, _ = ask_both(kind, "/crash", receiver, Cookie=f"sessionid={log_in()}")
    record = the_record(receiver)
    exception = record["metadata"]["exception"]
    assert (status, exception["type"], exception["message"]) == (500, "ZeroDivisionError", "division by zero")
    assert exception["module"] == "support.django_project.views"
    assert isinstance(exception["line"], int)


@both_kinds
def test_signals_are_forgotten_with_the_last_recorder(kind: str, receiver: Receiver) -> None:
    """Django's signal has one receiver of ours as long as there is a recorder, and none afterwards."""

    def receivers() -> int:
        return len(got_request_exception._live_receivers(None)[0])

    before = receivers()
    factory = drhttp.WSGIMiddleware if kind == "wsgi" else drhttp.ASGIMiddleware
    apps: list[Any] = [factory(print, receiver.dsn), factory(print, receiver.dsn, batch_size=7)]
    assert receivers() == before + 1
    apps.clear()
    collect_garbage()
    assert receivers() == before


@both_kinds
@pytest.mark.parametrize(
    ("path", "urls", "route"),
    [
        ("/plain/anna", "urls", "/plain/{name}"),
        ("/async/plain/anna", "urls", "/async/plain/{name}"),
        ("/nowhere", "urls", None),
        ("/quiet-fail", "marked", None),
        ("/some-fail", "marked", "/some-fail"),
    ],
)
def test_routes(kind: str, path: str, urls: str, route: str | None, receiver: Receiver) -> None:
    """The route of a record is the one that Django has matched; without a match, none."""
    with override_settings(ROOT_URLCONF=f"support.django_project.{urls}", MIDDLEWARE=FIRST):
        ask_both(kind, path, receiver)
    assert drhttp.flush()
    assert [record["metadata"].get("route") for record in receiver.records] == [route] * (path != "/quiet-fail")


def test_a_copy_of_the_scope(receiver: Receiver) -> None:
    """Channels copies the scope for its routes: marks, routes and users of the view reach the record nevertheless."""

    async def router(scope: Any, receive: Any, send: Any) -> None:
        await ASGIHandler()(dict(scope, url_route={}), receive, send)

    with override_settings(**MARKED, MIDDLEWARE=FIRST):
        app = drhttp.ASGIMiddleware(router, receiver.dsn)
        ask_asgi(app, "POST", "/quiet", {}, b"")
        ask_asgi(app, "POST", "/all", {"Content-Length": "4"}, b"a=12")
    record = the_record(receiver)
    assert record["metadata"]["route"] == "/all"
    assert record["metadata"]["request_body"]["omitted"] == "sensitive"


def test_channels(receiver: Receiver) -> None:
    """A23: with Channels, requests are recorded, and WebSockets pass with the server's own `receive` and `send`."""
    from channels.auth import AuthMiddlewareStack
    from channels.generic.websocket import AsyncWebsocketConsumer
    from channels.routing import ProtocolTypeRouter, URLRouter
    from django.urls import re_path

    class Echo(AsyncWebsocketConsumer):  # type: ignore[misc]
        async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
            await self.send(text_data)
            await self.close()

    sockets = AuthMiddlewareStack(URLRouter([re_path("^ws$", Echo.as_asgi())]))
    with override_settings(MIDDLEWARE=FIRST):
        app = drhttp.ASGIMiddleware(ProtocolTypeRouter({"http": ASGIHandler(), "websocket": sockets}), receiver.dsn)
        messages = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "tea"}]
        server = asgi_calls.Server([*messages, {"type": "websocket.disconnect", "code": 1000}])
        scope = {"type": "websocket", "path": "/ws", "headers": [], "query_string": b"", "subprotocols": []}
        asgi_calls.run(server.serve(app, scope))
        assert ask_asgi(app, "GET", "/plain/anna", {}, b"")[0] == 200
    assert [message["type"] for message in server.sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert the_record(receiver)["metadata"]["route"] == "/plain/{name}"
