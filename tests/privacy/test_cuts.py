"""A body truncated at `max_body_size` loses what may be the beginning of a secret, wherever the cut is."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from support.effort import every

import drhttp
from drhttp._redact.bodies import drop_partial_end
from privacy.corpus import MARK, PEM, Case, both, sentinel
from privacy.masking import masked, text_of
from privacy.wiring import application, leaks, leave, serve

LIMIT = 2600  # bytes; more than any of the documents has
CARD, IBAN = "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"


def _json() -> bytes:
    members = [
        {"id": at, "password": sentinel(), "auth": {"a": [sentinel(), at]}, "note": f"a, {{}} \\ é {at}"}
        for at in range(12)
    ]
    tail = {
        "inner": json.dumps({"token": [sentinel()]}),
        "see": f"Bearer {sentinel()}1234567890",
        "card": CARD,
        "n": [4111111111111111, 5],
    }
    return json.dumps([*members, tail], ensure_ascii=False).encode()


def _multipart() -> bytes:
    names = ("user", "password", "token", "note", "api_key") * 2
    parts = [
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{sentinel() if name not in ("user", "note") else name}\r\n'
        for name in names
    ]
    return "".join(parts).encode() + b"--B--\r\n"


def _text() -> str:
    lines = [
        f"line {at} password: {sentinel()}\ntoken={sentinel()} x {CARD} then {IBAN} and Bearer {sentinel()}1234567890 ok\n"
        for at in range(5)
    ]
    return (
        "".join(lines)
        + 'x = {"auth": {"a": "'
        + sentinel()
        + '"}}\npassword: "'
        + sentinel()
        + f' b"\n{PEM.format(sentinel())}\nend'
    )


DOCUMENTS = {
    "json": (_json, "application/json", b" "),
    "json said to be text": (_json, "text/plain", b" "),
    "lines": (lambda: b"\n".join(json.dumps({"a": 1, "token": [sentinel()]}).encode() for _ in range(40)), "application/x-ndjson", b" "),
    "form": (lambda: "&".join(f"a{at}=x&password={sentinel()}" for at in range(40)).encode(), "application/x-www-form-urlencoded", b"&"),
    "form said to be text": (lambda: "&".join(f"a{at}=x&password={sentinel()}" for at in range(40)).encode(), "text/plain", b"&"),
    "multipart": (_multipart, "multipart/form-data; boundary=B", b"\r\n"),
    "multipart said to be nothing": (_multipart, "", b" "),
    "xml": (lambda: "".join(["<a>", *(f'<b token="{sentinel()}" c="1"><password>{sentinel()}</password><![CDATA[Bearer {sentinel()}12345]]></b>' for _ in range(8)), "</a>"]).encode(), "application/xml", b" "),
    "html": (lambda: "".join(["<html>", *(f'<input name="password" value="{sentinel()}"><script>var token = "{sentinel()}"; a < b</script>' for _ in range(8))]).encode(), "text/html", b" "),
    "text": (lambda: _text().encode(), "text/plain", b" "),
    "events": (lambda: "".join(f'data: {{"a": 1, "token": {{"b": "{sentinel()}"}}}}\n\n' for _ in range(20)).encode(), "text/event-stream", b"\n"),
    "utf-16": (lambda: _text()[:1200].encode("utf-16-le"), "text/plain; charset=utf-16-le", b" \0"),
}  # fmt: skip
NEEDLES = ("41111111", "DE89370400")  # not even half of these may leave


@pytest.mark.parametrize("what", DOCUMENTS)
def test_a_cut_at_every_byte(receiver, what):
    """Wherever a document with secrets is truncated, neither a secret nor the beginning of one leaves.

    The limit is always the same; padding in front of the document moves the cut through it.
    """
    make, kind, filler = DOCUMENTS[what]
    document = make()
    assert len(document) <= LIMIT
    step = len(filler)
    cases = []
    for kept in range(1, len(document) + 1, step * every(3)):
        front = filler * ((LIMIT - kept) // step)
        cases.append(Case(f"{what} {kept}", answer=front + document + b"." * LIMIT, answer_kind=kind))
    records = leave(receiver, cases, max_body_size=LIMIT)
    needles = NEEDLES if what in ("json", "json said to be text", "text") else ()
    assert [case.name for case, record in zip(cases, records, strict=True) if leaks(record, needles)] == []
    assert all(record["metadata"]["response_body"] for record in records)


@pytest.mark.parametrize("what", ["gzip", "deflate", "json"])
def test_every_limit(receiver, what):
    """No secret leaves a small document at any limit, compressed too, so that the coding itself is truncated."""
    text = json.dumps(
        [{"a": 1, "password": sentinel(), "note": f"Bearer {sentinel()}1234567890"} for _ in range(5)]
    ).encode()
    content = {"gzip": gzip.compress, "deflate": zlib.compress, "json": bytes}[what](text)
    cases = [both(what, content, "application/json", "" if what == "json" else what)]
    limits = range(1, len(content) + 1, every(3))
    for limit in limits:
        serve(
            drhttp.WSGIMiddleware(application(cases), dsn=receiver.dsn, max_body_size=limit, flush_interval=0.001),
            cases,
        )
        drhttp.close(10.0)
    assert len(receiver.records) == len(limits)
    assert not any(leaks(record) for record in receiver.records)
    kept = [
        record["response"].get("body")
        for record in receiver.records
        if record["metadata"]["response_body"]["truncated"]
    ]
    assert any("[redacted]" in json.dumps(body) for body in kept)


def test_what_is_sure_is_kept(receiver):
    """A truncated JSON document keeps its complete members, masked, and the rest is valid JSON."""
    document = b'{"a": 1, "password": "x", "list": [{"b": "c"}, {"d": "eeeeeeeeeeeeeeeeeeeeee"}], "f": 5}'
    (record,) = leave(receiver, [both("cut", document, "application/json")], max_body_size=60)
    assert record["response"]["body"] == {"a": 1, "password": "[redacted]", "list": [{"b": "c"}, {}]}
    assert record["metadata"]["response_body"] == {"size": len(document), "truncated": True, "redacted": 1}
    assert MARK not in json.dumps(record)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("paid 4111 1111 1111 1", "paid "),
        ("paid 4111-1111-1111-", "paid "),
        ("to DE89 3704 0044 0532 01", "to "),
        ("order 17\nnext line 25\nand th", "order 17\nnext line 25\nand "),
        ("order 17\nnext line 25\n", "order 17\nnext line 25\n"),
        ("4111 1111\r\n", "4111 1111\r\n"),
        ("a,b\n" * 100 + "1,AIzaSyA" + "b" * 20, "a,b\n" * 100 + "1,"),
        ("x" * 1000, "x" * 1000),
        ("secret", ""),
        ("see ab12" + "f" * 28 + " ", "see "),
        ("see ab12" + "f" * 500 + '" ', "see ab12" + "f" * 500 + '" '),
    ],
)
def test_a_text_that_was_cut_loses_what_may_be_half_a_number_and_no_whole_line(text, kept):
    assert drop_partial_end(text) == kept


@pytest.mark.parametrize("end", ["", "<key", "<key>pass", "<type>string</type><key>"])
def test_a_value_of_xml_whose_name_may_be_cut_off_does_not_leave(end):
    front = "<l><e><value>fast</value><key>mode</key></e><e><key>mode</key><value>slow</value></e><e>"
    shown = text_of(f"{front}<value>hunter2x</value>{end}", "application/xml", cut=True)
    assert shown.startswith(f"{front}<value>[redacted]</value>")
    whole = "<l><e><value>fast</value></e></l>"
    assert text_of(whole, "application/xml", cut=False) == whole


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("Value=hunter2x&x=1&y", "Value=[redacted]&x=1"),
        ("f[0][value]=hunter2x&x=1&y", "f[0][value]=[redacted]&x=1"),
        ("f%5B0%5D%5Bval%5D=hunter2x&x=1&y", "f%5B0%5D%5Bval%5D=[redacted]&x=1"),
        ("f[0][name]=color&f[0][value]=blue&y", "f[0][name]=color&f[0][value]=blue"),
        ("f[0][value]=blue&f[0][name]=color&y", "f[0][value]=blue&f[0][name]=color"),
        ("search[value]=&content=hello+there&y", "search[value]=&content=hello+there"),
        ("variables[pw]=hunter2x&operationName=x&y", "variables[pw]=[redacted]&operationName=x"),
        ("query=query($a:Int){b(c:$a)}&variables[a]=12&y", "query=query($a:Int){b(c:$a)}&variables[a]=12"),
    ],
)
def test_a_value_of_a_form_whose_name_may_be_cut_off_does_not_leave(form, shown):
    """It leaves only if another pair names it, or the document of GraphQL is there."""
    kind = "application/x-www-form-urlencoded"
    assert text_of(form, kind, cut=True) == shown
    if "variables" not in form:
        assert text_of(form, kind, cut=False) == form


def test_a_form_that_is_cut_for_its_work_loses_no_name():
    """A pair may name a value that stands in the beginning, which is kept."""
    pairs = "note=it%27s+a+%22test%22&" * 2600
    body = masked(f"f[0][value]=hunter2xyz&{pairs}f[0][name]=password", "application/x-www-form-urlencoded")
    assert body.truncated
    assert b"hunter2xyz" not in body.content
