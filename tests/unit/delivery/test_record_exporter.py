"""The way of a record from the queue to the network, with a real receiver at its end."""

from __future__ import annotations

import gzip
import json
import logging
from contextlib import closing
from dataclasses import replace

import pytest
from support.behaviors import close_without_response, respond_by
from support.receiver import KEY, Receiver, Response

import drhttp
from drhttp._capture.body_tap import Tap
from drhttp._capture.wsgi_exchange import WSGIExchange
from drhttp._config import Config
from drhttp._delivery.record_exporter import RecordExporter
from drhttp._delivery.retry import DONE, Verdict
from drhttp._record import Failure

BIG = b"s3cret " * 200_000  # 1.4 MB


@pytest.fixture
def losses():
    """What the queue has dropped so far."""
    return {}


@pytest.fixture
def make_exporter(receiver, losses):
    """Makes deliveries to the receiver, and closes them in the end."""
    made = []

    def make(**options):
        made.append(RecordExporter(Config.load(receiver.dsn, options, {}), lambda: losses))
        return made[-1]

    yield make
    for each in made:
        each.close()


def an_exchange(body: bytes = b"", **environ: str) -> WSGIExchange:
    """A finished exchange whose answer has this body."""
    tap = Tap(10_000_000)
    exchange = WSGIExchange({"REQUEST_METHOD": "GET", "HTTP_HOST": "h", "PATH_INFO": "/", **environ}, None, tap)
    exchange.status = "200 OK"
    exchange.headers = [("Content-Type", "text/plain")]
    exchange.response_body.note(body)
    exchange.finish(complete=True)
    return exchange


def raises(record):
    """A `before_send` with a bug."""
    raise RuntimeError("s3cret")


def test_a_record_is_prepared_and_delivered(receiver, make_exporter):
    """A record is made, masked, encoded and posted, and arrives under the id that it keeps."""
    delivery = make_exporter()
    encoded_record = delivery.prepare(an_exchange(b"hello", HTTP_COOKIE="sid=s3cret"))
    assert delivery.deliver([encoded_record]) == DONE
    (event,) = receiver.records
    assert event["transaction_id"] == id_of(encoded_record)
    assert event["request"]["headers"]["cookie"] == "sid=[redacted]"
    assert event["response"]["body"] == "aGVsbG8="


def test_a_batch_is_one_post(receiver, make_exporter):
    """Prepared records travel together."""
    delivery = make_exporter()
    assert delivery.deliver([delivery.prepare(an_exchange()) for _ in range(7)]) == DONE
    assert len(receiver.posts) == 1
    assert len({event["transaction_id"] for event in receiver.records}) == 7


def test_the_protocol_says_how_many_travel_together(receiver, make_exporter):
    """The old form takes one record a POST, at its own path and with its own header."""
    delivery = make_exporter(protocol="record")
    assert (make_exporter().max_records, delivery.max_records) == (None, 1)
    assert delivery.deliver([delivery.prepare(an_exchange())]) == DONE
    (post,) = receiver.posts
    assert (post.path, post.headers["drhttp-apikey"]) == ("/api/v1/http_record/record", KEY)


def test_ids_are_kept_across_tries(receiver, make_exporter):
    """What is sent again is the same, byte for byte, so that the receiver can tell."""
    receiver.next_behaviors.extend([Response(503), close_without_response])
    delivery = make_exporter()
    encoded_record = delivery.prepare(an_exchange())
    assert [delivery.deliver([encoded_record]).action for _ in range(3)] == ["retry", "retry", "done"]
    assert len({post.body for post in receiver.posts}) == 1


def test_before_send_sees_a_masked_record(receiver, make_exporter):
    """The callback gets what would be sent: credentials are masked already."""
    seen = []

    def look(record):
        seen.append(record)
        return record

    delivery = make_exporter(before_send=look)
    assert isinstance(delivery.prepare(an_exchange(HTTP_AUTHORIZATION="Basic s3cret")), bytes)
    assert isinstance(seen[0], drhttp.Record)
    assert dict(seen[0].request.headers)["authorization"] == "Basic [redacted]"


