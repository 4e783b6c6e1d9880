from __future__ import annotations

import gzip
import random
from dataclasses import replace
from datetime import datetime

import pytest
from naive import World

from drhttp.inbox.decode import Arrival, decode_batch
from drhttp.inbox.errors import QueryError
from drhttp.inbox.place import prepare
from drhttp.inbox.query.catalogue import FIELDS
from drhttp.inbox.query.completion import complete, spelled
from drhttp.inbox.query.nodes import All, Any, Anywhere, Between, Like, Not
from drhttp.inbox.query.parser import parse
from drhttp.inbox.store.pictures import percentiles
from drhttp.inbox.store.sqlite import SqliteStore

NOW = 1795363200_000000
RECORDS, QUERIES = 5_000, 250

METHODS = ["GET", "POST", "put", "DELETE", ""]
HOSTS = ["shop.test", "shop.test:8000", "api.Stripe.com", "[::1]:80", "ümlaut.test"]
PATHS = ["/", "/api/items", "/api/items/7", "/API/orders/12/lines", "/health", "/a%20b", "/it_s/100%", "/ü", "/x*y?z"]
QUERY_STRINGS = ["", "?", "?page=2&q=ü", "?Page=10"]
HEADER_TERMS = ["x-request-id", "X-Request-Id=ABC", "x-name=é", "nope", "set-cookie=wallet", "accept="]
FREE = [
    "wallet",
    "alice",
    '"with parentheses"',
    "é",
    "x-request-id",
    '"content-type: image"',
    "Ann",
    '""',
    "http://shop",
]
USERS = [None, "42", "Alice", "alice@example.com", "none", "日本", 'a"b\\c', "[x]", "1_2%"]
DEVICES = [None, "iOS-17", "ios-9", "android", "web app"]
BODIES = [
    None,
    b"",
    b'{"wallet": 12, "Name": "\xc3\xbc"}',
    b"\x00\xff binary WALLET",
    b"x" * 3000 + b" needle at the end",
    gzip.compress(b"zipped Wallet", mtime=0),
    b"plain text (with parentheses)",
]
HEADERS = [
    {},
    {"X-Request-Id": "abc-123", "Accept": "*/*"},
    {"set-cookie": ["a=1", "b=Wallet"], "content-type": "application/JSON; charset=utf-8"},
    {"x-name": "caf\xc3\xa9", "content-type": "image/png"},
]
STATUSES = [None, 101, 200, 201, 304, 404, 422, 500, 503]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """5,000 records of every kind, in a store and in a list."""
    dice = random.Random(7)
    exchanges = [made(dice, place) for place in range(RECORDS)]
    file = tmp_path_factory.mktemp("query") / "inbox.db"
    prepare(file)
    store = SqliteStore(file)
    for start in range(0, RECORDS, 500):
        store.write(exchanges[start : start + 500])
    marks = {}
    for place in dice.sample(range(RECORDS), 300):
        added = {
            "pinned": dice.random() < 0.5,
            "tags": dice.sample(["slow", "Odd", "to do"], dice.randrange(3)),
            "note": dice.choice([None, "ask Ann"]),
        }
        store.mark(place + 1, **added)
        marks[exchanges[place].summary.id] = added
    yield store, World(exchanges, marks)
    store.close()


