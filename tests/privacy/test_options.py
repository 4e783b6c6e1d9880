"""The options about privacy, tested through the whole middleware to the receiver."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace

import pytest

import drhttp
from drhttp import ConfigError, Redact, _guard
from drhttp._rate_limiter import RateLimiter
from privacy.corpus import MARK, Case, both, sentinel
from privacy.wiring import application, decompressed, environ_of, forms, leaks, leave, serve

JSON = "application/json"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"also": "iban"}, "redact.also: 'iban' is invalid; must be a list of names"),
        ({"also": [""]}, "redact.also: [''] is invalid; must be a list of names"),
        ({"also": ["-"]}, "redact.also: ['-'] is invalid; must be a list of names"),
        ({"also": [5]}, "redact.also: [5] is invalid; must be a list of names"),
        ({"also": None}, "redact.also: None is invalid; must be a list of names"),
        ({"allow": b"x"}, "redact.allow: b'x' is invalid; must be a list of names"),
        ({"allow": 7}, "redact.allow: 7 is invalid; must be a list of names"),
        ({"value": 5}, "redact.value: 5 is invalid; must be a string or a function"),
        ({"value": None}, "redact.value: None is invalid; must be a string or a function"),
        ({"patterns": "a"}, "redact.patterns: 'a' is invalid; must be a list of regular expressions"),
        ({"patterns": ["("]}, "redact.patterns: '(' is not a regular expression"),
        ({"patterns": [b"a"]}, "redact.patterns: b'a' is a pattern for bytes"),
        ({"patterns": [re.compile(b"a")]}, "redact.patterns: re.compile(b'a') is a pattern for bytes"),
        ({"patterns": [""]}, "redact.patterns: '' matches the empty string, which cannot be masked"),
        ({"patterns": 5}, "redact.patterns: 5 is invalid; must be a list of regular expressions"),
        ({"emails": 1}, "redact.emails: 1 is invalid; must be true or false"),
    ],
)
def test_bad_options(options, said):
    """An error names the option, the bad value, and what is allowed."""
    with pytest.raises(ConfigError) as caught:
        Redact(**options)
    assert str(caught.value).startswith(said)


def body_of(receiver, content, **options):
    """Return what arrives of a JSON response."""
    return leave(receiver, [both("x", json.dumps(content), JSON)], **options)[-1]["response"].get("body")


def test_empty_lists_mean_the_built_in_rules(receiver):
    """`also=[]` adds nothing and removes nothing; harmless values stay."""
    assert body_of(receiver, {"a": 1, "password": 2}, redact=Redact(also=[], allow=[], patterns=[])) == {
        "a": 1,
        "password": "[redacted]",
    }


@pytest.mark.parametrize("name", ["patient_id", "id", "q", "ünï cödé", "ΣΑΣ", "a.b"])
@pytest.mark.parametrize("spelling", ["{}", "my_{}", "{}_2", "X-{}-Y"])
def test_further_names(receiver, name, spelling):
    """A name in `also` is masked in any case, alone and within longer names, however short it is."""
    key = spelling.format(name.upper())
    assert body_of(receiver, {key: "v", "other": 1}, redact=Redact(also=[name])) == {key: "[redacted]", "other": 1}


def test_allowed_names(receiver):
    """A name in `allow` is left alone as the whole name; its value may still be secret by its form."""
    token, other = sentinel(), sentinel()
    case = both(
        "allow",
        json.dumps({"token-type": "bearer", "TOKEN": "abc", "api_token": other, "jwt": f"Bearer {token}12345"}),
        JSON,
    )
    case.headers = [("Cookie", f"theme=dark; sid={other}"), ("X-Token-Type", other)]
    case.answer_headers = [("Set-Cookie", "theme=dark; Path=/"), ("Set-Cookie", f"sid={other}")]
    case.query = f"token=abc&api_token={other}"
    (record,) = leave(receiver, [case], redact=Redact(allow=["tokenType", "token", "theme", "jwt"]))
    assert record["response"]["body"] == {
        "token-type": "bearer",
        "TOKEN": "abc",
        "api_token": "[redacted]",
        "jwt": "Bearer [redacted]",
    }
    assert record["request"]["uri"].endswith("?token=abc&api_token=[redacted]")
    assert record["request"]["headers"]["cookie"] == "theme=dark; sid=[redacted]"
    assert record["response"]["headers"]["set-cookie"] == ["theme=dark; Path=/", "sid=[redacted]"]
    assert leaks(record) == []


def test_patterns_and_emails(receiver):
    """Matches of the user's patterns and, if enabled, e-mail addresses are masked everywhere."""
    body = {"note": "of CUST-123 by ada@example.com", "n": 5}
    assert body_of(receiver, body) == body
    masked = body_of(receiver, body, redact=Redact(patterns=[r"CUST-\d+"], emails=True))
    assert masked == {"note": "of [redacted] by [redacted]", "n": 5}


