"""mod_wsgi as Debian has it, under its apache2, with the Python that it is linked with, whichever that is."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hosting import HERE, assert_log_is_clean, assert_recorded_once, free_port, serving
from interpreters import VERSIONS, copy_packages, embedded, missing
from support.receiver import Receiver, own_address
from support.wide import wide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hosting import SentRequests

APACHE = Path("/usr/sbin/apache2")
MODULES = Path("/usr/lib/apache2/modules")
MODULE = MODULES / "mod_wsgi.so"
_CRASH = "exit signal Segmentation fault"
CONFIGURATION = """
ServerRoot "{folder}"
ServerName localhost
PidFile "{folder}/pid"
DefaultRuntimeDir "{folder}"
ErrorLog "{folder}/errors"
User nobody
Group nogroup
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule wsgi_module {modules}/mod_wsgi.so
StartServers 1
ServerLimit 1
ThreadsPerChild 8
MaxRequestWorkers 8
KeepAlive On
MaxKeepAliveRequests 0
WSGISocketPrefix "{folder}/wsgi"
WSGIScriptAlias / "{folder}/hosted.py"
<Directory "{folder}">
    Require all granted
</Directory>
{mode}
"""
DAEMON = """
WSGIDaemonProcess ours processes=2 threads=4 python-path={folder} shutdown-timeout=30
WSGIProcessGroup ours
"""
MODES = {
    "daemon": DAEMON + "WSGIApplicationGroup %{{GLOBAL}}",
    "daemon, subinterpreter": DAEMON + "WSGIApplicationGroup ours",
    "embedded": "WSGIPythonPath {folder}\nWSGIApplicationGroup %{{GLOBAL}}",
    "embedded, subinterpreter": "WSGIPythonPath {folder}\nWSGIApplicationGroup ours",
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place that the user whom apache becomes may read: with the application, and with all that it needs."""
    if not (APACHE.exists() and MODULE.exists()):
        missing("apache2 and mod_wsgi are not installed (Debian: apt-get install libapache2-mod-wsgi-py3)")
    if embedded(MODULE) not in VERSIONS:
        missing(f"mod_wsgi is linked with Python {embedded(MODULE)}, which drhttp does not support")
    with tempfile.TemporaryDirectory(prefix="mod-wsgi-") as name:
        place = Path(name)
        place.chmod(0o777)
        copy_packages(place)
        shutil.copy(HERE / "hosted.py", place)
        yield place


@pytest.mark.parametrize("mode", ["daemon", "embedded", *wide("daemon, subinterpreter", "embedded, subinterpreter")])
def test_mod_wsgi(mode: str, folder: Path) -> None:
    """PM8: in daemon processes and in apache's own, in the main interpreter and in another, nothing is lost."""
    for _ in range(2):
        with Receiver(host=own_address()) as receiver:
            sent, log = run_apache(mode, folder, receiver)
        # In about two hundred runs, a child of an embedding apache crashed once after SIGTERM, for an unknown reason.
        if not mode.startswith("embedded") or _CRASH not in log:
            break
    print(log)
    assert_recorded_once(receiver, sent)
    assert_log_is_clean(log)


def run_apache(mode: str, folder: Path, receiver: Receiver) -> tuple[SentRequests, str]:
    """Start apache, send requests, and end it; returns what was sent, and what was logged."""
    port = free_port()
    words = {"folder": folder, "modules": MODULES}
    text = CONFIGURATION.format(mode=MODES[mode].format(**words), port=port, **words)
    configuration = folder / "apache.conf"
    configuration.write_text(text)
    errors = folder / "errors"
    errors.unlink(missing_ok=True)
    with serving([APACHE, "-DFOREGROUND", "-f", configuration], receiver, folder, port=port) as server:
        sent = server.send_requests()
        assert server.get("/not/python") == embedded(MODULE)
        assert server.get("/not/flush") == "True"
        sent += server.send_requests(100, "late-")
        server.stop()
    return sent, server.log + errors.read_text()
