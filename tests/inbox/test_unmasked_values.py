"""Values that arrived in clear: whatever the inbox hides says so, and never looks as if the recorder had masked it."""

from __future__ import annotations

import base64
import contextlib
import gzip
import io
import json
import sys
import time

import pytest
from privacy.corpus import all_cases
from privacy.wiring import deliver

import drhttp
from drhttp.inbox.decode import Arrival, decode_batch
from drhttp.inbox.exchange import Message
from drhttp.inbox.view import masking
from drhttp.inbox.view.bodies import shown, views
from drhttp.inbox.view.unmasked_values import in_record

HIDDEN = "[hidden here, arrived in clear]"
KEY = "k-52f1c09dba77"


def mixed(event, **changes):
    """A record of which the recorder has masked some values, and not others."""
    headers = {
        "authorization": "Bearer [redacted]", "cookie": "sid=[redacted];theme=dark-blue", "x-api-key": KEY,
        "x-plain": "abc", "content-type": "application/json",
    }  # fmt: skip
    return event(
        transaction_id="mixed",
        request__uri="http://shop.test/login?token=abc123def&page=2&key=[redacted]",
        request__headers=headers,
        request__body={"user": "ann", "password": "hunter2", "pin": "[redacted]"},
        response__headers={"content-type": "application/x-www-form-urlencoded", "set-cookie": ["a=[redacted]; Path=/"]},
        response__body="password=hunter2&secret=[redacted]&page=1",
        response__transfer_encoding="text",
        metadata={
            "redacted": {"request_headers": 2, "uri": 1}, "request_body": {"redacted": 1},
            "exception": {"type": "Denied", "message": "password=hunter2"}, "note": "api_key=k-52f1c09dba77",
        },
        **changes,
    )  # fmt: skip


MULTIPART = (
    '--B\r\nContent-Disposition: form-data; name="password"\r\n\r\n%s\r\n'
    '--B\r\nContent-Disposition: form-data; name="token"\r\n\r\n%s\r\n--B--\r\n'
)
PLACES = [
    ("exception", None, 1), ("query", "token", 1), ("request.headers", "cookie", 1),
    ("request.headers", "x-api-key", 1), ("request.body", "password", 1),
    ("response.body", "password", 1), ("extra", None, 1),
]  # fmt: skip


def places(hidden):
    return [(one["part"], one["name"], one["count"]) for one in hidden["places"]]


def test_the_api_names_what_is_hidden_and_leaves_masks_of_the_recorder(inbox, event):
    """Per record the places and their number; every value is either as it came, or hidden in so many words."""
    inbox.post([mixed(event)])
    record = inbox.api("GET", "/records/1")[1]

    assert (record["hidden"]["count"], places(record["hidden"])) == (7, PLACES)
    assert record["hidden"]["unknown_masks"] == 0
    values = {one["name"]: (one["value"], one["masked"]) for one in record["request"]["headers"]}
    assert values["authorization"] == ("Bearer [redacted]", False)
    assert values["cookie"] == (f"sid=[redacted]; theme={HIDDEN}", True)
    assert values["x-api-key"] == (HIDDEN, True)
    assert [(one["value"], one["masked"]) for one in record["request"]["cookies"]] == [
        ("[redacted]", False),
        (HIDDEN, True),
    ]
    assert [one["value"] for one in record["request"]["query"]] == [HIDDEN, "2", "[redacted]"]
    assert record["query"] == f"token={HIDDEN}&page=2&key=[redacted]"
    body = record["request"]["body"]
    assert (body["masked"], body["redacted"]) == (1, 1)
    assert json.loads(body["text"]) == {"user": "ann", "password": HIDDEN, "pin": "[redacted]"}
    assert [one["value"] for one in record["response"]["body"]["fields"]] == [HIDDEN, "[redacted]", "1"]
    assert record["response"]["headers"][1] == {"name": "set-cookie", "value": "a=[redacted]; Path=/", "masked": False}
    assert record["exception"]["message"] == f"password={HIDDEN}"
    assert "********" not in json.dumps(record)


def test_lists_count_what_their_lines_hide(inbox, event):
    """A line of a list, of the stream and of the command line; and nothing is hidden in what is revealed."""
    inbox.post([mixed(event), event()])
    (plain, line) = inbox.api("GET", "/records")[1]["records"]

    assert (plain["hidden"], places(line["hidden"])) == (
        {"count": 0, "places": []},
        [("query", None, 1), ("exception", None, 1)],
    )
    assert json.loads(inbox.command("ls", "--json", "exception:any").stdout)["hidden"] == line["hidden"]
    for path in ("/records?reveal=1", "/records/1?reveal=1"):
        answer = inbox.api("GET", path)[1]
        assert all(one["hidden"]["count"] == 0 for one in answer.get("records", [answer]))
        assert HIDDEN not in json.dumps(answer)


