"""The limit of work: ordinary bodies are masked within it; of bodies made only of expensive pieces the beginning is kept."""

from __future__ import annotations

import gzip
import json

import pytest
from support.specimen import redacted

from drhttp._record import Body, Record, Request, Response
from drhttp._redact import Policy
from drhttp._redact.formats.headers import mask_headers
from drhttp._redact.formats.json import mask_json
from drhttp._redact_options import Redact
from privacy.masking import masked

SIZE = 64 * 1024
JSON, FORM, TEXT, XML, HTML = (
    "application/json", "application/x-www-form-urlencoded", "text/plain", "application/xml", "text/html",
)  # fmt: skip


def filled(unit: str, front: str = "", end: str = "") -> str:
    """Repeat a unit, numbered, up to 64 KiB."""
    count = (SIZE - len(front + end)) // (len(unit) + 3)
    return front + "".join(unit.replace("#", f"{number:04d}") for number in range(count)) + end


ORDINARY = {
    "times": (JSON, json.dumps([f"2026-11-22T10:{at % 60:02d}:00Z" for at in range(2600)])),
    "objects": (JSON, json.dumps([{"id": at, "name": f"a: {at}", "tags": ["b", "c"]} for at in range(1300)])),
    "coordinates": (JSON, json.dumps({"type": "LineString", "coordinates": [[at / 7, at / 9] for at in range(1600)]})),
    "form": (FORM, filled("item[#]=blue+shoes&")),
    "log": (TEXT, filled("level=info at=# method=GET path=/orders/# status=200\n")),
    "metrics": (TEXT, filled('http_requests_total{method="post",code="200"} #\n')),
    "style": (TEXT, filled(".a# { color: red; margin: 0 auto; }\n")),
    "script": ("text/javascript", filled("a.b#=function(c){return c.d+#};")),
    "feed": (XML, filled("<item><id>#</id><title>A thing: of use</title></item>", "<feed>", "</feed>")),
    "page": (
        HTML,
        filled('<tr class="row"><td>#</td><td><a href="/orders/#">see</a></td></tr>', "<table>", "</table>"),
    ),
    "digits": (HTML, filled("<td>7</td>", "<table><tr>", "</tr></table>")),
    "elements": (XML, filled("<i>7</i>", "<l>", "</l>")),
    "messages": (
        JSON,
        json.dumps(
            {
                f"k{at}": f"Enter the name that is printed on the front of the card: x={at} &amp; <b>z</b>"
                for at in range(500)
            }
        ),
    ),
    "script of tokens": ("text/javascript", filled("this.names=t,e.counts=n;")),
    "table": ("text/csv", filled("#,Ada,London,12.50\n")),
}
DENSE = {
    "secrets": (TEXT, filled("pwd=a ")),
    "fields": (FORM, filled("a=b%3Dc&")),
    "texts": (JSON, json.dumps(["<a=b>c: d</a>"] * 4500)),
}


@pytest.mark.parametrize(("kind", "text"), ORDINARY.values(), ids=ORDINARY)
def test_an_ordinary_body_goes_through(kind, text):
    """64 KiB of what servers and browsers send are masked, however many pieces they have."""
    assert len(text) > SIZE * 0.6
    assert masked(text, kind).content == text.encode()


@pytest.mark.parametrize(("kind", "text"), DENSE.values(), ids=DENSE)
def test_a_body_of_thousands_of_pieces_keeps_its_beginning(kind, text):
    """A body of thousands of pieces would take many times as long, so it is cut off; the next body is not."""
    body = masked(text, kind)
    assert (body.omitted, body.truncated, body.size) == (None, True, len(text))
    assert SIZE // 100 < len(body.content) < SIZE // 8
    assert b"pwd=a" not in body.content
    assert masked("a=b", TEXT).content == b"a=b"


def test_only_the_beginning_must_be_masked_in_time():
    """An ordinary beginning is kept, and nothing of what follows it; also of a body with a content coding."""
    text = ORDINARY["log"][1][: SIZE // 2] + "pwd=hunter2x " * (SIZE // 26)
    for content, coding in ((text.encode(), ""), (gzip.compress(text.encode()), "gzip")):
        body = masked(content, TEXT, coding)
        assert (body.omitted, body.truncated, body.decoded) == (None, True, coding or None)
        assert text.startswith(body.content.decode())
        assert len(body.content) > SIZE // 20


def test_what_stands_at_the_end_of_a_beginning_is_dropped():
    """A secret that the cut divides is not in the beginning."""
    for length in range(24):
        text = "a" * (4096 - length) + " AKIAIOSFODNN7EXAMPLE " + "pwd=b " * 10_000
        body = masked(text, TEXT)
        assert body.truncated
        assert b"AKIA" not in body.content


def test_a_body_whose_beginning_is_as_dense_is_left_out():
    """If masking the beginning takes too much work as well, nothing is kept."""
    policy = Policy(Redact(value=lambda secret: "*" * len(secret)))
    body = masked(json.dumps(["<a=b>pwd=a</a>"] * 4000), JSON, policy=policy)
    assert (body.content, body.truncated, body.omitted) == (None, False, "too_dense")


def test_a_larger_body_may_take_more():
    """The limit grows with the size of the body."""
    kind, text = ORDINARY["log"]
    assert masked(text * 10, kind).content == (text * 10).encode()


def test_what_never_begins_has_no_limit():
    """There is no limit without a call of `reset`, as for masking on display."""
    policy = Policy(Redact())
    mask_headers((("x-a", "b: c"),), policy)
    for _ in range(3):
        _, text = DENSE["texts"]
        assert mask_json(text, policy) == (text, 0)


def test_each_part_of_a_record_has_effort_of_its_own():
    """An expensive URL uses up its own limit only, not that of the header fields and the body."""
    body = Body(content=b"hello", size=5)
    dense = "https://a.example/p?" + "a=b%3Dc&" * 9000
    headers = (("content-type", "text/plain"), ("x-note", "a thing: of use"))
    made = Record(
        id="1",
        request=Request(time=1.0, method="GET", uri=dense, headers=headers, body=body),
        response=Response(time=1.0, status=200, headers=headers, body=body),
    )
    masked_record = redacted(made, Policy(Redact()))
    assert masked_record.request.uri == "https://a.example/"
    assert (masked_record.request.headers, masked_record.request.body) == (headers, body)
    assert masked_record.response == made.response
