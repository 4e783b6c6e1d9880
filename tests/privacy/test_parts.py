"""Queries, URLs, header fields, markup, multipart forms, lines and text: what is masked, and what stays."""

from __future__ import annotations

import gzip
import sys
import zlib

import pytest
from support.specimen import a_full_record, a_record, redacted, with_request

from drhttp._record import Body, Failure
from drhttp._redact import Policy
from drhttp._redact.formats.headers import mask_headers
from drhttp._redact.formats.urls import mask_url
from drhttp._redact_options import Redact
from privacy.masking import POLICY, masked, text_of

FORM = "application/x-www-form-urlencoded"
M = "[redacted]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a=1&password=x&b=%C3%A9+1", f"a=1&password={M}&b=%C3%A9+1"),
        ("user%5Bpassword%5D=x", f"user%5Bpassword%5D={M}"),
        ("token=&token", f"token={M}&token"),
        ("token=a=b&&=&x", f"token={M}&&=&x"),
        ("pass%2577ord=x&code=1", f"pass%2577ord={M}&code={M}"),
        ("q=%7B%22token%22%3A1%7D", f"q=%7B%22token%22%3A+%22{M}%22%7D".replace("+", "")),
        ("next=%2Fin%3Ftoken%3Dx%26a%3D1", f"next=%2Fin%3Ftoken%3D{M}%26a%3D1"),
        ("a=1;token=x", f"a=1;token={M}"),
        ("Bearer+abc123=1", f"Bearer+{M}={M}"),
    ],
)
def test_forms(text, shown):
    """Values are masked by decoded names; the rest keeps its encoding."""
    assert text_of(text, FORM) == shown
    assert text_of(text + "&cut=he", FORM, cut=True) == shown
    assert mask_url(f"/x?{text}#y", POLICY)[0] == f"/x?{shown}#y"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@h:1/a?b=c", f"https://{M}@h:1/a?b=c"),
        ("//u@h/", f"//{M}@h/"),
        ("https://u:p@v@h/", f"https://{M}@h/"),
        ("/a#access_token=x&b=1", f"/a#access_token={M}&b=1"),
        ("/a;jsessionid=x/b", f"/a;jsessionid={M}"),
        ("/k/Bearer%20abc123:%C3%A9", f"/k/Bearer%20{M}:%C3%A9"),
        ("mailto:a@b", "mailto:a@b"),
        ("", ""),
        ("?", "?"),
    ],
)
def test_urls(url, shown):
    """Userinfo, query and fragment are masked, and values in the path that are secret by their form."""
    assert mask_url(url, POLICY)[0] == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("authorization", "Basic abc", f"Basic {M}"),
        ("Authorization", "BEARER a b", f"BEARER {M}"),
        ("authorization", "abc", M),
        ("authorization", "abc x", M),
        ("authorization", "Basic\tabc", M),
        ("authorization", "", M),
        ("proxy-authorization", "Negotiate abc", f"Negotiate {M}"),
        ("cookie", "a=1; b=2;c=3", f"a={M}; b={M}; c={M}"),
        ("cookie", "a=1=2", f"a={M}"),
        ("cookie", "abc", M),
        ("CooKie", "=abc", f"={M}"),
        ("set-cookie", "a=1; Path=/; HttpOnly", f"a={M}; Path=/; HttpOnly"),
        ("set-cookie", "a=1; expires=Wed, 21 Oct 2026 07:28:00 GMT", f"a={M}; expires=Wed, 21 Oct 2026 07:28:00 GMT"),
        ("set-cookie", "a=1; Path=/, b=2; Secure", f"a={M}; Secure"),
        ("set-cookie", "a=1; expires=Wed, 21 Oct 2026 07:28:00 GMT, b=2", f"a={M}"),
        ("set-cookie", "a=1; token=2", f"a={M}"),
        ("x-api-key", "a b", M),
        ("x-context", '{"token": 1}', f'{{"token": "{M}"}}'),
        ("link", "</?token=1>; rel=next", f"</?token={M}>; rel=next"),
        ("refresh", "5; url=/?token=1", f"5; url=/?token={M}"),
        ("location", "https://h/?code=1", f"https://h/?code={M}"),
        ("x-note", "https://h/?code=1", f"https://h/?code={M}"),
        ("x-note", "code=1", "code=1"),
    ],
)
def test_headers(name, value, shown):
    """Schemes, names and attributes of cookies stay; a field is masked by its form, its name, or its content."""
    for _ in range(2):  # the second time from the cache
        assert mask_headers(((name, value), ("a", "b")), POLICY)[0] == ((name, shown), ("a", "b"))


