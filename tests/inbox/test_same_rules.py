"""Bodies that arrived in clear: the page hides what the recorder would have masked, by the recorder's own rules."""

from __future__ import annotations

import json

import pytest
from privacy.corpus import MARK, all_cases

from drhttp import Redact
from drhttp._record import Body
from drhttp._redact.bodies import mask_body
from drhttp._redact.policy import Policy
from drhttp.inbox.exchange import Message
from drhttp.inbox.view.bodies import body_json, shown
from drhttp.inbox.view.masking import MASK

FORM = "application/x-www-form-urlencoded"
EVENTS = "text/event-stream"
DATA = "multipart/form-data; boundary=B"
FIELD = "--B\r\nContent-Disposition: form-data; {}\r\n\r\n{}\r\n--B--\r\n"
LARGE = "<p>lorem ipsum</p>" * 80_000


def message(kind: str, body: str | bytes, **more) -> Message:
    content = body.encode() if isinstance(body, str) else body
    return Message(headers=(("content-type", kind),), body=content, **more)


def displayed(one: Message):
    """The JSON of a body on the page."""
    return body_json(one, None, shown(one, reveal=False))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (EVENTS, 'data: {"a":1,\ndata: "password":\ndata: "hunter2"}\n\n'),
        (EVENTS, 'event: x\ndata: {"password": "hunter2"}\n\n'),
        ("application/x-ndjson", '{"a": 1}\n{"password": "hunter2"}\n'),
        ("application/json-seq", '\x1e{"password": "hunter2"}\n'),
        ("text/plain", '[{"name": "password", "value": "hunter2"}]'),
        (DATA, FIELD.format("name*=UTF-8''pass%77ord", "hunter2")),
        (DATA, FIELD.format('\r\n name="password"', "hunter2")),
        (DATA, FIELD.format('name="a"; name="password"', "hunter2")),
        (DATA, FIELD.format('name="a"; filename="password=hunter2.txt"', "hello")),
        (DATA, FIELD.format('name="password"; filename="a.txt"', "hunter2")),
        (DATA, FIELD.format('name="a"; filename="a.txt"', "password=hunter2")),
        (DATA, "password=hunter2\r\n" + FIELD.format('name="a"', "b")),
        (DATA, FIELD.format('name="a"', "b") + "password=hunter2"),
        (DATA, FIELD.format('name="password"', "hunter2").replace("\r\n", "\n")),
        (DATA, FIELD.format('name="password"', "hunter2").replace("--B", "--C")),
        (DATA, "x\r\n" + FIELD.format('name="password"', "hunter2").replace("--B", "--C")),
        ("multipart/form-data", FIELD.format('name="password"', "hunter2")),
        ("text/plain", FIELD.format('name="password"', "hunter2")),
        (
            DATA,
            '--B\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n'
            + FIELD.format('name="password"', "hunter2").replace("--B", "--C")
            + "\r\n--B--\r\n",
        ),
        (FORM, '{"password":"hunter2"}'),
        (FORM, '{"password":"hunter2"}='),
        (FORM, "query=query($p:String!){login(password:$p){id}}&variables={\"p\":\"hunter2\"}"),
        (FORM, "name=password&value=hunter2"),
        ("application/xml", '<!DOCTYPE a [<!ENTITY password "hunter2">]><a/>'),
        ("application/xml", f'<r><a password="hunter2"/>{LARGE}</r>'),
        ("application/xml", f'<r><p name="password" value="hunter2"/>{LARGE}</r>'),
        ("application/xml", f"<r><password><v>hunter2</v></password>{LARGE}</r>"),
        ("application/xml", f"<r><password><![CDATA[hunter2]]></password>{LARGE}</r>"),
        ("text/html", f"<input name=password value=hunter2>{LARGE}"),
        ("text/html", f"<table><tr><th>password</th></tr><tr><td>hunter2</td></tr></table>{LARGE}"),
        ("application/xml", '<!DOCTYPE a [<!ENTITY p "hunter2">]><a><password>&p;</password></a>'),
        ("text/plain", '["password"]=>\n  string(7) "hunter2"'),
        ("application/json", '{"a": 1, "password": "hunter2",}'),
        ("application/msgpack", b"\x82\xa8password\xa7hunter2\xa1a\xcd\xff\xff"),
    ],
)  # fmt: skip
def test_what_the_recorder_masks_is_hidden(kind, body):
    """In the text, the fields and the parts, with the mask that says that it arrived in clear."""
    page = displayed(message(kind, body))

    assert page["masked"] >= 1
    assert "hunter2" not in json.dumps(page)
    if page["text"] is not None and len(page["text"]) < 60_000:
        assert MASK in page["text"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", '{"user": "ann", "password": "hunter2'),
        ("application/json", '{"n": [{"name": "password", "value": "hunter2"}], "a": ["b'),
        (FORM, "user=ann&password=hunt"),
        (EVENTS, 'data: {"a": 1}\n\ndata: {"password": "hunter2'),
        ("application/xml", "<a><password>hunter2"),
        ("text/csv", "user,password\nann,hunter2\nbob,hunter2"),
        (DATA, '--B\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2'),
    ],
)
def test_a_secret_at_a_missing_end_is_hidden(kind, body):
    """The rules leave the last value out; the page hides it."""
    page = displayed(message(kind, body, truncated=True))

    assert page["masked"] >= 1
    assert "hunt" not in json.dumps(page)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (EVENTS, 'data: {"delta":{"content":"token: "}}\n\ndata: {"delta":{"content":" password is"}}\n\n'),
        (EVENTS, 'data: {"a":1,\ndata: "password":\ndata: "[redacted]"}\n\n'),
        (DATA, FIELD.format('name="a"\r\nContent-Transfer-Encoding: quoted-printable', "password=3D[redacted]")),
        (DATA, FIELD.format('name="token"; filename="[redacted]"', "[12 bytes]")),
    ],
)  # fmt: skip
def test_what_the_recorder_lets_pass_is_shown(kind, body):
    """Nothing is hidden, counted or changed."""
    page = displayed(message(kind, body))

    assert (page["masked"], page["text"]) == (0, body)
    assert not any(part["masked"] for part in page["parts"] or ())


def test_files_in_forms_are_shown():
    """The recorder keeps only their size; in what another client sent, they are shown and masked like texts."""
    body = FIELD.format('name="a"; filename="a.txt"', "hello, password=hunter2, bye")
    (part,) = displayed(message(DATA, body))["parts"]

    assert part["text"] == f"hello, password={MASK}, bye"
    assert part["masked"]
    assert part["size"] == len("hello, password=hunter2, bye")


def test_specimens():
    """Of a body with a secret, nothing of it is on the page; of what the recorder made of it, nothing is hidden."""
    policy = Policy(Redact())
    shown_in_clear, hidden_twice = [], []
    for case in all_cases():
        headers = (("content-type", case.kind), *((name.lower(), value) for name, value in case.headers))
        body = mask_body(Body(content=case.body), headers, policy)
        if not (body.redacted or body.omitted) or b"filename" in case.body:  # files are shown, see above
            continue
        page = displayed(Message(headers=headers, body=case.body))
        if not page["masked"] or any(needle in json.dumps(page) for needle in (MARK, *case.needles)):
            shown_in_clear.append(case.name)
        if body.content and displayed(Message(headers=headers, body=body.content, decoded=body.decoded))["masked"]:
            hidden_twice.append(case.name)
    assert (shown_in_clear, hidden_twice) == ([], [])
