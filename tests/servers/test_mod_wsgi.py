"""mod_wsgi as Debian has it, under its apache2, with its own Python."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import urllib3
from hosting import HERE, free_port, once, quiet, serving

import drhttp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from receiver import Receiver

APACHE = Path("/usr/sbin/apache2")
MODULES = Path("/usr/lib/apache2/modules")
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
    if not (APACHE.exists() and (MODULES / "mod_wsgi.so").exists()):
        assert "CI" not in os.environ, "apache2 and libapache2-mod-wsgi-py3 are missing: `nox -s servers` installs them"
        pytest.skip("apache2 and libapache2-mod-wsgi-py3 are not installed: apt-get install libapache2-mod-wsgi-py3")
    with tempfile.TemporaryDirectory(prefix="mod-wsgi-") as name:
        place = Path(name)
        place.chmod(0o777)
        for package in (drhttp, urllib3):
            source = Path(package.__file__ or "").parent
            shutil.copytree(source, place / source.name, ignore=shutil.ignore_patterns("__pycache__", "inbox"))
        shutil.copy(HERE / "hosted.py", place)
        yield place


@pytest.mark.parametrize("mode", MODES)
def test_mod_wsgi(mode: str, folder: Path, receiver: Receiver) -> None:
    """PM8: in daemon processes and in apache's own, in the main interpreter and in another, nothing is lost."""
    port = free_port()
    words = {"folder": folder, "modules": MODULES}
    text = CONFIGURATION.format(mode=MODES[mode].format(**words), port=port, **words)
    configuration = folder / "apache.conf"
    configuration.write_text(text)
    with serving([APACHE, "-DFOREGROUND", "-f", configuration], receiver, folder, port=port) as server:
        asked = server.ask()
        assert server.get("/not/flush") == "True"
        asked += server.ask(100, "late-")
        server.stop()
    errors = (folder / "errors").read_text()
    print(errors)
    once(receiver, asked)
    quiet(server.log + errors)