def test_few_fields_are_remembered():
    """The cache of harmless fields is bounded, and holds no secret and no long value."""
    policy = Policy(Redact())
    for number in range(3000):
        mask_headers((("a", str(number)), ("b", "x" * 400), ("token", "x"), ("cookie", "a=b")), policy)
    assert 0 < len(policy.cache.fields) <= 1000
    assert {name for name, _ in policy.cache.fields} == {"a"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<a><password>x</password></a>", f"<a><password>{M}</password></a>"),
        ("<a><Token/><b>x</b></a>", "<a><Token/><b>x</b></a>"),
        ("<token>a<b>c</b><token>d</token>e</token>", f"<token>{M}</token>"),
        ("<a token='x' b='y'/>", f"<a token=\"{M}\" b='y'/>"),
        ("<a><!-- token=x --><?x y?></a>", f"<a><!-- token={M} --><?x y?></a>"),
        ("<a><![CDATA[token=x]]></a>", f"<a><![CDATA[token={M}]]></a>"),
        ("<d><key>password</key>\n<string>x</string><key>a</key><string>b</string></d>",
         f"<d><key>password</key>\n<string>{M}</string><key>a</key><string>b</string></d>"),
        ('<entry key="password">x</entry>', f'<entry key="password">{M}</entry>'),
        ("<a>1 &lt; 2, token=x</a>", f"<a>1 &lt; 2, token={M}</a>"),
        ("<a>1 < 2</a>", "unparsable"),
        ("<password>x", f"<password>{M}"),
        ("<password></password>", "<password></password>"),
    ],
)  # fmt: skip
def test_xml(text, shown):
    """Content and attributes are masked by name; nothing else changes."""
    assert text_of(text, "application/xml") == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('<input name="password" value="x">', f'<input name="password" value="{M}">'),
        ("<input value=x name=password>", f'<input value="{M}" name=password>'),
        ('<input type="password" name="p" value="x" id=a>', f'<input type="password" name="p" value="{M}" id=a>'),
        ("<textarea name=token>x</textarea>", f"<textarea name=token>{M}</textarea>"),
        ("<div id=session>x</div>", "<div id=session>x</div>"),
        ("<script>if (a<b) { token = 'x' }</script><p>", f"<script>if (a<b) {{ token = '{M}' }}</script><p>"),
        ("<p>1 < 2 <br> token: x", f"<p>1 < 2 <br> token: {M}"),
        ("<input name=password value=\"x'>", f'<input name=password value="{M}"'),
    ],
)
def test_html(text, shown):
    """Fields of forms are masked by name, scripts are read as text, and a stray bracket is text."""
    assert text_of(text, "text/html").startswith(shown)


def part(head, body):
    """Make a part of a form."""
    return f"--B\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (part('name="token"', "x"), part('name="token"', M)),
        (part('name="a"', "token=x"), part('name="a"', f"token={M}")),
        (part('name="a"; filename="b"', "xyz"), part('name="a"; filename="b"', "[3 bytes]")),
        (part('name="token"; filename="b"', "xyz"), part(f'name="token"; filename="{M}"', "[3 bytes]")),
        (part("name*=UTF-8''t%6Fken", "x"), part("name*=UTF-8''t%6Fken", M)),
        (part('name*0="to"; name*1=ken', "x"), part('name*0="to"; name*1=ken', M)),
        (part("name=a; filename*=UTF-8''b", "xyz"), part("name=a; filename*=UTF-8''b", "[3 bytes]")),
        (part("name=a; filename*0=b; filename*1=c", "xyz"), part("name=a; filename*0=b; filename*1=c", "[3 bytes]")),
        (part("name=token; filename*0=b", "x"), part(f'name=token; filename="{M}"', "[1 bytes]")),
        (part('name="a"', "x\n--B\nmore"), "unparsable"),
        ("junk\r\n" + part('name="a"', "x"), "unparsable"),
        ("--B\r\nno head", "unparsable"),
        ("", ""),
    ],
)
def test_multipart(text, shown):
    """Fields are masked by name, files are reduced to their size; a malformed body is left out."""
    end = "--B--\r\n" if text else ""
    assert text_of(text + end, "multipart/form-data; boundary=B") == shown + (
        end if M in shown or "bytes]" in shown else ""
    )


