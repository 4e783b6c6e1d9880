"""Whatever the input, no secret is left, and nothing raises."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from support.effort import effort

from drhttp._record import Body
from drhttp._redact import Policy
from drhttp._redact.bodies import mask_body
from drhttp._redact_options import Redact
from privacy.corpus import CODINGS, MARK, NAMES
from privacy.harmless import NAMES as HARMLESS
from privacy.masking import POLICY

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
names = st.sampled_from([*NAMES, *HARMLESS, "patient_id", "x"]) | st.text(max_size=8)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4), max_leaves=25
)
redact_options = st.builds(
    Redact,
    also=st.sets(st.sampled_from(["patient_id", "x", "monkey", "ключ"])),
    allow=st.sets(st.sampled_from(["token", "x", "session", "monkey"])),
    patterns=st.sets(st.sampled_from([r"\d{4}", "[a-f]+x", "S"])),
    value=st.sampled_from(["[redacted]", "*", len, str.upper, lambda text: "y", lambda text: 1 / 0]),
    emails=st.booleans(),
)


def planted(value, secret):
    """Return the document with a mark in everything below a secret name."""
    if isinstance(value, dict):
        return {key: marked(each) if secret(key) else planted(each, secret) for key, each in value.items()}
    return [planted(each, secret) for each in value] if isinstance(value, list) else value


def marked(value):
    """Return a value with a mark in each scalar."""
    if isinstance(value, dict):
        return {key: marked(each) for key, each in value.items()}
    return [marked(each) for each in value] if isinstance(value, list) else f"{MARK}{value}"


@effort(100)
@given(documents, redact_options, st.booleans(), st.sampled_from([None, 2]))
def test_no_value_under_a_secret_name_is_left(document, redact, ascii_only, indent):
    """In any JSON document and under any policy, no value below a secret name is left; the rest parses."""
    made = Policy(redact)
    if redact.value is str.upper:
        made = Policy(Redact(also=redact.also, allow=redact.allow))
    document = planted(document, made.is_secret)
    content = json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "replace")
    body = mask_body(Body(content=content, size=len(content)), (("content-type", "application/json"),), made)
    if body.content is None:
        assert body.omitted == "callback"
        return
    assert MARK.encode() not in body.content
    json.loads(body.content)


@effort(100)
@given(documents, st.booleans(), st.data())
def test_masked_json_is_the_original_but_for_the_masked_values(document, ascii_only, data):
    """Order, names, numbers and all other values equal those of the original."""
    text = json.dumps(document, ensure_ascii=ascii_only, indent=data.draw(st.sampled_from([None, 1])))
    content = text.encode("utf-8", "replace")
    body = mask_body(Body(content=content, size=len(content)), (("content-type", "application/json"),), POLICY)
    assert body.content is not None
    assert same(json.loads(content), json.loads(body.content))


def may_stay(value):
    """Whether a value may be harmless under a secret name: a boolean, `None`, or something that holds nothing else."""
    if isinstance(value, list):
        return all(each is None or isinstance(each, bool) for each in value)
    return value is None or isinstance(value, bool) or value == {}


def same(before, after):
    """Whether two values are equal except for masked ones."""
    if isinstance(after, str) and "[redacted]" in after:
        return True
    if isinstance(before, dict):
        return (
            isinstance(after, dict)
            and list(before) == list(after)
            and all(
                after[key] == "[redacted]"
                if POLICY.is_secret(key) and not may_stay(before[key])
                else same(before[key], after[key])
                for key in before
            )
        )
    if isinstance(before, list):
        return isinstance(after, list) and len(before) == len(after) and all(map(same, before, after))
    return type(before) is type(after) and before == after


@effort(100)
@given(documents, st.integers(1, 2000))
def test_any_cut_of_any_json_is_safe(document, size):
    """The rest of a truncated document parses, or is left out, and holds no secret."""
    content = json.dumps(planted(document, POLICY.is_secret)).encode()[:size]
    body = mask_body(Body(content=content, size=size, truncated=True), (("content-type", "application/json"),), POLICY)
    if body.content is not None:
        assert MARK.encode() not in body.content
        json.loads(body.content)


KINDS = [
    "", "application/json", "text/plain", "text/html", "application/xml", "application/x-www-form-urlencoded", "image/png",
    "multipart/form-data; boundary=B", "multipart/mixed", "text/event-stream", "application/x-ndjson", "application/json-seq",
    "text/plain; charset=utf-16", "text/plain; charset=utf-7", "text/plain; charset=cp037", "text/plain; charset=hz", "é; charset=\0",
    "text/plain; charset=iso2022_jp", "application/json; charset=utf-32", "text/plain; charset=johab", "text/plain; charset=big5",
]  # fmt: skip
pieces = st.lists(
    st.sampled_from(
        [b"password", b"token", b"=", b":", b'"', b"'", b"{", b"}", b"[", b"]", b"<", b">", b"/", b"&", b"%", b"%3d", b"\\", b"\\u00", b"\n", b"\r\n",
         b" ", b",", b";", b"(", b")", b"--B", b"--B--", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"name=", b"filename=", b"data:", b"<script>", b"</script>",
         b"Bearer ", b"eyJ", b".", b"-----BEGIN PRIVATE KEY-----", b"4111 1111 1111 1111", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"+AGE-", b"|", b"value",
         b"Content-Disposition: form-data; ", b"://", b"@", b"null", b"1", b"x\x9c", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", "é".encode()]
    ) | st.binary(max_size=5)
)  # fmt: skip


@effort(1500)
@given(
    pieces,
    st.sampled_from(KINDS),
    st.sampled_from(["", "gzip", "deflate", "br", "zstd", "identity", "gzip, br", "x"]),
    st.booleans(),
    st.booleans(),
)
def test_nothing_raises(parts, kind, coding, cut, packed):
    """Any bytes, of any content type and coding, whole or truncated, are masked or left out; nothing is raised."""
    content = b"".join(parts)
    if packed and coding in CODINGS:
        content = CODINGS[coding](content)
    headers = (("content-type", kind), ("content-encoding", coding))
    body = mask_body(Body(content=content, size=len(content), truncated=cut), headers, POLICY)
    assert body.content is None or isinstance(body.content, bytes)
    assert (body.content is None) == (body.omitted is not None) or not content