def test_show_tells_both_kinds_apart(inbox, event):
    """For people: on the values, at each body, and at the end how much it was, where, and what to do."""
    inbox.post([mixed(event)])
    for running in (True, False):
        if not running:
            inbox.stop()
        output = inbox.command("show", "mixed").stdout
        assert "authorization: Bearer [redacted]" in output
        assert f"x-api-key: {HIDDEN}" in output
        assert "1 masked, 1 arrived unmasked and hidden here)" in output
        end = output.rpartition("\n\n")[2].splitlines()
        assert end[0] == (
            "7 values arrived unmasked and are hidden here: exception, query token, request.headers cookie, "
            "request.headers x-api-key, request.body password, response.body password, extra."
        )
        assert "Redact(also=...)" in end[1]
        assert end[-1] == "To show them, pass --unsafe-include-secrets."
        whole = json.loads(inbox.command("show", "mixed", "--json").stdout)
        assert (whole["hidden"]["count"], places(whole["hidden"])) == (7, PLACES)
        assert [whole[side]["hidden"] for side in ("request", "response")] == [1, 1]
        assert [whole[side]["redacted"] for side in ("request", "response")] == [1, 0]
        assert json.loads(whole["request"]["body_text"])["password"] == HIDDEN
        clear = inbox.command("show", "mixed", "--unsafe-include-secrets").stdout
        assert "hunter2" in clear
        assert "arrived in clear" not in clear


def test_exports_say_it_and_an_import_remembers(inbox, start, event, tmp_path):
    """HAR, JSON lines and commands hold the same words; what was hidden so is not taken for the recorder's mask."""
    inbox.post([mixed(event)])
    har = inbox.command("export").stdout
    lines = inbox.command("export", "--as", "jsonl").stdout
    snippet = inbox.api("GET", "/records/1/snippet?as=curl")[1]

    ours = json.loads(har)["log"]["entries"][0]["_drhttp"]
    assert places(ours["hidden"]) == places(json.loads(lines)["hidden"]) == PLACES
    assert (ours["request"]["hidden"], ours["request"]["redacted"]) == (1, 1)
    assert HIDDEN in snippet["text"]
    assert (snippet["complete"], snippet["masked"]) == (False, 4)
    for text in (har, lines, snippet["text"]):
        assert not any(secret in text for secret in ("hunter2", KEY, "dark-blue", "abc123def"))
    other = start(file=tmp_path / "other.db")
    assert other.api("POST", "/import", har.encode())[0] == 200
    record = other.api("GET", "/records/1")[1]
    body = record["request"]["body"]
    assert (body["hidden_before"], body["redacted"], body["masked"]) == (1, 1, 0)
    assert record["hidden"]["count"] == 0
    assert not record["can_replay"]


def test_what_the_recorder_masked_is_not_hidden_once_more(inbox):
    """One set of rules: of what a recorder sends that masks, the inbox hides nothing."""
    cases = all_cases()[::5]
    deliver(f"http://local@127.0.0.1:{inbox.port}/", cases)
    found = range(1, len(cases) + 1)
    hiding = {}
    for n in found:
        record = inbox.api("GET", f"/records/{n}")[1]
        if record["hidden"]["count"]:
            hiding[record["url"]] = places(record["hidden"])
    assert hiding == {}


