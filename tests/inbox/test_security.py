"""What the inbox is held to because a browser, and whatever runs in it, is on the same machine. Named by demand."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import stat
import time

import pytest

JSON = {"Content_Type": "application/json", "X_Moesif_Application_Id": "k"}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)>",
    '<meta http-equiv=refresh content="0;url=//evil.test">',
    "javascript:alert(1)",
    "\x1b]0;owned\x07\x1b[2J",
    "\u202egnp.exe",
    "\r\nX-Injected: a=b",
    "data: x\n\nevent: cleared",
]


def html(event, inbox, text="<script>x</script>", media="text/html", **changes):
    body = base64.b64encode(text.encode() if isinstance(text, str) else text).decode()
    sent = event(response__headers={"content-type": media}, response__body=body, **changes)
    assert inbox.post([sent]) == 201
    return inbox.api("GET", f"/records/id:{sent['transaction_id']}")[1]["response"]["body"]


def test_s2_a_name_that_was_allowed_is_answered(start):
    """--allow-host opens the door for one name, with the port, and for no other."""
    inbox = start("--allow-host", "dev.test")

    assert inbox.request("GET", "/", host=f"dev.test:{inbox.port}")[0] == 200
    assert inbox.request("GET", "/", host=f"x.dev.test:{inbox.port}")[0] == 421


@pytest.mark.parametrize(
    "path",
    [
        "/info", "/records", "/records/1", "/records/1/body/request", "/stream", "/export", "/users", "/nothing",
    ],
)  # fmt: skip
@pytest.mark.parametrize("word", [None, "Bearer ", "Bearer x", "Basic {token}", "Bearer {token}x", "Bearer \xff"])
def test_s3_without_the_token_the_api_says_nothing(shared_inbox, path, word):
    """Not even which paths there are."""
    headers = {} if word is None else {"Authorization": word.format(token=shared_inbox.token)}
    status, _, content = shared_inbox.request("GET", f"/api/v1{path}", **headers)

    assert (status, json.loads(content)["code"]) == (401, "token")


def test_s3_the_token_is_new_at_every_start_and_long(start, tmp_path):
    """128 bits, in the fragment only."""
    one, other = start(), start(file=tmp_path / "other.db")

    assert one.token != other.token
    assert len(bytes.fromhex(one.token)) == 16


def test_s3_a_token_may_be_fixed(start, monkeypatch):
    """For scripts, in the environment; a short one is refused."""
    monkeypatch.setenv("DRHTTP_INBOX_TOKEN", "a1" * 16)
    inbox = start()

    assert inbox.token == "a1" * 16
    assert inbox.api("GET", "/info")[0] == 200
    monkeypatch.setenv("DRHTTP_INBOX_TOKEN", "short")
    assert inbox.command("--port", "0", "--quiet").returncode == 0  # found again: the token is the running one's


def test_s3_the_token_beside_the_file_is_the_owners_alone(inbox):
    """Programs of the same user find it there while the inbox runs, and nothing afterwards."""
    place = inbox.file.with_name("inbox.db.running")

    assert json.loads(place.read_text())["token"] == inbox.token
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    inbox.stop()
    assert place.read_text() == ""


def test_s4_no_answer_sets_a_cookie_or_lets_another_origin_in(shared_inbox, event):
    """S4, S7: whatever is asked."""
    body = html(event, shared_inbox)
    paths = [
        "/",
        "/api/v1/info",
        "/api/v1/records/1",
        "/api/v1/export",
        "/api/v1/nothing",
        body["preview"],
        body["download"],
    ]
    for path in paths:
        for headers in ({}, {"Authorization": f"Bearer {shared_inbox.token}"}, {"Origin": "http://evil.test"}):
            answer = shared_inbox.request("GET", path, **headers)[1]
            assert not [name for name in answer if name.lower().startswith(("access-control-", "set-cookie", "server"))]
            assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
            assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:{port}"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/records"), ("PATCH", "/records/1"), ("POST", "/records/1/replay"), ("POST", "/import"),
    ],
)  # fmt: skip
def test_s5_other_pages_change_nothing(shared_inbox, event, headers, method, path):
    """Even with the token: another port of this machine is the same site, but not the same origin."""
    shared_inbox.post([event()])
    before = shared_inbox.api("GET", "/info")[1]["records"]
    named = {name: value.format(port=shared_inbox.port) for name, value in headers.items()}

    status, answer = shared_inbox.api(method, path, {}, **named)

    assert (status, answer["code"]) == (403, "origin")
    assert shared_inbox.api("GET", "/info")[1]["records"] == before > 0


def test_s5_the_page_itself_may(inbox, event):
    """Its own origin, as browsers name it."""
    inbox.post([event()])
    own = {"Origin": f"http://127.0.0.1:{inbox.port}", "Sec_Fetch_Site": "same-origin"}

    assert inbox.api("PATCH", "/records/1", {"pinned": True}, **own)[0] == 200
    assert inbox.api("DELETE", "/records?pinned=1", **own) == (200, {"deleted": 1})


def test_s8_the_page_has_a_policy_that_lets_nothing_in(shared_inbox):
    """No inline script, no other origin, no sink for text as markup."""
    policy = shared_inbox.request("GET", "/")[1]["Content-Security-Policy"]

    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def test_s9_html_is_shown_where_it_can_do_nothing(inbox, event):
    """Sandboxed by its own policy, under an address that is good for this record, this side and this start only."""
    body = html(event, inbox)
    status, headers, content = inbox.request("GET", body["preview"])

    assert (status, content) == (200, b"<script>x</script>")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert "allow-" not in policy
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    key = body["preview"].partition("key=")[2]
    for wrong in (
        "/preview/1/response", "/preview/1/response?key=",
        f"/preview/1/request?key={key}", f"/raw/1/response?key={key}",
        f"/preview/2/response?key={key}", f"/preview/1/response?key={key[:-1]}",
    ):  # fmt: skip
        assert inbox.request("GET", wrong)[0] == 403


def test_s9_what_is_no_html_has_no_preview(shared_inbox, event):
    """SVG and XML are text, whatever they call themselves."""
    assert html(event, shared_inbox, "<svg onload=alert(1)></svg>", "image/svg+xml")["preview"] is None


def test_s10_raw_bytes_are_a_download_and_nothing_else(inbox, event):
    """No type that a browser would run or show."""
    body = html(event, inbox, b"\x00\xff<script>")
    status, headers, content = inbox.request("GET", body["download"])

    assert (status, content) == (200, b"\x00\xff<script>")
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == 'attachment; filename="record-1-response.bin"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


@pytest.mark.parametrize(
    ("body", "media", "shown"),
    [
        (b"\x89PNG\r\n\x1a\n....", "text/html", "image/png"),
        (b"GIF89a....", "image/png", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp", "image/webp"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>", "image/svg+xml", None),
        (b"<script>", "image/png", None),
    ],
)
def test_s10_images_are_told_by_their_bytes(shared_inbox, event, body, media, shown):
    """A header may say anything; only raster types are served as images."""
    markup = html(event, shared_inbox, body, media)

    assert (markup["image"] is not None, markup["form"] == "image") == (shown is not None, shown is not None)
    if shown:
        assert shared_inbox.request("GET", markup["image"])[1]["Content-Type"] == shown


def test_s13_a_bomb_in_a_body_is_opened_as_far_as_it_is_shown(inbox, event):
    """Of a captured gzip body that is highly compressed, 128 KiB are looked at, whatever is in it."""
    packed = gzip.compress(bytes(b"a" * (50 << 20)), mtime=0)
    headers = {"content-type": "text/plain", "content-encoding": "gzip"}
    inbox.post([event(response__headers=headers, response__body=base64.b64encode(packed).decode())])

    body = inbox.api("GET", "/records/1")[1]["response"]["body"]
    assert (body["form"], body["coding"], body["length"], body["more"]) == ("text", "gzip", 128 << 10, True)
    assert len(body["text"]) == 65_536


def test_s14_who_sends_headers_slowly_is_cut_off(inbox):
    """Ten seconds for the headers, also after an earlier request on the same connection."""
    first = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{inbox.port}\r\n\r\n".encode()
    address = ("127.0.0.1", inbox.port)
    with socket.create_connection(address, timeout=25) as fresh, socket.create_connection(address, timeout=25) as used:
        used.sendall(first)
        answer = b""
        while not answer.endswith((b"}", b"</html>\n")):
            answer += used.recv(65536)
        used.sendall(first[:20])
        fresh.sendall(first[:20])
        assert fresh.recv(1000) == b""
        assert used.recv(1000) == b""
    assert inbox.request("GET", "/")[0] == 200


def test_s14_live_viewers_are_bounded(inbox):
    """The seventeenth is told to wait."""
    request = (
        f"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{inbox.port}\r\nAuthorization: Bearer {inbox.token}\r\n\r\n"
    ).encode()
    viewers = [socket.create_connection(("127.0.0.1", inbox.port), timeout=20) for _ in range(16)]
    try:
        for viewer in viewers:
            viewer.sendall(request)
            assert viewer.recv(1000).startswith(b"HTTP/1.1 200")
        assert inbox.api("GET", "/stream") == (
            429,
            {"error": "16 pages are already open. Close one and reload.", "code": "viewers"},
        )
    finally:
        for viewer in viewers:
            viewer.close()
    deadline = time.monotonic() + 30
    while inbox.api("GET", "/info")[1]["viewers"] and time.monotonic() < deadline:
        inbox.post([])
        time.sleep(0.1)
    assert inbox.api("GET", "/info")[1]["viewers"] == 0


def test_s18_secrets_are_masked_until_they_are_asked_for(inbox, event):
    """By name, in address, headers, cookies and bodies; recorders of others do not mask."""
    secrets = ("hunter2", "tok-123", "sid-456", "key-789", "jar-000", "nested-1")
    sent = event(
        request__uri="http://x/?access_token=tok-123&page=1",
        request__headers={
            "authorization": "Bearer hunter2",
            "cookie": "sid=sid-456",
            "content-type": "application/json",
        },
        request__body={"apiKey": "key-789", "list": [{"client_secret": {"deep": ["nested-1"]}}], "fine": "shown"},
        response__headers={"set-cookie": ["jar=jar-000; Path=/"], "content-type": "text/plain"},
    )
    inbox.post([sent])
    paths = ["", "/body/request", "/snippet?as=curl", "/snippet?as=python", "/snippet?as=httpie"]
    for path in paths:
        masked = inbox.request("GET", f"/api/v1/records/1{path}", Authorization=f"Bearer {inbox.token}")[2].decode()
        assert not [secret for secret in secrets if secret in masked]
    masked = inbox.request("GET", "/api/v1/records", Authorization=f"Bearer {inbox.token}")[2].decode()
    for kind in ("har", "jsonl"):
        masked += inbox.command("export", "--as", kind).stdout
    assert not [secret for secret in secrets if secret in masked]
    assert "page=1" in masked

    shown = json.dumps(inbox.api("GET", "/records/1?reveal=1")[1])
    assert [secret for secret in secrets if secret not in shown] == []
    assert inbox.api("GET", "/records/1/body/request?as=hex")[1]["code"] == "masked"
    assert inbox.api("GET", "/records/1/body/request?as=hex&reveal=1")[0] == 200


@pytest.mark.parametrize("text", HOSTILE)
def test_s20_captured_text_stays_data(shared_inbox, event, text):
    """Markup, escapes and line ends of strangers come out of the API as the text that they are, and only as JSON."""
    sent = event(user_id=text, request__uri=f"http://x/{text}", request__headers={"x": text}, response__body=None)
    shared_inbox.post([sent])
    path = f"/api/v1/records/id:{sent['transaction_id']}"
    status, headers, content = shared_inbox.request("GET", path, Authorization=f"Bearer {shared_inbox.token}")

    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert headers["X-Content-Type-Options"] == "nosniff"
    record = json.loads(content)
    assert (record["user"], record["path"]) == (text, f"/{text.partition('?')[0]}")
    assert {"name": "x", "value": text, "masked": False} in record["request"]["headers"]
    listed = shared_inbox.command("ls").stdout
    assert not set(listed) & set("\x1b\x07\r\u202e")


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl"
CARD = "4111 1111 1111 1111"
KEY = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
BEARER = "f00dfeedc0ffee42"


def telling(event):
    """A record whose secrets have harmless names: only their form tells what they are."""
    part = f'--B\r\nContent-Disposition: form-data; name="note"\r\n\r\nkey {KEY}\r\n--B--\r\n'
    return [
        event(
            transaction_id="json",
            user_id=JWT,
            request__uri=f"http://shop.test/by/{JWT}?note=Bearer%20{BEARER}&page=1",
            request__headers={"x-note": f"paid with {CARD}", "content-type": "application/json"},
            request__body={"memo": f"Bearer {BEARER}", "list": [KEY, 4111111111111111], "fine": "shown"},
            response__headers={"content-type": "text/plain", "location": f"/next?note={KEY}"},
            response__body=f"the card is {CARD}, ask Ann",
            response__transfer_encoding="text",
            metadata={"exception": {"type": "E", "message": f"no {JWT}"}, "seen": f"Bearer {BEARER}"},
        ),
        event(
            transaction_id="parts",
            request__headers={"content-type": "multipart/form-data; boundary=B"},
            request__body=part,
            request__transfer_encoding="text",
            response__headers={"content-type": "application/octet-stream"},
            response__body=base64.b64encode(b"\x00\xff\xfe" + KEY.encode()).decode(),
            response__transfer_encoding="base64",
        ),
        event(
            transaction_id="cut",
            request__headers={"content-type": "application/json"},
            request__body=f'{{"memo": "{KEY}", "card": "{CARD}", "rest": "and so o',
            request__transfer_encoding="text",
            response__headers={"content-type": "text/html"},
            response__body=f"<p>Bearer {BEARER}</p>",
            response__transfer_encoding="text",
            metadata={"request_body": {"truncated": True}},
        ),
    ]


def betrayed(text):
    packed = base64.b64encode(KEY.encode()).decode()[4:-4]
    return [one for one in (JWT, CARD, CARD.replace(" ", ""), KEY, BEARER, packed) if one in text]


def test_s18_values_that_betray_themselves_are_masked_in_the_api(inbox, event):
    """S18: bearer tokens, JWTs, keys and card numbers, whatever they are called, wherever they stand."""
    inbox.post(telling(event))
    requested = [
        "/records",
        "/suggest?q=user:",
        "/users",
        "/devices",
        "/endpoints",
        "/upstreams",
        "/export?as=har",
        "/export?as=jsonl",
        "/compare?left=1&right=3",
    ]
    for n in (1, 2, 3):
        kinds = [f"snippet?as={kind}" for kind in ("curl", "python", "httpie")]
        requested += [f"/records/{n}{path}" for path in ("", "/body/request", "/body/response")]
        requested += [f"/records/{n}/{kind}" for kind in kinds]
    for path in requested:
        answer = inbox.request("GET", f"/api/v1{path}", Authorization=f"Bearer {inbox.token}")[2].decode()
        assert betrayed(answer) == [], path
    (masked_user,) = [one for one in inbox.api("GET", "/users")[1]["groups"] if "hidden here" in one["name"]]
    assert [one["n"] for one in inbox.api("GET", f"/records?q={masked_user['query']}")[1]["records"]][-1] == 1
    assert "ask Ann" in inbox.api("GET", "/records/1")[1]["response"]["body"]["text"]
    preview = inbox.api("GET", "/records/3")[1]["response"]["body"]["preview"]
    assert inbox.request("GET", preview)[2] == b"<p>Bearer [hidden here, arrived in clear]</p>"
    for n, side in ((1, "request"), (2, "request"), (2, "response"), (3, "request")):
        assert inbox.api("GET", f"/records/{n}/body/{side}?as=hex")[1]["code"] == "masked"
    revealed = json.dumps([inbox.api("GET", f"/records/{n}?reveal=1")[1] for n in (1, 2, 3)])
    assert betrayed(revealed)[:5] == [JWT, CARD, CARD.replace(" ", ""), KEY, BEARER]


@pytest.mark.timeout(300)
def test_s18_values_that_betray_themselves_are_masked_on_the_command_line(inbox, event):
    """S18: what is listed, shown and exported, for people and for programs; and not when it is asked for."""
    inbox.post(telling(event))
    words = [("ls",), ("ls", "--json"), ("export",), ("export", "--as", "jsonl")]
    words += [("show", name, *form) for name in ("json", "parts", "cut") for form in ((), ("--json",))]
    for running in (True, False):
        if not running:
            inbox.stop()
        received = ""
        for command in words:
            text = inbox.command(*command).stdout
            assert text
            assert betrayed(text) == [], command
            received += inbox.command(*command, "--unsafe-include-secrets").stdout
        assert set(betrayed(received)) >= {JWT, CARD, KEY, BEARER}
