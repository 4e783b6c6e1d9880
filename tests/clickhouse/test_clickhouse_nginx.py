"""The configuration of nginx in `deploy/`, run with nginx: TLS in front of receivers, of which one is killed."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest
import trustme
from conftest import new_name
from receivers import SharedReceiver

NAME = "inbox.example.com"
CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not here")


@pytest.fixture(scope="module")
def behind(shim, tmp_path_factory):
    """Three receivers behind nginx, and what opens a connection to it."""
    folder, store = tmp_path_factory.mktemp("nginx"), f"{shim}/{new_name()}"
    receivers = [SharedReceiver(store, "--public-url", f"https://{NAME}") for _ in range(3)]
    authority = trustme.CA()
    certificate = authority.issue_cert(NAME)
    certificate.cert_chain_pems[0].write_to_path(folder / "fullchain.pem")
    certificate.private_key_pem.write_to_path(folder / "privkey.pem")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    text = CONFIGURATION.read_text("utf-8")
    for place, each in enumerate(receivers, 1):
        text = text.replace(f"receiver-{place}:8399", f"127.0.0.1:{each.port}")
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace("/etc/nginx/tls", str(folder))
    text = re.sub(r" *http2 on;\n", "", text)  # for the nginx of Debian 12
    log = f"error_log {folder}/error.log; pid {folder}/pid; daemon off; worker_processes 1;"
    paths = " ".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(f"{log} events {{}} http {{ access_log off; {paths} {text} }}")
    process = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf"), "-e", str(folder / "start.log")])
    context = ssl.create_default_context()
    authority.configure_trust(context)
    wait(port)
    yield Client(port, context), receivers
    process.terminate()
    process.wait(timeout=20)
    for each in receivers:
        each.kill()


def wait(port):
    end = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)


class Client:
    """Speaks HTTPS with nginx, under the public name."""

    def __init__(self, port, context):
        self._port, self._context = port, context

    def request(self, method, path, body=None, **headers):
        plain = socket.create_connection(("127.0.0.1", self._port))
        connection = http.client.HTTPConnection(NAME, timeout=30)
        connection.sock = self._context.wrap_socket(plain, server_hostname=NAME)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        content = answer.read() if "stream" not in path else answer.readline()
        connection.close()
        return answer.status, answer.headers, content

    def post(self, events):
        body = gzip.compress(json.dumps(events).encode())
        headers = {"Content_Type": "application/json", "Content_Encoding": "gzip", "X_Moesif_Application_Id": "k" * 50}
        return self.request("POST", "/moesif/v1/events/batch", body, **headers)[0]


def test_records_and_the_page_go_through_the_proxy(behind, event):
    """Also changes by the page, whose origin is the public address, and the live list, which is not held back."""
    client, receivers = behind
    token = {"Authorization": f"Bearer {receivers[0].token}"}
    assert client.post([event(transaction_id="a")]) == 201
    status, headers, _ = client.request("GET", "/")
    assert (status, headers["Strict-Transport-Security"]) == (200, "max-age=31536000")
    n = receivers[0].records()[0]["n"]
    change = {"Origin": f"https://{NAME}", "Sec_Fetch_Site": "same-origin", **token}
    assert client.request("PATCH", f"/api/v1/records/{n}", b'{"pinned": true}', **change)[0] == 200
    assert client.request("PATCH", f"/api/v1/records/{n}", b"{}", **{**change, "Origin": "https://evil.test"})[0] == 403
    assert client.request("GET", "/api/v1/stream", **token)[2] == b": here\n"
    assert [client.request("GET", path)[0] for path in ("/metrics", "/readyz", "/healthz")] == [404, 404, 200]


def test_a_receiver_that_is_killed_is_passed_over(behind, event):
    """Every batch is taken, by way of another one."""
    client, receivers = behind
    receivers[1].kill()
    assert [client.post([event(transaction_id=f"b-{place}")]) for place in range(12)] == [201] * 12
    assert len({one["id"] for one in receivers[0].records("id:b-")}) == 12