@pytest.mark.parametrize(
    ("name", "is_masked"),
    [
        ("code", True), ("Code", True), ("signature", True), ("x-amz-signature", True), ("X-Amz-Signature", True), ("x-goog-signature", True),
        ("sig", True), ("hmac", True), ("ticket", True), ("key", False), ("Key", False), ("policy", False), ("x-amz-date", False), ("zip_code", False),
        ("signature_count", False), ("codec", False), ("acl", False),
    ],
)  # fmt: skip
def test_names_of_queries_in_multipart_forms(name, is_masked):
    """A field has the names of a parameter in a URL, except for `key`, which names an object of S3; a file has not."""
    kind, end = "multipart/form-data; boundary=B", part('name="a"', "b") + "--B--\r\n"
    text = part(f'name="{name}"', "uploads/abc12345")
    shown = part(f'name="{name}"', M) if is_masked else text
    assert text_of(text + end, kind) == shown + end
    file = part(f'name="{name}"; filename="scan"', "xyz")
    assert text_of(file + end, kind) == part(f'name="{name}"; filename="scan"', "[3 bytes]") + end
    allowed = Policy(Redact(allow=[name]))
    assert text_of(text + end, kind, policy=allowed) == text + end


@pytest.mark.parametrize("epilogue", ["password=hush", "\r\n\r\n--B\r\n\r\ntoken=hush"])
def test_text_behind_the_last_part_is_left_out(epilogue):
    """It belongs to no part (RFC 2046, section 5.1.1)."""
    form = part('name="a"', "x") + "--B--\r\n"
    assert text_of(form + epilogue, "multipart/form-data; boundary=B") == form
    assert text_of(form + "\r\n", "multipart/form-data; boundary=B") == form + "\r\n"


def test_forms_within_forms():
    """Nested forms are read three levels deep."""
    body = part('name="token"', "x") + "--B--"
    for level, name in enumerate("CDEFG"):
        head = f"Content-Type: multipart/mixed; boundary={'BCDEFG'[level]}"
        body = f"--{name}\r\n{head}\r\n\r\n{body}\r\n--{name}--"
        shown = text_of(body, f"multipart/mixed; boundary={name}")
        assert (M in shown) if level < 2 else shown == "too_deep"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_codings(coding):
    """Decoded content is masked, marked, and bounded; broken, incomplete and unknown content is left out."""
    pack = _packer(coding)
    body = masked(pack(b"token=x"), "text/plain", coding)
    assert (body.content, body.decoded, body.redacted, body.truncated) == (f"token={M}".encode(), coding, 1, False)
    assert masked(pack(b"token=" * 50)[:-6], "text/plain", coding).omitted == "coding"
    assert masked(b"nonsense, and more", "text/plain", coding).omitted == "coding"
    bomb = masked(pack(b"word " * 1_000_000), "text/plain", coding)
    assert bomb.truncated
    assert 60_000 < len(bomb.content) <= 64 * 1024


def _packer(coding):
    if coding == "br":
        return pytest.importorskip("brotli").compress
    if coding == "zstd":
        name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
        return pytest.importorskip(name).compress
    return {"gzip": gzip.compress, "deflate": zlib.compress}[coding]


@pytest.mark.parametrize("coding", ["compress", "x", "gzip, x", "br;q=1", "*", ",".join(["gzip"] * 9)])
def test_unknown_codings(coding):
    """A body in an unknown coding is left out."""
    assert masked(b"token=x", "text/plain", coding).omitted == "coding"


def test_many_members_and_layers():
    """A body with too many members or layers of codings is left out."""
    assert masked(gzip.compress(b"a") * 1000, "text/plain", "gzip").omitted == "coding"
    content = b"token=x"
    for _ in range(6):
        content = gzip.compress(content)
    assert masked(content, "text/plain").omitted == "coding"


@pytest.mark.parametrize(
    "charset", ["nonsense", "zlib", "rot13", "hex", "idna", "punycode", "unicode_escape", "undefined", "mbcs"]
)
def test_what_is_no_charset(charset):
    """Codecs that are not charsets are not used, and the body is left out."""
    assert masked(b"token=x", f"text/plain; charset={charset}").omitted == "encoding"


@pytest.mark.parametrize(
    "charset", ["utf-8", "utf-16", "utf-32", "iso-8859-1", "shift_jis", "utf-7", "cp037", "koi8-r", "gb18030"]
)
def test_charsets(charset):
    """A text keeps its charset."""
    body = masked("a: 1, token=x".encode(charset), f"text/plain; charset={charset}")
    assert body.content.decode(charset) == f"a: 1, token={M}"


