"""What strangers send on purpose: none of it breaks an answer, and none of it is told to those who look on."""

from __future__ import annotations

import json

SECRET = "S3cr3t"


def test_who_logs_in_is_not_shown(inbox, event):
    """Name and password before the host are masked wherever the host or the address is told; `reveal` shows them."""
    for name in ("a", "b"):
        uri = f"http://bob:{SECRET}{name}@localhost:9/{name}"
        assert (
            inbox.post([event(transaction_id=name, request__uri=uri, request__verb="GET", request__body=None)]) == 201
        )
    paths = (
        "/records", "/records/1", "/records/1/snippet?as=curl", "/compare?left=1&right=2", "/export?as=har",
        "/suggest?q=host:", "/suggest?q=host:bob", "/endpoints",
    )  # fmt: skip
    told = [inbox.api("GET", path) for path in paths]
    replayed = inbox.api("POST", "/records/1/replay", {})
    printed = [inbox.command(*words) for words in (("ls", "--json"), ("ls",), ("show", "a"), ("show", "a", "--json"))]
    lines = inbox.request("GET", "/api/v1/export?as=jsonl", Authorization=f"Bearer {inbox.token}")[2]

    assert {status for status, _ in told} == {200}
    assert replayed[0] == 403
    assert told[1][1]["replay_refusal"] == replayed[1]["error"]
    assert SECRET not in repr((told, replayed, printed, lines))
    assert told[0][1]["records"][0]["url"] == "http://********@localhost:9/b"
    assert told[0][1]["records"][0]["host"] == "********@localhost:9"
    assert inbox.api("GET", "/records/1?reveal=1")[1]["host"] == f"bob:{SECRET}a@localhost:9"


def test_a_user_is_masked_in_lists_as_in_groups(inbox, event):
    """What a group hides, the list, the record and the command line hide as well."""
    inbox.post([event(transaction_id="a", user_id=f"token={SECRET}", metadata={"device": f"password={SECRET}"})])
    (group,) = inbox.api("GET", "/users")[1]["groups"]
    (line,) = inbox.api("GET", "/records")[1]["records"]
    record = inbox.api("GET", "/records/1")[1]
    printed = [inbox.command(*words).stdout for words in (("ls", "--json"), ("ls",), ("show", "a"))]

    assert group["name"] == line["user"] == record["user"] == json.loads(printed[0])["user"]
    assert SECRET not in repr((group, line, record, printed))


def test_a_misspelled_query_deletes_nothing(inbox, event):
    """Without the query it would have been everything."""
    inbox.post([event()])

    for query in ("?Q=status:404", "?query=status:404", "?q=status:404&x="):
        status, told = inbox.api("DELETE", f"/records{query}")
        assert (status, told["code"]) == (400, "parameter"), query
    assert len(inbox.api("GET", "/records")[1]["records"]) == 1
    assert inbox.api("DELETE", "/records?q=&pinned=0") == (200, {"deleted": 1})
