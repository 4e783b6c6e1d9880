"""Bodies in binary formats as trees: what is shown, what is hidden, and what no bytes can break."""

from __future__ import annotations

import base64
import gzip
import json
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drhttp.inbox.exchange import Message
from drhttp.inbox.view import grpc, protobuf
from drhttp.inbox.view.binary_trees import MAX_BYTES, BinaryTree
from drhttp.inbox.view.bodies import DisplayedBody, shown
from drhttp.inbox.view.masking import MASK
from drhttp.inbox.view.tree_text import tree_text

FORMATS = ["application/x-protobuf", "application/grpc", "application/msgpack", "application/cbor"]


def body(content: bytes, media: str, *, reveal: bool = False, **headers: str) -> DisplayedBody:
    """A body of that media type as it is shown."""
    fields = (("content-type", media), *((name.replace("_", "-"), value) for name, value in headers.items()))
    return shown(Message(headers=fields, body=content), reveal=reveal)


def tree(content: bytes, media: str, *, reveal: bool = False, **headers: str) -> BinaryTree:
    found = body(content, media, reveal=reveal, **headers).tree
    assert found is not None
    return found


def field(number: int, value: int | bytes | str) -> bytes:
    """A field of a message: a number as a varint, others with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def frame(message: bytes, flags: int = 0) -> bytes:
    return bytes([flags]) + len(message).to_bytes(4, "big") + message


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (field(1, 150), '{"1": 150}'),
        (field(2, "Tasse größe"), '{"2": "Tasse gr\\u00f6\\u00dfe"}'),
        (field(1, 9_007_199_254_740_993), '{"1": 9007199254740993}'),
        (field(1, (1 << 64) - 2), '{"1": {"int64": -2, "uint64": 18446744073709551614}}'),
        (field(1, 1) + field(1, 2), '{"1": 1, "1": 2}'),
        (field(3, field(1, 150) + field(2, "x")), '{"3": {"1": 150, "2": "x"}}'),
        (field(4, b"\x01\x02\x03"), '{"4": {"bytes": "01 02 03 (3 bytes)", "as varints": [1, 2, 3]}}'),
        (field(5, b"\xff\xfe\xff"), '{"5": "ff fe ff (3 bytes)"}'),
        (field(5, b""), '{"5": ""}'),
        (b"\x09" + struct.pack("<d", 1.5), '{"1": {"double": 1.5, "fixed64": 4609434218613702656}}'),
        (b"\x0d" + struct.pack("<f", 0.5), '{"1": {"float": 0.5, "fixed32": 1056964608}}'),
        (b"\x0b" + field(2, 7) + b"\x0c", '{"1": {"2": 7}}'),
        (b"\x09" + struct.pack("<d", float("nan")), '{"1": {"double": "nan", "fixed64": 9221120237041090560}}'),
    ],
)  # fmt: skip
def test_protobuf_is_shown_by_field_numbers(content, text):
    """Every wire type; numbers are exact, and what the wire does not tell is shown in each way."""
    assert tree_text(protobuf.read(content)[0], reveal=True) == (text, 0)
    assert tree(content, "application/x-protobuf") == BinaryTree("Protobuf", text, 0, None)


@pytest.mark.parametrize("end", [b"\x08", b"\x0a\x05ab", b"\x0b", b"\x07", b"\x00\x00", b"\x0f" * 3, b"\xff" * 11])
def test_protobuf_keeps_the_fields_before_what_is_missing(end):
    """The recorder may have cut the body, or it is something else from there on."""
    found = tree(field(1, 1) + field(2, "cup") + end, "application/protobuf")
    assert (found.text or "").startswith('{"1": 1, "2": "cup"')
    assert found.note == "This is the beginning. The rest is missing, not valid, or too long to be shown."


def test_grpc_shows_each_message_and_trailers():
    """Frames of gRPC and gRPC-Web, compressed ones too, and those of Connect, which end with JSON."""
    order = field(1, 7) + field(2, "cup")
    packed = frame(gzip.compress(order), 1)
    expected = [{"1": 7, "2": "cup"}] * 2
    assert json.loads(tree(frame(order) + packed, "application/grpc+proto", grpc_encoding="gzip").text) == expected
    web = frame(order) + frame(b"grpc-status: 5\r\ngrpc-message: no%20cup\r\n", 128)
    trailers = {"trailers": {"grpc-status": "5", "grpc-message": "no%20cup"}}
    assert json.loads(tree(web, "application/grpc-web+proto").text) == [expected[0], trailers]
    connect = frame(b'{"cup": 7}') + frame(b'{"metadata": {}}', 2)
    assert json.loads(tree(connect, "application/connect+json").text) == [{"cup": 7}, {"metadata": {}}]


def test_grpc_web_text_is_read_with_padding_in_the_middle():
    """Servers encode each frame on its own, so that `=` stands between them."""
    parts = [base64.b64encode(frame(field(1, number))) for number in (1, 2)]
    assert json.loads(tree(b"".join(parts), "application/grpc-web-text").text) == [{"1": 1}, {"1": 2}]


def test_grpc_says_when_a_message_cannot_be_read():
    """An unknown coding, and a message whose end is missing."""
    found = tree(frame(b"\x01\xff", 1) + frame(field(1, 1))[:-1], "application/grpc", grpc_encoding="zstd9")
    assert json.loads(found.text) == [{"compressed with zstd9": "01 ff (2 bytes)"}]
    assert found.note is not None
    assert grpc.read(b"\x00\x00", "application/grpc", "") == ([], False)


def test_messagepack_and_cbor_are_trees_with_exact_numbers():
    """Maps, lists, big integers, bytes, times, tags and extensions; keys need not be texts."""
    msgpack, cbor2 = pytest.importorskip("msgpack"), pytest.importorskip("cbor2")
    value = {"id": 9_007_199_254_740_993, "on": True, "none": None, "list": [1.5, "ü"], 7: "seven"}
    expected = '{"id": 9007199254740993, "on": true, "none": null, "list": [1.5, "\\u00fc"], "7": "seven"}'
    assert tree(msgpack.packb(value), "application/vnd.msgpack").text == expected
    assert tree(cbor2.dumps(value), "application/cbor").text == expected
    packed = msgpack.packb([b"\x00\xff", msgpack.ExtType(5, b"\x01")])
    assert tree(packed, "application/msgpack").text == '["00 ff (2 bytes)", {"extension 5": "01 (1 byte)"}]'
    tagged = cbor2.dumps([2**70, cbor2.CBORTag(999, "x")])
    assert tree(tagged, "application/problem+cbor").text == '[1180591620717411303424, {"tag 999": "x"}]'
    several = msgpack.packb(1) + msgpack.packb({"a": 2})
    assert tree(several, "application/x-msgpack").text == '[1, {"a": 2}]'


def test_secrets_are_hidden_in_trees_until_they_are_revealed():
    """By name where the format has names, and by form everywhere, also within bytes."""
    cbor2 = pytest.importorskip("cbor2")
    content = cbor2.dumps({"password": "hunter2", "blob": b'{"password": "hunter2"}\xff', "cup": 1})
    found = tree(content, "application/cbor")
    assert json.loads(found.text) == {"password": MASK, "blob": MASK, "cup": 1}
    assert found.masked == 2
    assert "hunter2" in tree(content, "application/cbor", reveal=True).text
    bearer = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLW9mLXRoaXM"
    found = tree(field(1, bearer), "application/x-protobuf")
    assert "eyJ" not in found.text
    assert found.masked == 1


def test_without_its_library_a_format_says_what_to_install(monkeypatch):
    """The libraries are optional, and nothing imports them before there is something to read."""
    from drhttp.inbox.view import binary_trees

    monkeypatch.setitem(sys.modules, "msgpack", None)  # as if it were not installed
    binary_trees._module.cache_clear()
    found = tree(b"\x81\xa1a\x01", "application/msgpack")
    binary_trees._module.cache_clear()
    assert found.text is None
    assert 'pip install "drhttp[formats]"' in found.note


@pytest.mark.parametrize("media", FORMATS)
@pytest.mark.parametrize(
    "content",
    [
        b"\x0a" * 200_000,  # a message in a message in a message
        b"\x81" * 200_000,  # maps in maps, arrays in arrays
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff" + b"\x00" * 9,  # an array of 2**64 members
        b"\xdf\xff\xff\xff\xff" + b"\x00" * 9,
        b"\xd8\x1c\x81\xd8\x1d\x00",  # a list that holds itself
        b"\xc4\x82\x1a\x7f\xff\xff\xff\x01",  # 1 * 10**(2**31)
        b"\xc5\x82\x1a\x7f\xff\xff\xff\x03",
        b"\xd8\x1e\x82\x01\x00",  # 1/0
        b"\xd8\x23\x61(",  # a broken regular expression
        b"\x08\x01" * 100_000,
        b"\x00\x00\x00\x00\x00" * 50_000,
    ],
)
def test_no_bytes_break_the_view(media, content):
    """Depth, size and nonsense end in a note, or in a tree of what could be read."""
    found = body(content, media).tree
    assert found is None or found.note or found.text
    if found is not None and found.text is not None:
        json.loads(found.text)


def test_what_is_large_is_looked_at_in_part():
    """Only the beginning of a large body is read; a library reads all or nothing."""
    assert tree(field(1, "x" * 50) * (MAX_BYTES // 40), "application/x-protobuf").note is not None
    assert "larger" in tree(b"\x91" * (MAX_BYTES + 1), "application/msgpack").note


@given(st.sampled_from(FORMATS), st.binary(max_size=400))
def test_any_bytes_give_a_tree_or_none(media, content):
    """The tree is JSON, whatever the bytes are."""
    found = body(content, media).tree
    if found is not None and found.text is not None:
        json.loads(found.text)