def test_a_mask_that_the_charset_lacks():
    """Characters of a mask that the body's charset lacks are replaced, and nothing else."""
    policy = Policy(Redact(value="•"))
    assert (
        masked("é token=x".encode("latin-1"), "text/plain; charset=latin-1", policy=policy).content == b"\xe9 token=?"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a password=x y", f"a password={M} y"),
        ("password: x y\nz", f"password: {M}\nz"),
        ("he said password: x y", f"he said password: {M} y"),
        ('log password="a b" c', f'log password="{M}" c'),
        ("log {'password': 'a', 'b': 1}", f"log {{'password': '{M}', 'b': 1}}"),
        ('log "auth": {"a": [1, "}"]}, b', f'log "auth": {M}, b'),
        ("Authorization: Bearer x y\nb", f"Authorization: Bearer {M}\nb"),
        ("api key: x", f"api key: {M}"),
        ("the key: x", "the key: x"),
        ("password:\n  a\n  b\nc: d", f"password:\n{M}\nc: d"),
        ("password: |\n  a\nc", f"password: |\n{M}\nc"),
        ("password:\n\nA new paragraph.", "password:\n\nA new paragraph."),
        ("password=", "password="),
        ("password == x", f"password == {M}"),
        ("token => x, y", f"token => {M}"),
        ("a%3Db%26token%3Dx", f"a=b&token={M}"),
        ("100%25 token=x", f"100%25 token={M}"),
        ("x?code=1&amp;key=2 code=3", f"x?code={M}&amp;key={M} code=3"),
        ("password=a;b=c", f"password={M};b=c"),
        ("f(password=Secret('a b'), c)", f"f(password={M}), c)"),
        ('\\"token\\": \\"a\\", \\"b\\": 1', f'\\"token\\": \\"{M}\\", \\"b\\": 1'),
    ],
)
def test_text(text, shown):
    """Values of secret names are masked to their end."""
    assert text_of(text, "text/plain") == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one two thr", "one two "),
        ("pay 4111 1111 11", "pay "),
        ("pay 3782 822463 1", "pay "),
        ("pay DE89 3704 004", "pay "),
        ("secret", ""),
        ("password: a b c", f"password: {M}"),
    ],
)
def test_the_end_of_a_cut_text(text, shown):
    """The last word is left out, and groups in front of it that may be the beginning of a number."""
    assert text_of(text, "text/plain", cut=True) == shown


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("application/x-ndjson", '{"a": 1}\n\n{"token": 2}\r\n', f'{{"a": 1}}\n\n{{"token": "{M}"}}\r\n'),
        ("application/x-ndjson", '{"a": 1}\n{"token": 2', "unparsable"),
        ("application/json-seq", '\x1e{"token": 1}\n\x1e{"a": 2}\n', f'\x1e{{"token": "{M}"}}\n\x1e{{"a": 2}}\n'),
        ("text/event-stream", 'data: {"token": 1}\n\ndata: a\n\n', f'data: {{"token": "{M}"}}\n\ndata: a\n\n'),
        ("text/event-stream", 'data: {\ndata: "token": [1]}\n\n', f'data: {{\ndata: "token": "{M}"}}\n\n'),
        ("text/event-stream", ": token=x\nid: 1\n\n", f": token={M}\nid: 1\n\n"),
    ],
)
def test_lines(kind, text, shown):
    """JSON in lines and in the data of events is masked as JSON; the lines stay."""
    assert text_of(text, kind) == shown


def test_messages():
    """The message of an exception is masked as text; if it was truncated, its last word is left out."""
    record = a_record(exception=Failure(type="E", message="bad password: x, {'token': 'y'}"))
    assert redacted(record, POLICY).exception == Failure(type="E", message=f"bad password: {M}, {{'token': '{M}'}}")
    assert redacted(record, POLICY).redacted == {"exception": 2}
    record = a_record(exception=Failure(type="E", message=("x" * 499 + " ") * 2))
    assert redacted(record, POLICY).exception.message == ("x" * 499 + " ") * 2
    record = a_record(exception=Failure(type="E", message="x" * 900 + " " + "y" * 99))
    assert redacted(record, POLICY).exception.message == "x" * 900 + " "


def test_the_rest_of_a_record_stays():
    """A record without secrets stays as it is, and so do the other parts of one with secrets."""
    assert redacted(a_record(), POLICY) == a_record()
    record = with_request(a_full_record(), uri="https://h/?token=x")
    done = redacted(record, POLICY)
    assert done.request.uri == f"https://h/?token={M}"
    assert done.redacted == {"uri": 1, "response_headers": 2}
    assert record == with_request(a_full_record(), uri="https://h/?token=x")


