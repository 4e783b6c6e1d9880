"""What must not be sent again (S15, S18), told by a real server that hears nothing."""

from __future__ import annotations

import base64
import json

import pytest
from werkzeug.test import Client

import drhttp


def form(text):
    return {
        "request__headers": {"content-type": "application/x-www-form-urlencoded"},
        "request__body": base64.b64encode(text.encode()).decode(),
        "request__transfer_encoding": "base64",
    }


@pytest.mark.parametrize(
    ("path", "changes", "where"),
    [
        ("/?token=[redacted]", {}, "URL"),
        ("/?token=%5Bredacted%5D&a=1", {}, "URL"),
        ("/?token=********", {}, "URL"),
        ("/?token=hidden", {"metadata": {"redacted": {"uri": 1}}}, "URL"),
        ("/reset-password/[Filtered]/", {}, "URL"),
        ("/", {"request__body": {"password": "[redacted]"}}, "body"),
        ("/", {"request__body": {"password": "********"}}, "body"),
        ("/", {"metadata": {"request_body": {"redacted": 1}}}, "body"),
        ("/", form("a=1&password=%2A&token=[redacted]"), "body"),
        ("/", form("token=********&a=1"), "body"),
        ("/", {"metadata": {"redacted": {"request_headers": 1}}}, "header values"),
    ],
)
def test_s15_a_mask_is_never_sent(inbox, event, echo, path, changes, where):
    """S15, S18: a request whose address, body or unknown headers were masked is refused, and it is said before."""
    inbox.post([event(request__uri=f"http://127.0.0.1:{echo.port}{path}", **changes)])

    status, answer = inbox.api("POST", "/records/1/replay", {"confirm": True})
    assert (status, answer["code"]) == (409, "replay")
    assert where in answer["error"]
    assert inbox.api("GET", "/records/1")[1]["replay_refusal"] == answer["error"]
    assert echo.requests == []


def test_s15_asterisks_in_a_text_are_no_mask(inbox, event, echo):
    """A body may well hold them."""
    body = {"text": "*** a heading ***", "pattern": "/api/**"}
    inbox.post([event(request__uri=f"http://127.0.0.1:{echo.port}/", request__body=body)])

    assert inbox.api("POST", "/records/1/replay", {"confirm": True})[0] == 201
    assert json.loads(echo.requests[0].body) == body


def test_s15_masked_headers_are_left_out_and_named_once(inbox, event, echo):
    """S15: whichever recorder wrote the mask."""
    headers = {"a": ["[Filtered]", "*****"], "authorization": "Bearer [redacted]", "fine": "*/*", "x": "1"}
    metadata = {"redacted": {"request_headers": 1}}
    sent = event(request__uri=f"http://127.0.0.1:{echo.port}/", request__headers=headers, metadata=metadata)
    inbox.post([sent])

    status, answer = inbox.api("POST", "/records/1/replay", {"confirm": True})
    assert (status, answer["remarks"]) == (201, ["Masked headers were not sent: a, authorization."])
    assert set(echo.requests[0].headers) >= {"fine", "x"}
    assert not {"a", "authorization"} & set(echo.requests[0].headers)


def test_s15_what_the_recorder_masks_is_refused(inbox, echo):
    """S15: the whole way, from an application through the recorder with its own mask and one of the user's making."""
    here = f"http://127.0.0.1:{echo.port}"
    for redact in (drhttp.Redact(), drhttp.Redact(value=lambda secret: f"<{len(secret)}>")):
        app = drhttp.WSGIMiddleware(
            lambda environ, start: (start("200 OK", []), [b"ok"])[1],
            dsn=f"http://local@127.0.0.1:{inbox.port}/",
            redact=redact,
        )
        for path, headers in (("/?token=abcdefgh", {}), ("/", {"Authorization": "Bearer abcdefgh"})):
            Client(app).get(path, base_url=here, headers=headers)
            assert drhttp.flush(60.0)

    answers = [inbox.api("POST", f"/records/{n}/replay", {}) for n in range(1, 5)]
    # Without the header it can be sent, where it is known which one that is.
    assert [status for status, _ in answers] == [409, 201, 409, 409]
    assert answers[1][1]["remarks"] == ["Masked headers were not sent: authorization."]
    assert len(echo.requests) == 1
    assert "authorization" not in echo.requests[0].headers