def made(dice, place):
    pick = dice.choice
    told = {
        "transaction_id": f"{dice.getrandbits(64):016x}-{place}",
        "direction": pick(["Incoming", "Incoming", "Outgoing"]),
        "user_id": pick(USERS),
        "request": {
            "uri": f"http://{pick(HOSTS)}{pick(PATHS)}{pick(['', '?', '?page=2&q=ü', '?Page=10'])}",
            "verb": pick(METHODS),
        },
        "metadata": {
            "device": pick(DEVICES),
            "duration_ms": pick([None, 0, 0.5, 12, 12.4, 499, 500, 500.001, 1000, 90_000]),
            "ttfb_ms": pick([None, 1, 20]),
            "aborted": dice.random() < 0.1,
            "exception": pick([None, None, {"type": "ValueError", "message": "bad Wallet"}]),
            "route": pick([None, None, "/api/items/<int:id>"]),
            "request_body": pick([None, {"truncated": True}, {"redacted": 2}, {"omitted": "too large"}]),
        },
        "trace_id": pick([None, f"{dice.getrandbits(128):032x}"]),
        "span": {"id": f"s{place}", "parent_id": pick([None, None, f"s{dice.randrange(2 * RECORDS)}"])},
    }
    if dice.random() < 0.9:
        told["response"] = {"status": pick(STATUSES), "headers": pick(HEADERS)}
    told["request"]["headers"] = pick(HEADERS)
    exchange = decode_batch([told], Arrival("local", NOW))[0]
    started = NOW - dice.randrange(7_200) * 1_000_000
    summary = replace(exchange.summary, started=started, response_size=pick([None, 0, 1023, 1024, 10_241, 5 << 20]))
    response = exchange.response and replace(exchange.response, body=pick(BODIES))
    request = replace(exchange.request, body=pick(BODIES))
    return replace(exchange, summary=summary, request=request, response=response)


def queries():
    """Random ones, of all fields and all ways to put them together."""
    dice = random.Random(11)
    return [query(dice, 3) for _ in range(QUERIES)]


def query(dice, depth):
    kind = dice.random() if depth else 0
    if kind < 0.4:
        return term(dice)
    if kind < 0.6:
        return f"{dice.choice(['-', 'NOT '])}{term(dice)}"
    if kind < 0.85:
        word = dice.choice([" ", " AND ", " OR ", " OR "])
        return f"{query(dice, depth - 1)}{word}{query(dice, depth - 1)}"
    return f"{dice.choice(['', '-'])}({query(dice, depth - 1)})"


def term(dice):
    pick = dice.choice
    return pick([
        lambda: f"status:{pick(['200', '5xx', '4xx,500', '400-499', '>=300', '<200', 'none', 'any', '!=1'[2:]])}",
        lambda: f"method:{pick(['get', 'POST,put', 'D*'])}",
        lambda: f"path:{pick(['/api/*', '/API/items', '*items*', '/?', '/it_s/100%', spelled('/x*y?z'), '*'])}",
        lambda: f"query:{pick(['page=', 'ü', 'Q'])}",
        lambda: f"url:{pick(['shop', ':8000/api', 'stripe'])}",
        lambda: f"host:{pick(['shop.test', '*.com', 'none', 'ümlaut.*', '[::1]*'])}",
        lambda: f"user:{pick(['42', 'a*', 'none', 'any', '日*', spelled('none'), spelled(USERS[6]), '[x]', '?_2%'])}",
        lambda: f"device:{pick(['ios*', 'none', spelled('web app'), '???*'])}",
        lambda: f"dur:{pick(['>500', '>=500', '<12', '12', '1s-2s', '500us', '0', '1.5m', 'none'])}",
        lambda: f"ttfb:{pick(['>1', '<=1ms', 'any'])}",
        lambda: f"size:{pick(['>10k', '1024', '1k', '<1k', '0-1023', '5m', '>=1.5m', 'none'])}",
        lambda: f"req.size:{pick(['0', '>1k'])}",
        lambda: f"dir:{pick(['in', 'out'])}",
        lambda: f"is:{pick(FIELDS['is'].values)}",
        lambda: f"has:{pick(FIELDS['has'].values)}",
        lambda: f"after:{pick(['-10m', '-1.5h', '-1d', str(NOW // 1000 - 600_000), '2026-11-22'])}",
        lambda: f"before:{pick(['-10m', '-30s', 'now', '2026-11-23T00:00:00Z'])}",
        lambda: f"{pick(['body', 'req.body', 'res.body'])}:{pick(['wallet', 'needle', 'ü', spelled('(with'), 'ÿ'])}",
        lambda: f"{pick(['header', 'req.header', 'res.header'])}:{pick(HEADER_TERMS)}",
        lambda: f"type:{pick(['application/json', 'image/*', 'none'])}",
        lambda: f"route:{pick(['/api/items/{id}', '*<int:id>', 'shop.test*'])}",
        lambda: f"client:{pick(['none', '10.*'])}",
        lambda: f"exception:{pick(['ValueError', 'value*', 'none'])}",
        lambda: f"trace:{pick(['none', 'a*'])}",
        lambda: f"id:{pick(['a', '0', 'F1'])}",
        lambda: f"tag:{pick(['slow', 'o*', spelled('to do'), 'none', 'any'])}",
        lambda: f"pinned:{pick(['true', 'false'])}",
        lambda: pick([*FREE, "nothing-of-that"]),
    ])()  # fmt: skip


