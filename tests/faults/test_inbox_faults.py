"""The real inbox in trouble: behind an nginx that refuses, on a disk that is full, killed in the middle of a batch."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from support.receiver import KEY

from .comparison import Comparison
from .invariants import all_sent, assert_ends_in_time, assert_loss_is_logged, assert_nothing_leaked
from .served_app import PATIENCE, BareApp, RecordedApp
from .services import NAMESPACES, NGINX, Inbox, Nginx

if TYPE_CHECKING:
    from collections.abc import Iterator

    Serve = Callable[..., RecordedApp]
    Report = Callable[[dict[str, Any]], None]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short name: nginx makes its own below it."""
    with tempfile.TemporaryDirectory(prefix="drhttp-faults-") as name:
        yield Path(name)


@pytest.fixture
def inbox(folder: Path) -> Iterator[Inbox]:
    """A real inbox that runs."""
    with Inbox(folder) as running:
        yield running


@pytest.fixture
def front(inbox: Inbox, folder: Path, unavailable: Callable[[str], None]) -> Iterator[Callable[..., Nginx]]:
    """Starts an nginx in front of the inbox."""
    if NGINX is None:
        unavailable("there is no nginx")
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Nginx(folder, inbox.port, **options))


def deliver_first(app: RecordedApp) -> dict[str, Any]:
    """The state after the first delivery."""
    app.request_many(20)
    return app.wait_for(all_sent)


def measure_fault(app: RecordedApp, bare: BareApp, error: str, report: Report, size: int = 0) -> dict[str, Any]:
    """Compare both applications until the fault is in `last_error`, and beyond; the state in between."""
    compared = Comparison()
    compared.add_rounds(bare, app, 6, size)
    during = app.wait_for(lambda state: error in str(state["stats"]["last_error"]))
    compared.add_rounds(bare, app, 6, size)
    report(compared.check())
    return during


def assert_arrived_once(inbox: Inbox, app: RecordedApp) -> None:
    """Every request is in the inbox, once, and the counts agree."""
    state = app.wait_for(all_sent, 2 * PATIENCE)
    assert inbox.paths() == sorted(app.requested_paths)
    assert (state["stats"]["sent"], state["stats"]["dropped"]) == (len(app.requested_paths), {})
    assert app.log_lines == []


def test_502_of_nginx(front: Callable[..., Nginx], inbox: Inbox, bare: BareApp, serve: Serve, report: Report) -> None:
    """The inbox behind a proxy is gone and comes back: all arrives once."""
    app = serve(f"http://{KEY}@127.0.0.1:{front().port}/")
    before = deliver_first(app)
    inbox.kill()
    assert_nothing_leaked(before, measure_fault(app, bare, "answered 502", report))
    inbox.start()
    assert_arrived_once(inbox, app)
    assert_nothing_leaked(before, app.state())
    inbox.kill()
    app.request_many(50)
    assert_ends_in_time(app)
    assert_loss_is_logged(app)


def test_429_of_nginx(front: Callable[..., Nginx], inbox: Inbox, bare: BareApp, serve: Serve, report: Report) -> None:
    """A proxy that lets one POST a second through: the recorder keeps to it, and all arrives once."""
    nginx = front()
    app = serve(f"http://{KEY}@127.0.0.1:{nginx.port}/")
    before = deliver_first(app)
    zone = "limit_req_zone $server_port zone=one:32k rate=1r/s;"
    nginx.configure(http=zone, server="limit_req zone=one; limit_req_status 429;")
    assert_nothing_leaked(before, measure_fault(app, bare, "answered 429", report))
    assert_arrived_once(inbox, app)
    assert_nothing_leaked(before, app.wait_for(all_sent))
    assert_ends_in_time(app)


def test_413_of_nginx(front: Callable[..., Nginx], inbox: Inbox, bare: BareApp, serve: Serve, report: Report) -> None:
    """A proxy that refuses large bodies before they have come: batches go in parts, and a single one without bodies."""
    nginx = front(server="client_max_body_size 30k;")
    app = serve(f"http://{KEY}@127.0.0.1:{nginx.port}/")
    compared = Comparison()
    for size in (2_000, 60_000, 2_000):
        compared.add_rounds(bare, app, 2, size)
    report(compared.check())
    assert_arrived_once(inbox, app)
    assert_ends_in_time(app)


