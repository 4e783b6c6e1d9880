"""Answers that say what to do: wait, send less, send nothing more; and connections that end when nobody looks."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from support.behaviors import (
    LARGE_BODY,
    accept,
    close_after_accepting,
    fail_on_path,
    rate_limit_once,
    reject_larger_than,
    send_large_body,
    stay_silent_after_first,
)
from support.forward_proxy import ForwardProxy
from support.receiver import Response

from .comparison import Comparison
from .faulty_receiver import FaultyReceiver
from .invariants import all_sent, assert_arrived_once, assert_ends_in_time, assert_log_is_clean, assert_nothing_leaked
from .served_app import TIMEOUT, BareApp, RecordedApp

if TYPE_CHECKING:
    from collections.abc import Callable

    Serve = Callable[..., RecordedApp]
    Report = Callable[[dict[str, Any]], None]

BATCH = 100  # records, the default of the option `batch_size`
MOST_POSTS = 30  # that a batch takes with one record in it that the receiver fails on
PAUSE = 60.0  # seconds that the recorder leaves a receiver alone that refuses everything
WITHOUT_CHANCE = {"DRHTTP_BATCH_SIZE": str(BATCH), "DRHTTP_FLUSH_INTERVAL": "60"}  # only full batches, as they come


def deliver_first(receiver: FaultyReceiver, app: RecordedApp) -> dict[str, Any]:
    """The state after the first delivery."""
    app.request_many(20)
    receiver.wait_for_paths(20)
    return app.wait_for(all_sent)


@pytest.mark.parametrize("dated", [False, True], ids=["seconds", "date"])
def test_429_with_a_time(dated: bool, receiver: FaultyReceiver, bare: BareApp, serve: Serve, report: Report) -> None:
    """T2: nothing is sent before the time that the receiver has named, as seconds or as a date; then everything is."""
    app = serve(receiver.dsn)
    before = deliver_first(receiver, app)
    receiver.set_behavior(rate_limit_once(4, dated=dated))
    compared = Comparison()
    compared.add_rounds(bare, app, 8)
    app.wait_for(lambda state: "answered 429" in (state["stats"]["last_error"] or ""))
    seen = len(receiver.request_times)
    receiver.wait_for_requests(seen + 1)
    report(compared.check())
    assert receiver.request_times[seen] - receiver.request_times[seen - 1] > 2.8  # a date has no fractions of a second
    assert_arrived_once(receiver, app)
    assert_nothing_leaked(before, app.wait_for(all_sent))
    assert app.log_lines == []
    assert_ends_in_time(app)


def test_a_record_that_the_receiver_fails_on(
    receiver: FaultyReceiver, bare: BareApp, serve: Serve, report: Report
) -> None:
    """It alone is dropped and counted, after a bounded number of POSTs; those around it and behind it arrive once."""
    app = serve(receiver.dsn, WITHOUT_CHANCE)
    receiver.set_behavior(fail_on_path("/41"))
    compared = Comparison()
    compared.add_rounds(bare, app, BATCH // 25)
    state = app.wait_for(lambda state: state["stats"]["queued"] == 0)
    assert state["stats"]["dropped"] == {"status_500": 1}
    assert len(receiver.request_times) <= MOST_POSTS
    compared.add_rounds(bare, app, BATCH // 25)
    report(compared.check())
    assert receiver.wait_for_paths(2 * BATCH - 1) == sorted(set(app.requested_paths) - {"/41"})
    assert receiver.repeats == 0
    assert_nothing_leaked(state, app.wait_for(lambda state: state["stats"]["sent"] == 2 * BATCH - 1))
    (lost,) = app.log_lines
    assert "1 (status_500)" in lost
    assert "answered 500" in lost
    assert_ends_in_time(app)


@pytest.mark.long
@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "the key in the DSN was not accepted"),
        (404, "it accepts no records there"),
        (301, "redirects are not followed"),
    ],
)
def test_answers_that_mean_no(
    status: int, advice: str, receiver: FaultyReceiver, bare: BareApp, serve: Serve, report: Report
) -> None:
    """T2: the batch is dropped, nothing is sent for a minute, and a redirect is not followed; then all is well."""
    with FaultyReceiver() as elsewhere:
        app = serve(receiver.dsn, WITHOUT_CHANCE)
        location = f"http://{elsewhere.host}:{elsewhere.port}/moesif/v1/events/batch"
        receiver.set_behavior(Response(status, {"Location": location}))
        app.request_many(BATCH)
        state = app.wait_for(lambda state: state["stats"]["dropped"] == {f"status_{status}": BATCH})
        compared = Comparison()
        compared.add_rounds(bare, app, 4 * BATCH // 25)
        report(compared.check())
        receiver.set_behavior(accept)
        assert receiver.wait_for_paths(4 * BATCH, timeout=PAUSE + 60) == sorted(app.requested_paths[BATCH:])
        assert receiver.request_times[1] - receiver.request_times[0] > PAUSE * 0.98
        assert len(receiver.request_times) == 5
        assert elsewhere.request_times == []
    stats = app.wait_for(lambda state: state["stats"]["queued"] == 0)["stats"]
    assert (stats["sent"], stats["dropped"]) == (4 * BATCH, {f"status_{status}": BATCH})
    assert_nothing_leaked(state, app.state())
    refused, lost, *later = app.log_lines
    assert "the receiver rejects records" in refused
    assert advice in refused
    assert f"{BATCH} (status_{status})" in lost
    assert len(later) <= 1  # that records wait, after a minute
    assert_ends_in_time(app)


@pytest.mark.parametrize("status", [pytest.param(401, marks=pytest.mark.long)])
def test_a_bad_deployment(status: int, receiver: FaultyReceiver, bare: BareApp, serve: Serve, report: Report) -> None:
    """A receiver that has accepted records and then rejects its key loses none of them, and costs one line."""
    app = serve(receiver.dsn, WITHOUT_CHANCE)
    app.request_many(BATCH)
    receiver.wait_for_paths(BATCH)
    before = app.wait_for(all_sent)
    receiver.set_behavior(Response(status))
    compared = Comparison()
    compared.add_rounds(bare, app, 4 * BATCH // 25)
    report(compared.check())
    rejected = app.wait_for(lambda state: f"answered {status}" in (state["stats"]["last_error"] or ""))
    assert rejected["stats"]["dropped"] == {}
    receiver.set_behavior(accept)
    assert receiver.wait_for_paths(5 * BATCH, timeout=PAUSE + 60) == sorted(app.requested_paths)
    state = app.wait_for(all_sent)
    assert state["stats"]["dropped"] == {}
    assert receiver.repeats == 0
    assert_nothing_leaked(before, state)
    (line, *later) = app.log_lines
    assert "the receiver rejects records" in line
    assert len(later) <= 1  # that records wait, after a minute
    assert_ends_in_time(app)


def test_an_exit_while_nothing_may_be_sent(receiver: FaultyReceiver, serve: Serve) -> None:
    """A process that ends within that minute does not wait for it, and does not hammer the receiver either."""
    app = serve(receiver.dsn, WITHOUT_CHANCE)
    receiver.set_behavior(Response(401))
    app.request_many(BATCH)
    app.wait_for(lambda state: state["stats"]["dropped"] == {"status_401": BATCH})
    app.request_many(BATCH)
    assert_ends_in_time(app)
    assert len(receiver.request_times) == 1
    assert any(f"{BATCH} (closed)" in line for line in app.log_lines)


def test_413_for_a_batch(receiver: FaultyReceiver, bare: BareApp, serve: Serve, report: Report) -> None:
    """T3: a batch that is too large is sent in parts, until they fit; nothing is lost, nothing is said."""
    app = serve(receiver.dsn, WITHOUT_CHANCE)
    receiver.set_behavior(reject_larger_than(20_000))
    compared = Comparison()
    compared.add_rounds(bare, app, BATCH // 25, 2_000)
    report(compared.check())
    assert_arrived_once(receiver, app)
    assert len(receiver.request_times) > BATCH * 4_000 / 20_000
    assert receiver.ids_without_bodies == set()
    state = app.wait_for(all_sent)
    assert state["stats"]["dropped"] == {}
    assert app.log_lines == []
    assert_ends_in_time(app)


def test_413_for_a_record(receiver: FaultyReceiver, bare: BareApp, serve: Serve, report: Report) -> None:
    """T3: a record that alone is too large is sent once more without its bodies, marked; those around it are whole."""
    app = serve(receiver.dsn, WITHOUT_CHANCE)
    receiver.set_behavior(reject_larger_than(20_000))
    compared = Comparison()
    for size in (100, 100, 60_000, 100):
        compared.add_rounds(bare, app, 1, size)
    report(compared.check())
    assert_arrived_once(receiver, app)
    assert sorted(receiver.paths[ident] for ident in receiver.ids_without_bodies) == sorted(app.requested_paths[50:75])
    assert app.wait_for(all_sent)["stats"]["dropped"] == {}
    assert app.log_lines == []
    assert_ends_in_time(app)


def test_413_for_everything(receiver: FaultyReceiver, serve: Serve) -> None:
    """T3: what is too large without bodies too is dropped and counted, after as many tries as halving takes."""
    app = serve(receiver.dsn, {**WITHOUT_CHANCE, "DRHTTP_BATCH_SIZE": "16"})
    receiver.set_behavior(Response(413))
    app.request_many(16, 10)
    stats = app.wait_for(lambda state: state["stats"]["queued"] == 0)["stats"]
    assert (stats["sent"], stats["dropped"]) == (0, {"too_large": 16})
    assert len(receiver.request_times) <= 4 + 16 + 16
    lines = app.log_lines  # in either order
    assert len(lines) == 2
    assert any("the batch is too large" in line for line in lines)
    assert any(re.search(r"records lost: \d+ \(too_large\)", line) for line in lines)
    assert_ends_in_time(app)


def test_an_answer_of_100_megabytes(receiver: FaultyReceiver, bare: BareApp, serve: Serve, report: Report) -> None:
    """The status counts, and the rest is not read: neither memory nor time is spent on it."""
    app = serve(receiver.dsn)
    before = deliver_first(receiver, app)
    receiver.set_behavior(send_large_body)
    compared = Comparison()
    compared.add_rounds(bare, app, 16)
    assert_arrived_once(receiver, app)
    after = app.wait_for(all_sent)
    report({**compared.check(), "grown": after["rss"] - before["rss"]})
    assert after["rss"] - before["rss"] < LARGE_BODY / 4
    assert (after["stats"]["retried"], receiver.repeats) == (0, 0)
    assert_nothing_leaked(before, after)
    assert app.log_lines == []
    assert_ends_in_time(app)


@pytest.mark.parametrize("behavior", [close_after_accepting, stay_silent_after_first])
def test_a_stale_connection(
    behavior: Any, receiver: FaultyReceiver, bare: BareApp, serve: Serve, report: Report
) -> None:
    """T4: a kept-alive connection that was closed meanwhile, or is dead without a sign of it, costs no record."""
    app = serve(receiver.dsn, {"DRHTTP_TIMEOUT": str(TIMEOUT / 3)})
    receiver.set_behavior(behavior)
    before = deliver_first(receiver, app)
    compared = Comparison()
    for count in range(3):
        compared.add_rounds(bare, app, 2)
        receiver.wait_for_paths(20 + 50 * (count + 1))
    report(compared.check())
    assert_arrived_once(receiver, app)
    assert receiver.repeats == 0
    assert_nothing_leaked(before, app.wait_for(all_sent))
    receiver.set_behavior(accept)
    assert app.log_lines == []
    assert_ends_in_time(app)


def test_a_proxy_that_needs_credentials(receiver: FaultyReceiver, bare: BareApp, serve: Serve, report: Report) -> None:
    """T5: a proxy that refuses is an outage like others; its password is no more in the log than the key."""
    with ForwardProxy("me:right") as proxy:
        through = f"http://me:wr0ng-password@{proxy.authority}"
        app = serve(receiver.dsn, {"http_proxy": through, "no_proxy": ""})
        compared = Comparison()
        compared.add_rounds(bare, app, 8)
        during = app.wait_for(lambda state: "the proxy requires other credentials" in str(state["stats"]["last_error"]))
        compared.add_rounds(bare, app, 8)
        report(compared.check())
        assert receiver.request_times == []
        proxy.expected_authorization = None
        assert_arrived_once(receiver, app)
        assert_nothing_leaked(during, app.wait_for(all_sent))
        assert app.log_lines == []
        assert_ends_in_time(app)
        assert "wr0ng" not in app.log


def test_no_storm(receiver: FaultyReceiver, serve: Serve) -> None:
    """T2: pauses between tries grow while the receiver is down, however many requests come meanwhile."""
    app = serve(receiver.dsn)
    receiver.set_behavior(Response(503))
    app.request_many(500)
    receiver.wait_for_requests(5)
    app.request_many(500)
    starts = list(receiver.request_times)
    assert len(starts) <= 10
    assert max(later - earlier for earlier, later in pairwise(starts)) > 0.1
    assert_log_is_clean(app)
