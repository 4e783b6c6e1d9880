"""Every kind of answer and request, on every server: the bytes on the wire are those of the bare application."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from running import SERVERS, body_of

if TYPE_CHECKING:
    from running import Running


@pytest.mark.parametrize("name", ["one_block", "one_block_in_a_tuple", "one_block_in_an_object"])
def test_length_of_one_block(server: Running, name: str) -> None:
    """W2: a server that sets Content-Length for one block still does so, whatever the block comes in."""
    answer, record = server.compare(name)
    if server.name != "werkzeug" and not server.name.startswith("gunicorn"):  # those two never set it
        assert b"Content-Length: 5\r\n" in answer
    assert answer.split(b"\r\n\r\n", 1)[1].count(b"hello") == 1
    assert body_of(record["response"]) == b"hello"


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        ("eager", 203, b"firstsecond"),
        ("lazy", 203, b"firstsecond"),
        ("corrected", 503, b"sorry"),
        ("writing", 200, b"abc"),
        ("no_content", 204, b""),
        ("not_modified", 304, b""),
        ("with_length", 200, b"hello"),
    ],
)
def test_answer(server: Running, name: str, status: int, body: bytes) -> None:
    """W4, W5: status, headers, blocks and bodyless answers are those of the bare application, and are recorded."""
    _, record = server.compare(name)
    assert record["response"]["status"] == status
    assert body_of(record["response"]) == body
    assert "aborted" not in record["metadata"]
    assert "exception" not in record["metadata"]


@pytest.mark.parametrize("name", ["eager", "lazy", "with_length", "no_content"])
def test_head(server: Running, name: str) -> None:
    """W5: answers to HEAD are untouched, and not taken for aborted."""
    _, record = server.compare(name, method="HEAD")
    assert "aborted" not in record["metadata"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("too_late", "ValueError"),
        ("failing", "LookupError"),
        ("failing_midway", "LookupError"),
        ("failing_after_three", "LookupError"),
        ("failing_after_writing", "LookupError"),
        ("failing_after_nothing", "LookupError"),
        ("failing_before_anything", "LookupError"),
        ("failing_in_close", "LookupError"),
        ("failing_in_close_without_a_body", "LookupError"),
        ("text", "TypeError"),
        ("text_behind_bytes", "TypeError"),
        ("lazy_text", "TypeError"),
    ],
)
def test_exception(server: Running, name: str, kind: str) -> None:
    """W4: what the application raises, before, while and after it answers, ends as without us, and is recorded.

    The status in the record is the one that the client saw.
    """
    answer, record = server.compare(name)
    assert record["response"]["status"] == int(answer.split()[1])
    assert record["metadata"]["exception"]["type"] == kind


def test_file(server: Running) -> None:
    """W3: the server gets the very file wrapper that the application returned; the record says so, and the size."""
    answer, record = server.compare("file")
    assert answer.endswith(b"\r\n\r\nfile content")
    assert server.next_event() == "identical"
    wrapped_by_server = server.name != "werkzeug"  # it offers no file wrapper: the application falls back to blocks
    assert server.next_event() == ("identical" if wrapped_by_server else "another")
    if wrapped_by_server:
        assert record["metadata"]["response_body"] == {
            "size": 12,
            "truncated": False,
            "redacted": 0,
            "omitted": "file",
        }


def test_identification(server: Running) -> None:
    """The identification headers alone are missing in the answer."""
    bare = server.request("/identified?i", recorded=False)
    recorded = server.request("/identified?i")
    identification = rb"(?i)x-drhttp-(user: ada|device: phone)\r\n"
    assert len(re.findall(identification, bare)) == 2
    assert recorded == re.sub(identification, b"", bare)
    assert b"X-Other: stays\r\n" in recorded
    record = server.record("/identified?i")
    assert record["user_id"] == "ada"
    assert record["metadata"]["device"] == "phone"


@pytest.mark.parametrize("name", ["echo", "lines", "never_reading"])
@pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"])
def test_upload(server: Running, name: str, expect: bytes) -> None:
    """W6: an upload is read as the application reads it, or not at all, with the same interim answers."""
    _, record = server.compare(name, method="POST", head=expect + b"Content-Length: 8\r\n", body=b"one\ntwo\n")
    read = record["metadata"].get("request_body", {}).get("read", "full")
    assert read == ("none" if name == "never_reading" else "full")
    assert body_of(record["request"]) == (b"" if name == "never_reading" else b"one\ntwo\n")


@pytest.mark.parametrize("server", [name for name in SERVERS if name != "wsgiref"], indirect=True)
def test_chunked_upload(server: Running) -> None:
    """W6: a chunked upload with `wsgi.input_terminated` arrives whole, on each server that supports it."""
    chunks = b"4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n"
    answer, record = server.compare("echo", method="POST", head=b"Transfer-Encoding: chunked\r\n", body=chunks)
    assert b" True " in answer
    assert b"one\ntwo\n" in answer
    assert body_of(record["request"]) == b"one\ntwo\n"
    assert record["metadata"].get("request_body", {}).get("size", 8) == 8  # waitress tells the length itself


@pytest.mark.parametrize("head", [b"X-Byte: \xb6\r\n", b"Content-Length: abc\r\n", b"Content-Length: -1\r\n", b""])
@pytest.mark.parametrize("path", ["one_block/\x83/%83", "one_block/caf\xe9?a=\xff&b=%zz"])
def test_hostile_request(server: Running, head: bytes, path: str) -> None:
    """W7: whatever the server lets through ends as without us."""
    bare = server.request(f"/{path}", head=head, recorded=False)
    assert server.request(f"/{path}", head=head) == bare


def test_start_response_of_the_server(server: Running) -> None:
    """W8: who looks for the server behind `start_response` finds it."""
    server.request("/server?s", recorded=False)
    server.request("/server?s")
    bare, recorded = server.next_event(), server.next_event()
    if server.name in ("wsgiref", "gunicorn-sync", "gunicorn-gthread"):  # elsewhere it is a function
        assert recorded == bare
    assert server.record("/server?s")["response"]["status"] == 200