def test_a_recorder_that_masks_nothing_is_found_out(inbox):
    """With `redact=False` every credential is hidden here and counted."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/csv"), ("Set-Cookie", "sid=8f14e45fceea")])
        yield b"name,password\nann,hunter2\nbob,hunter3\n"

    wrapped = drhttp.WSGIMiddleware(app, dsn=f"http://local@127.0.0.1:{inbox.port}/", flush_interval=0.05, redact=False)
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "access_token=abc123def", "HTTP_HOST": "shop.test",
        "HTTP_AUTHORIZATION": "Basic YW5uOmh1bnRlcjI=", "wsgi.url_scheme": "http", "SERVER_NAME": "shop.test",
        "SERVER_PORT": "80",
    }  # fmt: skip
    environ |= {"wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr}
    with contextlib.closing(wrapped(environ, lambda *args: None)) as result:
        assert b"hunter2" in b"".join(result)
    assert drhttp.flush(60.0)
    answer = inbox.api("GET", "/records/1")[1]["hidden"]

    assert places(answer) == [
        ("query", "access_token", 1), ("request.headers", "authorization", 1), ("response.headers", "set-cookie", 1),
        ("response.body", None, 2),
    ]  # fmt: skip


def test_the_old_client_is_found_out(inbox):
    """A record of the client 0.2.0, which masks nothing."""
    record = {
        "datetime": "2026-11-22T16:00:00", "method": "POST", "uri": "http://shop.test/login",
        "request": {"headers": {"Authorization": "Bearer abc.def", "Content-Type": "application/json"},
                    "body": '{"password": "hunter2"}'},
        "response": {"status": 200, "headers": {"Content-Type": "text/xml"},
                     "body": "<a><password>hunter2</password></a>"},
    }  # fmt: skip
    assert inbox.post(record, "/api/v1/http_record/record", zipped=False, DrHTTP_ApiKey="k") == 201
    answer = inbox.api("GET", "/records/1")[1]

    assert places(answer["hidden"]) == [
        ("request.headers", "Authorization", 1), ("request.body", "password", 1), ("response.body", None, 1),
    ]  # fmt: skip
    assert answer["response"]["body"]["text"] == f"<a><password>{HIDDEN}</password></a>"


def test_masks_that_are_not_known_are_owned_up_to(inbox, event):
    """A recorder may write anything in place of a secret; it says how much, so some of what is hidden may be that."""
    metadata = {"redacted": {"request_headers": 1}}
    inbox.post(
        [event(request__headers={"authorization": "Bearer #3f2a", "x-api-key": KEY}, metadata=metadata, response=None)]
    )
    record = inbox.api("GET", "/records/1")[1]

    assert (record["hidden"]["count"], record["hidden"]["unknown_masks"]) == (2, 1)
    shown_text = inbox.command("show", record["id"]).stdout
    assert (
        "The recorder reports 1 masked values in this record with a mask that the inbox does not recognize."
        in shown_text
    )


@pytest.mark.parametrize("mask", ["[redacted]", "***", "********", "[Filtered]", "[masked]", "[hidden]"])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", '{"password": "%s", "tokens": ["%s"], "n": 1}'),
        ("application/x-www-form-urlencoded", "password=%s&token=%s"),
        ("text/csv", "password,token\n%s,%s\n"),
        ("application/xml", "<a><password>%s</password><token>%s</token></a>"),
        ("text/plain", "password=%s, Authorization: Bearer %s"),
        ("multipart/form-data; boundary=B", MULTIPART),
    ],
)  # fmt: skip
def test_common_masks_of_senders_stay_as_they_came(kind, body, mask):
    """In bodies of every kind, each value is shown as it came and none is counted."""
    content = (body % (mask, mask)).encode()
    view = shown(Message(headers=(("content-type", kind),), body=content), reveal=False)

    assert (view.masked, (view.text or "").encode()) == (0, content)


@pytest.mark.parametrize("word", ["redacted", "Filtered", "masked", "hidden", "hidden here,"])
@pytest.mark.parametrize("secret", [" hunter2", ": hunter2", " by hunter2", "hunter2", "-hunter2"])
@pytest.mark.parametrize(
    ("kind", "body", "shown_body"),
    [
        ("application/json", '{"password": "%s", "n": 1}', '{"password": "%s", "n": 1}'),
        ("application/json", '{"password": ["%s"], "n": 1}', '{"password": "%s", "n": 1}'),
        ("application/json", '{"password": "[redacted] %s"}', '{"password": "%s"}'),
        ("application/x-www-form-urlencoded", "password=%s&n=1", "password=%s&n=1"),
        ("text/csv", "password,n\n%s,1\n", "password,n\n%s,1\n"),
        ("application/xml", "<a><password>%s</password></a>", "<a><password>%s</password></a>"),
        ("text/plain", "password=%s", "password=%s"),
    ],
)  # fmt: skip
def test_a_secret_in_brackets_is_no_mask(kind, body, shown_body, word, secret):
    """Whatever the first word is: the rest would be shown as it arrived."""
    value = f"[{word}{secret}]"
    if "csv" in kind:
        value = f'"{value}"'
    view = shown(Message(headers=(("content-type", kind),), body=(body % value).encode()), reveal=False)

    assert "hunter2" not in (view.text or "")
    assert ((view.text or "").replace(f'"{HIDDEN}"', HIDDEN), view.masked) == (
        (shown_body % HIDDEN).replace(f'"{HIDDEN}"', HIDDEN),
        1,
    )


def test_a_secret_in_brackets_is_hidden_in_headers_and_cookies():
    """Each cookie by itself, and what is no secret beside it stays."""
    headers = (("x-api-key", "[masked: abc123]"), ("authorization", "Bearer [redacted abc123]"),
               ("cookie", "sid=[redacted abc123]; a=***"))  # fmt: skip

    assert masking.headers(headers, reveal=False) == [
        ("x-api-key", HIDDEN, 1), ("authorization", HIDDEN, 1), ("cookie", f"sid={HIDDEN}; a=***", 1),
    ]  # fmt: skip
    assert masking.cookies([("sid", "[redacted abc123]"), ("a", "***")], reveal=False) == [
        ("sid", HIDDEN, 1), ("a", "***", 0),
    ]  # fmt: skip
    assert masking.host("[redacted abc123]@h") == (f"{HIDDEN}@h", 1)


@pytest.mark.parametrize("masks", ['["[redacted]"]', '{"a": "[redacted]", "b": ["***"]}', '"[\\"[redacted]\\"]"'])
def test_arrays_and_objects_of_masks_keep_their_type(masks):
    """Also where another value is hidden, so that the text is written anew."""
    assert masking.json_text(f'{{"tokens": {masks}, "password": "hunter2"}}') == (
        f'{{"tokens": {masks}, "password": "{HIDDEN}"}}',
        1,
    )


def test_a_repeated_name_hides_no_value():
    """Of two members with one name a parser keeps the last, and the reader sees both."""
    text = json.dumps({"password": '{"a":"hunter2","a":"[redacted]"}'})

    assert masking.json_text(text) == (f'{{"password": "{HIDDEN}"}}', 1)


def test_counts_are_those_of_hidden_values_alone(event):
    """Beside masks of the recorder, and where a mask is packed so that it is not to be seen."""
    packed = base64.b64encode(b'{"password": "hunter2"}').decode()
    text = json.dumps({"password": "hunter2", "pin": "[redacted]", "token": "[redacted]", "data": packed})
    masked, count = masking.json_text(text)

    assert "hunter2" not in base64.b64decode(json.loads(masked)["data"]).decode()
    assert json.loads(masked)["password"] == HIDDEN
    assert count >= 1
    assert masking.json_text(json.dumps({"data": packed}))[1] == 1
    assert masking.pairs_text("a=1&url=http%3A%2F%2Fx%2F%3Ftoken%3Dabc123def")[1] == 1


def test_a_hostile_body_is_masked_in_part_after_a_bounded_time():
    """What is made of nothing but pieces is not masked for minutes: only the beginning is looked at, and shown."""
    for content, kind in (
        (b"<a b=c>" * 900_000, "text/html"),
        (b'{"a":"b=c",' * 700_000, "application/json"),
        (b"token=x&" * 1_000_000, "application/x-www-form-urlencoded"),
        (b'\\"' * 4_000_000, "application/json"),
        (b"<" + b"a" * 8_000_000, "text/html"),
        (b'{"' + b"a" * 8_000_000, "application/json"),
    ):
        message = Message(headers=(("content-type", kind),), body=content)
        began = time.thread_time()
        view = shown(message, reveal=False)
        assert time.thread_time() - began < 25, kind
        assert (view.text is not None, view.content.partial) == (True, True)
        revealed = shown(message, reveal=True).text or ""
        assert (content.decode().startswith(revealed), len(revealed) > 100_000) == (True, True)


def test_bytes_that_hold_a_secret_are_counted_where_they_stand(event):
    """There is no text to hide it in, so the body is held back, and its place is named all the same."""
    key = b"AKIA" + b"IOSFODNN7EXAMPLE"
    sent = event(response__headers={"content-type": "application/octet-stream"}, response__transfer_encoding="base64",
                 response__body=base64.b64encode(b"\x00\xff\xfe" + key).decode())  # fmt: skip
    (exchange,) = decode_batch([sent], Arrival("local", 0))

    assert [(one.part, one.count) for one in in_record(exchange, views(exchange, reveal=False))] == [
        ("response.body", 1)
    ]


def test_packed_bodies_are_hidden_like_others(inbox, event):
    """A gzip body that the sender left as it was."""
    packed = base64.b64encode(gzip.compress(b'{"password": "hunter2"}')).decode()
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    inbox.post(
        [event(request__headers=headers, request__body=packed, request__transfer_encoding="base64", response=None)]
    )
    record = inbox.api("GET", "/records/1")[1]

    assert places(record["hidden"]) == [("request.body", "password", 1)]
    assert record["request"]["body"]["text"] == f'{{"password": "{HIDDEN}"}}'