def test_before_send_changes_a_record(receiver, make_exporter):
    """What the callback returns is what is sent."""
    delivery = make_exporter(before_send=lambda record: replace(record, user="someone"))
    assert delivery.deliver([delivery.prepare(an_exchange())]) == DONE
    assert receiver.records[0]["user_id"] == "someone"


def test_before_send_may_return_values_of_other_types(make_exporter):
    """Users, numbers and header fields of other types are converted, because annotations are not enforced."""

    def change(record):
        request = replace(record.request, time=5, headers=[["x-a", 1], ("x-b", None), ("x-b", "c")])
        body = replace(record.response.body, content=bytearray(b"abc"), size=4.0, truncated=1, redacted=None)
        response = replace(record.response, status=299.0, headers={"x-c": "d"}.items(), body=body)
        failure = Failure(type=ValueError, message=5, module=3, line=4.0)
        changed = replace(record, request=request, response=response, user=42, device=7, route=8, duration=1, ttfb=2)
        return replace(changed, exception=failure)

    event = json.loads(make_exporter(before_send=change).prepare(an_exchange()))
    assert event["request"]["headers"] == {"x-a": "1", "x-b": "None, c"}
    assert event["request"]["time"] == "1970-01-01T00:00:05.000Z"
    assert (event["response"]["headers"], event["response"]["status"]) == ({"x-c": "d"}, 299)
    assert (event["user_id"], event["metadata"]["device"], event["metadata"]["route"]) == ("42", "7", "8")
    assert (event["metadata"]["duration_ms"], event["metadata"]["ttfb_ms"]) == (1000, 2000)
    assert event["response"]["body"] == "YWJj"
    assert event["metadata"]["response_body"] == {"size": 4, "truncated": True, "redacted": 0}
    told = {"type": "<class 'ValueError'>", "message": "5", "module": "3", "line": 4}
    assert event["metadata"]["exception"] == told


@pytest.mark.parametrize(
    ("before_send", "reason"),
    [
        (lambda record: None, "before_send"),
        (raises, "before_send_failed"),
        (lambda record: record.id, "before_send_failed"),
        (lambda record: False, "before_send_failed"),
        (lambda record: drhttp.Record, "before_send_failed"),
    ],
)
def test_before_send_drops_a_record(make_exporter, before_send, reason):
    """`None` drops, and so does a bug: an exception, or anything that is no record. Each is counted under its name."""
    verdict = make_exporter(before_send=before_send).prepare(an_exchange())
    assert verdict == Verdict(action="drop", reason=reason)


def test_a_bug_in_before_send_is_told(make_exporter, caplog):
    """An exception of the callback is logged with the place where it arose."""
    drhttp._guard._log_limiter = drhttp._guard.RateLimiter()
    with caplog.at_level(logging.WARNING, "drhttp"):
        make_exporter(before_send=raises).prepare(an_exchange())
    (said,) = caplog.records
    assert said.levelname == "WARNING"
    assert f"{__file__}:" in said.getMessage()
    assert said.exc_info is None  # a message of the callback's making may hold what must not be shown


@pytest.mark.parametrize(("options", "place"), [({}, "events"), ({"protocol": "record"}, "record")])
def test_an_event_beyond_a_megabyte_goes_without_bodies(receiver, make_exporter, options, place):
    """A record that no service takes is sent without its bodies, and says so."""
    delivery = make_exporter(max_body_size=10_000_000, **options)
    encoded_record = delivery.prepare(an_exchange(BIG))
    assert len(encoded_record) < 2000
    assert delivery.deliver([encoded_record]) == DONE
    (sent,) = receiver.records
    assert "body" not in sent["response"]
    if place == "events":
        assert sent["metadata"]["response_body"] == {
            "size": len(BIG),
            "truncated": False,
            "redacted": 0,
            "omitted": "too_large",
        }


def test_an_event_below_a_megabyte_keeps_its_bodies(make_exporter):
    """The limit is one of the encoded event, not of the body."""
    assert 900_000 < len(make_exporter(max_body_size=10_000_000).prepare(an_exchange(BIG[:680_000]))) <= 1_000_000


