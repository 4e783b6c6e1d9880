"""waitress, eventlet, and the servers for development with their reloaders."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hosting import HERE, assert_log_is_clean, assert_recorded_once, python, serving

if TYPE_CHECKING:
    from support.receiver import Receiver

WERKZEUG = """
from werkzeug.serving import run_simple
import sys, watched
run_simple("127.0.0.1", int(sys.argv[1]), watched.application, threaded=True, use_reloader=True,
           reloader_interval=1, reloader_type="stat")
"""
WATCHED = "from hosted import application\n"
# Patched before anything else is loaded, as eventlet wants it.
EVENTLET = """
import os, warnings
warnings.simplefilter("ignore")  # it says of itself that it is deprecated
os.environ["EVENTLET_NO_GREENDNS"] = "yes"  # it would import trio where that is installed, which fails when patched
import eventlet
eventlet.monkey_patch()
import signal, sys
from eventlet import wsgi
from eventlet.hubs import get_hub
import hosted
main = eventlet.getcurrent()
# An exception out of the handler itself would hit whichever greenlet happens to run.
signal.signal(signal.SIGTERM, lambda *_: get_hub().schedule_call_global(0, main.throw, SystemExit))
wsgi.server(eventlet.listen(("127.0.0.1", int(sys.argv[1]))), hosted.application, log_output=False)
"""


def test_waitress(receiver: Receiver, tmp_path: Path) -> None:
    """waitress, ended by Ctrl-C: SIGTERM kills it, because it has no handler for it."""
    command = python("-m", "waitress", "--listen", "127.0.0.1:{port}", "--threads", "16", "hosted:application")
    with serving(command, receiver, tmp_path) as server:
        sent = server.send_requests()
        server.stop(signal.SIGINT)
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(server.log)


def test_eventlet(receiver: Receiver, tmp_path: Path) -> None:
    """PM4: eventlet's own server, all patched; gunicorn has no worker for it any more."""
    with serving(python("-c", EVENTLET, "{port}"), receiver, tmp_path) as server:
        sent = server.send_requests()
        assert server.get("/not/flush") == "True"
        sent += server.send_requests(100, "late-")
        server.stop()
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(server.log)


def test_werkzeug(receiver: Receiver, tmp_path: Path) -> None:
    """F2: Werkzeug's server with its reloader: a change of the code, and then the end, lose nothing.

    The process that serves is ended: the one that watches it kills it 250 ms after Ctrl-C, and at once after SIGTERM.
    """
    watched = tmp_path / "watched.py"
    watched.write_text(WATCHED)
    path = str(tmp_path)
    with serving(python("-c", WERKZEUG, "{port}"), receiver, tmp_path, PYTHONPATH=path) as server:
        sent = server.send_requests(500)
        before = server.get("/not/pid")
        changed(watched)
        server.wait_for("Restarting with", 2)  # the one before has ended; the connection waits for the next
        assert server.get("/not/pid") != before
        sent += server.send_requests(500, "late-")
        server.stop(pid=int(server.get("/not/pid")))
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(server.log)


def test_runserver(receiver: Receiver, tmp_path: Path) -> None:
    """F2: Django's server with its reloader: the same."""
    pytest.importorskip("django")
    watched = tmp_path / "django_site.py"
    shutil.copy(HERE / "django_site.py", watched)
    command = python(watched, "runserver", "127.0.0.1:{port}")
    with serving(command, receiver, tmp_path, PYTHONPATH=str(tmp_path)) as server:
        sent = server.send_requests(500)
        before = server.get("/not/pid")
        changed(watched)
        server.wait_for("Quit the server with", 2)  # no request before: it would fail in the process that ends
        assert server.get("/not/pid") != before
        sent += server.send_requests(500, "late-")
        server.stop(pid=int(server.get("/not/pid")))
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(server.log)


def changed(file: Path) -> None:
    """Change it in a way that every reloader sees."""
    file.write_text(file.read_text() + "# changed\n")
    later = file.stat().st_mtime + 10
    os.utime(file, (later, later))
