"""Links for another browser: a ticket is exchanged for the token once, by the page of this inbox only."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest
from starlette.requests import Request

from drhttp.inbox.api.tickets import LIFETIME, MAX_TICKETS, Tickets
from drhttp.inbox.errors import ApiError

JSON = {"Content_Type": "application/json"}


def redeem(inbox, ticket, **headers):
    status, _, content = inbox.request("POST", "/api/v1/redeem", json.dumps({"ticket": ticket}), **JSON, **headers)
    return status, json.loads(content)


def test_s3_a_ticket_gives_the_token_once(inbox):
    """Whoever finds the link afterwards finds nothing."""
    status, issued = inbox.api("POST", "/tickets")
    assert (status, issued["seconds"]) == (201, LIFETIME)
    assert inbox.token not in issued["ticket"]

    assert redeem(inbox, issued["ticket"]) == (200, {"token": inbox.token})
    status, answer = redeem(inbox, issued["ticket"])
    assert (status, answer["code"]) == (401, "ticket")
    assert inbox.token not in json.dumps(answer)


@pytest.mark.parametrize("ticket", ["", "x", None, 7, ["x"], {"a": 1}])
def test_s3_a_ticket_cannot_be_made_up(shared_inbox, ticket):
    """And without the token none is issued."""
    assert redeem(shared_inbox, ticket)[0] == 401
    assert shared_inbox.request("POST", "/api/v1/tickets", b"")[0] == 401


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost:3000"}, {"Sec_Fetch_Site": "same-site"}])
def test_s5_other_pages_redeem_nothing(inbox, headers):
    """A page on another port of this machine may know a ticket, and it is still worth something afterwards."""
    ticket = inbox.api("POST", "/tickets")[1]["ticket"]
    assert redeem(inbox, ticket, **headers)[0] == 403
    assert redeem(inbox, ticket)[0] == 200


def test_s4_no_cookie_and_no_cache(inbox):
    """The token is in the body of one response and nowhere else."""
    ticket = inbox.api("POST", "/tickets")[1]["ticket"]
    _, headers, _ = inbox.request("POST", "/api/v1/redeem", json.dumps({"ticket": ticket}), **JSON)
    assert headers["cache-control"] == "no-store"
    assert "set-cookie" not in headers
    assert "access-control-allow-origin" not in headers
    assert inbox.request("GET", f"/api/v1/redeem?ticket={ticket}")[0] == 401


def test_a_ticket_expires_and_the_oldest_make_room():
    """Ten minutes, and no more than a hundred at a time."""
    now = [0.0]
    context = SimpleNamespace(origins=frozenset())
    tickets = Tickets(context, clock=lambda: now[0])

    def issue():
        return json.loads(asyncio.run(tickets.issue(request({}))).body)["ticket"]

    def use(ticket):
        try:
            return json.loads(asyncio.run(tickets.redeem(request({"ticket": ticket}))).body)["token"]
        except ApiError as problem:
            return problem.status

    late, used = issue(), issue()
    now[0] = LIFETIME - 1
    assert use(used) == "the-token"
    now[0] = LIFETIME
    assert use(late) == 401
    many = [issue() for _ in range(MAX_TICKETS + 1)]
    assert (use(many[0]), use(many[1])) == (401, "the-token")


def request(value):
    async def receive():
        return {"type": "http.request", "body": json.dumps(value).encode(), "more_body": False}

    headers = [(b"authorization", b"Bearer the-token")]
    return Request({"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}, receive)