def test_a_batch_that_is_too_large_is_left_to_the_worker(receiver, make_exporter, caplog):
    """413 for several: the worker halves them; nothing is said yet."""
    receiver.next_behaviors.append(Response(413))
    delivery = make_exporter()
    verdict = delivery.deliver([delivery.prepare(an_exchange()), delivery.prepare(an_exchange())])
    assert verdict.action == "split"
    assert len(receiver.posts) == 1
    assert caplog.records == []


def test_a_single_record_that_is_too_large_goes_without_bodies(receiver, make_exporter):
    """413 for one: it is sent once more without its bodies, marked, under the same id."""
    receiver.next_behaviors.append(Response(413))
    delivery = make_exporter()
    encoded_record = delivery.prepare(an_exchange(b"hello"))
    assert delivery.deliver([encoded_record]) == DONE
    (event,) = receiver.records
    assert event["transaction_id"] == id_of(encoded_record)
    assert event["metadata"]["response_body"]["omitted"] == "too_large"
    assert "body" not in event["response"]


@pytest.mark.parametrize(("body", "tries"), [(b"hello", 2), (b"", 1)])
def test_what_is_still_too_large_is_refused(receiver, make_exporter, caplog, body, tries):
    """Without bodies to leave out, or refused without them too, it is dropped as too large, and that is told."""
    receiver.behavior = Response(413)
    delivery = make_exporter()
    verdict = delivery.deliver([delivery.prepare(an_exchange(body))])
    assert (verdict.action, verdict.reason) == ("split", "too_large")
    assert len(receiver.posts) == tries
    assert [each.getMessage() for each in caplog.records] == [f"the receiver rejects records: {verdict.error}"]


def id_of(encoded_record: bytes) -> str:
    """The id that an event travels under."""
    return str(json.loads(encoded_record)["transaction_id"])


def dropped(encoded_record: bytes) -> dict[str, int] | None:
    """The losses that an event reports."""
    return json.loads(encoded_record)["metadata"]["sdk"].get("dropped")


def test_losses_are_reported_once(make_exporter, losses):
    """The next record after a loss reports it, with all so far; those behind it do not, until it grows."""
    delivery = make_exporter()
    assert dropped(delivery.prepare(an_exchange())) is None
    losses["queue_size"] = 3
    assert dropped(delivery.prepare(an_exchange())) == {"queue_size": 3}
    assert dropped(delivery.prepare(an_exchange())) is None
    losses["closed"] = 1
    assert dropped(delivery.prepare(an_exchange())) == {"queue_size": 3, "closed": 1}


def test_losses_are_reported_without_bodies_too(receiver, make_exporter, losses):
    """A record that has to go without its bodies still carries the report."""
    losses["queue_size"] = 3
    delivery = make_exporter(max_body_size=10_000_000)
    assert dropped(delivery.prepare(an_exchange(BIG))) == {"queue_size": 3}
    losses["queue_size"] = 4
    receiver.next_behaviors.append(Response(413))
    assert delivery.deliver([delivery.prepare(an_exchange(b"hello"))]) == DONE
    assert receiver.records[0]["metadata"]["sdk"]["dropped"] == {"queue_size": 4}


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "the key in the DSN was not accepted"),
        (404, "/moesif/v1/events/batch answered 404"),
        (400, "answered 400"),
    ],
)
def test_a_refusal_is_told_once(receiver, make_exporter, caplog, status, advice):
    """A final refusal is a warning with what to do, once in a while, without the key and without a body."""
    receiver.behavior = Response(status, body=b"s3cret")
    delivery = make_exporter()
    for _ in range(3):
        assert delivery.deliver([delivery.prepare(an_exchange(b"s3cret"))]).action == "drop"
    (said,) = caplog.records
    assert said.levelname == "WARNING"
    assert advice in said.getMessage()
    assert "key@" not in said.getMessage()
    assert "s3cret" not in said.getMessage()


def test_trouble_on_the_way_is_not_told_here(receiver, make_exporter, caplog):
    """What is tried again is not lost, and no reason to say anything yet."""
    receiver.behavior = Response(503)
    delivery = make_exporter()
    assert delivery.deliver([delivery.prepare(an_exchange())]).action == "retry"
    assert caplog.records == []


