"""Answers that say what to do: wait, send less, send nothing more; and connections that end when nobody looks."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from support.forward_proxy import ForwardProxy

from .comparison import Comparison
from .invariants import all_sent, arrived_once, ends_in_time, says_nothing_secret, unharmed
from .party import (
    BIG_ANSWER,
    Party,
    answers,
    asks_to_wait,
    fails_on,
    falls_silent,
    gushes,
    leaves,
    takes,
    takes_less_than,
)
from .side import TIMEOUT, Side

if TYPE_CHECKING:
    from collections.abc import Callable

    Serve = Callable[..., Side]
    Report = Callable[[dict[str, Any]], None]

BATCH = 100  # records, the default of the option `batch_size`
MOST_POSTS = 30  # that a batch takes with one record in it that the receiver fails on
PAUSE = 60.0  # seconds that the recorder leaves a receiver alone that refuses everything
WITHOUT_CHANCE = {"DRHTTP_BATCH_SIZE": str(BATCH), "DRHTTP_FLUSH_INTERVAL": "60"}  # only full batches, as they come


def begun(party: Party, app: Side) -> dict[str, Any]:
    """The state after the first delivery."""
    app.record(20)
    party.wait(20)
    return app.wait_for(all_sent)


@pytest.mark.parametrize("dated", [False, True], ids=["seconds", "date"])
def test_429_with_a_time(dated: bool, party: Party, bare: Side, serve: Serve, report: Report) -> None:
    """T2: nothing is sent before the time that the receiver has named, as seconds or as a date; then everything is."""
    app = serve(party.dsn())
    before = begun(party, app)
    party.become(asks_to_wait(4, dated=dated))
    compared = Comparison()
    compared.go_on(bare, app, 8)
    app.wait_for(lambda state: "answered 429" in (state["stats"]["last_error"] or ""))
    asked = len(party.starts)
    party.wait_for_starts(asked + 1)
    report(compared.check())
    assert party.starts[asked] - party.starts[asked - 1] > 2.8  # a date has no fractions of a second
    arrived_once(party, app)
    unharmed(before, app.wait_for(all_sent))
    assert app.lines == []
    ends_in_time(app)


def test_a_record_that_the_receiver_fails_on(party: Party, bare: Side, serve: Serve, report: Report) -> None:
    """It alone is dropped and counted, after a bounded number of POSTs; those around it and behind it arrive once."""
    app = serve(party.dsn(), WITHOUT_CHANCE)
    party.become(fails_on("/41"))
    compared = Comparison()
    compared.go_on(bare, app, BATCH // 25)
    state = app.wait_for(lambda state: state["stats"]["queued"] == 0)
    assert state["stats"]["dropped"] == {"status_500": 1}
    assert len(party.starts) <= MOST_POSTS
    compared.go_on(bare, app, BATCH // 25)
    report(compared.check())
    assert party.wait(2 * BATCH - 1) == sorted(set(app.asked) - {"/41"})
    assert party.repeats == 0
    unharmed(state, app.wait_for(lambda state: state["stats"]["sent"] == 2 * BATCH - 1))
    (lost,) = app.lines
    assert "1 (status_500)" in lost
    assert "answered 500" in lost
    ends_in_time(app)


@pytest.mark.long
@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "the key in the DSN was not accepted"),
        (404, "it accepts no records there"),
        (301, "redirects are not followed"),
    ],
)
def test_answers_that_mean_no(status: int, advice: str, party: Party, bare: Side, serve: Serve, report: Report) -> None:
    """T2: the batch is dropped, nothing is sent for a minute, and a redirect is not followed; then all is well."""
    with Party() as elsewhere:
        app = serve(party.dsn(), WITHOUT_CHANCE)
        location = f"Location: http://{elsewhere.host}:{elsewhere.port}/moesif/v1/events/batch\r\n"
        party.become(answers(status, location))
        app.record(BATCH)
        state = app.wait_for(lambda state: state["stats"]["dropped"] == {f"status_{status}": BATCH})
        compared = Comparison()
        compared.go_on(bare, app, 4 * BATCH // 25)
        report(compared.check())
        party.become(takes)
        assert party.wait(4 * BATCH, timeout=PAUSE + 60) == sorted(app.asked[BATCH:])
        assert party.starts[1] - party.starts[0] > PAUSE * 0.98
        assert len(party.starts) == 5
        assert elsewhere.starts == []
    stats = app.wait_for(lambda state: state["stats"]["queued"] == 0)["stats"]
    assert (stats["sent"], stats["dropped"]) == (4 * BATCH, {f"status_{status}": BATCH})
    unharmed(state, app.state())
    refused, lost, *later = app.lines
    assert "the receiver rejects records" in refused
    assert advice in refused
    assert f"{BATCH} (status_{status})" in lost
    assert len(later) <= 1  # that records wait, after a minute
    ends_in_time(app)


@pytest.mark.parametrize("status", [400, pytest.param(401, marks=pytest.mark.long)])
def test_a_bad_deployment(status: int, party: Party, bare: Side, serve: Serve, report: Report) -> None:
    """A receiver that has accepted records and then rejects everything loses none of them, and costs one line."""
    app = serve(party.dsn(), WITHOUT_CHANCE)
    app.record(BATCH)
    party.wait(BATCH)
    before = app.wait_for(all_sent)
    party.become(answers(status))
    compared = Comparison()
    compared.go_on(bare, app, 4 * BATCH // 25)
    report(compared.check())
    rejected = app.wait_for(lambda state: f"answered {status}" in (state["stats"]["last_error"] or ""))
    assert rejected["stats"]["dropped"] == {}
    party.become(takes)
    assert party.wait(5 * BATCH, timeout=PAUSE + 60) == sorted(app.asked)
    state = app.wait_for(all_sent)
    assert state["stats"]["dropped"] == {}
    assert party.repeats == 0
    unharmed(before, state)
    (line, *later) = app.lines
    assert "the receiver rejects records" in line
    assert len(later) <= 1  # that records wait, after a minute
    ends_in_time(app)


def test_an_exit_while_nothing_may_be_sent(party: Party, serve: Serve) -> None:
    """A process that ends within that minute does not wait for it, and does not hammer the receiver either."""
    app = serve(party.dsn(), WITHOUT_CHANCE)
    party.become(answers(401))
    app.record(BATCH)
    app.wait_for(lambda state: state["stats"]["dropped"] == {"status_401": BATCH})
    app.record(BATCH)
    ends_in_time(app)
    assert len(party.starts) == 1
    assert any(f"{BATCH} (closed)" in line for line in app.lines)


def test_413_for_a_batch(party: Party, bare: Side, serve: Serve, report: Report) -> None:
    """T3: a batch that is too large is sent in parts, until they fit; nothing is lost, nothing is said."""
    app = serve(party.dsn(), WITHOUT_CHANCE)
    party.become(takes_less_than(20_000))
    compared = Comparison()
    compared.go_on(bare, app, BATCH // 25, 2_000)
    report(compared.check())
    arrived_once(party, app)
    assert len(party.starts) > BATCH * 4_000 / 20_000
    assert party.marked == set()
    state = app.wait_for(all_sent)
    assert state["stats"]["dropped"] == {}
    assert app.lines == []
    ends_in_time(app)


def test_413_for_a_record(party: Party, bare: Side, serve: Serve, report: Report) -> None:
    """T3: a record that alone is too large is sent once more without its bodies, marked; those around it are whole."""
    app = serve(party.dsn(), WITHOUT_CHANCE)
    party.become(takes_less_than(20_000))
    compared = Comparison()
    for size in (100, 100, 60_000, 100):
        compared.go_on(bare, app, 1, size)
    report(compared.check())
    arrived_once(party, app)
    assert sorted(party.taken[ident] for ident in party.marked) == sorted(app.asked[50:75])
    assert app.wait_for(all_sent)["stats"]["dropped"] == {}
    assert app.lines == []
    ends_in_time(app)


def test_413_for_everything(party: Party, serve: Serve) -> None:
    """T3: what is too large without bodies too is dropped and counted, after as many tries as halving takes."""
    app = serve(party.dsn(), {**WITHOUT_CHANCE, "DRHTTP_BATCH_SIZE": "16"})
    party.become(answers(413))
    app.record(16, 10)
    stats = app.wait_for(lambda state: state["stats"]["queued"] == 0)["stats"]
    assert (stats["sent"], stats["dropped"]) == (0, {"too_large": 16})
    assert len(party.starts) <= 4 + 16 + 16
    lost, refused = sorted(app.lines)
    assert "the batch is too large" in refused
    assert re.search(r"records lost: \d+ \(too_large\)", lost)
    ends_in_time(app)


def test_an_answer_of_100_megabytes(party: Party, bare: Side, serve: Serve, report: Report) -> None:
    """The status counts, and the rest is not read: neither memory nor time is spent on it."""
    app = serve(party.dsn())
    before = begun(party, app)
    party.become(gushes)
    compared = Comparison()
    compared.go_on(bare, app, 16)
    arrived_once(party, app)
    after = app.wait_for(all_sent)
    report({**compared.check(), "grown": after["rss"] - before["rss"]})
    assert after["rss"] - before["rss"] < BIG_ANSWER / 4
    assert (after["stats"]["retried"], party.repeats) == (0, 0)
    unharmed(before, after)
    assert app.lines == []
    ends_in_time(app)


@pytest.mark.parametrize("behaviour", [leaves, falls_silent])
def test_a_stale_connection(behaviour: Any, party: Party, bare: Side, serve: Serve, report: Report) -> None:
    """T4: a kept-alive connection that was closed meanwhile, or is dead without a sign of it, costs no record."""
    app = serve(party.dsn(), {"DRHTTP_TIMEOUT": str(TIMEOUT / 3)})
    party.become(behaviour)
    before = begun(party, app)
    compared = Comparison()
    for count in range(3):
        compared.go_on(bare, app, 2)
        party.wait(20 + 50 * (count + 1))
    report(compared.check())
    arrived_once(party, app)
    assert party.repeats == 0
    unharmed(before, app.wait_for(all_sent))
    party.become(takes)
    assert app.lines == []
    ends_in_time(app)


def test_a_proxy_that_needs_credentials(party: Party, bare: Side, serve: Serve, report: Report) -> None:
    """T5: a proxy that refuses is an outage like others; its password is no more in the log than the key."""
    with ForwardProxy("me:right") as proxy:
        through = f"http://me:wr0ng-password@{proxy.authority}"
        app = serve(party.dsn(), {"http_proxy": through, "no_proxy": ""})
        compared = Comparison()
        compared.go_on(bare, app, 8)
        felt = app.wait_for(lambda state: "the proxy requires other credentials" in str(state["stats"]["last_error"]))
        compared.go_on(bare, app, 8)
        report(compared.check())
        assert party.starts == []
        proxy.expected_authorization = None
        arrived_once(party, app)
        unharmed(felt, app.wait_for(all_sent))
        assert app.lines == []
        ends_in_time(app)
        assert "wr0ng" not in app.log


def test_no_storm(party: Party, serve: Serve) -> None:
    """T2: pauses between tries grow while the receiver is down, however many requests come meanwhile."""
    app = serve(party.dsn())
    party.become(answers(503))
    app.record(500)
    party.wait_for_starts(5)
    app.record(500)
    starts = list(party.starts)
    assert len(starts) <= 10
    assert max(later - earlier for earlier, later in pairwise(starts)) > 0.1
    says_nothing_secret(app)
