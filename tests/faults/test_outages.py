"""Trouble that passes: requests do not notice, nothing that fits is lost, and the process is as it was before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from support.behaviors import (
    close_before_last_chunk,
    read_slowly,
    reset_during_upload,
    reset_in_response_body,
    reset_in_status_line,
    respond_slowly,
    send_body_without_end,
    stay_silent,
)
from support.receiver import Response

from .comparison import Comparison
from .faulty_receiver import FaultyReceiver
from .invariants import all_sent, assert_arrived_once, assert_ends_in_time, assert_loss_is_logged, assert_nothing_leaked
from .served_app import BareApp, RecordedApp

if TYPE_CHECKING:
    Serve = Callable[..., RecordedApp]
    Report = Callable[[dict[str, Any]], None]


UNAVAILABLE = b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n"
LONG_CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n"


def behave(behavior: Any) -> Callable[[FaultyReceiver], None]:
    return lambda receiver: receiver.set_behavior(behavior)


class Fault(NamedTuple):
    """begin: puts the receiver into trouble. error: what `last_error` contains then."""

    begin: Callable[[FaultyReceiver], None]
    error: str


FAULTS = {
    "refused": Fault(FaultyReceiver.stop, "could not connect"),
    "black-hole": Fault(FaultyReceiver.become_black_hole, "no response in time"),
    "silent": Fault(behave(stay_silent), "no response in time"),
    "slow-upload": Fault(behave(read_slowly()), "no response in time"),
    "slow-answer": Fault(behave(respond_slowly(UNAVAILABLE)), "no response in time"),
    "reset-upload": Fault(behave(reset_during_upload), "the connection broke"),
    "reset-answer": Fault(behave(reset_in_status_line), "the connection broke"),
    "reset-body": Fault(behave(reset_in_response_body), "the connection broke before the response was complete"),
    "cut-body": Fault(behave(close_before_last_chunk), "the connection broke before the response was complete"),
    "slow-body": Fault(behave(send_body_without_end(LONG_CREATED, b"x")), "no response in time"),
    "429": Fault(behave(Response(429)), "answered 429"),
    "500": Fault(behave(Response(500)), "answered 500"),
    "408": Fault(behave(Response(408)), "answered 408"),
    "507": Fault(behave(Response(507)), "answered 507"),
    "502": Fault(behave(Response(502)), "answered 502"),
    "503": Fault(behave(Response(503)), "answered 503"),
    "504": Fault(behave(Response(504)), "answered 504"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_outage(fault: Fault, receiver: FaultyReceiver, bare: BareApp, serve: Serve, report: Report) -> None:
    """Requests are as fast as bare ones, all records arrive once after it, and an exit during it is in time."""
    app = serve(receiver.dsn)
    app.request_many(20)
    receiver.wait_for_paths(20)
    before = app.wait_for(lambda state: state["stats"]["sent"] == 20)
    assert before["names"].count("drhttp") == 1
    fault.begin(receiver)
    compared = Comparison()
    compared.add_rounds(bare, app, 8)
    during = app.wait_for(lambda state: fault.error in (state["stats"]["last_error"] or ""))
    compared.add_rounds(bare, app, 8)
    report(compared.check())
    assert_nothing_leaked(before, during)
    assert app.stats()["dropped"] == {}

    receiver.recover()
    assert_arrived_once(receiver, app)
    assert_nothing_leaked(before, app.wait_for(all_sent))
    assert app.log_lines == []  # nothing is lost, and it did not last for a minute

    fault.begin(receiver)
    app.request_many(150)
    assert_ends_in_time(app)
    assert_loss_is_logged(app)
