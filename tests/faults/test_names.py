"""A name that cannot be resolved, or of which the resolution hangs: the receiver is unreachable, and that is all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.receiver import own_address

from .comparison import Comparison
from .faulty_receiver import FaultyReceiver
from .invariants import all_sent, assert_arrived_once, assert_ends_in_time, assert_loss_is_logged, assert_nothing_leaked
from .services import NAMESPACES, NameServer, with_name_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .served_app import BareApp, RecordedApp


@pytest.mark.parametrize("behavior", ["hangs", "fails"])
def test_a_name_server_in_trouble(
    behavior: str,
    receiver: FaultyReceiver,
    bare: BareApp,
    serve: Callable[..., RecordedApp],
    report: Callable[[dict[str, Any]], None],
    unavailable: Callable[[str], None],
    tmp_path: Path,
) -> None:
    """T1: neither a request nor an exit waits for the name, and every record arrives when it can be resolved."""
    if not NAMESPACES:
        unavailable("a name server of its own for a process needs root and unshare")
    with NameServer(own_address(), receiver.host, behavior) as names:
        app = serve(receiver.dsn_for(host="receiver.example"), wrap=with_name_server(tmp_path, names.host))
        compared = Comparison()
        compared.add_rounds(bare, app, 8)
        before = app.wait_for(lambda state: names.query_count > 0)
        if behavior == "fails":
            before = app.wait_for(
                lambda state: "the host name could not be resolved" in str(state["stats"]["last_error"])
            )
        compared.add_rounds(bare, app, 8)
        report(compared.check())
        assert app.stats()["sent"] == 0
        names.behavior = "answers"
        assert_arrived_once(receiver, app)
        after = app.wait_for(all_sent)
        assert_nothing_leaked(
            before, {**after, "sockets": after["sockets"] - 1, "descriptors": after["descriptors"] - 1}
        )
        assert app.log_lines == []

        names.behavior = behavior
        receiver.stop()  # so that the name has to be resolved again
        queries = names.query_count
        app.request_many(150)
        app.wait_for(lambda state: names.query_count > queries)
        assert_ends_in_time(app)
        assert_loss_is_logged(app)
