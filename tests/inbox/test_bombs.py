"""A small body that inflates to a large one: what it costs a real inbox in memory. Large batches still work."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import pytest
from support.wide import wide

from drhttp.inbox.bounded_json import BATCH, MAX_DEPTH, PIECE, RequestRejected
from drhttp.inbox.json_array import elements

MOST = 32 * 1024
"""KiB by which the process may grow."""
MIB = 1 << 20
HEADERS = {"Content_Type": "application/json", "DrHTTP_ApiKey": "k", "Content_Encoding": "gzip"}


@lru_cache(maxsize=100)
def packed(piece, times, start=b"", end=b""):
    """gzip data of a text that is too long to be made in one go."""
    machine = zlib.compressobj(9, wbits=31)
    pieces = (machine.compress(one) for one in (start, *[piece] * times, end))
    return b"".join([*pieces, machine.flush()])


def around(event, **changes):
    """The JSON of an event, in front of its body and behind it."""
    text = json.dumps(event(response__body="HERE", response__transfer_encoding="text", **changes)).encode()
    return text.split(b"HERE")


def grown(inbox, event, *bombs, path="/v1/events/batch"):
    """Post all at once: the statuses, and by how many KiB the process grew meanwhile, at its peak."""
    inbox.post([event()])
    inbox.line()  # what prints it is loaded now
    before = memory(inbox)
    with ThreadPoolExecutor(len(bombs)) as threads:
        answers = list(threads.map(lambda bomb: inbox.request("POST", path, bomb, **HEADERS)[0], bombs))
    return answers, peak(inbox) - before


def memory(inbox):
    """How many KiB the process has in memory. From here on the peak is that of what follows."""
    process = f"/proc/{inbox.process.pid}"
    try:
        with open(f"{process}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
        return _kib(process, "VmRSS")
    except OSError:
        pytest.skip("this system does not tell how much memory a process takes")


def peak(inbox):
    return _kib(f"/proc/{inbox.process.pid}", "VmHWM")


def _kib(process, name):
    with open(f"{process}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name))


def bomb(kind, event):
    """A bomb of this name. The largest inflate to twice as much as any body may."""
    head, tail = around(event)
    return {
        "128 MiB of zeros": lambda: packed(bytes(MIB), 128),
        "a forged length": lambda: packed(bytes(MIB), 128)[:-4] + (3 * MIB).to_bytes(4, "little"),
        "sixty MiB of zeros": lambda: packed(bytes(MIB), 60),
        "128 MiB in a string": lambda: packed(b"a" * MIB, 128, b"[" + head, tail + b"]"),
        "eight MiB in a string": lambda: packed(b"a" * 102_400, 79, b"[" + head, tail + b"]"),
        "six MiB in a string": lambda: packed(b"a" * 102_400, 60, b"[" + head, tail + b"]"),
        "wide letters": lambda: packed(b"a" * 102_400, 19, b"[" + head + "\U0001f600".encode(), tail + b"]"),
        "empty lists": lambda: packed(b"[],", 80_000, b"[", b"[]]"),
        "more empty lists": lambda: packed(b"[]," * 1000, 2_300, b"[", b"[]]"),
        "empty lists in an event": lambda: packed(b"[]," * 1000, 900, b'[{"request":{"body":[', b"[]]}}]"),
        "small objects": lambda: packed(b'{"":0},', 34_000, b"[", b"{}]"),
        "spaces": lambda: packed(b" " * MIB, 50, b"[", b"]"),
    }[kind]()


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("128 MiB of zeros", 413), ("a forged length", 400), ("sixty MiB of zeros", 400), ("128 MiB in a string", 413),
        ("eight MiB in a string", 413),
        ("six MiB in a string", 201), ("wide letters", 413), ("empty lists", 413), ("more empty lists", 400),
        ("empty lists in an event", 413), ("small objects", 413), ("spaces", 201),
    ],
)  # fmt: skip
def test_a_bomb_costs_less_than_32_mib(inbox, event, kind, status):
    """Whatever it holds, the process grows by less than 32 MiB at its peak, and goes on."""
    answers, growth = grown(inbox, event, bomb(kind, event))

    assert answers == [status]
    assert growth < MOST
    assert inbox.post([event()]) == 201


@pytest.mark.parametrize("kind", ["128 MiB of zeros", "six MiB in a string", "small objects"])
def test_many_bombs_at_once_cost_less_than_32_mib(start, event, kind):
    """Bodies are inflated a few at a time; the others wait as they came."""
    inbox = start()
    answers, growth = grown(inbox, event, *[bomb(kind, event)] * 12)

    assert set(answers) <= {201, 413, 429}
    assert growth < MOST


def test_a_bomb_of_one_event_costs_less_than_32_mib(inbox, event):
    """The address for one event has the same bounds."""
    head, tail = around(event)

    answers, growth = grown(inbox, event, packed(b"a" * MIB, 7, head, tail), path="/v1/events")

    assert (answers, growth < MOST) == ([413], True)


def test_a_large_batch_is_written_bit_by_bit(inbox, event):
    """Fifty MiB in 900 events are taken, though there is never that much in memory."""
    events = [
        event(response__body=f"{place:06}" + "A" * 60_000, response__transfer_encoding="text") for place in range(900)
    ]

    answers, growth = grown(inbox, event, gzip.compress(json.dumps(events).encode()))

    assert (answers, growth < MOST) == ([201], True)
    ids = {one["id"] for one in inbox.ls()}
    assert {one["transaction_id"] for one in events} <= ids
    assert inbox.show(events[-1]["transaction_id"])["response"]["body_text"] == events[-1]["response"]["body"]


def test_nothing_of_a_large_batch_is_kept_when_its_end_is_broken(inbox, event):
    """All of it is read before the first part of it is written."""
    events = [event(response__body="A" * 60_000) for _ in range(60)]
    for broken, status in (([*events, 1], 400), (events * 17, 413)):
        assert inbox.post(broken) == status
    assert inbox.ls() == []


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_elements_are_those_that_a_parser_of_the_whole_finds(coding):
    """Whatever they are and wherever a piece ends: in a letter, a number, a string, or between two elements."""
    values = [
        {"a": "é" * 70_000, "b": [1, 2.5, None]}, {}, {"long": "x\\\"]," * 90_000}, 12345678, "text", [[]],
        {"😀": "\ud800"},
        *({"n": place, "s": " " * (place % 977)} for place in range(3_000)),
    ]  # fmt: skip
    for options in ({}, {"indent": 1}, {"ensure_ascii": True, "separators": (",", ":")}):
        content = json.dumps(values, **options).encode("utf-8", "surrogatepass")
        assert len(content) > 4 * PIECE
        wire = gzip.compress(content) if coding == "gzip" else content

        assert [value for value, _ in elements(wire, coding, BATCH)] == values == json.loads(content)


@pytest.mark.parametrize(
    "content",
    [b"", b"[", b"{}", b"[1", b"[1,", b"[1,]", b"[1 2]", b"[1]]", b"[,]", b"[1] x", b'[{"a":]', b'["\xff"]', b"[nul]",
     b'["a', b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), b"[" * 200_000],
)  # fmt: skip
def test_broken_arrays_are_refused_like_other_broken_json(content):
    """By the sentence and status of a body that is parsed whole, which for most of them is the same."""
    with pytest.raises(RequestRejected) as refused:
        list(elements(content, "identity", BATCH))

    assert refused.value.status == 400


def test_spaces_around_elements_are_no_elements():
    """An empty array and spaces of all kinds; a mark of the byte order in front."""
    assert list(elements(b" [ \n] \t", "identity", BATCH)) == []
    assert list(elements(b"\xef\xbb\xbf[ 1 ,\r\n 2 ]", "identity", BATCH)) == [(1, 1), (2, 1)]


@pytest.mark.parametrize(
    ("kind", "piece", "first"),
    [
        ("application/json", b"[],", b"["), ("application/json", b'{"":0},', b"["), ("text/html", b"<a b=c>", b""),
        ("application/json", b'{"password":"x"},', b"["), ("application/x-www-form-urlencoded", b"token=x&", b""),
        ("text/csv", b"ann,hunter2\n", b"name,password\n"),
        ("multipart/form-data; boundary=B", b"--B\r\n\r\n\r\n", b""),
    ],
)  # fmt: skip
def test_a_body_that_is_a_bomb_is_opened_in_part(inbox, event, kind, piece, first):
    """Opening its record costs less than 32 MiB too, and the answer says that it is not all of it."""
    body = base64.b64encode(packed(piece * 1000, 40 * MIB // len(piece) // 1000, first)).decode()
    headers = {"content-type": kind, "content-encoding": "gzip"}
    assert inbox.post([event(response__headers=headers, response__body=body)]) == 201
    inbox.api("GET", "/records")
    before = memory(inbox)

    answer = inbox.api("GET", "/records/1")[1]["response"]["body"]

    assert peak(inbox) - before < MOST
    assert (answer["coding"], answer["unpacked_in_part"], answer["valid"]) == ("gzip", True, None)
    assert answer["more"] or answer["parts"]


def large(event, kind, piece, times, *, packed_body=True, start=b""):
    """An event with a body that repeats a piece, as itself or in gzip."""
    coded = {"content-encoding": "gzip"} if packed_body else {}
    content = packed(piece * min(times, 1000), max(1, times // 1000), start) if packed_body else start + piece * times
    return event(
        response__headers={"content-type": kind, **coded},
        response__body=base64.b64encode(content).decode(),
    )


LARGE = [
    ("application/x-ndjson", b'{"password":"a"}\n', 400_000, True),
    ("application/x-ndjson", b'{"a":1}\n', 500_000, False),
    *wide(
        ("text/event-stream", b'data: {"password":"a"}\n\n', 300_000, True),
        ("application/msgpack", b"\x91", 7_000_000, True),
        ("application/x-protobuf", b"\x0a\x80\x01", 2_000_000, True), ("text/plain", b"a", 200 * MIB, True),
        ("application/json", b"[", 4_000_000, True), ("application/json", b"[", 4_000_000, False),
        ("text/plain", b"4111111111111111 ", 200_000, False), ("text/csv", b"ann,hunter2\n", 300_000, False),
        ("application/json", b'{"a":1},', 400_000, False),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "piece", "times", "is_packed"), LARGE)
def test_a_record_with_a_bomb_costs_less_than_32_mib_in_every_form(inbox, event, kind, piece, times, is_packed):
    """The view, the exports of one record, the snippet, the comparison with another one, and the description."""
    first = large(event, kind, piece, times, packed_body=is_packed)
    second = large(event, kind, piece, times, packed_body=is_packed, start=b"[1,")
    assert [inbox.post([one]) for one in (first, second)] == [201, 201]
    assert inbox.post([event(), event()]) == 201
    # What they need is loaded now.
    for path in paths(3, 4):
        assert status_of(inbox, path) == 200
    growth = {}
    for path in paths(1, 2):
        before = memory(inbox)
        assert status_of(inbox, path) == 200
        growth[path] = peak(inbox) - before

    assert {path: size for path, size in growth.items() if size >= MOST} == {}


def status_of(inbox, path):
    """The answer may be of any type."""
    return inbox.request("GET", f"/api/v1{path}", Authorization=f"Bearer {inbox.token}")[0]


def paths(first, second):
    """The addresses at which the bodies of a record are looked at."""
    return [
        f"/records/{first}", f"/records/{first}/body/response", f"/records/{first}/snippet?as=curl",
        *(f"/export?n={first}&as={kind}" for kind in ("har", "jsonl", "html")),
        f"/compare?left={first}&right={second}",
    ]  # fmt: skip


def test_eight_views_of_a_bomb_at_once_cost_less_than_64_mib(inbox, event):
    """Two are answered at a time; the others wait, and a list is answered beside them."""
    inbox.post([large(event, "application/x-ndjson", b'{"password":"a"}\n', 400_000), event()])
    inbox.api("GET", "/records/2")
    before = memory(inbox)
    with ThreadPoolExecutor(9) as threads:
        views = [threads.submit(inbox.api, "GET", "/records/1") for _ in range(8)]
        listed = threads.submit(inbox.api, "GET", "/records")
        statuses = [one.result()[0] for one in [*views, listed]]

    assert statuses == [200] * 9
    assert peak(inbox) - before < 2 * MOST


def test_what_is_shown_in_part_is_exported_in_part(inbox, event):
    """Nobody has looked for secrets in the rest: it is neither exported nor shown as bytes unless it is revealed."""
    content = b"word " * 200_000 + b"password=hunter2"
    inbox.post([large(event, "text/plain", content, 1, packed_body=is_packed) for is_packed in (True, False)])
    for n in (1, 2):
        body = inbox.api("GET", f"/records/{n}")[1]["response"]["body"]
        assert (body["unpacked_in_part"], body["masked"]) == (True, 0)
        status, answer = inbox.api("GET", f"/records/{n}/body/response?as=hex")
        assert (status, answer["code"]) == (403, "masked")
        assert inbox.api("GET", f"/records/{n}/body/response?as=hex&reveal=1")[0] == 200
        exported = inbox.api("GET", f"/export?n={n}&as=har")[1]["log"]["entries"][0]["response"]["content"]["text"]
        assert exported == body["text"][:5] * (body["length"] // 5) + "word"
    assert (
        inbox.api("GET", "/export?n=2&as=har&reveal=1")[1]["log"]["entries"][0]["response"]["content"]["text"]
        == content.decode()
    )


def test_long_bodies_that_differ_behind_what_is_shown_are_not_equal(inbox, event):
    """They are compared as bytes."""
    inbox.post([large(event, "text/plain", b"word " * 200_000 + end, 1, packed_body=False) for end in (b"a", b"b")])

    answer = inbox.api("GET", "/compare?left=1&right=2")[1]
    part = next(one for one in answer["parts"] if one["part"] == "response.body")
    assert (answer["equal"], part["as"], [one["path"] for one in part["changes"]]) == (False, "binary", ["sha256"])


@pytest.mark.parametrize("size", [65_536, 500_000])
@pytest.mark.parametrize("is_packed", [True, False])
def test_an_ordinary_body_is_never_cut(inbox, event, size, is_packed):
    """It is shown to its end."""
    text = json.dumps([{"n": place, "name": f"{place * 7919:x}"} for place in range(size // 40)])
    inbox.post([large(event, "application/json", text.encode(), 1, packed_body=is_packed)])

    body = inbox.api("GET", "/records/1")[1]["response"]["body"]
    assert (body["unpacked_in_part"], body["valid"], body["length"]) == (False, True, len(text))
