"""One record as a file for others: it shows everything offline, hides secrets, and nothing in it runs or loads."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from drhttp.inbox.decode import Arrival, decode_batch
from drhttp.inbox.exchange import Message
from drhttp.inbox.share import POLICY, page
from tests.inbox.test_har_producers import FILES, SECRET, imported

HOSTILE = (
    '<script>alert(1)</script><img src=x onerror=alert(1)>"\'></pre></table></style><a href="javascript:alert(1)">'
)


class Reader(HTMLParser):
    """Collects the tags, the attributes and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts = set(), set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return "".join(self.texts)


def exchange_of(event, **changes):
    (found,) = decode_batch([event(**changes)], Arrival("local", 0))
    return found


def test_the_file_shows_the_record(event):
    """Method, address, status, user, headers and both bodies, as text."""
    shown = Reader(page(exchange_of(event, response__body="hello", response__transfer_encoding="text",
                                    response__headers={"content-type": "text/plain"}), n=118)).text  # fmt: skip

    for text in ("POST", "http://shop.test/orders/7?q=1", "201", "user alice", "record 118", "content-type", "hello"):
        assert text in shown
    assert '"a": [\n' in shown


def test_strangers_cannot_write_markup(event):
    """Whatever stands in the record is text in the file, which has a policy that lets nothing run or load."""
    exchange = exchange_of(
        event, request__uri=f"http://shop.test/{HOSTILE}?q={HOSTILE}", request__verb=HOSTILE, user_id=HOSTILE,
        request__headers={HOSTILE: HOSTILE, "content-type": "text/plain"}, request__body=HOSTILE,
        request__transfer_encoding="text", response__headers={"content-type": "text/html"}, response__body=HOSTILE,
        response__transfer_encoding="text", metadata__device=HOSTILE,
        metadata__exception={"type": HOSTILE, "message": HOSTILE}, metadata__route=HOSTILE,
    )  # fmt: skip
    text = page(exchange)
    read = Reader(text)

    assert POLICY in text
    assert read.tags <= {"html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "h4", "b", "p",
                         "code", "small", "pre", "details", "summary", "table", "tr", "th", "td", "footer"}  # fmt: skip
    assert read.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "open"}
    assert read.text.count("<script>alert(1)</script>") >= 6


def test_invisible_characters_are_shown(event):
    """Bidirectional controls cannot turn the text around."""
    assert "\\u202e" in page(exchange_of(event, user_id="ann\u202e\x1b[31m"))


def test_numbers_are_exact(event):
    """JSON is indented without being written anew."""
    message = Message(
        headers=(("content-type", "application/json"),), body=b'{"n":12345678901234567890.50,"n":[],"m":{ }}'
    )
    shown = Reader(page(replace(exchange_of(event), request=message))).text

    assert '{\n  "n": 12345678901234567890.50,\n  "n": [],\n  "m": {}\n}' in shown


def test_an_image_is_in_the_file(event):
    """As a data URL; nothing is loaded."""
    png = bytes.fromhex("89504e470d0a1a0a") + b"\0" * 8
    answer = Message(headers=(("content-type", "text/html"),), body=png)
    text = page(replace(exchange_of(event), response=answer))

    assert re.findall(r'<img alt="Image" src="data:image/png;base64,', text)


@pytest.mark.parametrize("name", FILES)
def test_imported_records_are_shown_without_secrets(name):
    """Those of every producer, with the WebSocket messages."""
    for exchange in imported(name):
        text = page(exchange)
        assert SECRET not in text
        kept = json.dumps(exchange.extra)
        assert ("WebSocket messages" in text) == ("_webSocketMessages" in kept)


def test_revealed_the_file_says_so():
    """Only on demand."""
    text = page(imported("chrome")[0], reveal=True)

    assert SECRET in text
    assert "it may hold passwords" in text


def test_the_api_and_the_command_line_write_the_same(inbox, event):
    """`GET /export?as=html&n=` and `drhttp share`, of a running inbox and of its file; HTML is for one record only."""
    inbox.post([event(transaction_id="an-id")])
    status, headers, body = inbox.request("GET", "/api/v1/export?as=html&n=1", Authorization=f"Bearer {inbox.token}")

    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert headers["content-disposition"] == 'attachment; filename="drhttp-1.html"'
    assert body.decode().replace(" · record 1<", "<") == inbox.command("share", "an-id").stdout
    assert inbox.api("GET", "/export?as=html")[0] == 400
    shared = json.loads(inbox.command("share", "an-i", "--as", "har").stdout)
    assert len(shared["log"]["entries"]) == 1
    inbox.stop()
    assert body.decode().replace(" · record 1<", "<") == inbox.command("share", "an-id").stdout


def test_outbound_requests_are_in_the_file(inbox, event):
    """With their failures, and after how long; of the API and of the command line."""
    order = event(transaction_id="order", trace_id="t1", span={"id": "s1"})
    call = event(transaction_id="call", trace_id="t1", span={"id": "s2", "parent_id": "s1"}, direction="Outgoing",
                 request__uri="http://bank.test/charge?token=hunter2", request__time="2026-11-22T16:00:00.150Z",
                 response__status=None, metadata__exception={"type": "Timeout", "message": "read"})  # fmt: skip
    inbox.post([order, call])
    by_api = inbox.request("GET", "/api/v1/export?as=html&n=1", Authorization=f"Bearer {inbox.token}")[2].decode()

    shown = Reader(by_api).text
    assert "http://bank.test/charge?token=[hidden here, arrived in clear]" in shown
    assert "Timeout: read after 27.0 ms, took 99.5 ms" in shown
    assert by_api.replace(" · record 1<", "<") == inbox.command("share", "order").stdout


def test_the_file_is_for_its_owner(inbox, event, tmp_path):
    """It holds other people's requests; a record that is not there is told in one sentence."""
    inbox.post([event(transaction_id="an-id")])

    assert inbox.command("share", "an-id", "--output", str(tmp_path / "record.html")).returncode == 0
    assert (tmp_path / "record.html").stat().st_mode & 0o777 == 0o600
    failed = inbox.command("share", "zz", "--output", str(tmp_path / "other.html"))
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert not (tmp_path / "other.html").exists()
