"""A receiver that is shared: keys send, tokens read, and none of them reaches another project."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time

import pytest
from conftest import new_name
from receivers import LiveList, SharedReceiver

from drhttp.inbox.api.routes import _api
from drhttp.inbox.api.sorting import SORTS
from drhttp.inbox.api.tickets import Tickets
from drhttp.inbox.store.clickhouse.registry import REFRESH

OURS, THEIRS = "shop", "bank"
SECRET = "belongs-to-the-bank"
VIEW = "ours-or-theirs"
# The handlers only remember what they get.
TABLE = [(max(route.methods - {"HEAD"}), route.path) for route in _api(None, Tickets(None)).routes]


def command(store, *words, status=0):
    """Run `drhttp inbox project WORDS`, and return what it says."""
    call = [sys.executable, "-W", "error", "-m", "drhttp", "inbox", "project", *words, "--store", store]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout


def secrets_of(text):
    return dict(line.split() for line in text.splitlines())


@pytest.fixture(scope="module")
def shared(shim, event):
    """A receiver with two projects, of which each has records, and their keys and tokens."""
    store = f"{shim}/{new_name()}"
    given = {name: secrets_of(command(store, "add", name)) for name in (OURS, THEIRS)}
    receiver = SharedReceiver(store)
    for name in (OURS, THEIRS):
        text = SECRET if name == THEIRS else "ours"
        events = [
            event(
                transaction_id=f"{text}-{place}",
                user_id=text,
                metadata={"device": text, "duration_ms": 5},
                request__uri=f"http://{text}.test/{text}",
                request__body={"text": text},
                span={"id": f"{text}-{place}", "parent_id": f"{text}-0" if place else None},
                trace_id=text,
                direction="Outgoing" if place else "Incoming",
            )
            for place in range(3)
        ]
        assert receiver.post(events, given[name]["key"]) == 201
        view = {"query": f"user:{text}"}
        assert receiver.api("PUT", f"/views/{VIEW}", view, given[name]["admin"])[0] == 200
    assert receiver.api("PUT", f"/views/{VIEW}", {"query": f"host:{SECRET}"})[0] == 200
    yield receiver, store, given
    receiver.kill()


def numbers(receiver, token):
    return [one["n"] for one in receiver.records(token=token)]


def filled(path, n, theirs):
    for name, value in (("{n:path}", n), ("{n}", n), ("{side}", "request"), ("{name:path}", "another")):
        path = path.replace(name, str(value))
    return path


def test_no_route_shows_a_record_of_another_project(shared):
    """Every route of the API is walked with a token of one project, about records of the other: none says a word."""
    receiver, _, given = shared
    for kind in ("reader", "admin"):
        token = given[OURS][kind]
        theirs = numbers(receiver, given[THEIRS]["reader"])
        assert len(theirs) == 3
        walked = set()
        for method, path in TABLE:
            walked.add((method, path))
            if path == "/stream" or (kind == "admin" and (method, path) == ("DELETE", "/records")):
                continue
            for n in theirs:
                query = f"?reveal=1&left={n}&right={n}&as=&n={n}&q=&cursor=0" if path != "/records" else "?reveal=1"
                whole = f"{filled(path, n, theirs)}{query}"
                body = b"{}" if method in {"POST", "PUT", "PATCH"} else None
                status, _, content = receiver.request(method, f"/api/v1{whole}", body, token)
                assert SECRET.encode() not in content, (method, path)
                if "{n}" in path or "{n:" in path:
                    assert status in {403, 404}, (method, path, status)
        assert len(walked) == len(TABLE)
        for query in (SECRET, f"id:{SECRET}-0", f"user:{SECRET}", "-user:ours", f"trace:{SECRET}"):
            assert receiver.records(query, token) == []
        assert receiver.api("GET", "/info", token=token)[1]["records"] == 3
        for path, total in (("/histogram", 3), ("/endpoints", 3), ("/users", 1), ("/devices", 1)):
            assert receiver.api("GET", path, token=token)[1]["total"] == total, path
        assert [one["query"] for one in receiver.api("GET", "/views", token=token)[1]["views"]] == ["user:ours"]
        assert receiver.api("GET", "/records?q=operation:any", token=token)[1]["records"] == []
        assert receiver.api("GET", "/timeline", token=token)[1]["total"] == 3
        assert receiver.api("GET", "/upstreams", token=token)[1]["total"] == 2
        assert receiver.api("GET", "/suggest?q=user:&cursor=5", token=token)[1]["items"][0]["label"] == "ours"
        exported = receiver.request("GET", "/api/v1/export?as=jsonl&reveal=1", token=token)[2]
        assert exported.count(b'"id"') >= 3
        assert SECRET.encode() not in exported


def test_changes_do_not_reach_another_project(shared):
    """An admin token pins, deletes, imports and replays in its project only."""
    receiver, _, given = shared
    token, theirs = given[OURS]["admin"], numbers(receiver, given[THEIRS]["admin"])
    for n in theirs:
        assert receiver.api("PATCH", f"/records/{n}", {"pinned": True}, token)[0] == 404
        assert receiver.api("POST", f"/records/{n}/replay", {"confirm": True}, token)[0] == 404
    status, content = receiver.api("DELETE", f"/records?q={SECRET}", token=token)
    assert (status, content) == (200, {"deleted": 0})
    assert receiver.api("POST", f"/import?project={THEIRS}", {"log": {"entries": []}}, token)[0] == 400
    assert receiver.api("POST", "/import", {"log": {"version": "1.2", "entries": []}}, token)[0] == 200
    assert numbers(receiver, given[THEIRS]["admin"]) == theirs


def test_sorted_lists_have_no_record_of_another_project(shared):
    """In no order; and a cursor of theirs is a place in the order, not a way to their records."""
    receiver, _, given = shared
    for sort in SORTS:
        found = receiver.api("GET", f"/records?sort={sort}&reveal=1", token=given[OURS]["reader"])[1]
        assert (len(found["records"]), SECRET in json.dumps(found)) == (3, False), sort
    theirs = receiver.api("GET", "/records?sort=path&limit=1&reveal=1", token=given[THEIRS]["reader"])[1]
    assert theirs["next"]
    whole = f"/records?sort=path&cursor={theirs['next']}&reveal=1"
    assert SECRET not in json.dumps(receiver.api("GET", whole, token=given[OURS]["reader"])[1])


def test_views_of_others_are_neither_seen_nor_changed(shared):
    """Whatever an admin token saves or deletes, the views of the other project and of the operator stay."""
    receiver, _, given = shared
    token = given[OURS]["admin"]
    assert receiver.api("PUT", f"/views/{VIEW}", {"query": "user:x"}, token)[0] == 200
    assert receiver.api("DELETE", f"/views/{VIEW}", token=token)[0] == 200
    assert receiver.api("DELETE", f"/views/{VIEW}", token=token)[0] == 404
    assert receiver.api("GET", "/views", token=token)[1]["views"] == []
    seen = [receiver.api("GET", "/views", token=one)[1]["views"] for one in (given[THEIRS]["reader"], None)]
    assert [one["query"] for views in seen for one in views] == [f"user:{SECRET}", f"host:{SECRET}"]
    assert receiver.api("PUT", f"/views/{VIEW}", {"query": "user:ours"}, token)[0] == 200


def test_a_ticket_is_worth_what_its_maker_has(shared):
    """It is exchanged for the token of the project, and never for that of the inbox."""
    receiver, _, given = shared
    for token in (given[OURS]["admin"], receiver.token):
        status, issued = receiver.api("POST", "/tickets", token=token)
        assert (status, set(issued)) == (201, {"ticket", "seconds"})
        content = json.dumps({"ticket": issued["ticket"]}).encode()
        answer = receiver.request("POST", "/api/v1/redeem", content)[2]
        assert json.loads(answer) == {"token": token}
    assert receiver.api("POST", "/tickets", token=given[OURS]["reader"])[0] == 403


def test_the_live_list_tells_of_its_project_only(shared, event):
    """Also of what comes later."""
    receiver, _, given = shared
    lists = {name: LiveList(receiver, token=given[name]["reader"]) for name in (OURS, THEIRS)}
    for name in (THEIRS, OURS):
        assert receiver.post([event(transaction_id=f"live-{name}")], given[name]["key"]) == 201
    for name, each in lists.items():
        assert each.wait({f"live-{name}"})
    time.sleep(1)
    for each in lists.values():
        each.close()
    assert {name: set(each.ids) for name, each in lists.items()} == {name: {f"live-{name}"} for name in lists}
    for name in (OURS, THEIRS):
        deleted = receiver.api("DELETE", "/records?q=id:live-", token=given[name]["admin"])[1]
        assert deleted == {"deleted": 1}


def test_a_signed_url_is_of_one_record_and_one_holder(shared):
    """The address of a body works for whom it was made, and for no other number."""
    receiver, _, given = shared
    token, theirs = given[OURS]["reader"], numbers(receiver, given[THEIRS]["reader"])
    (n, *_) = numbers(receiver, token)
    address = receiver.api("GET", f"/records/{n}", token=token)[1]["request"]["body"]["download"]
    assert receiver.request("GET", address)[0] == 200
    assert receiver.request("GET", address.replace(str(n), str(theirs[0])))[0] == 403
    assert receiver.request("GET", re.sub("by=[0-9a-f]+", "by=operator", address))[0] == 403


def test_a_reader_changes_nothing(shared):
    """Not even in its own project."""
    receiver, _, given = shared
    (n, *_) = numbers(receiver, given[OURS]["reader"])
    for method, path in TABLE:
        if method != "GET":
            status, answer = receiver.api(method, filled(path, n, []), {}, given[OURS]["reader"])
            assert (status, answer["code"]) == (403, "reader"), path


def test_a_key_reads_nothing_and_a_token_sends_nothing(shared, event):
    """Each of them is for one thing."""
    receiver, _, given = shared
    assert receiver.api("GET", "/records", token=given[OURS]["key"])[0] == 401
    assert receiver.post([event()], given[OURS]["admin"]) == 401
    assert receiver.post([event()], "local") == 401


def test_who_read_unmasked_values_is_written_down(shared):
    """With the holder, the project and the question; also for a body as it is."""
    receiver, store, given = shared
    token = given[OURS]["reader"]
    (n, *_) = numbers(receiver, token)
    assert receiver.api("GET", f"/records/{n}?reveal=1", token=token)[0] == 200
    assert receiver.api("GET", f"/records/{n}?re%76eal=true", token=token)[0] == 200
    address = receiver.api("GET", f"/records/{n}", token=token)[1]["request"]["body"]["download"]
    assert receiver.request("GET", address)[0] == 200

    lines = command(store, "audit", "-n", "3").splitlines()
    assert [line.split("  ")[2:] for line in lines] == [
        [OURS, f"GET /raw/{n}/request"],
        [OURS, f"GET /api/v1/records/{n}?re%76eal=true"],
        [OURS, f"GET /api/v1/records/{n}?reveal=1"],
    ]


def test_keys_and_tokens_are_rotated_and_revoked(shared, event):
    """Another one works beside the old one, until that is revoked: then it is refused within seconds."""
    receiver, store, given = shared
    key = secrets_of(command(store, "rotate", OURS))["key"]
    both = secrets_of(command(store, "rotate", OURS, THEIRS, "--what", "reader", "--holder", "ann"))["reader"]
    time.sleep(REFRESH + 1)
    assert receiver.post([event(transaction_id="rotated")], key) == 201
    assert {one["user"] for one in receiver.records(token=both)} >= {"ours", SECRET}
    listed = command(store, "list")
    assert not [secret for each in given.values() for secret in each.values() if secret in listed]
    ours = re.findall(r"^  (\w+)  reader +ann$", listed, re.MULTILINE)
    assert len(ours) == 2  # under each of its projects
    command(store, "revoke", OURS, ours[0])
    last = [line.split()[0] for line in listed.partition(f"{OURS}  ")[2].splitlines() if " key " in line][-1]
    command(store, "revoke", OURS, last)
    command(store, "revoke", OURS, "ffffffffffffffffffff", status=1)
    time.sleep(REFRESH + 1)
    assert receiver.post([event()], key) == 401
    assert receiver.post([event(transaction_id="still")], given[OURS]["key"]) == 201
    assert {one["user"] for one in receiver.records(token=both)} == {SECRET}
    admin = given[OURS]["admin"]
    assert receiver.api("DELETE", "/records?q=id:rotated%20OR%20id:still", token=admin)[1] == {"deleted": 2}


def test_the_page_and_the_probes_tell_no_record(shared):
    """What needs no token tells nothing of any project."""
    receiver, _, _ = shared
    for path in ("/", "/healthz", "/readyz", "/metrics"):
        assert SECRET.encode() not in receiver.request("GET", path)[2]
    assert json.loads(receiver.request("GET", "/api/v1/info")[2])["code"] == "token"
