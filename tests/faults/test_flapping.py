"""A receiver that changes its mind every second, in front of a real inbox: everything is there once in the end."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from .invariants import all_sent, arrived_once, ends_in_time, unharmed
from .parties import Inbox
from .party import (
    Party,
    answers,
    breaks_off_the_answer,
    ends_the_answer_early,
    resets_the_answer,
    resets_the_upload,
)
from .side import PATIENCE, Side

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PHASE = 1.0  # seconds
PHASES: tuple[Callable[[Party], object], ...] = (
    Party.refuse,
    lambda party: party.become(answers(500)),
    lambda party: party.become(resets_the_upload),
    lambda party: party.become(resets_the_answer),
    lambda party: party.become(breaks_off_the_answer),
    lambda party: party.become(ends_the_answer_early),
    lambda party: party.become(answers(503)),
)


def ask_for_a_while(app: Side) -> None:
    """Some 50 requests a second, as long as a phase takes; more would fill the queue on a busy machine."""
    end, never = time.monotonic() + PHASE, threading.Event()
    while time.monotonic() < end:
        app.ask()
        never.wait(0.02)


@pytest.mark.long
def test_flapping(party: Party, serve: Callable[..., Side], tmp_path: Path) -> None:
    """A second of each: well, refused, well, 500, well, reset, well, broken off. Each record is there once, in a party
    that tells repeats by their id, and in the inbox behind it."""
    with Inbox(tmp_path) as inbox:
        party.behind = inbox.take
        app = serve(party.dsn(), {"DRHTTP_BATCH_SIZE": "20"})
        app.record(20)
        before = app.wait_for(all_sent)
        for begin in (*PHASES, *PHASES):
            party.recover()
            ask_for_a_while(app)
            begin(party)
            ask_for_a_while(app)
        party.recover()
        arrived_once(party, app)
        state = app.wait_for(all_sent, 2 * PATIENCE)
        assert inbox.paths() == sorted(app.asked)
        assert (state["stats"]["sent"], state["stats"]["dropped"]) == (len(app.asked), {})
        assert party.repeats > 0  # or it would have been no test of the ids
        assert state["stats"]["retried"] >= party.repeats
        unharmed(before, state)
        assert app.lines == []
        ends_in_time(app)