def test_the_store_finds_what_a_plain_reading_finds(world):
    """M5: 250 queries of all fields over 5,000 records agree, id by id, and nearly all of them divide the records."""
    store, naive = world
    dividing = 0
    for text in queries():
        node = parse(text, NOW).node
        found = {entry.summary.id for entry in store.page(node, RECORDS).entries}
        assert found == naive.ids(node), text
        dividing += 0 < len(found) < RECORDS
    assert dividing > QUERIES / 2


def test_pictures_follow_the_query(world):
    """M5: histogram, scatter, endpoints and groups count what the list lists."""
    store, naive = world
    for text in ("status:5xx path:/api/*", "body:wallet", "user:none OR dir:out", "is:pinned"):
        node = parse(text, NOW).node
        count = len(naive.ids(node))
        assert count
        assert store.histogram(node, None, None, 60).total == store.endpoints(node).total == count
        assert len(store.scatter(node, RECORDS).points) == len(naive.ids(All((node, parse("dur:any", NOW).node))))
        users = store.groups(node, "user", "device", 100)
        assert sum(one.count for one in users.groups) == len(naive.ids(All((node, parse("user:any", NOW).node))))


def test_percentiles_are_exact(world):
    """M11: of what a query finds, by nearest rank, equal to sorting and counting."""
    store, _ = world
    for one in store.endpoints(parse("dur:any", NOW).node).endpoints:
        durations = list(one.durations.elements())
        shares = (0.5, 0.95, 0.99, 1.0)
        for share, value in zip(shares, percentiles(one.durations, shares), strict=True):
            assert sum(each <= value for each in durations) >= share * len(durations)
            assert sum(each < value for each in durations) < share * len(durations)
        assert sum(one.spread) == len(durations)


@pytest.mark.parametrize(
    ("text", "position", "length", "sentence", "suggestions"),
    [
        ("stauts:500", 0, 6, 'There is no field "stauts"; did you mean status?', ("status",)),
        ("a zzz:1", 2, 3, 'put it in quotes: "zzz:1"', ()),
        ("status:", 0, 7, "status: needs a value: 404, 5xx", ()),
        ("status:abc", 0, 10, '"abc" is nothing that status: understands', ()),
        ("x is:eror", 2, 7, "did you mean error?", ("is:error", "is:client-error")),
        ("dur:>5parsecs", 0, 13, "it takes >500", ()),
        ("after:yesterday", 0, 15, "it takes -10m, 2026-11-22", ()),
        ("after:2026-13-01", 0, 16, "is nothing that after: understands", ()),
        ('user:"ann', 5, 4, "This quote is not closed.", ('"ann"',)),
        ("(a b", 0, 1, "This parenthesis is not closed.", ()),
        ("a b)", 3, 1, "This parenthesis was never opened.", ()),
        ("()", 1, 1, "There is nothing to look for here.", ()),
        ("a OR", 2, 2, "Something to look for is missing after OR.", ()),
        ("OR a", 0, 2, "There is nothing to look for here.", ()),
        ("header:=x", 0, 9, "is nothing that header: understands", ()),
        ("(" * 30 + "a", 21, 1, "at most 20 levels", ()),
        ("a " * 200, 200, 1, "at most 100 terms", ()),
        ("a" * 5000, 4000, 1, "at most 4,000 characters", ()),
    ],
)
def test_an_error_says_what_and_where(text, position, length, sentence, suggestions):
    """In a sentence, with the place in the text, and what may have been meant."""
    with pytest.raises(QueryError) as problem:
        parse(text, NOW)

    assert sentence in str(problem.value)
    assert (problem.value.position, problem.value.length) == (position, length)
    assert problem.value.suggestions == suggestions


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("", All(())),
        ("a b", All((Anywhere("a"), Anywhere("b")))),
        ("a OR b c", Any((Anywhere("a"), All((Anywhere("b"), Anywhere("c")))))),
        ("-a", Not(Anywhere("a"))),
        ("a-b", Anywhere("a-b")),
        ("-", Anywhere("-")),
        ('"a OR b"', Anywhere("a OR b")),
        ('"say \\"hi\\" \\\\ \\n"', Anywhere('say "hi" \\ \\n')),
        ("http://x/y?z=(1)", Anywhere("http://x/y?z=(1)")),
        ("user:a:b", Like("user", (("a", ":", "b"),))),
        ('user:"a*"*', Like("user", (("a", "*"), ()))),
        ("path:/a?c", Like("path", (("/", "a", None, "c"),))),
        ("dur:1s", Between("duration", 1_000_000, 1_000_999)),
        ("size:>10k", Between("response_size", 10_241, None)),
        ("status:5xx", Between("status", 500, 599)),
        ("after:-10m", Between("started", NOW - 600_000_000, None)),
        ("STATUS:200", Between("status", 200, 200)),
    ],
)
def test_what_a_query_means(text, node):
    """Side by side is and; a minus belongs to what follows; quotes switch everything off."""
    assert parse(text, NOW).node == node


