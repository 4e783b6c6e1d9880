"""Shows bodies in binary formats as trees: Protocol Buffers and gRPC by field numbers, MessagePack, and CBOR."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from drhttp.inbox.coerce import header
from drhttp.inbox.exchange import Message
from drhttp.inbox.view import grpc, masking, protobuf
from drhttp.inbox.view.content import Content
from drhttp.inbox.view.tree_text import Pairs, TooLarge, tree_text

MAX_BYTES = 256 * 1024
"""Maximum bytes that are looked at."""
_PROTOBUF = re.compile(
    r"application/(?:x-protobuf|protobuf|proto|vnd\.google\.protobuf|x-google-protobuf)|.*\+(?:proto|protobuf)"
)
_GRPC = re.compile(r"application/(?:grpc|connect\+).*")
# By library: the name of the format, its content types, and the end of others.
_LIBRARIES = {
    "msgpack": (
        "MessagePack", ("application/msgpack", "application/x-msgpack", "application/vnd.msgpack"), "+msgpack"
    ),
    "cbor2": ("CBOR", ("application/cbor",), "+cbor"),
}  # fmt: skip
_FAULTS = (ValueError, TypeError, ArithmeticError, LookupError, EOFError, RecursionError, MemoryError, re.error)
"""What the libraries raise for bytes that they cannot read, besides errors of their own."""
_OWN_FAULTS = ("UnpackException", "CBORError")
_CUT = "This is the beginning. The rest is missing, not valid, or too long to be shown."


@dataclass(frozen=True, slots=True)
class BinaryTree:
    """A binary body as JSON text.

    name: of the format. text: masked unless revealed, `None` if it cannot be read. masked: how many values. note: what
    is missing, and why.
    """

    name: str
    text: str | None = None
    masked: int = 0
    note: str | None = None


def tree_of(message: Message, content: Content, *, reveal: bool) -> BinaryTree | None:
    """Return the tree of a body whose content type names one of the formats."""
    media = content.media
    if not content.data or content.problem:
        return None
    if _GRPC.fullmatch(media):
        coding = header(message.headers, "grpc-encoding") or header(message.headers, "connect-content-encoding") or ""
        found, whole = grpc.read(content.data[:MAX_BYTES], media, coding.strip().lower())
        return _tree("gRPC", found, None if whole else _CUT, reveal=reveal) if found else None
    if _PROTOBUF.fullmatch(media):
        fields, whole = protobuf.read(content.data[:MAX_BYTES])
        return _tree("Protobuf", fields, None if whole else _CUT, reveal=reveal) if fields else None
    for library, (name, types, ending) in _LIBRARIES.items():
        if media in types or media.endswith(ending):
            return _decoded(library, name, content, reveal=reveal)
    return None


def _decoded(library: str, name: str, content: Content, *, reveal: bool) -> BinaryTree:
    module = _module(library)
    if module is None:
        return BinaryTree(name, note=f'To see {name} as a tree, run pip install "drhttp[formats]".')
    if len(content.data) > MAX_BYTES:
        return BinaryTree(name, note=f"The body is larger than {MAX_BYTES:,} bytes.")
    own = tuple(getattr(module, error) for error in _OWN_FAULTS if hasattr(module, error))
    try:
        return _tree(name, _READERS[library](module, content.data), None, reveal=reveal)
    except (*_FAULTS, *own):
        return BinaryTree(name, note=f"The body is not valid {name}." if not content.cut else _CUT)


@cache
def _module(library: str) -> Any:
    """Import a library of the extra `formats`; `None` if it is not installed."""
    try:
        return import_module(library)
    except ImportError:
        return None


def _msgpack(module: Any, data: bytes) -> Any:
    unpacker = module.Unpacker(
        raw=False,
        unicode_errors="replace",
        strict_map_key=False,
        object_pairs_hook=Pairs,
        ext_hook=lambda code, raw: Pairs([(f"extension {code}", raw)]),
        max_buffer_size=len(data),
    )
    unpacker.feed(data)
    return _one_or_all(list(unpacker))


def _cbor2(module: Any, data: bytes) -> Any:
    return module.loads(data)


_READERS = {"msgpack": _msgpack, "cbor2": _cbor2}


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _tree(name: str, value: Any, note: str | None, *, reveal: bool) -> BinaryTree:
    try:
        text, hidden = tree_text(value, reveal=reveal)
    except TooLarge:
        return BinaryTree(name, note="The tree is too large to be shown.")
    if reveal:
        return BinaryTree(name, text, 0, note)
    text, masked = masking.json_text(text)
    return BinaryTree(name, text, masked + hidden, note)