def test_an_expired_certificate(
    front: Callable[..., Nginx], inbox: Inbox, bare: BareApp, serve: Serve, report: Report, folder: Path
) -> None:
    """T5: a private authority is trusted, an expired certificate of it is not; when it is renewed, all arrives once."""
    issuer = trustme.CA()
    issuer.cert_pem.write_to_path(folder / "authority.pem")
    present(issuer, folder, datetime.timedelta(days=1))
    nginx = front(**secured(folder))
    app = serve(f"https://{KEY}@localhost:{nginx.port}/", {"SSL_CERT_FILE": str(folder / "authority.pem")})
    before = deliver_first(app)
    present(issuer, folder, datetime.timedelta(days=-1))
    nginx.configure(**secured(folder))
    assert_nothing_leaked(before, measure_fault(app, bare, "not trusted", report))
    present(issuer, folder, datetime.timedelta(days=1))
    nginx.configure(**secured(folder))
    assert_arrived_once(inbox, app)
    assert_nothing_leaked(before, app.wait_for(all_sent))
    present(issuer, folder, datetime.timedelta(days=-1))
    nginx.configure(**secured(folder))
    app.request_many(50)
    assert_ends_in_time(app)
    assert_loss_is_logged(app)


def secured(folder: Path) -> dict[str, str]:
    files = f"ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;"
    return {"listen": "ssl", "server": files}


def present(issuer: trustme.CA, folder: Path, left: datetime.timedelta) -> None:
    """Write a certificate that is valid for so long."""
    now = datetime.datetime.now(datetime.timezone.utc)
    days = datetime.timedelta(days=10)
    leaf = issuer.issue_cert("localhost", not_before=now - days, not_after=now + left)
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    (folder / "certificate.pem").write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))


def test_a_full_disk(
    bare: BareApp, serve: Serve, report: Report, folder: Path, unavailable: Callable[[str], None]
) -> None:
    """The inbox has no room to write: it says so, the recorder comes again, and all is stored once when there is."""
    if not NAMESPACES:
        unavailable("a small disk for a process needs root and unshare")
    disk = folder / "disk"
    disk.mkdir()
    mount = ["unshare", "--mount", "sh", "-ec", f'mount -t tmpfs -o size=8m none {disk}; exec "$@"', "sh"]
    with Inbox(folder, mount, disk / "inbox.db") as inbox:
        seen = Path(f"/proc/{inbox.pid}/root{disk}")  # the disk, which only the inbox and its children have
        app = serve(f"http://{KEY}@127.0.0.1:{inbox.port}/")
        before = deliver_first(app)
        fill(seen / "filler")
        assert_nothing_leaked(before, measure_fault(app, bare, "answered 503", report, 2_000))
        (seen / "filler").unlink()
        state = app.wait_for(all_sent, 2 * PATIENCE)
        assert inbox.paths(["nsenter", f"--mount=/proc/{inbox.pid}/ns/mnt"]) == sorted(app.requested_paths)
        assert state["stats"]["dropped"] == {}
        assert_nothing_leaked(before, state)
        assert app.log_lines == []
        assert_ends_in_time(app)


def fill(file: Path) -> None:
    """Write until there is no room."""
    with file.open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))


@pytest.mark.long
@pytest.mark.parametrize("frozen", [True, False], ids=["with-a-batch-on-its-way", "at-any-moment"])
def test_an_inbox_that_is_killed(frozen: bool, inbox: Inbox, bare: BareApp, serve: Serve, report: Report) -> None:
    """SIGKILL in the middle of a batch and a start on the same file, again and again: each record is there once."""
    app = serve(f"http://{KEY}@127.0.0.1:{inbox.port}/", {"DRHTTP_FLUSH_INTERVAL": "0.01"})
    before = deliver_first(app)
    compared = Comparison()
    for _ in range(4):
        if frozen:
            inbox.freeze()
        compared.add_rounds(bare, app, 4, 2_000)
        inbox.kill()
        compared.add_rounds(bare, app, 2, 2_000)
        app.wait_for(lambda state: state["stats"]["queued"] > 0 and state["stats"]["last_error"])
        inbox.start()
    report(compared.check())
    assert_arrived_once(inbox, app)
    assert_nothing_leaked(before, app.wait_for(all_sent))
    assert_ends_in_time(app)