def test_an_environment_of_nonsense_does_not_keep_it_from_being_made(receiver, monkeypatch):
    """A delivery is made whatever the environment holds; the fault is in the verdict."""
    monkeypatch.setenv("http_proxy", "http://[")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with closing(RecordExporter(Config.load(receiver.dsn, {}, {}), dict)) as delivery:
        verdict = delivery.deliver([delivery.prepare(an_exchange())])
        assert (verdict.action, delivery.transport.result.failure) == ("retry", "proxy")
        monkeypatch.delenv("http_proxy")
        assert delivery.deliver([delivery.prepare(an_exchange())]) == DONE


def app(environ, start_response):
    """Answer with the path."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode()]


def ask(wrapped, *paths):
    """Send requests through a middleware."""
    for path in paths:
        wrapped({"REQUEST_METHOD": "GET", "HTTP_HOST": "h", "PATH_INFO": path}, lambda *_: None)


def test_a_loss_reaches_the_receiver(receiver):
    """A record that was dropped is reported by the next one that gets through, end to end."""
    only = lambda record: None if record.request.uri.endswith("/private") else record  # noqa: E731 - shorter so
    wrapped = drhttp.WSGIMiddleware(app, dsn=receiver.dsn, before_send=only)
    ask(wrapped, "/private")
    assert drhttp.flush(5.0)
    ask(wrapped, "/public")
    assert drhttp.flush(5.0)
    (event,) = receiver.records
    assert event["metadata"]["sdk"]["dropped"] == {"before_send": 1}
    assert drhttp.stats().dropped == {"before_send": 1}


def test_a_refused_batch_is_counted(receiver):
    """What the receiver refuses for good is dropped under its status, and the next record reports that."""
    receiver.next_behaviors.append(Response(422))
    wrapped = drhttp.WSGIMiddleware(app, dsn=receiver.dsn)
    ask(wrapped, "/a", "/b")
    assert drhttp.flush(5.0)
    ask(wrapped, "/c")
    assert drhttp.flush(5.0)
    (event,) = receiver.records
    assert event["metadata"]["sdk"]["dropped"] == {"status_422": 2}
    stats = drhttp.stats()
    assert (stats.recorded, stats.sent, stats.dropped) == (3, 1, {"status_422": 2})
    assert "answered 422" in stats.last_error


def test_a_batch_is_halved_until_it_fits():
    """413 for a batch: its halves are sent, and theirs, and every record arrives once."""
    with Receiver(respond_by(lambda post: Response(201 if len(post.records) <= 2 else 413))) as receiver:
        wrapped = drhttp.WSGIMiddleware(app, dsn=receiver.dsn, flush_interval=60)
        ask(wrapped, *(f"/{number}" for number in range(11)))
        assert drhttp.flush(10.0)
        assert sorted(event["request"]["uri"] for event in receiver.records) == sorted(
            f"http://h/{n}" for n in range(11)
        )
        assert drhttp.stats().dropped == {}


@pytest.mark.parametrize("protocol", ["events", "record"])
def test_ids_are_kept_in_whatever_parts_records_are_sent(protocol):
    """A record that the receiver fails on is found; each record is the same, id included, in each POST it is in."""
    with Receiver(
        respond_by(lambda post: Response(500 if b'/13"' in unpacked(post.headers, post.body) else 201))
    ) as receiver:
        wrapped = drhttp.WSGIMiddleware(app, dsn=receiver.dsn, flush_interval=60, protocol=protocol)
        ask(wrapped, *(f"/{number}" for number in range(40)))
        assert drhttp.flush(30.0)
        stats = drhttp.stats()
        assert (stats.sent, stats.dropped) == (39, {"status_500": 1})
        assert sorted(map(address, receiver.records)) == sorted(f"http://h/{n}" for n in range(40) if n != 13)
        forms, most = {}, 0
        for post in receiver.posts:
            most = max(most, len(post.records))
            for record in post.records:
                ident = record.get("transaction_id") or record["id"]
                forms.setdefault(ident, set()).add(json.dumps(record, sort_keys=True))
        assert len(forms) == 40
        assert {len(each) for each in forms.values()} == {1}
        assert most == (1 if protocol == "record" else 40)
        assert stats.retried >= 9


def unpacked(headers, body):
    """The JSON of a POST."""
    return gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body


def address(record):
    """The address that was asked for, in either form."""
    return record.get("uri") or record["request"]["uri"]
