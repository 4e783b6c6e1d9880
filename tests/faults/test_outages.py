"""Trouble that passes: requests do not notice, nothing that fits is lost, and the process is as it was before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from .comparison import Comparison
from .invariants import all_sent, arrived_once, ends_in_time, tells_the_loss, unharmed
from .party import (
    Party,
    answers,
    breaks_off_the_answer,
    drips,
    drips_the_body,
    ends_the_answer_early,
    is_silent,
    resets_the_answer,
    resets_the_upload,
    sips,
)
from .side import Side

if TYPE_CHECKING:
    Serve = Callable[..., Side]
    Report = Callable[[dict[str, Any]], None]


def becomes(behaviour: Any) -> Callable[[Party], None]:
    return lambda party: party.become(behaviour)


class Fault(NamedTuple):
    """begin: how it begins. words: what `last_error` says of it then."""

    begin: Callable[[Party], None]
    words: str


FAULTS = {
    "refused": Fault(Party.refuse, "could not connect"),
    "black-hole": Fault(Party.swallow, "no response in time"),
    "silent": Fault(becomes(is_silent), "no response in time"),
    "slow-upload": Fault(becomes(sips), "no response in time"),
    "slow-answer": Fault(becomes(drips), "no response in time"),
    "reset-upload": Fault(becomes(resets_the_upload), "the connection broke"),
    "reset-answer": Fault(becomes(resets_the_answer), "the connection broke"),
    "reset-body": Fault(becomes(breaks_off_the_answer), "the connection broke before the response was complete"),
    "cut-body": Fault(becomes(ends_the_answer_early), "the connection broke before the response was complete"),
    "slow-body": Fault(becomes(drips_the_body), "no response in time"),
    "429": Fault(becomes(answers(429)), "answered 429"),
    "500": Fault(becomes(answers(500)), "answered 500"),
    "408": Fault(becomes(answers(408)), "answered 408"),
    "507": Fault(becomes(answers(507)), "answered 507"),
    "502": Fault(becomes(answers(502)), "answered 502"),
    "503": Fault(becomes(answers(503)), "answered 503"),
    "504": Fault(becomes(answers(504)), "answered 504"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_outage(fault: Fault, party: Party, bare: Side, serve: Serve, report: Report) -> None:
    """Requests are as fast as bare ones, all records arrive once after it, and an exit during it is in time."""
    app = serve(party.dsn())
    app.record(20)
    party.wait(20)
    before = app.wait_for(lambda state: state["stats"]["sent"] == 20)
    assert before["names"].count("drhttp") == 1
    fault.begin(party)
    compared = Comparison()
    compared.go_on(bare, app, 8)
    felt = app.wait_for(lambda state: fault.words in (state["stats"]["last_error"] or ""))
    compared.go_on(bare, app, 8)
    report(compared.check())
    unharmed(before, felt)
    assert app.stats()["dropped"] == {}

    party.recover()
    arrived_once(party, app)
    unharmed(before, app.wait_for(all_sent))
    assert app.lines == []  # nothing is lost, and it did not last for a minute

    fault.begin(party)
    app.record(150)
    ends_in_time(app)
    tells_the_loss(app)