@pytest.mark.parametrize("value", ["***", lambda text: "***"])
def test_another_mask(receiver, value):
    """The mask may be another text, or the result of a function of the secret."""
    assert body_of(receiver, {"password": {"a": 1}, "b": 2}, redact=Redact(value=value)) == {"password": "***", "b": 2}


def raising(text):
    """A callback that fails with the secret in its message."""
    raise ValueError(f"cannot mask {text}")


@pytest.mark.parametrize("value", [raising, lambda text: None, lambda text: text.encode(), lambda text: 5])
def test_a_callback_that_fails(receiver, caplog, value):
    """A failing callback costs the body and never the secret: not in the record, not in the log."""
    s = sentinel
    cases = [
        both("json", json.dumps({"password": s()}), JSON),
        both("form", f"a=1&password={s()}", "application/x-www-form-urlencoded"),
        both("xml", f"<a><password>{s()}</password></a>", "application/xml"),
        both("text", f"password={s()}", "text/plain"),
        Case("query", query=f"password={s()}", headers=[("X-Api-Key", s()), ("Cookie", f"a={s()}")]),
        Case("userinfo", headers=[("Referer", f"https://a:{s()}@x/")], answer_headers=[("Location", f"/?token={s()}")]),
        Case("exception", error=f"password={s()}"),
    ]
    with caplog.at_level(logging.DEBUG):
        records = leave(receiver, cases, redact=Redact(value=value))
    assert [case.name for case, record in zip(cases, records, strict=True) if leaks(record)] == []
    for record in records[:4]:
        assert record["metadata"]["response_body"]["omitted"] == "callback"
        assert "body" not in record["response"]
    assert MARK not in caplog.text