def test_a_clock_time_is_the_last_one_that_was():
    """At one in the night, 23:50 is yesterday's."""
    now = datetime(2026, 11, 22, 1, 0).astimezone()
    then = datetime(2026, 11, 21, 23, 50).astimezone()
    today = datetime(2026, 11, 22, 0, 30).astimezone()

    micros = round(now.timestamp() * 1_000_000)
    assert parse("after:23:50", micros).node == Between("started", round(then.timestamp() * 1_000_000), None)
    assert parse("after:00:30", micros).node == Between("started", round(today.timestamp() * 1_000_000), None)


def test_terms_know_where_they_stand():
    """Chips cut them out of the text; those of alternatives and parentheses are marked."""
    told = parse('status:5xx -path:/health* "a b"', NOW).terms
    assert [(one.start, one.end, one.field, one.value, one.negated, one.depth) for one in told] == [
        (0, 10, "status", "5xx", False, 0),
        (11, 25, "path", "/health*", True, 0),
        (26, 31, None, "a b", False, 0),
    ]
    assert [one.depth for one in parse("a (b -(c))", NOW).terms] == [0, 1, 2]
    assert [one.depth for one in parse("a OR b", NOW).terms] == [1, 1]


@pytest.mark.parametrize(
    ("text", "cursor", "span", "inserts"),
    [
        ("", 0, (0, 0), ["status:", "method:"]),
        ("a sta", 5, (2, 5), ["status:"]),
        ("-sta", 4, (1, 4), ["status:"]),
        ("(sta", 4, (1, 4), ["status:"]),
        ("is:err", 6, (0, 6), ["is:error"]),
        ("user:al x", 7, (0, 7), ["user:alice"]),
        ('user:"al', 8, (0, 8), ["user:alice"]),
        ("device:", 7, (0, 7), ['device:"web app"']),
        ("sta tus", 3, (0, 3), ["status:"]),
    ],
)
def test_completion_offers_fields_and_known_values(text, cursor, span, inserts):
    """Where the word at the cursor stands, and what it may become; every offer can be read."""

    def values(column, part, limit):
        known = {"user": [("alice", 3)], "device": [("web app", 1)]}
        return [pair for pair in known.get(column, []) if part in pair[0]]

    start, end, offers = complete(text, cursor, values)

    assert (start, end) == span
    assert [offer.insert for offer in offers][: len(inserts)] == inserts
    for offer in offers:
        if not offer.insert.endswith(":"):
            parse(offer.insert, NOW)
