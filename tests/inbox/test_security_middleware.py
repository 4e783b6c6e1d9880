from __future__ import annotations

import json

import pytest

JSON = {"Content_Type": "application/json", "X_Moesif_Application_Id": "k"}


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_the_names_of_loopback_are_answered(shared_inbox, name):
    """With the port on which the inbox listens."""
    assert shared_inbox.request("GET", "/v1/config", host=f"{name}:{shared_inbox.port}", **JSON)[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.test", "127.0.0.1", "127.0.0.1:1", "localhost:{port}.evil.test", "a@localhost:{port}"]
)
@pytest.mark.parametrize("path", ["/", "/v1/config", "/nothing"])
def test_any_other_host_is_misdirected(shared_inbox, host, path):
    """A web page whose name was rebound to loopback betrays itself by its Host header, on every path."""
    status, _, content = shared_inbox.request("GET", path, host=host.format(port=shared_inbox.port), **JSON)

    assert status == 421
    assert json.loads(content)["error"].startswith(
        f"The inbox accepts requests for localhost:{shared_inbox.port} only. "
    )
    assert b"--allow-host" in content


@pytest.mark.parametrize(
    ("path", "host"), [("/", None), ("/v1/config", None), ("/nothing", None), ("/v1/events", None), ("/", "evil.test")]
)
def test_every_answer_tells_browsers_to_keep_out(shared_inbox, path, host):
    """No page may frame, embed, sniff or cache an answer, no origin is allowed in, and no cookie is ever set."""
    headers = shared_inbox.request("GET", path, host=host)[1]

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert not [name for name in headers if name.lower().startswith(("access-control-", "set-cookie", "server"))]
