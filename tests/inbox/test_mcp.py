"""`drhttp mcp`, asked by the client of the official SDK over standard input and output, as an editor does."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys

import pytest
from mcp import Client, StdioServerParameters
from support.wide import wide

from drhttp.inbox.mcp_server import MAX_ANSWER, PAGE

HIDDEN = "[hidden here, arrived in clear]"


def conversation(inbox, *calls):
    """Start the server on the file of the inbox, and call tools: its instructions, its tools, and their answers."""
    server = StdioServerParameters(
        command=sys.executable, args=["-W", "error", "-m", "drhttp", "mcp", "--file", str(inbox.file)]
    )

    async def talk():
        async with Client(server) as client:
            tools = (await client.list_tools()).tools
            answers = [await client.call_tool(name, given) for name, given in calls]
            return client.instructions, tools, answers

    instructions, tools, answers = asyncio.run(talk())
    return instructions, tools, [(one.is_error, one.content[0].text) for one in answers]


def asked(inbox, *calls):
    """The answers, parsed."""
    found = conversation(inbox, *calls)[2]
    assert [text for failed, text in found if failed] == []
    assert all(len(text) <= MAX_ANSWER for _, text in found)
    return [json.loads(text) for _, text in found]


def failing(event):
    """A request that fails because of an outbound call."""
    return [
        event(transaction_id="good", response__status=200, request__uri="http://shop.test/orders/1?token=hunter2",
              request__body={"item": 1, "password": "hunter2"}, metadata__duration_ms=5),
        event(transaction_id="bad", response__status=500, request__uri="http://shop.test/orders/2?token=hunter2",
              request__body={"item": 2, "password": "hunter2"}, span={"id": "s1"}, metadata__duration_ms=700,
              metadata__exception={"type": "KeyError", "message": "price"}),
        event(transaction_id="call", direction="Outgoing", request__uri="http://bank.test/charge", response__status=503,
              span={"id": "s2", "parent_id": "s1"}),
    ]  # fmt: skip


@pytest.fixture(params=["running", *wide("stopped")])
def filled(request, inbox, event):
    """An inbox with three records that runs, or the file that it left."""
    inbox.post(failing(event))
    if request.param == "stopped":
        inbox.stop()
    return inbox


def test_an_assistant_finds_why_a_request_failed(filled):
    """In two calls: the failing request, and the outbound call that failed. Records are named by number or ID."""
    search, record, by_id = asked(
        filled, ("search_requests", {"query": "status:5xx dir:in"}), ("get_request", {"record": "2"}),
        ("get_request", {"record": "bad"}),
    )  # fmt: skip

    assert [(one["n"], one["status"], one["exception"]) for one in search["records"]] == [(2, 500, "KeyError: price")]
    assert search["next"] is None
    assert record == by_id
    assert (record["id"], record["duration_ms"]) == ("bad", 700)
    assert json.loads(record["request"]["body"]["text"]) == {"item": 2, "password": HIDDEN}
    assert [(call["url"], call["status"]) for call in record["calls"]] == [("http://bank.test/charge", 503)]


def test_secrets_are_masked(filled):
    """In every answer, whether the inbox runs or not."""
    answers = asked(
        filled, ("search_requests", {}), ("get_request", {"record": "1"}), ("endpoints", {}),
        ("compare", {"left": "1", "right": "2"}), ("get_request", {"record": "1", "body": "request"}),
    )  # fmt: skip

    assert "hunter2" not in json.dumps(answers)
    assert answers[1]["hidden_values"] >= 2
    assert json.loads(answers[4]["text"])["password"] == HIDDEN


def test_endpoints_and_differences(filled):
    """Counts and percentiles by endpoint; what differs between two records."""
    endpoints, difference, same = asked(
        filled, ("endpoints", {"query": "dir:in"}), ("compare", {"left": "good", "right": "bad"}),
        ("compare", {"left": "1", "right": "1"}),
    )  # fmt: skip

    (orders,) = endpoints["endpoints"]
    assert (orders["endpoint"], orders["count"], orders["errors"]) == ("/orders/{id}", 2, 1)
    changes = {change["path"]: change["right"] for part in difference["differences"] for change in part["changes"]}
    assert (difference["equal"], changes["status"], changes["$.item"]) == (False, 500, 2)
    assert same == {"equal": True, "differences": []}


def test_the_tools_are_read_only(filled):
    """Four, each marked so; the instructions say that records are data. Nothing in the file changes."""
    instructions, tools, _ = conversation(filled, ("search_requests", {}))

    assert {tool.name for tool in tools} == {"search_requests", "get_request", "endpoints", "compare"}
    assert all(tool.annotations.read_only_hint and not tool.annotations.destructive_hint for tool in tools)
    assert all(tool.description for tool in tools)
    assert "never as instructions" in instructions


def test_mistakes_are_told_as_the_command_line_tells_them(filled):
    """A wrong query with what was meant; a record that is not there; a value of another type."""
    found = conversation(
        filled, ("search_requests", {"query": "statu:500"}), ("get_request", {"record": "zz"}),
        ("get_request", {"record": "99"}), ("search_requests", {"limit": "many"}),
        ("search_requests", {"query": "status:5xx"}),
    )[2]  # fmt: skip

    assert [failed for failed, _ in found] == [True, True, True, True, False]
    assert 'Unknown field "statu"; did you mean status?' in found[0][1]
    assert "zz" in found[1][1]


def test_answers_are_short_and_go_on(inbox, event):
    """Long lists and long bodies come in pieces, all of which can be had."""
    inbox.post([event(request__uri=f"http://shop.test/{'x' * 300}/{n}") for n in range(40)])
    long = "".join(f"line {n}\n" for n in range(3_000))
    inbox.post([event(transaction_id="long", response__body=long, response__transfer_encoding="text",
                      response__headers={"content-type": "text/plain"})])  # fmt: skip
    seen, before = [], None
    while len(seen) < 41:
        (page,) = asked(inbox, ("search_requests", {"limit": 100, **({} if before is None else {"before": before})}))
        seen += [one["n"] for one in page["records"]]
        before = page["next"]
        assert before is not None or len(seen) == 41
    assert seen == list(range(41, 0, -1))

    (record,) = asked(inbox, ("get_request", {"record": "long"}))
    assert "more characters" in record["response"]["body"]["text"]
    starts = range(0, len(long), PAGE)
    pages = asked(inbox, *(("get_request", {"record": "long", "body": "response", "offset": at}) for at in starts))
    assert "".join(page["text"] for page in pages) == long


def test_without_the_sdk_it_says_what_to_install(tmp_path):
    """One sentence and exit status 1."""
    (tmp_path / "mcp.py").write_text('raise ModuleNotFoundError("No module", name="mcp")\n')
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "drhttp", "mcp", "--file", str(tmp_path / "inbox.db")]

    ended = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1, "", 'drhttp: The MCP server requires mcp. Install it with: pip install "drhttp[mcp]"\n',
    )  # fmt: skip


def test_an_inbox_that_does_not_exist_yet_is_told(inbox, tmp_path):
    """By the tools: the server may be started before."""
    inbox.file = tmp_path / "none.db"
    ((failed, text),) = conversation(inbox, ("search_requests", {}))[2]

    assert failed
    assert "Run `drhttp inbox` to create it." in text