def test_masking_can_be_switched_off(receiver, caplog):
    """`redact=False` sends everything unmasked, and logs one warning for each recorder."""
    case = both("off", json.dumps({"password": "hunter2"}), JSON)
    with caplog.at_level(logging.DEBUG):
        records = [*leave(receiver, [case], redact=False), *leave(receiver, [case], redact=False)]
    assert records[0]["response"]["body"] == {"password": "hunter2"}
    warnings = [each for each in caplog.records if each.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "credentials are not masked" in warnings[0].getMessage()


OFF = [
    ({"capture_bodies": False}, "off", "off"),
    ({"capture_bodies": "request"}, None, "off"),
    ({"capture_bodies": "response"}, "off", None),
    ({"capture_bodies": ["text/html"]}, "type", "type"),
    ({"capture_bodies": {"request": ["text/plain"]}}, None, "off"),
    ({"capture_bodies": {"response": ["image/*"]}}, "off", "type"),
    ({"capture_bodies": {"request": False, "response": ["text/*"]}}, "off", None),
]


@pytest.mark.parametrize("protocol", ["events", "record"])
@pytest.mark.parametrize(("options", "asked", "answered"), OFF)
@pytest.mark.parametrize("failing", [False, True])
def test_bodies_that_are_not_wanted(receiver, options, asked, answered, protocol, failing):
    """A body that is not captured is in no byte that leaves, on any path; the other one is, if it is captured."""
    request, response = "q1w2e3r4t5", "z9y8x7w6v5"
    case = Case("x", body=request.encode(), kind="text/plain", answer=response.encode(), answer_kind="text/plain")
    if failing:
        case.error = "it failed"
    records = leave(receiver, [case], protocol=protocol, **options)
    sent = repr([list(forms(record)) for record in records])
    assert (request in sent) == (asked is None)
    assert (response in sent) == (answered is None and not failing)
    unwanted = [text.encode() for text, why in ((request, asked), (response, answered)) if why]
    assert not any(text in decompressed(post) for post in receiver.posts for text in unwanted)
    if protocol == "events":
        assert records[0]["metadata"].get("request_body", {}).get("omitted") == asked


def test_a_view_can_keep_its_request_out(receiver):
    """`environ["drhttp.skip"]` and the header field `x-drhttp-skip` skip a request, and the field is removed."""
    cases = [Case("environ"), Case("header", answer_headers=[]), Case("kept")]
    inner = application(cases)

    def app(environ, start_response):
        name = cases[int(environ["HTTP_X_CASE"])].name
        environ["drhttp.skip"] = name == "environ"

        def start(status, headers):
            return start_response(status, [*headers, ("x-drhttp-skip", "1")] if name == "header" else headers)

        return inner(environ, start)

    wrapped = drhttp.WSGIMiddleware(app, dsn=receiver.dsn)
    seen = []
    for number, case in enumerate(cases):
        assert list(wrapped(environ_of(case, number), lambda status, headers: seen.extend(headers))) is not None
    assert drhttp.flush(5.0)
    assert [record["request"]["headers"]["x-case"] for record in receiver.records] == ["2"]
    assert seen == []


@pytest.mark.parametrize(("names", "kept"), [(["nickname"], True), ([], False), (["", "nickname"], True)])
def test_a_view_can_mark_parameters(receiver, names, kept):
    """Names in `environ["drhttp.sensitive"]` are masked, allowed or not; the empty set means that no body is kept."""
    secret = sentinel()
    case = Case(
        "x",
        body=f"nickname={secret}&a=1".encode(),
        kind="application/x-www-form-urlencoded",
        query=f"nickname={secret}",
    )
    if not kept:
        case.query = ""
    inner = application([case])

    def app(environ, start_response):
        environ["drhttp.sensitive"] = names
        return inner(environ, start_response)

    serve(drhttp.WSGIMiddleware(app, dsn=receiver.dsn, redact=Redact(allow=["nickname"])), [case])
    assert drhttp.flush(5.0)
    (record,) = receiver.records
    assert leaks(record) == []
    about = record["metadata"]["request_body"]
    assert about == (
        {"size": len(case.body), "truncated": False, "redacted": 1}
        if kept
        else {"size": len(case.body), "truncated": False, "redacted": 0, "omitted": "sensitive"}
    )


def test_before_send_sees_masked_records(receiver, caplog, monkeypatch):
    """`before_send` gets masked records, and the message of an exception from it is not logged."""
    secret, seen = sentinel(), []
    monkeypatch.setattr(_guard, "_log_limiter", RateLimiter())  # earlier log lines of this minute do not count

    def look(record):
        seen.append(repr(record))
        if "case 1" in repr(record):
            raise ValueError(f"no: {secret}")
        return replace(record, user="shown")

    cases = [both("x", json.dumps({"password": secret}), JSON) for _ in range(2)]
    cases[1].headers = [("X-Note", "case 1")]
    with caplog.at_level(logging.DEBUG):
        serve(drhttp.WSGIMiddleware(application(cases), dsn=receiver.dsn, before_send=look), cases)
        assert drhttp.flush(5.0)
    assert len(seen) == 2
    assert not any(MARK in text for text in seen)
    assert MARK not in caplog.text
    assert [record["user_id"] for record in receiver.records] == ["shown"]
    (line,) = [each.getMessage() for each in caplog.records if "could not record" in each.getMessage()]
    assert re.search(r"ValueError at \S+test_options\.py:\d+", line)
