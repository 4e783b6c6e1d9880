"""The fast checks that a text is clean never let a secret pass: without them, the result is the same.

A policy with a pattern of the user takes no such shortcut, because the pattern may match anything.
"""

from __future__ import annotations

import json
import zlib
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.effort import effort

from drhttp._record import Body
from drhttp._redact import Policy
from drhttp._redact.bodies import _BodyMasker, _is_plain_text, mask_body
from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.headers import mask_headers
from drhttp._redact.formats.json import mask_string
from drhttp._redact.formats.urlencoded import mask_query
from drhttp._redact_options import Redact
from privacy.corpus import NAMES, all_cases
from privacy.masking import POLICY, masked
from privacy.test_same_rules import TEXTS

THOROUGH = Policy(Redact(patterns=["(?!)"]))  # matches nothing
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PIECES = (*TEXTS, *NAMES, *"=:&%;,.'\"`()[]{}<>-+/\\@|\t\n _0", "hunter2", "4111 1111 1111 1111", "DE89370400440532013000",
          "2026-11-29T12:30:00Z", "2026-11-29T12:", "T12:30", "Bearer ", "https://", "machine a login b password c", "value", "name", "variables", "query", "x" * 16)  # fmt: skip
fragments = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=6).map("".join)
names = st.sampled_from(("a", "page", "value", "f[name]", "f[value]", "variables", *NAMES[:20]))


@effort(300)
@given(fragments)
def test_texts(text):
    """A text is masked alike."""
    assert mask_string(text, POLICY) == mask_string(text, THOROUGH)


@effort(300)
@given(st.lists(st.tuples(names, fragments), max_size=4))
def test_forms(pairs):
    """A form or a query is masked alike."""
    form = "&".join(f"{name}={quote_plus(value, errors='replace')}" for name, value in pairs)
    assert mask_query(form, POLICY) == mask_query(form, THOROUGH)


@effort(300)
@given(st.dictionaries(names, fragments | st.integers() | st.lists(fragments, max_size=2), max_size=4), st.booleans())
def test_json(document, ascii_only):
    """A JSON document is masked alike."""
    content = json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "replace")
    assert masked(content, JSON) == masked(content, JSON, policy=THOROUGH)


@effort(300)
@given(
    names | st.sampled_from(("x-request-id", "user-agent", "accept", "etag")), fragments | st.from_regex("[0-9a-f]+")
)
def test_header_fields(name, value):
    """A header field is masked alike."""
    assert mask_headers(((name, value),), POLICY) == mask_headers(((name, value),), THOROUGH)


@effort(300)
@given(st.dictionaries(names, fragments | st.integers() | st.lists(fragments, max_size=2), max_size=4), st.data())
def test_truncated_json(document, data):
    """A JSON document whose end is missing is masked alike."""
    content = json.dumps(document).encode()
    content = content[: data.draw(st.integers(1, len(content)))]
    assert masked(content, JSON, cut=True) == masked(content, JSON, cut=True, policy=THOROUGH)


@effort(300)
@given(
    fragments,
    st.sampled_from(("", FORM, JSON, "text/plain; charset=utf-8", "text/html", "text/csv", "application/x-ndjson")),
)
def test_plain_bodies(text, content_type):
    """A body in ASCII is masked as one of which nothing is known."""
    body = Body(content=text.encode("ascii", "replace") or b" ")
    try:
        expected = _BodyMasker(body, content_type, POLICY).run("")
    except MaskingError:
        expected = None
    found = mask_body(body, (("content-type", content_type),), POLICY)
    assert (found == expected) if expected is not None else found.omitted


@pytest.mark.parametrize("content_type", ["text/plain; charset=utf-16", "text/plain; charset=utf-7", "multipart/mixed"])
@pytest.mark.parametrize("content", [zlib.compress(b"password=hunter2"), b"--a\r\ncontent-type: text/plain\r\n"])
def test_what_is_no_plain_body(content, content_type):
    """What is compressed, a form, or in another charset is not taken for text."""
    assert not _is_plain_text(content, content_type)
    assert not _is_plain_text(b"plain", content_type)


@pytest.mark.parametrize(
    "document",
    [
        {"at": "2026-11-29T12:30:00Z", "url": "https://shop.example/a", "also": "at 12:30"},
        {"at": "2026-11-29T12:30:00.123+01:00", "to": "2026-11-29 12:30", "note": "2026-11-29T12:hunter2x"},
        {"2026-11-29T12:30:00Z": 1, "a": "pass 2026-11-29T12: hunter2x"},
        {"at": "2026-11-29T12:30:00Z", "password": "hunter2x"},
        {"note": "password:1", "a": 1},
        {"note": "x1:2", "pin:4": "5:6"},
        {"a": "https:x", "b": "pin https://ada:abc@host/"},
        {"data": "vault login hunter2x", "message": "eyJ0b2tlbiI6IlNFTlQifQ=="},
        {"name": "password", "value": "hunter2x"},
        {"OptionName": "password", "OptionValue": "hunter2x"},
        {"a": "\u0070assword\u003dhunter2x", "b": "é", "c": "😀"},
        {"code": 1, "code_verifier": "2"},
        {"code": "123456", "email": "a@b.c"},
        {"key": "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b", "user": 5},
        {"user": {"a": "b"}, "key": "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b"},
        [["password", "hunter2x"]],
        ["--password", "hunter2x"],
        [1, ["user", "password"], ["a", "hunter2x"]],
        {"items": [{"a": 1}, ["hunter2x"]]},
        {"kty": "oct", "k": "hunter2x"},
        {"a": 1e400, "b": "x" * 400},
        {"a": "\0", "b": "\ud800"},
    ],
    ids=repr,
)
def test_documents(document):
    """Documents at the edge of being clean are masked alike, whole and cut, and in every spelling."""
    for spelled in (json.dumps(document), json.dumps(document, ensure_ascii=False, indent=1)):
        content = spelled.encode("utf-8", "replace")
        assert masked(content, JSON) == masked(content, JSON, policy=THOROUGH)
        for end in range(1, len(content)):
            assert masked(content[:end], JSON, cut=True) == masked(content[:end], JSON, cut=True, policy=THOROUGH)


@pytest.mark.parametrize("name", ["t12", "1129", "12", "20261129t12", "30"])
def test_times_under_names_of_digits(name):
    """A name of the user may be part of what looks like a time. Only a string that is nothing but a time is none."""
    fast, thorough = (Policy(Redact(also=[name], patterns=patterns)) for patterns in ((), ("(?!)",)))
    for text in ("2026-11-29T12:hunter2x", "at 2026-11-29T12:30 or T12:hunter2x", "12:30:10", "since 30:hunter2x"):
        content = json.dumps({"a": 1, "at": text}).encode()
        assert masked(content, JSON, policy=fast) == masked(content, JSON, policy=thorough)


def test_the_corpus():
    """Each body of the corpus is masked alike."""
    for case in all_cases():
        assert masked(case.body, case.kind, case.coding) == masked(case.body, case.kind, case.coding, policy=THOROUGH)