def test_a_callback_that_fails_leaves_the_host():
    """If the URL cannot be masked, only its scheme and host are kept, without the userinfo."""
    policy = Policy(Redact(value=lambda text: None))
    record = with_request(
        uri="https://u:p@h:1/a;token=x?token=y", headers=(("token", "x"),), body=Body(content=b"token=x")
    )
    done = redacted(record, policy)
    assert done.request.uri == "https://h:1/"
    assert done.request.headers == (("token", M),)
    assert done.request.body == Body(omitted="callback")


@pytest.mark.parametrize("content", [b"\x82\xa8password\xa2pw\xa1n\x01\0", b"bplist00\xd1\x01\x02WapiKey_\x10"])
@pytest.mark.parametrize("more", [bytes(range(256)), b"", b"\0"])
def test_binary_that_has_names_of_secrets_is_left_out(content, more):
    body = masked(content + more, "application/octet-stream")
    assert (body.content, body.omitted) == (None, "encoding")


@pytest.mark.parametrize(
    "name", ["pwd", "pin", "session_id", "cookie", "cvv", "auth", "otp", "iban", "seedPhrase", "redis_pass"]
)
def test_every_secret_name_counts_in_messagepack_cbor_and_bson(name):
    size, text = len(name), name.encode()
    messagepack = b"\x82" + bytes([0xA0 + size]) + text + b"\xa8hunter2x\xa1a\xcd\xff\xff"
    cbor = b"\xa2" + bytes([0x60 + size]) + text + b"\x68hunter2x\x61a\x19\xff\xff"
    bson = b"\x30\0\0\0\x02" + text + b"\0\x09\0\0\0hunter2x\0\x01d\0\x12\x34\xff\xff\0\0\0\0\0"
    for content in (messagepack, cbor, bson):
        body = masked(content, "application/octet-stream")
        assert (body.content, body.omitted) == (None, "encoding")


def test_long_names_in_messagepack_and_cbor_and_names_of_the_user():
    name = b"the_verification_code_of_the_user"
    for content in (b"\x81\xd9\x21" + name + b"\xa3123", b"\xa1\x78\x21" + name + b"\x63123"):
        assert masked(content, "application/msgpack").omitted == "encoding"
    content = b"\x81\xaapatient_no\xa3123"
    assert masked(content, "application/msgpack").omitted is None
    assert masked(content, "application/msgpack", policy=Policy(Redact(also=["patient no"]))).omitted == "encoding"


@pytest.mark.parametrize("name", [b"pint", b"author", b"opinion", b"spin", b"companion", b"name"])
def test_messagepack_cbor_and_bson_without_secret_names_stay(name):
    size = len(name)
    for content in (
        b"\x82" + bytes([0xA0 + size]) + name + b"\xa4adam\xa1a\xcd\xff\xff",
        b"\xa2" + bytes([0x60 + size]) + name + b"\x64adam\x61a\x19\xff\xff",
        b"\x30\0\0\0\x02" + name + b"\0\x05\0\0\0adam\0\x01d\0\x12\x34\xff\xff\0\0\0\0\0",
    ):
        assert masked(content, "application/octet-stream").content == content


def test_a_secret_word_without_its_length_is_no_name_in_binary():
    content = b"\xff\x01 pin \x02\xa4pins\x03 auth\xfe\x00"
    assert masked(content, "application/octet-stream").content == content


def test_other_binary_stays_as_it_is():
    content = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
    assert masked(content, "image/png").content == content


def test_user_and_device_are_no_place_for_tokens():
    made = redacted(a_record(user=f"Bearer {'a1' * 20}", device="ios 17, 4111 1111 1111 1111"), Policy(Redact()))
    assert (made.user, made.device) == (f"Bearer {M}", f"ios 17, {M}")
    assert made.redacted == {"user": 1, "device": 1}


def test_what_the_masking_itself_fails_at_does_not_leave():
    class Shifty(str):
        """A text of a user's making that is none when it is needed."""

        __slots__ = ()

        def encode(self, *_):
            raise RuntimeError

    policy = Policy(Redact(value=Shifty("[gone]")))
    body = Body(content=b"token=x", size=7)
    made = redacted(with_request(body=body, headers=(("content-type", FORM),)), policy)
    assert (made.request.body.content, made.request.body.omitted) == (None, "failed")


def test_a_document_over_several_lines_is_no_list_of_documents():
    body = masked(b'{"password": [1\n2, "x"]}', "application/x-ndjson")
    assert (body.content, body.omitted) == (None, "unparsable")
